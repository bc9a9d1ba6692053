"""Python's statements, functions and classes."""

from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.lowering import end_line_of, line_of, named, text_of
from codereview.analysers.dataflow.python.expressions import PythonExpressions
from codereview.analysers.dataflow.python.patterns import captures, is_wildcard, literal_alternatives

_NOTHING = ("pass_statement", "future_import_statement", "type_alias_statement")


class PythonLowering(PythonExpressions):
    """Lowers a module."""

    def __init__(self) -> None:
        super().__init__()
        self._statements: dict[str, Callable[[Node], ir.Stmt]] = {
            "expression_statement": self._expression_statement,
            "return_statement": lambda n: ir.Return(line_of(n), self._maybe(n)),
            "raise_statement": lambda n: ir.Raise(line_of(n), self._maybe(n)),
            "break_statement": lambda n: ir.Jump(line_of(n), "break"),
            "continue_statement": lambda n: ir.Jump(line_of(n), "continue"),
            "if_statement": self._if,
            "while_statement": self._while,
            "for_statement": self._for,
            "try_statement": self._try,
            "with_statement": self._with,
            "match_statement": self._match,
            "assert_statement": lambda n: ir.Assert(line_of(n), self._only(n)),
            "delete_statement": lambda n: ir.Delete(line_of(n), tuple(self.expr(child) for child in named(n))),
            "import_statement": self._import,
            "import_from_statement": self._import_from,
            "function_definition": lambda n: ir.Define(line_of(n), self._function(n, ())),
            "class_definition": lambda n: ir.DefineClass(line_of(n), self._class(n, ())),
            "decorated_definition": self._decorated,
            "global_statement": self._global,
            "nonlocal_statement": self._global,
            "block": lambda n: ir.Block(line_of(n), self.block(n)),
            "ERROR": lambda n: ir.Block(line_of(n), self.block(n)),
        }

    def block(self, node: Node | None) -> tuple[ir.Stmt, ...]:
        """The statements of a block."""
        if node is None:
            return ()
        return tuple(self._statement(child) for child in named(node) if child.type not in _NOTHING)

    def _statement(self, node: Node) -> ir.Stmt:
        return self.lower(node, self._statements, self._loose, lambda n: ir.Block(line_of(n), ()))

    def _loose(self, node: Node) -> ir.Stmt:
        """What is no statement (after a syntax error, or Python 2's print) is evaluated."""
        if node.type in self._expressions:
            return ir.ExprStmt(line_of(node), self.expr(node))
        return ir.ExprStmt(line_of(node), self._opaque(node))

    def _maybe(self, node: Node) -> ir.Expr | None:
        child = next(named(node), None)
        return self.expr(child) if child is not None else None

    def _expression_statement(self, node: Node) -> ir.Stmt:
        children = list(named(node))
        if len(children) != 1:
            return ir.ExprStmt(line_of(node), self._sequence(node, "tuple"))
        child = children[0]
        if child.type == "assignment":
            return self._assignment(child)
        if child.type == "augmented_assignment":
            left, operator = child.child_by_field_name("left"), child.child_by_field_name("operator")
            target = self.target(left) if left is not None else ir.Opaque(line_of(node), ())
            op = text_of(operator).removesuffix("=") if operator is not None else "+"
            return ir.AugAssign(line_of(node), target, op, self._field(child, "right"))
        return ir.ExprStmt(line_of(node), self.expr(child))

    def _assignment(self, node: Node) -> ir.Stmt:
        targets: list[ir.Expr] = []
        annotation = self._optional(node, "type")
        current: Node | None = node
        value: ir.Expr | None = None
        while current is not None:
            left = current.child_by_field_name("left")
            if left is not None:
                targets.append(self.target(left))
            right = current.child_by_field_name("right")
            if right is not None and right.type == "assignment":
                current = right
                continue
            value = self.expr(right) if right is not None else None
            break
        return ir.Assign(line_of(node), tuple(targets), value, annotation)

    def _if(self, node: Node) -> ir.Stmt:
        branches = [(self._field(node, "condition"), self.block(node.child_by_field_name("consequence")))]
        orelse: tuple[ir.Stmt, ...] = ()
        for alternative in node.children_by_field_name("alternative"):
            if alternative.type == "elif_clause":
                body = self.block(alternative.child_by_field_name("consequence"))
                branches.append((self._field(alternative, "condition"), body))
            else:
                orelse = self.block(alternative.child_by_field_name("body"))
        return ir.If(line_of(node), tuple(branches), orelse)

    def _orelse(self, node: Node) -> tuple[ir.Stmt, ...]:
        alternative = node.child_by_field_name("alternative")
        return self.block(alternative.child_by_field_name("body")) if alternative is not None else ()

    def _while(self, node: Node) -> ir.Stmt:
        body = self.block(node.child_by_field_name("body"))
        return ir.While(line_of(node), self._field(node, "condition"), body, self._orelse(node))

    def _for(self, node: Node) -> ir.Stmt:
        left = node.child_by_field_name("left")
        iterable = self._field(node, "right")
        target = self.target(left) if left is not None else None
        body = self.block(node.child_by_field_name("body"))
        return ir.For(line_of(node), target, iterable, body, self._orelse(node))

    def _try(self, node: Node) -> ir.Stmt:
        handlers: list[ir.Handler] = []
        orelse: tuple[ir.Stmt, ...] = ()
        final: tuple[ir.Stmt, ...] = ()
        for child in named(node):
            if child.type in ("except_clause", "except_group_clause"):
                handlers.append(self._handler(child))
            elif child.type == "else_clause":
                orelse = self.block(child.child_by_field_name("body"))
            elif child.type == "finally_clause":
                final = self.block(next((part for part in named(child) if part.type == "block"), None))
        return ir.Try(line_of(node), self.block(node.child_by_field_name("body")), tuple(handlers), orelse, final)

    def _handler(self, node: Node) -> ir.Handler:
        types: list[ir.Expr] = []
        name, body = "", None
        for child in named(node):
            if child.type == "block":
                body = child
            elif child.type == "as_pattern":
                alias = child.child_by_field_name("alias")
                name = text_of(alias) if alias is not None else ""
                self.bind(name)
                types.append(self._only(child))
            else:
                types.append(self.expr(child))
        return ir.Handler(line_of(node), tuple(types), name, self.block(body))

    def _with(self, node: Node) -> ir.Stmt:
        items: list[tuple[ir.Expr, ir.Expr | None]] = []
        clause = next((child for child in named(node) if child.type == "with_clause"), None)
        for item in named(clause) if clause is not None else ():
            value = item.child_by_field_name("value")
            if value is None:
                continue
            alias = value.child_by_field_name("alias") if value.type == "as_pattern" else None
            if alias is None:
                items.append((self.expr(value), None))
                continue
            context = self._only(value)
            inner = next(named(alias), None)
            items.append((context, self.target(inner) if inner is not None else None))
        return ir.With(line_of(node), tuple(items), self.block(node.child_by_field_name("body")))

    def _match(self, node: Node) -> ir.Stmt:
        subjects = [self.expr(child) for child in node.children_by_field_name("subject")]
        subject = subjects[0] if len(subjects) == 1 else ir.Sequence(line_of(node), "tuple", tuple(subjects))
        body = node.child_by_field_name("body")
        cases = tuple(self._case(child) for child in named(body) if child.type == "case_clause") if body else ()
        return ir.Match(line_of(node), subject, cases)

    def _case(self, node: Node) -> ir.Case:
        patterns = [child for child in named(node) if child.type == "case_pattern"]
        guard = node.child_by_field_name("guard")
        test = self._only(guard) if guard is not None else None
        body = self.block(node.child_by_field_name("consequence"))
        if len(patterns) == 1:
            names = tuple(captures(patterns[0]))
            for name in names:
                self.bind(name)
            if is_wildcard(patterns[0]):
                return ir.Case((), names, test, body)
            literals = literal_alternatives(patterns[0])
            if literals:
                return ir.Case(tuple(self.expr(literal) for literal in literals), (), test, body)
            return ir.Case((), names, test, body, opaque=True)
        names = tuple(name for pattern in patterns for name in captures(pattern))
        return ir.Case((), names, test, body, opaque=True)

    def _import(self, node: Node) -> ir.Stmt:
        names: list[tuple[str, str, str]] = []
        for child in node.children_by_field_name("name"):
            if child.type == "aliased_import":
                module, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
                if module is not None and alias is not None:
                    names.append((text_of(alias), text_of(module), ""))
            else:
                names.append((text_of(child), text_of(child), ""))
        for name, _module, _attribute in names:
            self.bind(name.partition(".")[0])
        return ir.Import(line_of(node), tuple(names))

    def _import_from(self, node: Node) -> ir.Stmt:
        module = node.child_by_field_name("module_name")
        spelled = text_of(module).replace(" ", "") if module is not None else ""
        bare = spelled.lstrip(".")
        names: list[tuple[str, str, str]] = []
        for child in node.children_by_field_name("name"):
            if child.type == "aliased_import":
                imported, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
                if imported is not None and alias is not None:
                    names.append((text_of(alias), bare, text_of(imported)))
            else:
                names.append((text_of(child), bare, text_of(child)))
        if any(child.type == "wildcard_import" for child in node.children):
            names.append(("*", bare, ""))
        for name, _module, _attribute in names:
            self.bind(name)
        return ir.Import(line_of(node), tuple(names), level=len(spelled) - len(bare))

    def _global(self, node: Node) -> ir.Stmt:
        names = tuple(text_of(child) for child in named(node))
        self.declare_outer(names)
        return ir.Global(line_of(node), names)

    def _decorated(self, node: Node) -> ir.Stmt:
        decorators = tuple(self._only(child) for child in named(node) if child.type == "decorator")
        definition = node.child_by_field_name("definition")
        if definition is not None and definition.type == "class_definition":
            return ir.DefineClass(line_of(definition), self._class(definition, decorators))
        if definition is not None:
            return ir.Define(line_of(definition), self._function(definition, decorators))
        return ir.Block(line_of(node), ())

    def _class(self, node: Node, decorators: tuple[ir.Expr, ...]) -> ir.Class:
        name_node = node.child_by_field_name("name")
        name = text_of(name_node) if name_node is not None else ""
        self.bind(name)
        bases: list[ir.Expr] = []
        keywords: list[tuple[str, ir.Expr]] = []
        superclasses = node.child_by_field_name("superclasses")
        for child in named(superclasses) if superclasses is not None else ():
            if child.type == "keyword_argument":
                keyword = child.child_by_field_name("name")
                keywords.append((text_of(keyword) if keyword is not None else "", self._field(child, "value")))
            else:
                bases.append(self.expr(child))
        self.enter()
        body = self.block(node.child_by_field_name("body"))
        self.leave()
        return ir.Class(name, line_of(node), tuple(bases), body, decorators, tuple(keywords))

    def _function(self, node: Node, decorators: tuple[ir.Expr, ...]) -> ir.Function:
        name_node = node.child_by_field_name("name")
        name = text_of(name_node) if name_node is not None else ""
        self.bind(name)
        params = self._params(node.child_by_field_name("parameters"))
        returns = self._optional(node, "return_type")
        self.enter()
        body = self.block(node.child_by_field_name("body"))
        assigned, outer, yields = self.leave()
        static = any(isinstance(decorator, ir.Name) and decorator.id == "staticmethod" for decorator in decorators)
        return ir.Function(
            name,
            line_of(node),
            end_line_of(node),
            params,
            body,
            decorators,
            returns,
            is_generator=yields,
            is_static=static,
            is_public=not name.startswith("_"),
            assigned=assigned,
            outer=outer,
        )

    def function_literal(self, node: Node) -> ir.Expr:
        """A lambda."""
        params = self._params(node.child_by_field_name("parameters"))
        self.enter()
        value = self._field(node, "body")
        assigned, outer, _yields = self.leave()
        line = line_of(node)
        body = (ir.Return(value.line, value),)
        made = ir.Function(
            "<lambda>", line, end_line_of(node), params, body, assigned=assigned, outer=outer, is_literal=True
        )
        return ir.Lambda(line, made)

    def _params(self, node: Node | None) -> tuple[ir.Param, ...]:
        params: list[ir.Param] = []
        keyword_only = False
        for child in named(node) if node is not None else ():
            if child.type == "keyword_separator":
                keyword_only = True
                continue
            if child.type == "positional_separator":
                continue
            param = self._param(child, keyword_only)
            keyword_only = keyword_only or param.kind == "*"
            params.append(param)
        return tuple(params)

    def _param(self, node: Node, keyword_only: bool) -> ir.Param:
        name_node = node.child_by_field_name("name") or (node if node.type == "identifier" else next(named(node), node))
        kind = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(name_node.type, "")
        kind = kind or {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(node.type, "")
        return ir.Param(
            text_of(name_node).lstrip("*"),
            line_of(node),
            self._optional(node, "value"),
            self._optional(node, "type"),
            kind,
            keyword_only,
        )

"""JavaScript's and TypeScript's statements, functions and classes."""

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.javascript.expressions import ScriptExpressions
from codereview.analysers.dataflow.lowering import end_line_of, line_of, named, text_of

_NOTHING = (
    "interface_declaration",
    "type_alias_declaration",
    "empty_statement",
    "import_alias",
    "function_signature",
    "hash_bang_line",
)


class ScriptLowering(ScriptExpressions):
    """Lowers a file."""

    def __init__(self) -> None:
        super().__init__()
        #: Names assigned in the function being lowered; those it does not declare are another scope's.
        self._plain: list[set[str]] = [set()]
        for kind in ("lexical_declaration", "variable_declaration"):
            self._statements[kind] = self._declaration
        for kind in ("function_declaration", "generator_function_declaration"):
            self._statements[kind] = lambda n: ir.Define(line_of(n), self._function(n, self.name_field(n)))
        for kind in ("class_declaration", "abstract_class_declaration"):
            self._statements[kind] = lambda n: ir.DefineClass(line_of(n), self._class(n, ()))
        self._statements.update(dict.fromkeys(_NOTHING, lambda n: ir.Block(line_of(n), ())))
        self._statements.update(
            {
                "import_statement": self._import,
                "export_statement": self._export,
                "expression_statement": self.expression_statement,
                "statement_block": lambda n: ir.Block(line_of(n), self.block(n)),
                "return_statement": lambda n: ir.Return(line_of(n), self._maybe(n)),
                "throw_statement": lambda n: ir.Raise(line_of(n), self._maybe(n)),
                "break_statement": lambda n: ir.Jump(line_of(n), "break"),
                "continue_statement": lambda n: ir.Jump(line_of(n), "continue"),
                "if_statement": self.branches,
                "while_statement": self.while_loop,
                "do_statement": self.do_loop,
                "for_statement": self._for,
                "for_in_statement": self._for_in,
                "switch_statement": self._switch,
                "try_statement": self._try,
                "labeled_statement": lambda n: ir.Block(line_of(n), self.block(n.child_by_field_name("body"))),
                "internal_module": lambda n: ir.Block(line_of(n), self.block(n.child_by_field_name("body"))),
                "ambient_declaration": lambda n: ir.Block(line_of(n), ()),
                "ERROR": lambda n: ir.Block(line_of(n), self.block(n)),
            }
        )

    def block(self, node: Node | None) -> tuple[ir.Stmt, ...]:
        """The statements of a block; functions are known before anything runs."""
        body = super().block(node)
        if any(isinstance(statement, ir.Define) for statement in body):
            return tuple(sorted(body, key=lambda statement: not isinstance(statement, ir.Define)))
        return body

    def note_target(self, name: str) -> None:
        """A name is assigned to."""
        self._plain[-1].add(name)

    def _maybe(self, node: Node) -> ir.Expr | None:
        child = next(named(node), None)
        return self.expr(child) if child is not None else None

    def _declared(self, node: Node | None) -> ir.Expr:
        """A target that is declared here."""
        if node is None:
            return ir.Opaque(0, ())
        before = set(self._plain[-1])
        target = self.target(node)
        declared = self._plain[-1] - before
        if isinstance(target, ir.Name):
            declared = declared | {target.id}
        for name in declared:
            self.bind(name)
        return target

    def _declaration(self, node: Node) -> ir.Stmt:
        made: list[ir.Stmt] = []
        for child in named(node):
            if child.type != "variable_declarator":
                continue
            value = self.optional(child, "value")
            target = self._declared(child.child_by_field_name("name"))
            made.append(ir.Assign(line_of(child), (target,), value, self.optional(child, "type")))
        return made[0] if len(made) == 1 else ir.Block(line_of(node), tuple(made))

    def _import(self, node: Node) -> ir.Stmt:
        source = self.name_field(node, "source").strip("\"'`").removeprefix("node:")
        names: list[tuple[str, str, str]] = []
        stack = list(named(node))
        while stack:
            child = stack.pop()
            if child.type == "identifier":
                names.append((text_of(child), source, ""))
            elif child.type == "import_specifier":
                imported = self.name_field(child)
                names.append((self.name_field(child, "alias") or imported, source, imported))
            elif child.type == "import_require_clause":
                required = self.name_field(child, "source").strip("\"'`").removeprefix("node:")
                names.append((text_of(next(named(child))), required, ""))
            elif child.type in ("import_clause", "named_imports", "namespace_import"):
                stack.extend(named(child))
        for local, _module, _attribute in names:
            self.bind(local)
        return ir.Import(line_of(node), tuple(names))

    def _export(self, node: Node) -> ir.Stmt:
        declaration = node.child_by_field_name("declaration")
        if declaration is not None:
            if declaration.type in ("class_declaration", "abstract_class_declaration"):
                return ir.DefineClass(line_of(node), self._class(declaration, self._decorators(node)))
            return self.statement(declaration)
        value = self.optional(node, "value")
        return ir.ExprStmt(line_of(node), value) if value is not None else ir.Block(line_of(node), ())

    def _for(self, node: Node) -> ir.Stmt:
        initial, condition = node.child_by_field_name("initializer"), node.child_by_field_name("condition")
        before = self.block(initial) if initial is not None else ()
        test: ir.Expr = ir.Const(line_of(node), True)
        if condition is not None and condition.type != "empty_statement":
            test = self.first(condition) if condition.type == "expression_statement" else self.expr(condition)
        increment = node.child_by_field_name("increment")
        update: tuple[ir.Stmt, ...] = ()
        if increment is not None:
            value = self.expr(increment)
            stepped = isinstance(value, ir.Walrus)
            update = (ir.Assign(value.line, (value.target,), value.value),) if isinstance(value, ir.Walrus) else ()
            update = update if stepped else (ir.ExprStmt(value.line, value),)
        body = self.block(node.child_by_field_name("body"))
        return ir.Block(line_of(node), (*before, ir.While(line_of(node), test, body, update=update)))

    def _for_in(self, node: Node) -> ir.Stmt:
        iterable = self.field(node, "right")
        target = self._declared(node.child_by_field_name("left"))
        body = self.block(node.child_by_field_name("body"))
        by_key = any(child.type == "in" for child in node.children)
        index = target if by_key else ir.Name(line_of(node), "%index")
        return ir.For(line_of(node), None if by_key else target, iterable, body, index=index)

    def _switch(self, node: Node) -> ir.Stmt:
        cases: list[ir.Case] = []
        body = node.child_by_field_name("body")
        for arm in named(body) if body is not None else ():
            value = self.optional(arm, "value")
            statements = tuple(self.statement(child) for child in arm.children_by_field_name("body"))
            cases.append(ir.Case((value,) if value is not None else (), (), None, statements))
        return ir.Match(line_of(node), self.field(node, "value"), tuple(cases), falls_through=True)

    def _try(self, node: Node) -> ir.Stmt:
        handler, finalizer = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers: tuple[ir.Handler, ...] = ()
        if handler is not None:
            name = self.name_field(handler, "parameter")
            body = self.block(handler.child_by_field_name("body"))
            handlers = (ir.Handler(line_of(handler), (), name if name.isidentifier() else "", body),)
        final = self.block(finalizer.child_by_field_name("body")) if finalizer is not None else ()
        return ir.Try(line_of(node), self.block(node.child_by_field_name("body")), handlers, (), final)

    # --- functions and classes --------------------------------------------------------------------------------

    def _decorators(self, node: Node) -> tuple[ir.Expr, ...]:
        found: list[ir.Expr] = []
        for child in node.children_by_field_name("decorator"):
            value = self.first(child)
            func = value.func if isinstance(value, ir.Call) else value
            name = func.id if isinstance(func, ir.Name) else func.name if isinstance(func, ir.Attr) else ""
            line = line_of(child)
            args = value.args if isinstance(value, ir.Call) else ()
            found.append(ir.Call(line, ir.Name(line, f"@{name}"), args, (), line))
        return tuple(found)

    def _function(self, node: Node, name: str, *, literal: bool = False) -> ir.Function:
        self.enter()
        self._plain.append(set())
        params = self._params(node)
        body_node = node.child_by_field_name("body")
        if body_node is not None and body_node.type != "statement_block":
            value = self.expr(body_node)
            body: tuple[ir.Stmt, ...] = (ir.Return(value.line, value),)
        else:
            body = self.block(body_node)
        plain = self._plain.pop()
        declared, _outer, yields = self.leave()
        own = declared | {param.name for param in params}
        return ir.Function(
            name,
            line_of(node),
            end_line_of(node),
            params,
            body,
            self._decorators(node),
            is_generator=yields,
            is_static=any(child.type == "static" for child in node.children),
            is_public=not name.startswith("_"),
            assigned=declared | plain,
            outer=frozenset(plain - own),
            is_literal=literal,
        )

    def _params(self, node: Node) -> tuple[ir.Param, ...]:
        single = node.child_by_field_name("parameter")
        if single is not None:
            return (ir.Param(text_of(single), line_of(single)),)
        holder = node.child_by_field_name("parameters")
        params: list[ir.Param] = []
        for number, child in enumerate(named(holder) if holder is not None else ()):
            inner, default, kind = child, None, None
            if child.type in ("required_parameter", "optional_parameter"):
                default, kind = self.optional(child, "value"), self.optional(child, "type")
                inner = child.child_by_field_name("pattern") or child
            if inner.type == "assignment_pattern":
                default = self.optional(inner, "right")
                inner = inner.child_by_field_name("left") or inner
            star = "*" if inner.type == "rest_pattern" else ""
            plain = inner.type in ("identifier", "this") or star
            name = text_of(inner).lstrip(".") if plain else f"%{number}"
            pattern = None if plain else self._declared(inner)
            params.append(
                ir.Param(name, line_of(child), default, kind, star, decorators=self._decorators(child), pattern=pattern)
            )
        return tuple(params)

    def function_literal(self, node: Node) -> ir.Expr:
        """A function as a value; one that is given to a call is reported on where it is called."""
        parent = node.parent
        given = parent is not None and parent.type == "arguments"
        name = self.name_field(node) or "function"
        return ir.Lambda(line_of(node), self._function(node, name, literal=given))

    def class_value(self, node: Node) -> ir.Expr:
        """A class as a value is known by its methods only."""
        return ir.Opaque(line_of(node), ())

    def _class(self, node: Node, decorators: tuple[ir.Expr, ...]) -> ir.Class:
        name = self.name_field(node)
        self.bind(name)
        heritage = next((child for child in named(node) if child.type == "class_heritage"), None)
        bases: list[ir.Expr] = []
        for child in named(heritage) if heritage is not None else ():
            if child.type == "extends_clause":
                bases.append(self.field(child, "value"))
            elif child.type != "implements_clause":
                bases.append(self.expr(child))
        members: list[ir.Stmt] = []
        body = node.child_by_field_name("body")
        for child in named(body) if body is not None else ():
            if child.type == "method_definition":
                function = self._function(child, self.name_field(child).lstrip("#"))
                members.append(ir.Define(line_of(child), function))
            elif child.type in ("field_definition", "public_field_definition"):
                key = child.child_by_field_name("property") or child.child_by_field_name("name")
                value = self.optional(child, "value")
                if key is not None:
                    target = ir.Name(line_of(child), text_of(key).lstrip("#"))
                    members.append(ir.Assign(line_of(child), (target,), value, self.optional(child, "type")))
        return ir.Class(name, line_of(node), tuple(bases), tuple(members), (*decorators, *self._decorators(node)))

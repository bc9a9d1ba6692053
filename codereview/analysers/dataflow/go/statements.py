"""Go's statements, functions and types."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.go.expressions import GoExpressions
from codereview.analysers.dataflow.lowering import end_line_of, line_of, named, text_of


class GoLowering(GoExpressions):
    """Lowers a file."""

    def __init__(self) -> None:
        super().__init__()
        self.package = ""
        #: Names assigned without being declared in the function: another scope's.
        self._plain: list[set[str]] = [set()]
        self._methods: dict[str, list[ir.Stmt]] = {}
        self._statements.update(
            {
                "package_clause": self._package,
                "import_declaration": self._imports,
                "expression_statement": self.expression_statement,
                "short_var_declaration": self._short,
                "assignment_statement": self._assignment,
                "var_declaration": self._declarations,
                "const_declaration": self._declarations,
                "type_declaration": self._types,
                "inc_statement": self._step,
                "dec_statement": self._step,
                "if_statement": self.branches,
                "for_statement": self._for,
                "expression_switch_statement": self._switch,
                "type_switch_statement": self._type_switch,
                "select_statement": self._select,
                "return_statement": lambda n: ir.Return(line_of(n), self._maybe(n)),
                "break_statement": lambda n: ir.Jump(line_of(n), "break"),
                "continue_statement": lambda n: ir.Jump(line_of(n), "continue"),
                "go_statement": self._started,
                "defer_statement": self._started,
                "send_statement": lambda n: ir.ExprStmt(line_of(n), self.opaque(n)),
                "block": lambda n: ir.Block(line_of(n), self.block(n)),
                "statement_list": lambda n: ir.Block(line_of(n), self.block(n)),
                "labeled_statement": lambda n: ir.Block(
                    line_of(n), tuple(self.statement(c) for c in list(named(n))[1:])
                ),
                "function_declaration": lambda n: ir.Define(line_of(n), self._function(n)),
                "method_declaration": self._method,
                "receive_statement": self._receive,
                "ERROR": lambda n: ir.Block(line_of(n), self.block(n)),
            }
        )

    def file(self, root: Node) -> tuple[ir.Stmt, ...]:
        """A whole file: methods go to the types they belong to, functions come before what runs."""
        body = list(self.block(root))
        made: list[ir.Stmt] = []
        for statement in body:
            for inner in _flattened(statement):
                if isinstance(inner, ir.DefineClass):
                    inner.cls.body = (*inner.cls.body, *self._methods.pop(inner.cls.name, ()))
                made.append(inner)
        for name, methods in self._methods.items():
            made.append(ir.DefineClass(methods[0].line, ir.Class(name, methods[0].line, (), tuple(methods))))
        order = (ir.Import, ir.DefineClass, ir.Define)
        return tuple(sorted(made, key=lambda s: order.index(type(s)) if isinstance(s, order) else len(order)))

    def block(self, node: Node | None) -> tuple[ir.Stmt, ...]:
        """The statements of a block."""
        if node is None:
            return ()
        made: list[ir.Stmt] = []
        for child in named(node) if node.type in ("block", "source_file", "statement_list", "ERROR") else [node]:
            if child.type == "statement_list":
                made.extend(self.statement(part) for part in named(child))
            else:
                made.append(self.statement(child))
        return tuple(made)

    def _maybe(self, node: Node) -> ir.Expr | None:
        child = next(named(node), None)
        return self.expr(child) if child is not None else None

    def _package(self, node: Node) -> ir.Stmt:
        self.package = text_of(next(named(node), node))
        return ir.Block(line_of(node), ())

    def _imports(self, node: Node) -> ir.Stmt:
        names: list[tuple[str, str, str]] = []
        stack = list(named(node))
        while stack:
            child = stack.pop(0)
            if child.type == "import_spec_list":
                stack = list(named(child)) + stack
                continue
            path = self.name_field(child, "path").strip('"`')
            local = self.name_field(child) or _package_name(path)
            names.append((local if local != "." else _package_name(path), path, ""))
        return ir.Import(line_of(node), tuple(names))

    # --- variables --------------------------------------------------------------------------------------------

    def _targets(self, node: Node | None, *, declares: bool) -> ir.Expr:
        if node is None:
            return ir.Opaque(0, ())
        target = self.expr(node)
        for item in target.items if isinstance(target, ir.Sequence) else (target,):
            if isinstance(item, ir.Name):
                if declares:
                    self.bind(item.id)
                else:
                    self._plain[-1].add(item.id)
        return target

    def _short(self, node: Node) -> ir.Stmt:
        value = self.field(node, "right")
        target = self._targets(node.child_by_field_name("left"), declares=True)
        return ir.Assign(line_of(node), (target,), value)

    def _assignment(self, node: Node) -> ir.Stmt:
        value = self.field(node, "right")
        target = self._targets(node.child_by_field_name("left"), declares=False)
        if isinstance(target, ir.Unary):
            target = target.operand  # *p = v
        op = self.operator(node).removesuffix("=")
        if op:
            return ir.AugAssign(line_of(node), target, op, value)
        return ir.Assign(line_of(node), (target,), value)

    def _receive(self, node: Node) -> ir.Stmt:
        value = self.field(node, "right")
        left = node.child_by_field_name("left")
        if left is None:
            return ir.ExprStmt(line_of(node), value)
        return ir.Assign(line_of(node), (self._targets(left, declares=True),), value)

    def _declarations(self, node: Node) -> ir.Stmt:
        made: list[ir.Stmt] = []
        stack = list(named(node))
        while stack:
            spec = stack.pop(0)
            if spec.type in ("var_spec_list", "const_spec_list"):
                stack = list(named(spec)) + stack
                continue
            names = [ir.Name(line_of(child), text_of(child)) for child in spec.children_by_field_name("name")]
            for name in names:
                self.bind(name.id)
            kind = self.optional(spec, "type")
            value = self.optional(spec, "value")
            if len(names) == 1 or value is None:
                made.extend(ir.Assign(line_of(spec), (name,), value, kind) for name in names)
            else:
                target = ir.Sequence(line_of(spec), "tuple", tuple(names))
                made.append(ir.Assign(line_of(spec), (target,), value))
        return made[0] if len(made) == 1 else ir.Block(line_of(node), tuple(made))

    def _types(self, node: Node) -> ir.Stmt:
        made: list[ir.Stmt] = []
        for spec in named(node):
            kind = spec.child_by_field_name("type")
            if kind is not None and kind.type == "struct_type":
                made.append(
                    ir.DefineClass(
                        line_of(spec), ir.Class(self.name_field(spec), line_of(spec), (), tuple(self._fields(kind)))
                    )
                )
        return ir.Block(line_of(node), tuple(made))

    def _fields(self, struct: Node) -> Iterator[ir.Stmt]:
        """The fields of a struct, as declared attributes."""
        holder = next(named(struct), None)
        for field in named(holder) if holder is not None else ():
            kind = self.optional(field, "type")
            if isinstance(kind, ir.Name | ir.Attr):
                for name in field.children_by_field_name("name"):
                    yield ir.Assign(line_of(field), (ir.Name(line_of(field), text_of(name)),), None, kind)

    def _step(self, node: Node) -> ir.Stmt:
        target = self._targets(next(named(node), None), declares=False)
        op = "+" if node.type == "inc_statement" else "-"
        return ir.AugAssign(line_of(node), target, op, ir.Const(line_of(node), 1))

    # --- control ----------------------------------------------------------------------------------------------

    def _for(self, node: Node) -> ir.Stmt:
        line = line_of(node)
        body_node = node.child_by_field_name("body")
        head = next(
            (child for child in named(node) if child.id != (body_node.id if body_node is not None else 0)), None
        )
        if head is not None and head.type == "range_clause":
            left = head.child_by_field_name("left")
            iterable = self.field(head, "right")
            target = self._targets(left, declares=True) if left is not None else None
            index, element = None, target
            if isinstance(target, ir.Sequence):
                index, element = target.items[0], target.items[1]
            elif target is not None:
                index, element = target, None
            return ir.For(line, element, iterable, self.block(body_node), index=index or ir.Name(line, "_"))
        if head is not None and head.type == "for_clause":
            initial, update = head.child_by_field_name("initializer"), head.child_by_field_name("update")
            before = (self.statement(initial),) if initial is not None else ()
            after = (self.statement(update),) if update is not None else ()
            test = self.optional(head, "condition") or ir.Const(line, True)
            return ir.Block(line, (*before, ir.While(line, test, self.block(body_node), update=after)))
        test = self.expr(head) if head is not None else ir.Const(line, True)
        return ir.While(line, test, self.block(body_node))

    def _switch(self, node: Node) -> ir.Stmt:
        initial = node.child_by_field_name("initializer")
        before = (self.statement(initial),) if initial is not None else ()
        value = node.child_by_field_name("value")
        arms = [child for child in named(node) if child.type in ("expression_case", "default_case")]
        if value is None:
            branches = tuple((self._case_test(arm), self._arm(arm)) for arm in arms if arm.type == "expression_case")
            default = next((self._arm(arm) for arm in arms if arm.type == "default_case"), ())
            made: ir.Stmt = ir.If(line_of(node), branches, default) if branches else ir.Block(line_of(node), default)
        else:
            cases = [ir.Case(self._values(arm), (), None, self._arm(arm)) for arm in arms]
            cases.sort(key=lambda case: not case.values)
            made = ir.Match(line_of(node), self.expr(value), tuple(cases))
        return ir.Block(line_of(node), (*before, made)) if before else made

    def _values(self, arm: Node) -> tuple[ir.Expr, ...]:
        value = arm.child_by_field_name("value")
        return tuple(self.expr(child) for child in named(value)) if value is not None else ()

    def _case_test(self, arm: Node) -> ir.Expr:
        values = self._values(arm)
        return values[0] if len(values) == 1 else ir.Logic(line_of(arm), "or", values)

    def _arm(self, arm: Node) -> tuple[ir.Stmt, ...]:
        lists = [child for child in named(arm) if child.type == "statement_list"]
        return tuple(
            self.statement(part) for child in lists for part in named(child) if part.type != "fallthrough_statement"
        )

    def _type_switch(self, node: Node) -> ir.Stmt:
        alias = node.child_by_field_name("alias")
        name = text_of(alias) if alias is not None else ""
        cases = []
        for arm in named(node):
            if arm.type in ("type_case", "default_case"):
                binds = (name,) if name else ()
                cases.append(ir.Case((), binds, None, self._arm(arm), opaque=arm.type == "type_case"))
        cases.sort(key=lambda case: not case.opaque)
        return ir.Match(line_of(node), self.field(node, "value"), tuple(cases))

    def _select(self, node: Node) -> ir.Stmt:
        cases: list[ir.Case] = []
        for arm in named(node):
            if arm.type == "communication_case":
                communication = arm.child_by_field_name("communication")
                first = (self.statement(communication),) if communication is not None else ()
                cases.append(ir.Case((), (), None, (*first, *self._arm(arm)), opaque=True))
            elif arm.type == "default_case":
                cases.append(ir.Case((), (), None, self._arm(arm), opaque=True))
        return ir.Match(line_of(node), ir.Opaque(line_of(node), ()), tuple(cases))

    def _started(self, node: Node) -> ir.Stmt:
        child = next(named(node), None)
        return ir.ExprStmt(line_of(node), self.expr(child) if child is not None else ir.Opaque(line_of(node), ()))

    # --- functions --------------------------------------------------------------------------------------------

    def _method(self, node: Node) -> ir.Stmt:
        receiver = node.child_by_field_name("receiver")
        owner = text_of(receiver).strip("()").split()[-1].lstrip("*").partition("[")[0] if receiver is not None else ""
        function = self._function(node, receiver)
        function.receiver = owner
        self._methods.setdefault(owner, []).append(ir.Define(line_of(node), function))
        return ir.Block(line_of(node), ())

    def _function(self, node: Node, receiver: Node | None = None) -> ir.Function:
        name = self.name_field(node)
        own = self._params(receiver) if receiver is not None else ()
        if receiver is not None and not own:
            own = (ir.Param("_receiver", line_of(node)),)
        params = (*own, *self._params(node.child_by_field_name("parameters")))
        results = node.child_by_field_name("result")
        named_results = self._params(results) if results is not None and results.type == "parameter_list" else ()
        body, assigned, outer = self._body(node.child_by_field_name("body"), (*params, *named_results))
        public = name[:1].isupper() or self.package == "main"
        end = end_line_of(node)
        return ir.Function(name, line_of(node), end, params, body, is_public=public, assigned=assigned, outer=outer)

    def _body(
        self, node: Node | None, params: tuple[ir.Param, ...]
    ) -> tuple[tuple[ir.Stmt, ...], frozenset[str], frozenset[str]]:
        self.enter()
        self._plain.append(set())
        body = self.block(node)
        plain = self._plain.pop()
        declared, _outer, _yields = self.leave()
        return body, declared | plain, frozenset(plain - declared - {param.name for param in params})

    def _params(self, node: Node | None) -> tuple[ir.Param, ...]:
        params: list[ir.Param] = []
        for child in named(node) if node is not None else ():
            kind = self.optional(child, "type")
            names = [text_of(name) for name in child.children_by_field_name("name")] or ["_"]
            star = "*" if child.type == "variadic_parameter_declaration" else ""
            params.extend(ir.Param(name, line_of(child), None, kind, star) for name in names)
        return tuple(params)

    def function_literal(self, node: Node) -> ir.Expr:
        """A function as a value."""
        params = self._params(node.child_by_field_name("parameters"))
        body, assigned, outer = self._body(node.child_by_field_name("body"), params)
        line = line_of(node)
        made = ir.Function(
            "func", line, end_line_of(node), params, body, assigned=assigned, outer=outer, is_literal=True
        )
        return ir.Lambda(line, made)


def _flattened(statement: ir.Stmt) -> Iterator[ir.Stmt]:
    if isinstance(statement, ir.Block):
        yield from statement.body
    else:
        yield statement


def _package_name(path: str) -> str:
    """The name a package goes by when the import gives none."""
    parts = path.split("/")
    last = parts[-1]
    if re.fullmatch(r"v\d+", last) and len(parts) > 1:
        last = parts[-2]
    return re.sub(r"\.v\d+$|^go-|-go$|\.go$", "", last)

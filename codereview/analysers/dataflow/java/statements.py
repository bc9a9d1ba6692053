"""Java's statements, methods and classes."""

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.java.expressions import JavaExpressions
from codereview.analysers.dataflow.lowering import end_line_of, line_of, named, text_of

_CLASSES = (
    "class_declaration",
    "interface_declaration",
    "enum_declaration",
    "record_declaration",
    "annotation_type_declaration",
)


class JavaLowering(JavaExpressions):
    """Lowers a compilation unit."""

    def __init__(self) -> None:
        super().__init__()
        self.package = ""
        #: Methods of nameless classes met in the method being lowered; they are defined at its beginning.
        self._nameless: list[ir.Stmt] = []
        self._statements.update(
            {
                "package_declaration": self._package,
                "import_declaration": self._import,
                "expression_statement": self.expression_statement,
                "local_variable_declaration": self._declaration,
                "field_declaration": self._declaration,
                "constant_declaration": self._declaration,
                "return_statement": lambda n: ir.Return(line_of(n), self._maybe(n)),
                "yield_statement": lambda n: ir.Return(line_of(n), self._maybe(n)),
                "throw_statement": lambda n: ir.Raise(line_of(n), self._maybe(n)),
                "break_statement": lambda n: ir.Jump(line_of(n), "break"),
                "continue_statement": lambda n: ir.Jump(line_of(n), "continue"),
                "if_statement": self.branches,
                "while_statement": self.while_loop,
                "do_statement": self.do_loop,
                "for_statement": self._for,
                "enhanced_for_statement": self._for_each,
                "switch_expression": self._switch,
                "switch_statement": self._switch,
                "try_statement": self._try,
                "try_with_resources_statement": self._try,
                "synchronized_statement": lambda n: ir.Block(line_of(n), self.block(n.child_by_field_name("body"))),
                "labeled_statement": lambda n: ir.Block(
                    line_of(n), tuple(self.statement(c) for c in list(named(n))[1:])
                ),
                "block": lambda n: ir.Block(line_of(n), self.block(n)),
                "static_initializer": lambda n: ir.Block(line_of(n), self.block(next(named(n), None))),
                "assert_statement": lambda n: ir.ExprStmt(line_of(n), self.opaque(n)),
                "method_declaration": self._method,
                "constructor_declaration": self._method,
                "compact_constructor_declaration": self._method,
                "ERROR": lambda n: ir.Block(line_of(n), self.block(n)),
                "explicit_constructor_invocation": lambda n: ir.ExprStmt(line_of(n), self._constructor_call(n)),
                ";": lambda n: ir.Block(line_of(n), ()),
            }
        )
        self._statements.update(dict.fromkeys(_CLASSES, self._class_statement))

    def _maybe(self, node: Node) -> ir.Expr | None:
        child = next(named(node), None)
        return self.expr(child) if child is not None else None

    def _package(self, node: Node) -> ir.Stmt:
        child = next((child for child in named(node) if child.type in ("scoped_identifier", "identifier")), None)
        self.package = text_of(child) if child is not None else ""
        return ir.Block(line_of(node), ())

    def _import(self, node: Node) -> ir.Stmt:
        child = next(named(node), None)
        full = text_of(child) if child is not None else ""
        if any(part.type == "asterisk" for part in node.children) or not full:
            return ir.Import(line_of(node), ())
        module, _, name = full.rpartition(".")
        return ir.Import(line_of(node), ((name, module, name),))

    def _declaration(self, node: Node) -> ir.Stmt:
        kind = self.optional(node, "type")
        if isinstance(kind, ir.Name) and kind.id == "var":
            kind = None
        made: list[ir.Stmt] = []
        is_field = node.type != "local_variable_declaration"
        if is_field:
            made += [ir.ExprStmt(note.line, note) for note in self._modifiers(node)[0]]
        for child in node.children_by_field_name("declarator"):
            name = self.name_field(child)
            value = self.optional(child, "value")
            if not is_field:
                self.locals[-1].add(name)
            self.bind(name)
            made.append(ir.Assign(line_of(child), (ir.Name(line_of(child), name),), value, kind))
        return made[0] if len(made) == 1 else ir.Block(line_of(node), tuple(made))

    def _for(self, node: Node) -> ir.Stmt:
        before = tuple(self.statement(child) for child in node.children_by_field_name("init"))
        test = self.optional(node, "condition") or ir.Const(line_of(node), True)
        update = tuple(self._as_statement(child) for child in node.children_by_field_name("update"))
        body = self.block(node.child_by_field_name("body"))
        return ir.Block(line_of(node), (*before, ir.While(line_of(node), test, body, update=update)))

    def _as_statement(self, node: Node) -> ir.Stmt:
        value = self.expr(node)
        if isinstance(value, ir.Walrus):
            return ir.Assign(line_of(node), (value.target,), value.value)
        return ir.ExprStmt(line_of(node), value)

    def _for_each(self, node: Node) -> ir.Stmt:
        name = self.name_field(node)
        self.locals[-1].add(name)
        self.bind(name)
        kind = self.optional(node, "type")
        iterable = self.field(node, "value")
        target = ir.Name(line_of(node), name)
        body = self.block(node.child_by_field_name("body"))
        if kind is not None:
            body = (ir.Assign(line_of(node), (target,), ir.Cast(line_of(node), target, kind)), *body)
        return ir.For(line_of(node), target, iterable, body)

    def _switch(self, node: Node) -> ir.Stmt:
        cases: list[ir.Case] = []
        arrows = False
        body = node.child_by_field_name("body")
        for group in named(body) if body is not None else ():
            labels = [child for child in named(group) if child.type == "switch_label"]
            rest = [child for child in named(group) if child.type != "switch_label"]
            arrows = arrows or group.type == "switch_rule"
            values = tuple(self.expr(part) for label in labels for part in named(label) if part.type != "pattern")
            opaque = any(part.type == "pattern" for label in labels for part in named(label))
            statements = tuple(self.statement(child) for child in rest)
            cases.append(ir.Case(values, (), None, statements, opaque))
        return ir.Match(line_of(node), self.field(node, "condition"), tuple(cases), falls_through=not arrows)

    def switch_value(self, node: Node) -> ir.Expr:
        """A switch as a value: any of the arms'."""
        parts = [self.field(node, "condition")]
        body = node.child_by_field_name("body")
        for group in named(body) if body is not None else ():
            parts.extend(self.first(child) for child in named(group) if child.type == "expression_statement")
        return ir.Opaque(line_of(node), tuple(parts))

    def _try(self, node: Node) -> ir.Stmt:
        resources = node.child_by_field_name("resources")
        before: list[ir.Stmt] = []
        for resource in named(resources) if resources is not None else ():
            name = self.name_field(resource)
            self.locals[-1].add(name)
            value = self.optional(resource, "value")
            if name and value is not None:
                target = ir.Name(line_of(resource), name)
                before.append(ir.Assign(line_of(resource), (target,), value, self.optional(resource, "type")))
        handlers: list[ir.Handler] = []
        final: tuple[ir.Stmt, ...] = ()
        for child in named(node):
            if child.type == "catch_clause":
                handlers.append(self._catch(child))
            elif child.type == "finally_clause":
                final = self.block(next(named(child), None))
        body = (*before, *self.block(node.child_by_field_name("body")))
        return ir.Try(line_of(node), body, tuple(handlers), (), final)

    def _catch(self, node: Node) -> ir.Handler:
        parameter = next((child for child in named(node) if child.type == "catch_formal_parameter"), None)
        name = self.name_field(parameter) if parameter is not None else ""
        self.locals[-1].add(name)
        return ir.Handler(line_of(node), (), name, self.block(node.child_by_field_name("body")))

    # --- declarations -----------------------------------------------------------------------------------------

    def _modifiers(self, node: Node) -> tuple[tuple[ir.Expr, ...], set[str]]:
        """Annotations, and the words among the modifiers."""
        holder = next((child for child in node.children if child.type == "modifiers"), None)
        annotations: list[ir.Expr] = []
        words: set[str] = set()
        for child in holder.children if holder is not None else ():
            if child.type in ("annotation", "marker_annotation"):
                annotations.append(self._annotation(child))
            else:
                words.add(text_of(child))
        return tuple(annotations), words

    def _annotation(self, node: Node) -> ir.Expr:
        line = line_of(node)
        func = ir.Name(line, "@" + self.name_field(node).rpartition(".")[2])
        arguments = node.child_by_field_name("arguments")
        args: list[ir.Expr] = []
        keywords: list[tuple[str, ir.Expr]] = []
        for child in named(arguments) if arguments is not None else ():
            if child.type == "element_value_pair":
                keywords.append((self.name_field(child, "key"), self.field(child, "value")))
            else:
                args.append(self.expr(child))
        return ir.Call(line, func, tuple(args), tuple(keywords), end_line_of(node))

    def _class_statement(self, node: Node) -> ir.Stmt:
        return ir.DefineClass(line_of(node), self._class(node, self.name_field(node)))

    def _class(self, node: Node, name: str, base: ir.Expr | None = None) -> ir.Class:
        annotations, _words = self._modifiers(node)
        bases: list[ir.Expr] = [base] if base is not None else []
        for field in ("superclass", "interfaces"):
            holder = node.child_by_field_name(field)
            stack = list(named(holder)) if holder is not None else []
            while stack:
                part = stack.pop(0)
                if part.type == "type_list":
                    stack = list(named(part)) + stack
                else:
                    bases.append(self.expr(part))
        body = node.child_by_field_name("body") if node.type != "object_creation_expression" else None
        body = body or next((child for child in named(node) if child.type == "class_body"), None)
        return ir.Class(name, line_of(node), tuple(bases), self._members(body), annotations)

    def _members(self, body: Node | None) -> tuple[ir.Stmt, ...]:
        members = list(named(body)) if body is not None else []
        for part in list(members):
            if part.type == "enum_body_declarations":
                members += list(named(part))
        fields = {
            self.name_field(declarator)
            for member in members
            if member.type in ("field_declaration", "constant_declaration")
            for declarator in member.children_by_field_name("declarator")
        }
        self.fields.append(fields | (self.fields[-1] if self.fields else set()))
        saved, self.locals = self.locals, [set()]
        made = tuple(self.statement(member) for member in members if member.type in self._statements)
        self.locals = saved
        self.fields.pop()
        # Nameless classes of field initialisers that no later method has taken.
        left, self._nameless = tuple(self._nameless), []
        return (*made, *left)

    def creation_body(self, node: Node, base: ir.Expr) -> ir.Expr | None:
        """A class without a name is seen for its methods only; what is created is taken for its base."""
        body = next((child for child in named(node) if child.type == "class_body"), None)
        if body is None:
            return None
        for member in self._members(body):
            if isinstance(member, ir.Define):
                self._nameless.append(member)
        return base

    def _method(self, node: Node) -> ir.Stmt:
        annotations, words = self._modifiers(node)
        constructor = node.type != "method_declaration"
        name = "<init>" if constructor else self.name_field(node)
        params = self._params(node.child_by_field_name("parameters"))
        self.enter()
        self.locals.append({param.name for param in params})
        body = self.block(node.child_by_field_name("body"))
        self.locals.pop()
        body = (*self._nameless, *body)
        self._nameless = []
        assigned, _outer, _yields = self.leave()
        function = ir.Function(
            name,
            line_of(node),
            end_line_of(node),
            params,
            body,
            annotations,
            self.optional(node, "type"),
            is_static="static" in words,
            is_public="public" in words and not constructor,
            assigned=assigned,
        )
        return ir.Define(line_of(node), function)

    def _params(self, node: Node | None) -> tuple[ir.Param, ...]:
        params: list[ir.Param] = []
        for child in named(node) if node is not None else ():
            annotations, _words = self._modifiers(child)
            if child.type == "identifier":
                params.append(ir.Param(text_of(child), line_of(child)))
            elif child.type == "formal_parameter":
                kind = self.optional(child, "type")
                params.append(ir.Param(self.name_field(child), line_of(child), None, kind, decorators=annotations))
            elif child.type == "spread_parameter":
                declarator = next((part for part in named(child) if part.type == "variable_declarator"), None)
                name = self.name_field(declarator) if declarator is not None else ""
                params.append(ir.Param(name, line_of(child), kind="*", decorators=annotations))
        return tuple(params)

    def function_literal(self, node: Node) -> ir.Expr:
        """A lambda."""
        parameters = node.child_by_field_name("parameters")
        if parameters is not None and parameters.type == "identifier":
            params: tuple[ir.Param, ...] = (ir.Param(text_of(parameters), line_of(parameters)),)
        else:
            params = self._params(parameters)
        self.enter()
        self.locals.append({param.name for param in params} | self.locals[-1])
        body_node = node.child_by_field_name("body")
        if body_node is not None and body_node.type != "block":
            value = self.expr(body_node)
            body: tuple[ir.Stmt, ...] = (ir.Return(value.line, value),)
        else:
            body = self.block(body_node)
        self.locals.pop()
        assigned, _outer, _yields = self.leave()
        line = line_of(node)
        made = ir.Function(
            "<lambda>", line, end_line_of(node), params, body, assigned=assigned, is_static=True, is_literal=True
        )
        return ir.Lambda(line, made)

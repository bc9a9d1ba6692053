"""JavaScript's and TypeScript's expressions."""

from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.clike import CLike
from codereview.analysers.dataflow.lowering import column_of, end_line_of, integer, line_of, named, text_of, unescape

_Table = dict[str, Callable[[Node], ir.Expr]]

_IDENTIFIERS = (
    "identifier",
    "property_identifier",
    "shorthand_property_identifier",
    "type_identifier",
    "shorthand_property_identifier_pattern",
    "undefined",
    "predefined_type",
    "private_property_identifier",
)
#: What is worth what stands in it.
_WRAPPERS = (
    "parenthesized_expression",
    "await_expression",
    "non_null_expression",
    "type_annotation",
    "jsx_expression",
    "template_substitution",
    "computed_property_name",
    "export_specifier",
)
_FUNCTIONS = ("arrow_function", "function_expression", "generator_function", "function")
_ASSERTIONS = ("as_expression", "satisfies_expression")
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")


class ScriptExpressions(CLike):
    """Lowers expressions."""

    def __init__(self) -> None:
        super().__init__()
        self._expressions |= dict.fromkeys(_IDENTIFIERS, self._identifier)
        self._expressions |= dict.fromkeys(_WRAPPERS, self.first)
        self._expressions |= dict.fromkeys(_FUNCTIONS, self.function_literal)
        self._expressions |= dict.fromkeys(_ASSERTIONS, self._as)
        self._expressions |= dict.fromkeys(_ELEMENTS, self._jsx)
        self._expressions |= self._literals() | self._operations() | self._collections() | self._patterns()

    def _literals(self) -> _Table:
        return {
            "string": lambda n: ir.Const(line_of(n), unescape(text_of(n)[1:-1])),
            "template_string": self._template,
            "number": self._number,
            "true": lambda n: ir.Const(line_of(n), True),
            "false": lambda n: ir.Const(line_of(n), False),
            "null": lambda n: ir.Const(line_of(n), None),
            "regex": self._regex,
            "this": lambda n: ir.Name(line_of(n), "this"),
            "super": lambda n: ir.Name(line_of(n), "this"),
        }

    def _operations(self) -> _Table:
        return {
            "member_expression": self._member,
            "subscript_expression": lambda n: ir.Index(line_of(n), self.field(n, "object"), self.field(n, "index")),
            "call_expression": self._call,
            "new_expression": self._new,
            "binary_expression": self.binary,
            "unary_expression": self._unary,
            "update_expression": lambda n: self.stepped(n, n.child_by_field_name("argument")),
            "ternary_expression": self.conditional,
            "assignment_expression": self.assigned,
            "augmented_assignment_expression": self.assigned,
            "yield_expression": lambda n: ir.Yield(line_of(n), self.first(n)),
            "type_assertion": lambda n: self.expr(list(named(n))[-1]),
            "generic_type": lambda n: self.field(n, "name"),
        }

    def _collections(self) -> _Table:
        return {
            "array": lambda n: ir.Sequence(line_of(n), "list", tuple(self.expr(child) for child in named(n))),
            "object": self._object,
            "spread_element": lambda n: ir.Star(line_of(n), self.first(n)),
            "class": self.class_value,
        }

    def _patterns(self) -> _Table:
        return {
            "array_pattern": lambda n: ir.Sequence(line_of(n), "list", tuple(self.target(child) for child in named(n))),
            "object_pattern": self._pattern,
            "assignment_pattern": lambda n: self.field(n, "left"),
            "object_assignment_pattern": lambda n: self.field(n, "left"),
            "rest_pattern": lambda n: ir.Star(line_of(n), self.first(n)),
        }

    def function_literal(self, node: Node) -> ir.Expr:
        """A function as a value."""
        raise NotImplementedError

    def class_value(self, node: Node) -> ir.Expr:
        """A class as a value."""
        raise NotImplementedError

    def note_target(self, name: str) -> None:
        """A name is assigned to."""
        raise NotImplementedError

    def target(self, node: Node) -> ir.Expr:
        """What is assigned to; patterns bind the names in them."""
        lowered = self.expr(node)
        stack: list[ir.Expr] = [lowered]
        while stack:
            current = stack.pop()
            if isinstance(current, ir.Name):
                self.note_target(current.id)
            elif isinstance(current, ir.Sequence):
                stack.extend(current.items)
            elif isinstance(current, ir.Mapping):
                stack.extend(value for _key, value in current.items)
            elif isinstance(current, ir.Star):
                stack.append(current.value)
        return lowered

    def _identifier(self, node: Node) -> ir.Expr:
        name = text_of(node)
        return ir.Const(line_of(node), None) if name == "undefined" else ir.Name(line_of(node), name)

    def _number(self, node: Node) -> ir.Expr:
        value = integer(text_of(node))
        return ir.Const(line_of(node), value) if value is not None else ir.Opaque(line_of(node), ())

    def _template(self, node: Node) -> ir.Expr:
        parts: list[ir.Expr] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                parts.append(self.expr(child))
            elif child.type in ("string_fragment", "escape_sequence"):
                parts.append(ir.Const(line_of(child), unescape(text_of(child))))
        if not parts:
            return ir.Const(line_of(node), "")
        return (
            parts[0] if len(parts) == 1 and isinstance(parts[0], ir.Const) else ir.Format(line_of(node), tuple(parts))
        )

    def _regex(self, node: Node) -> ir.Expr:
        """A literal expression is a call of RegExp with its text."""
        line = line_of(node)
        pattern = ir.Const(line, self.name_field(node, "pattern"))
        return ir.Call(line, ir.Name(line, "RegExp"), (pattern,), (), end_line_of(node), column_of(node))

    def _member(self, node: Node) -> ir.Expr:
        return ir.Attr(line_of(node), self.field(node, "object"), self.name_field(node, "property").lstrip("#"))

    def _call(self, node: Node) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        func = self.field(node, "function")
        if arguments is not None and arguments.type == "template_string":
            # A tag gets the texts and the values apart.
            args = tuple(self.expr(child) for child in named(arguments) if child.type == "template_substitution")
            args = (ir.Opaque(line_of(node), ()), *args)
        else:
            args = tuple(self.expr(child) for child in named(arguments)) if arguments is not None else ()
        return ir.Call(line_of(node), func, args, (), end_line_of(node), column_of(node))

    def _new(self, node: Node) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        args = tuple(self.expr(child) for child in named(arguments)) if arguments is not None else ()
        func = self.field(node, "constructor")
        return ir.Call(line_of(node), func, args, (), end_line_of(node), column_of(node), new=True)

    def _unary(self, node: Node) -> ir.Expr:
        op = self.operator(node)
        if op == "typeof":
            return ir.Call(
                line_of(node), ir.Name(line_of(node), op), (self.field(node, "argument"),), (), line_of(node)
            )
        if op in ("void", "delete"):
            return ir.Opaque(line_of(node), ())
        return self.unary(node, "argument")

    def _as(self, node: Node) -> ir.Expr:
        parts = list(named(node))
        return self.expr(parts[0]) if parts else ir.Opaque(line_of(node), ())

    def _object(self, node: Node) -> ir.Expr:
        items: list[tuple[ir.Expr | None, ir.Expr]] = []
        for child in named(node):
            if child.type == "pair":
                items.append((self._key(child.child_by_field_name("key")), self.field(child, "value")))
            elif child.type == "shorthand_property_identifier":
                items.append((ir.Const(line_of(child), text_of(child)), self.expr(child)))
            elif child.type == "spread_element":
                items.append((None, self.first(child)))
            elif child.type == "method_definition":
                items.append((self._key(child.child_by_field_name("name")), self.function_literal(child)))
        return ir.Mapping(line_of(node), tuple(items))

    def _key(self, node: Node | None) -> ir.Expr:
        if node is None:
            return ir.Opaque(0, ())
        if node.type in ("property_identifier", "private_property_identifier", "identifier"):
            return ir.Const(line_of(node), text_of(node))
        return self.expr(node)

    def _pattern(self, node: Node) -> ir.Expr:
        """``{a, b: c = 1, ...rest}``: keys and where their values go."""
        items: list[tuple[ir.Expr | None, ir.Expr]] = []
        for child in named(node):
            if child.type == "pair_pattern":
                items.append((self._key(child.child_by_field_name("key")), self.field(child, "value")))
            elif child.type == "rest_pattern":
                items.append((None, self.first(child)))
            else:
                target = self.expr(child)
                name = target.id if isinstance(target, ir.Name) else ""
                items.append((ir.Const(line_of(child), name), target))
        return ir.Mapping(line_of(node), tuple(items))

    def _jsx(self, node: Node) -> ir.Expr:
        """An element is a call of ``jsx`` with its attributes by name."""
        opening = node.child_by_field_name("open_tag") or node
        name = opening.child_by_field_name("name")
        line = line_of(node)
        args: list[ir.Expr] = [ir.Const(line, text_of(name))] if name is not None else []
        keywords: list[tuple[str, ir.Expr]] = []
        for attribute in opening.children_by_field_name("attribute"):
            parts = list(named(attribute))
            if len(parts) == 2:
                keywords.append((text_of(parts[0]), self.expr(parts[1])))
        args += [
            self.expr(child)
            for child in named(node)
            if child.type.startswith("jsx_") and child.type in self._expressions
        ]
        return ir.Call(line, ir.Name(line, "jsx"), tuple(args), tuple(keywords), line, column_of(node))

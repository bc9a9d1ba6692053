"""Go's expressions."""

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.clike import CLike
from codereview.analysers.dataflow.lowering import column_of, end_line_of, integer, line_of, named, text_of, unescape

_CONTAINERS = frozenset({"slice_type", "array_type", "implicit_length_array_type"})


class GoExpressions(CLike):
    """Lowers expressions."""

    ELSE = ""

    def __init__(self) -> None:
        super().__init__()
        for kind in ("identifier", "type_identifier", "field_identifier", "package_identifier", "blank_identifier"):
            self._expressions[kind] = lambda n: ir.Name(line_of(n), text_of(n))
        self._expressions.update(
            {
                "interpreted_string_literal": lambda n: ir.Const(line_of(n), unescape(text_of(n)[1:-1])),
                "raw_string_literal": lambda n: ir.Const(line_of(n), text_of(n)[1:-1]),
                "rune_literal": lambda n: ir.Const(line_of(n), unescape(text_of(n)[1:-1])),
                "int_literal": self._number,
                "float_literal": self._number,
                "true": lambda n: ir.Const(line_of(n), True),
                "false": lambda n: ir.Const(line_of(n), False),
                "nil": lambda n: ir.Const(line_of(n), None),
                "selector_expression": self._selector,
                "qualified_type": self._qualified,
                "index_expression": lambda n: ir.Index(line_of(n), self.field(n, "operand"), self.field(n, "index")),
                "slice_expression": self._slice,
                "call_expression": self._call,
                "type_conversion_expression": self._conversion,
                "type_assertion_expression": lambda n: ir.Cast(
                    line_of(n), self.field(n, "operand"), self.field(n, "type")
                ),
                "composite_literal": self._composite,
                "literal_value": self._value,
                "literal_element": self.first,
                "func_literal": self.function_literal,
                "unary_expression": self._unary,
                "binary_expression": self.binary,
                "parenthesized_expression": self.first,
                "expression_list": self._list,
                "variadic_argument": lambda n: ir.Star(line_of(n), self.first(n)),
                "pointer_type": self.first,
                "slice_type": lambda n: self.field(n, "element"),
                "array_type": lambda n: self.field(n, "element"),
                "generic_type": lambda n: self.field(n, "type"),
                "parenthesized_type": self.first,
            }
        )

    def function_literal(self, node: Node) -> ir.Expr:
        """A function as a value."""
        raise NotImplementedError

    def _number(self, node: Node) -> ir.Expr:
        text = text_of(node)
        value = (
            int(text, 8)
            if text.startswith("0") and text.isdigit() and len(text) > 1 and not set(text) & set("89")
            else integer(text)
        )
        return ir.Const(line_of(node), value) if value is not None else ir.Opaque(line_of(node), ())

    def _selector(self, node: Node) -> ir.Expr:
        return ir.Attr(line_of(node), self.field(node, "operand"), self.name_field(node, "field"))

    def _qualified(self, node: Node) -> ir.Expr:
        return ir.Attr(line_of(node), ir.Name(line_of(node), self.name_field(node, "package")), self.name_field(node))

    def _slice(self, node: Node) -> ir.Expr:
        bounds = ir.Slice(line_of(node), self.optional(node, "start"), self.optional(node, "end"), None)
        return ir.Index(line_of(node), self.field(node, "operand"), bounds)

    def _call(self, node: Node) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        args = tuple(self.expr(child) for child in named(arguments)) if arguments is not None else ()
        func = self.field(node, "function")
        return ir.Call(line_of(node), func, args, (), end_line_of(node), column_of(node))

    def _conversion(self, node: Node) -> ir.Expr:
        operand = self.field(node, "operand")
        kind = node.child_by_field_name("type")
        if kind is None or kind.type in _CONTAINERS:
            return operand  # []byte(text) is the text
        return ir.Cast(line_of(node), operand, self.expr(kind))

    def _unary(self, node: Node) -> ir.Expr:
        return self.unary(node, "operand")

    def _list(self, node: Node) -> ir.Expr:
        items = tuple(self.expr(child) for child in named(node))
        return items[0] if len(items) == 1 else ir.Sequence(line_of(node), "tuple", items)

    def _composite(self, node: Node) -> ir.Expr:
        """A struct literal is a call of its type with its fields by name."""
        kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
        if body is None:
            return ir.Opaque(line_of(node), ())
        if kind is None or kind.type in _CONTAINERS or kind.type == "map_type":
            return self._value(body)
        keys = [child.child_by_field_name("key") for child in named(body) if child.type == "keyed_element"]
        if any(key is not None and not text_of(key).isidentifier() for key in keys):
            return self._value(body)  # a map of a named type
        args: list[ir.Expr] = []
        keywords: list[tuple[str, ir.Expr]] = []
        for child in named(body):
            if child.type == "keyed_element":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is not None and value is not None:
                    keywords.append((text_of(key), self.expr(value)))
            else:
                args.append(self.expr(child))
        func = self.expr(kind)
        return ir.Call(line_of(node), func, tuple(args), tuple(keywords), end_line_of(node), column_of(node), new=True)

    def _value(self, node: Node) -> ir.Expr:
        children = list(named(node))
        if any(child.type == "keyed_element" for child in children):
            pairs: list[tuple[ir.Expr | None, ir.Expr]] = [
                (self._key(child), self.field(child, "value")) for child in children if child.type == "keyed_element"
            ]
            return ir.Mapping(line_of(node), tuple(pairs))
        return ir.Sequence(line_of(node), "list", tuple(self.expr(child) for child in children))

    def _key(self, node: Node) -> ir.Expr:
        """A key that is a bare name is a field of a struct whose type is left out."""
        key = self.field(node, "key")
        return ir.Const(key.line, key.id) if isinstance(key, ir.Name) and key.id[:1].isupper() else key

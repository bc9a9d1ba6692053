"""Java's expressions."""

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.clike import CLike
from codereview.analysers.dataflow.lowering import column_of, end_line_of, integer, line_of, named, text_of, unescape

_BOXES = frozenset({"byte", "short", "int", "long", "float", "double", "boolean", "char"})


class JavaExpressions(CLike):
    """Lowers expressions."""

    ELSE = ""

    def __init__(self) -> None:
        super().__init__()
        #: Fields of the classes being lowered, and names declared in the methods being lowered.
        self.fields: list[set[str]] = []
        self.locals: list[set[str]] = [set()]
        for kind in (
            "decimal_integer_literal",
            "hex_integer_literal",
            "octal_integer_literal",
            "binary_integer_literal",
            "decimal_floating_point_literal",
            "hex_floating_point_literal",
        ):
            self._expressions[kind] = self._number
        self._expressions.update(
            {
                "identifier": self._identifier,
                "string_literal": self._string,
                "character_literal": lambda n: ir.Const(line_of(n), unescape(text_of(n)[1:-1])),
                "true": lambda n: ir.Const(line_of(n), True),
                "false": lambda n: ir.Const(line_of(n), False),
                "null_literal": lambda n: ir.Const(line_of(n), None),
                "this": lambda n: ir.Name(line_of(n), "this"),
                "super": lambda n: ir.Name(line_of(n), "this"),
                "field_access": self._field_access,
                "scoped_identifier": self._scoped,
                "array_access": lambda n: ir.Index(line_of(n), self.field(n, "array"), self.field(n, "index")),
                "method_invocation": self._invocation,
                "object_creation_expression": self._creation,
                "explicit_constructor_invocation": self._constructor_call,
                "array_creation_expression": self._array,
                "array_initializer": self._elements,
                "element_value_array_initializer": self._elements,
                "binary_expression": self.binary,
                "unary_expression": lambda n: self.unary(n, "operand"),
                "update_expression": lambda n: self.stepped(n, next(named(n), None)),
                "ternary_expression": self.conditional,
                "parenthesized_expression": self.first,
                "cast_expression": lambda n: ir.Cast(line_of(n), self.field(n, "value"), self.field(n, "type")),
                "assignment_expression": self.assigned,
                "instanceof_expression": self._instance_of,
                "lambda_expression": self.function_literal,
                "method_reference": self._reference,
                "class_literal": lambda n: ir.Opaque(line_of(n), ()),
                "type_identifier": lambda n: ir.Name(line_of(n), text_of(n)),
                "scoped_type_identifier": self._last_type,
                "generic_type": lambda n: self.expr(next(named(n))),
                "array_type": lambda n: self.field(n, "element"),
                "integral_type": lambda n: ir.Name(line_of(n), text_of(n)),
                "floating_point_type": lambda n: ir.Name(line_of(n), text_of(n)),
                "boolean_type": lambda n: ir.Name(line_of(n), "boolean"),
                "void_type": lambda n: ir.Name(line_of(n), "void"),
                "switch_expression": self.switch_value,
            }
        )

    def function_literal(self, node: Node) -> ir.Expr:
        """A lambda."""
        raise NotImplementedError

    def switch_value(self, node: Node) -> ir.Expr:
        """A switch that gives a value."""
        raise NotImplementedError

    def creation_body(self, node: Node, base: ir.Expr) -> ir.Expr | None:
        """A class without a name; None when the creation has none."""
        raise NotImplementedError

    def _identifier(self, node: Node) -> ir.Expr:
        name = text_of(node)
        if self.fields and name in self.fields[-1] and name not in self.locals[-1]:
            return ir.Attr(line_of(node), ir.Name(line_of(node), "this"), name)
        return ir.Name(line_of(node), name)

    def _number(self, node: Node) -> ir.Expr:
        value = integer(text_of(node))
        return ir.Const(line_of(node), value) if value is not None else ir.Opaque(line_of(node), ())

    def _string(self, node: Node) -> ir.Expr:
        text = text_of(node)
        body = text[3:-3] if text.startswith('"""') else text[1:-1]
        return ir.Const(line_of(node), unescape(body))

    def _field_access(self, node: Node) -> ir.Expr:
        """``a.b``; packages before a class are dropped: ``java.util.Base64`` is ``Base64``."""
        field = self.name_field(node, "field")
        obj = node.child_by_field_name("object")
        if obj is None:
            return ir.Name(line_of(node), field)
        if field[:1].isupper() and _is_package(obj):
            return ir.Name(line_of(node), field)
        if obj.type == "this" and field == "length":
            return ir.Opaque(line_of(node), ())
        return ir.Attr(line_of(node), self.expr(obj), field)

    def _scoped(self, node: Node) -> ir.Expr:
        return ir.Name(line_of(node), text_of(node).rpartition(".")[2])

    def _last_type(self, node: Node) -> ir.Expr:
        return ir.Name(line_of(node), text_of(node).partition("<")[0].rpartition(".")[2])

    def _arguments(self, node: Node) -> tuple[ir.Expr, ...]:
        arguments = node.child_by_field_name("arguments")
        return tuple(self.expr(child) for child in named(arguments)) if arguments is not None else ()

    def _invocation(self, node: Node) -> ir.Expr:
        name = self.name_field(node)
        obj = node.child_by_field_name("object")
        line = line_of(node)
        receiver = self.expr(obj) if obj is not None else ir.Name(line, "this")
        func = ir.Attr(line, receiver, name)
        return ir.Call(line, func, self._arguments(node), (), end_line_of(node), column_of(node))

    def _creation(self, node: Node) -> ir.Expr:
        kind = self.field(node, "type")
        with_body = self.creation_body(node, kind)
        args = self._arguments(node)
        return ir.Call(line_of(node), with_body or kind, args, (), end_line_of(node), column_of(node), new=True)

    def _constructor_call(self, node: Node) -> ir.Expr:
        return ir.Opaque(line_of(node), self._arguments(node))

    def _array(self, node: Node) -> ir.Expr:
        value = node.child_by_field_name("value")
        if value is not None:
            return self._elements(value)
        kind = node.child_by_field_name("type")
        if kind is not None and text_of(kind) == "byte":
            return ir.Call(line_of(node), ir.Name(line_of(node), "new byte[]"), (), (), end_line_of(node))
        return ir.Sequence(line_of(node), "unknown", ())

    def _elements(self, node: Node) -> ir.Expr:
        return ir.Sequence(line_of(node), "list", tuple(self.expr(child) for child in named(node)))

    def _instance_of(self, node: Node) -> ir.Expr:
        left = self.field(node, "left")
        name = node.child_by_field_name("name")
        if name is not None:
            self.locals[-1].add(text_of(name))
            kind = self.field(node, "right")
            bound = ir.Walrus(line_of(node), ir.Name(line_of(node), text_of(name)), ir.Cast(line_of(node), left, kind))
            return ir.Opaque(line_of(node), (bound,))
        return ir.Opaque(line_of(node), ())

    def _reference(self, node: Node) -> ir.Expr:
        parts = list(named(node))
        if len(parts) == 2:
            return ir.Attr(line_of(node), self.expr(parts[0]), text_of(parts[1]))
        return self.opaque(node)


def _is_package(node: Node) -> bool:
    return all(
        part[:1].islower() and part.isidentifier()
        for part in text_of(node).replace("\n", "").replace(" ", "").split(".")
    )

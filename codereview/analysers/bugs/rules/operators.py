"""Operators on values that do not have them."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class, Value
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.rules.shared.operations import describe, lacks, report

NOT_A_CONTAINER = define(
    "not-a-container",
    "Membership test on something that is not a container",
    severity=HIGH,
    confidence=SURE,
    description="The right side of `in` has none of __contains__, __iter__ and __getitem__.",
    scenario="TypeError: argument is not iterable, each time the test is made.",
    fix="Test against the collection that was meant.",
    valid=("1 in [1]\n", "class Bag:\n    def __contains__(self, item):\n        return True\n\n\n1 in Bag()\n"),
    invalid=("1 in 10\n", "class Bag:\n    pass\n\n\n1 in Bag()\n", "def names():\n    return []\n\n\n'a' in names\n"),
)


BAD_UNARY = define(
    "bad-unary-operand",
    "Operand that the operator does not take",
    severity=HIGH,
    confidence=SURE,
    description="-, + and ~ work on numbers and on classes that define them.",
    scenario="TypeError: bad operand type for unary operator, each time the line runs.",
    fix="Apply the operator to a number.",
    valid=("-1\n", "x = 3\n~x\n", "from datetime import timedelta\n\n-timedelta(1)\n"),
    invalid=("x = -'1'\n", "x = ~[]\n", "x = ~2.0\n", "class Box:\n    pass\n\n\nx = -Box()\n"),
)


BAD_BINARY = define(
    "bad-operands",
    "Operands that do not go together",
    severity=HIGH,
    confidence=SURE,
    description=(
        "The two built-in types have no such operation between them: a string plus a number, a list minus a list."
    ),
    scenario="TypeError: unsupported operand types, each time the line runs.",
    fix="Convert one side, or format the text.",
    valid=("x = 'a' + str(1)\n", "x = 'a' * 3\n", "x = [1] + [2]\n", "x = {1} - {2}\n"),
    invalid=("x = 'total: ' + 1\n", "x = [1] - [2]\n", "x = 'a' + b'b'\n", "x = {} + {}\n", "x = 1 < 'a'\n"),
)


_NUMERIC = ("builtins.int", "builtins.float", "builtins.bool", "builtins.complex")


_CLOSED = frozenset(
    {*_NUMERIC, "builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.set"}
    | {"types.NoneType", "types.GeneratorType"}
)


_OPERATOR_METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.MatMult: "matmul",
    ast.Mod: "mod",
}


_UNARY = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}


def _compare(node: ast.Compare, ctx: Context) -> None:
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            value = ctx.value(right)
            if lacks(value, "__contains__", "__iter__", "__getitem__") and not (
                value and value.kind == "class" and _enum(value)
            ):
                report(NOT_A_CONTAINER, right, ctx, f"{describe(value).capitalize()} is not a container.")
        elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            _ordered(left, right, node, ctx)
        left = right


def _enum(value: Value) -> bool:
    return value.cls is not None and value.cls.metaclass != ""


def _ordered(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    a, b = ctx.value(left), ctx.value(right)
    if a is None or b is None or a.kind != "instance" or b.kind != "instance" or a.cls is None or b.cls is None:
        return
    kinds = {_family(a.cls), _family(b.cls)}
    if "" not in kinds and (len(kinds) > 1 or kinds & {"builtins.dict", "types.NoneType", "builtins.complex"}):
        report(BAD_BINARY, node, ctx, f"{describe(a).capitalize()} and {describe(b)} have no order.")


def _family(cls: Class) -> str:
    if cls.qualified in ("builtins.int", "builtins.float", "builtins.bool"):
        return "number"
    return cls.qualified if cls.qualified in _CLOSED and cls.qualified != "builtins.set" else ""


def _unary(node: ast.UnaryOp, ctx: Context) -> None:
    method = _UNARY.get(type(node.op))
    if method is None:
        return
    value = ctx.value(node.operand)
    if lacks(value, method):
        report(BAD_UNARY, node, ctx, f"{describe(value).capitalize()} has no {method}.")


def _binary(node: ast.BinOp, ctx: Context) -> None:
    name = _OPERATOR_METHODS.get(type(node.op))
    left, right = ctx.value(node.left), ctx.value(node.right)
    if name is None or left is None or right is None or left.kind != "instance" or right.kind != "instance":
        return
    if left.cls is None or right.cls is None or left.cls.qualified not in _CLOSED or right.cls.qualified not in _CLOSED:
        return
    if not _supports(type(node.op), left.cls.qualified, right.cls.qualified):
        report(BAD_BINARY, node, ctx, f"{describe(left).capitalize()} and {describe(right)} do not go together here.")


def _augmented(node: ast.AugAssign, ctx: Context) -> None:
    """``x += y`` of plain values: what they are before."""
    left, right = ctx.value(node.target), ctx.value(node.value)
    if left is None or right is None or left.kind != "instance" or right.kind != "instance":
        return
    if left.cls is None or right.cls is None or left.cls.node is not None or right.cls.node is not None:
        return
    if left.instance_of(*_IN_PLACE) or not left.instance_of(*_PLAIN) or not right.instance_of(*_PLAIN, *_IN_PLACE):
        return
    tolerated = ctx.in_try(node, "TypeError") or ctx.expects_error(node)
    if not tolerated and not _supports(type(node.op), left.cls.qualified, right.cls.qualified):
        ctx.report(BAD_BINARY, node, f"A {left.cls.name} and a {right.cls.name} do not go together here.")


_PLAIN = ("builtins.str", "builtins.int", "builtins.float", "builtins.bytes", "builtins.tuple", "types.NoneType")
_IN_PLACE = ("builtins.list", "builtins.set", "builtins.dict")


def _supports(operator: type[ast.operator], left: str, right: str) -> bool:
    """Whether two built-in types have the operation between them."""
    numbers = left in _NUMERIC and right in _NUMERIC
    sequences = {"builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple"}
    integers = ("builtins.int", "builtins.bool")
    if operator is ast.Mod and left in ("builtins.str", "builtins.bytes"):
        return True
    if operator is ast.Add:
        return numbers or (left == right and left in sequences)
    if operator is ast.Mult:
        return numbers or (left in sequences and right in integers) or (right in sequences and left in integers)
    if operator in (ast.Sub, ast.BitAnd, ast.BitXor, ast.BitOr) and left == right == "builtins.set":
        return True
    if operator is ast.BitOr and left == right == "builtins.dict":
        return True
    if operator in (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift):
        return left in integers and right in integers
    if operator in (ast.Mod, ast.FloorDiv):
        return numbers and "builtins.complex" not in (left, right)
    return numbers and operator is not ast.MatMult


RULES = (
    NOT_A_CONTAINER,
    BAD_UNARY,
    BAD_BINARY,
)
CHECKS = (
    on(ast.AugAssign, _augmented),
    on(ast.Compare, _compare),
    on(ast.UnaryOp, _unary),
    on(ast.BinOp, _binary),
)

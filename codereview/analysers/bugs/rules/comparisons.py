"""Comparisons of things that are not comparable, or the same."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Value
from codereview.analysers.bugs.model.inference import instance
from codereview.analysers.bugs.model.scopes import Kind
from codereview.analysers.bugs.model.walking import dotted, has_effect, same
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.comparisons import EQUALITY, ORDER, neighbours
from codereview.analysers.bugs.rules.shared.facts import implies

IDENTICAL_OPERANDS = define(
    "identical-operands",
    "Both sides of an operator are the same",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The same expression stands on both sides of a comparison, subtraction, division, and/or.",
    scenario="The result is fixed; one of the sides was meant to be another name.",
    fix="Correct the operand that was copied.",
    family="identical-operands",
    valid=("x == y\n", "f() == f()\n", "x * x\n", "x + x\n"),
    invalid=(
        "if a.x == a.x:\n    pass\n",
        "y = x - x\n",
        "if x and x:\n    pass\n",
        "y = x or z or x\n",
        "if n > 5 and n > 3:\n    pass\n",
        "y = (x / x)\n",
    ),
)


IS_LITERAL = define(
    "is-literal",
    "Identity compared with a literal",
    severity=MEDIUM,
    confidence=SURE,
    description=("`is` asks for the same object; equal numbers, strings and new lists need not be the same object."),
    scenario="The comparison is true for small cached values and false for others, or always false.",
    fix="Use == or !=.",
    family="is-literal",
    valid=("x is None\n", "x is True\n", "x == 'a'\n", "x is ...\n"),
    invalid=(
        "if x is 'a':\n    pass\n",
        "if x is not 1:\n    pass\n",
        "if x is ():\n    pass\n",
        "if x is []:\n    pass\n",
        "if x is {}:\n    pass\n",
    ),
)


CHAINED = define(
    "chained-comparison",
    "Chained comparison that does not mean what it looks like",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("`a is b == c` means `a is b and b == c`; mixing `in`, `is` and == in one chain is rarely meant."),
    scenario="The condition tests something else than its author thinks.",
    fix="Put parentheses around each comparison.",
    family="bad-chained-comparison",
    valid=("1 < x <= 3\n", "(a in b) == c\n", "a == b == c\n"),
    invalid=(
        "if x in y == z in w:\n    pass\n",
        "if a is None != b is None:\n    pass\n",
        "if x < y in z:\n    pass\n",
    ),
)


DIFFERENT_TYPES = define(
    "comparison-of-different-types",
    "Values of different types compared for equality",
    severity=MEDIUM,
    confidence=SURE,
    description="A string never equals a number, bytes never equal a str, a list never equals a tuple.",
    scenario="The condition is always false (or always true): the conversion before it is missing.",
    fix="Convert one side.",
    family="comparison-of-different-types",
    valid=("1 == 1.0\n", "'a' == 'b'\n", "x = 'a'\nx == y\n"),
    invalid=(
        "if '1' == 1:\n    pass\n",
        "if str(x) == 5:\n    pass\n",
        "if 'a' == b'a':\n    pass\n",
        "if [1] == (1,):\n    pass\n",
        "if len(x) == '3':\n    pass\n",
        "def f(x):\n    return x.split(',') == 'a'\n",
    ),
)


FUNCTION_COMPARED = define(
    "comparison-with-function",
    "Function compared instead of its result",
    severity=MEDIUM,
    confidence=SURE,
    description="A function or method is compared with a value; the parentheses are missing.",
    scenario="The comparison is always false (or TypeError for <), whatever the function would return.",
    fix="Call it.",
    family="missing-call",
    valid=(
        "def f():\n    return 1\n\n\nif f() == 1:\n    pass\n",
        "def f():\n    return 1\n\n\nif g == f:\n    pass\n",
    ),
    invalid=("def f():\n    return 1\n\n\nif f == 1:\n    pass\n", "if 'a'.upper == 'A':\n    pass\n"),
)


FLOAT_EQUALITY = define(
    "float-equality",
    "Floating-point result compared for equality",
    severity=LOW,
    confidence=LIKELY,
    description="Binary fractions are rounded, so a sum like 0.1 + 0.2 does not equal 0.3.",
    scenario="The condition is false although the numbers look equal.",
    fix="Use math.isclose().",
    family="float-equality",
    valid=("import math\n\nmath.isclose(x * 0.1, 0.3)\n", "x == 0.0\n", "x == 0.5\n"),
    invalid=("if 0.1 + 0.2 == 0.3:\n    pass\n", "if x * 0.1 == 0.3:\n    pass\n", "if x / 3 == 0.1:\n    pass\n"),
)


STRING_MEMBERSHIP = define(
    "membership-in-one-string",
    "Membership in parentheses that hold one string",
    severity=MEDIUM,
    confidence=LIKELY,
    description="('abc') is a string, not a tuple: `in` then looks for a substring.",
    scenario="Every part of the word passes the check: 'a', 'bc' and the empty string.",
    fix="Add a comma: ('abc',).",
    family="membership-in-one-string",
    valid=("if x in ('abc',):\n    pass\n", "if x in 'abc':\n    pass\n"),
    invalid=("if kind in ('admin'):\n    pass\n", "if kind not in ('admin'):\n    pass\n"),
)


TYPE_COMPARED = define(
    "type-compared-with-string",
    "type() or a class compared with something it never is",
    severity=HIGH,
    confidence=SURE,
    description="type(x) is a class; it never equals a string, a number or None.",
    scenario="The condition is always false.",
    fix="Compare with the class, or use isinstance().",
    family="comparison-of-different-types",
    valid=("if type(x) == str:\n    pass\n", "if type(x).__name__ == 'str':\n    pass\n"),
    invalid=(
        "if type(x) == 'str':\n    pass\n",
        "if type(x) is None:\n    pass\n",
        "if type(x) in ('str', 'int'):\n    pass\n",
    ),
)


_COMPARABLE = {
    **dict.fromkeys(("builtins.int", "builtins.float", "builtins.bool", "builtins.complex"), "number"),
    "builtins.str": "str",
    "builtins.bytes": "bytes",
    "builtins.list": "list",
    "builtins.tuple": "tuple",
    "builtins.dict": "dict",
    "builtins.set": "set",
}


def _identical(node: ast.Compare, ctx: Context) -> None:
    if len(node.ops) == 1 and not has_effect(node.left) and same(node.left, node.comparators[0]):
        constant = isinstance(node.left, ast.Constant)
        nan_check = isinstance(node.ops[0], ast.NotEq) and isinstance(
            node.left, ast.Name | ast.Attribute | ast.Subscript
        )
        if not constant and not nan_check and not _protocol_test(node, ctx):
            ctx.report(IDENTICAL_OPERANDS, node, "Both sides of the comparison are the same.")


def _protocol_test(node: ast.AST, ctx: Context) -> bool:
    """Tests compare a thing with itself to exercise __eq__ or __lt__."""
    return ctx.is_test


def _binary(node: ast.BinOp, ctx: Context) -> None:
    if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.BitXor | ast.BitAnd | ast.BitOr):
        literal = isinstance(node.left, ast.Constant)
        if not literal and not has_effect(node.left) and same(node.left, node.right) and not ctx.is_test:
            ctx.report(IDENTICAL_OPERANDS, node, "Both operands are the same.")


def _boolean(node: ast.BoolOp, ctx: Context) -> None:
    for position, value in enumerate(node.values):
        if any(same(value, other) for other in node.values[:position]) and not has_effect(value):
            ctx.report(IDENTICAL_OPERANDS, node, "The same operand stands twice.")
            break
        if any(implies(value, other) or implies(other, value) for other in node.values[:position]):
            ctx.report(IDENTICAL_OPERANDS, node, "One of the comparisons says all that the other says.")
            break


def _compare(node: ast.Compare, ctx: Context) -> None:
    _identical(node, ctx)
    _chain(node, ctx)
    for left, operator, right in neighbours(node):
        if isinstance(operator, ast.Is | ast.IsNot) and (_literal(left) or _literal(right)):
            ctx.report(IS_LITERAL, node, "Equal values need not be the same object.")
        if isinstance(operator, EQUALITY):
            _types(left, right, node, ctx)
            _floats(left, right, node, ctx)
        if isinstance(operator, (*EQUALITY, *ORDER)):
            _functions(left, right, node, ctx)
        if isinstance(operator, ast.In | ast.NotIn):
            _one_string(right, node, ctx)
        _type_call(left, operator, right, node, ctx)


def _literal(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is not None and value is not ... and not isinstance(value, bool)
        case ast.List() | ast.Dict() | ast.Set() | ast.Tuple() | ast.JoinedStr() | ast.ListComp() | ast.DictComp():
            return True
        case _:
            return False


def _chain(node: ast.Compare, ctx: Context) -> None:
    if len(node.ops) < 2:
        return
    groups = {_group(operator) for operator in node.ops}
    equal_only = all(isinstance(op, ast.Eq) for op in node.ops)
    if len(groups) > 1 and not equal_only and ("in" in groups or "is" in groups):
        ctx.report(CHAINED, node, "The chain compares neighbours, not the results of the comparisons.")


def _group(operator: ast.cmpop) -> str:
    if isinstance(operator, ast.In | ast.NotIn):
        return "in"
    return "is" if isinstance(operator, ast.Is | ast.IsNot) else "order"


def _types(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    a, b = ctx.value(left) or _by_method(left), ctx.value(right) or _by_method(right)
    if a is None or b is None or a.kind != "instance" or b.kind != "instance" or a.cls is None or b.cls is None:
        return
    first, second = _COMPARABLE.get(a.cls.qualified), _COMPARABLE.get(b.cls.qualified)
    if first and second and first != second and not ctx.is_test:
        ctx.report(DIFFERENT_TYPES, node, f"A {a.cls.name} never equals a {b.cls.name}.")


#: Methods whose results are of one type, whatever class has them.
_METHOD_RESULTS = {
    **dict.fromkeys(("split", "rsplit", "splitlines"), "builtins.list"),
    "encode": "builtins.bytes",
}


def _by_method(node: ast.expr) -> Value | None:
    """What a method that text has gives, when it is called on a name."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr=attr), args=arguments) if len(arguments) < 2:
            literal = all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in arguments)
            return instance(_METHOD_RESULTS.get(attr, "")) if literal else None
        case _:
            return None


def _floats(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    for given, other in ((left, right), (right, left)):
        side = _origin(given, ctx)
        if (
            isinstance(side, ast.BinOp)
            and isinstance(other, ast.Constant)
            and isinstance(other.value, float)
            and not _exact(other.value)
        ) and (
            any(isinstance(p, ast.Constant) and isinstance(p.value, float) for p in ast.walk(side))
            or isinstance(side.op, ast.Div)
        ):
            if not ctx.is_test:
                ctx.report(FLOAT_EQUALITY, node, "The result of the arithmetic is rounded.")
            return


def _origin(node: ast.expr, ctx: Context) -> ast.expr:
    """The expression a name was given, when there is only one."""
    if not isinstance(node, ast.Name):
        return node
    bindings = ctx.index.scope_of_name[node].bindings.get(node.id, [])
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind is Kind.ASSIGNED else None
    return value if value is not None else node


def _exact(value: float) -> bool:
    """Whether the decimal fraction as written is the binary one."""
    return (value * 1024).is_integer()


def _functions(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    for side, other in ((left, right), (right, left)):
        if isinstance(side, ast.Name | ast.Attribute) and isinstance(other, ast.Constant) and other.value is not None:
            value = ctx.value(side)
            function = value.function if value is not None and value.kind == "function" else None
            imported = function is not None and function.node is None and isinstance(side, ast.Name)
            if function is not None and function.transparent and not imported:
                ctx.report(FUNCTION_COMPARED, node, f"{function.name} is not called.")


def _one_string(right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    if isinstance(right, ast.Constant) and isinstance(right.value, str) and right.value:
        lines = ctx.module.file.text.encode("utf-8", "replace").split(b"\n")
        line = lines[right.lineno - 1] if right.lineno <= len(lines) else b""
        before = line[: right.col_offset].rstrip()
        after = line[right.end_col_offset or 0 :].lstrip() if right.end_lineno == right.lineno else b""
        if before.endswith((b"in (", b"in(")) and after.startswith(b")"):
            ctx.report(STRING_MEMBERSHIP, node, "Without a comma this is a string, not a tuple.")


def _type_call(left: ast.expr, operator: ast.cmpop, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    if (
        not isinstance(left, ast.Call)
        or len(left.args) != 1
        or dotted(left.func) != "type"
        or not ctx.calls(left, "builtins.type")
    ):
        return
    elements = (
        right.elts
        if isinstance(right, ast.Tuple | ast.List | ast.Set) and isinstance(operator, ast.In | ast.NotIn)
        else [right]
    )
    if elements and all(isinstance(e, ast.Constant) for e in elements):
        ctx.report(TYPE_COMPARED, node, "A class never equals this.")


RULES = (
    IDENTICAL_OPERANDS,
    IS_LITERAL,
    CHAINED,
    DIFFERENT_TYPES,
    FUNCTION_COMPARED,
    FLOAT_EQUALITY,
    TYPE_COMPARED,
    STRING_MEMBERSHIP,
)
CHECKS = (
    on(ast.Compare, _compare),
    on(ast.BinOp, _binary),
    on(ast.BoolOp, _boolean),
)

"""Conditions that cannot be otherwise."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import Kind
from codereview.analysers.bugs.model.walking import same
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.comparisons import EQUALITY, ORDER, neighbours
from codereview.analysers.bugs.rules.shared.facts import excludes, fact

ALWAYS_TRUE_OR = define(
    "impossible-condition",
    "Condition that cannot be otherwise",
    severity=MEDIUM,
    confidence=SURE,
    description="`x != 1 or x != 2` is always true, `x == 1 and x == 2` and `x < 1 and x > 2` always false.",
    scenario="The branch is taken always, or never.",
    fix="Swap `and` and `or`, or correct a bound.",
    family="impossible-condition",
    valid=(
        "x != 1 and x != 2\n",
        "x == 1 or x == 2\n",
        "x > 1 and x < 5\n",
        "def f(x):\n    y = None\n    if x:\n        y = 1\n    return y is None\n",
    ),
    invalid=(
        "if x != 1 or x != 2:\n    pass\n",
        "if x == 'a' and x == 'b':\n    pass\n",
        "if x < 1 and x > 5:\n    pass\n",
        "if x > 1 or x < 5:\n    pass\n",
        "def f(x):\n    y = None\n    if y is None:\n        return x\n",
        "def f(x):\n    return x or True\n",
    ),
)


OR_LITERAL = define(
    "comparison-or-literal",
    "Comparison that covers only the first value",
    severity=HIGH,
    confidence=SURE,
    description="`x == 'a' or 'b'` is `(x == 'a') or 'b'`, which is always true.",
    scenario="The branch is taken for every value.",
    fix="Write x in ('a', 'b').",
    family="constant-condition",
    valid=("x == 'a' or x == 'b'\n", "x in ('a', 'b')\n", "y = name == 'a' or ''\n"),
    invalid=(
        "def f(x):\n    return x == 'a' or 'b'\n",
        "if x == 'a' or 'b':\n    pass\n",
        "while x == 1 or 2:\n    pass\n",
        "y = x == ('a' or 'b')\n",
    ),
)


NAN = define(
    "comparison-with-nan",
    "Comparison with NaN",
    severity=HIGH,
    confidence=SURE,
    description="NaN is equal to nothing, not even itself.",
    scenario="== is always false and != always true, so the missing value is never found.",
    fix="Use math.isnan(), numpy.isnan() or pandas.isna().",
    family="nan-comparison",
    valid=("import math\n\nmath.isnan(x)\n", "import numpy as np\n\ny = np.nan\n"),
    invalid=(
        "import math\n\nif x == math.nan:\n    pass\n",
        "if x != float('nan'):\n    pass\n",
        "import numpy as np\n\nif x == np.nan:\n    pass\n",
    ),
)


LENGTH = define(
    "length-comparison",
    "Length compared with something it always or never is",
    severity=MEDIUM,
    confidence=SURE,
    description="A length is never negative, so `len(x) >= 0` is always true and `len(x) < 0` always false.",
    scenario="The check for emptiness never finds anything.",
    fix="Compare with > 0, or test the collection itself.",
    family="impossible-condition",
    valid=("len(x) > 0\n", "len(x) == 0\n", "len(x) >= 1\n"),
    invalid=(
        "if len(x) >= 0:\n    pass\n",
        "if len(x) < 0:\n    pass\n",
        "if 0 <= len(x):\n    pass\n",
        "if len(x) == -1:\n    pass\n",
    ),
)


NOT_IN_PRECEDENCE = define(
    "not-precedence",
    "not applied to the wrong part",
    severity=MEDIUM,
    confidence=LIKELY,
    description="`(not a) in b` and `(not a) == b` negate the left side first and then compare a bool.",
    scenario="The test compares True or False with the collection, and is practically never true.",
    fix="Write `a not in b`, or `a != b`.",
    family="not-precedence",
    valid=("not a in b\n", "a not in b\n", "not (a == b)\n"),
    invalid=("if (not a) in b:\n    pass\n", "if (not a) > 5:\n    pass\n", "if (not x) is None:\n    pass\n"),
)


def _contradiction(node: ast.BoolOp, ctx: Context) -> None:
    """Pairs of comparisons of one expression with two constants."""
    facts = [known for value in node.values if (known := fact(value)) is not None]
    conjunction = isinstance(node.op, ast.And)
    for position, (subject, operator, constant) in enumerate(facts):
        for other_subject, other_operator, other in facts[position + 1 :]:
            if same(subject, other_subject) and excludes(
                operator, constant, other_operator, other, conjunction=conjunction
            ):
                ctx.report(ALWAYS_TRUE_OR, node, f"This is always {'false' if conjunction else 'true'}.")
                return


def _decided(node: ast.BoolOp, ctx: Context) -> None:
    """``x or True`` and ``x and False``."""
    match node.values[-1]:
        case ast.Constant(value=bool(value)) if value is isinstance(node.op, ast.Or) and not ctx.is_test:
            ctx.report(ALWAYS_TRUE_OR, node, f"This is always {'true' if value else 'false'}.")
        case _:
            pass


def _known_none(node: ast.Compare, ctx: Context) -> None:
    """``y is None`` of a local name that has one value, a constant."""
    match node:
        case ast.Compare(
            left=ast.Name() as name,
            ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq()],
            comparators=[ast.Constant(value=None)],
        ) if name.id not in ctx.index.shared and not ctx.is_test:
            scope = ctx.index.scope_of_name[name]
            bindings = scope.bindings.get(name.id, [])
            value = bindings[0].value if len(bindings) == 1 and bindings[0].kind is Kind.ASSIGNED else None
            if scope.is_function and isinstance(value, ast.Constant) and not ctx.enclosing(value, ast.For, ast.While):
                ctx.report(ALWAYS_TRUE_OR, node, f"'{name.id}' is always {value.value!r} here.")
        case _:
            pass


def _or_literal(node: ast.BoolOp, ctx: Context) -> None:
    parent = ctx.parent(node)
    if not isinstance(node.op, ast.Or):
        return
    first, *rest = node.values
    tested = isinstance(parent, (ast.If | ast.While | ast.IfExp | ast.Assert, ast.UnaryOp)) or (
        isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.And)
    )
    constants = [v for v in rest if isinstance(v, ast.Constant) and v.value and not isinstance(v.value, bool)]
    if (
        (tested or (isinstance(parent, ast.Return) and all(isinstance(v.value, str) for v in constants)))
        and constants
        and isinstance(first, ast.Compare)
        and isinstance(first.ops[0], ast.Eq | ast.NotEq | ast.In | ast.Is)
    ):
        ctx.report(OR_LITERAL, node, "The second operand alone makes this true.")
    all_literal = all(isinstance(v, ast.Constant) and isinstance(v.value, str | int) for v in node.values)
    if isinstance(parent, ast.Compare) and all_literal and node in parent.comparators:
        ctx.report(OR_LITERAL, parent, "Only the first of the values is compared.")


def _never_so(node: ast.Compare, ctx: Context) -> None:
    for left, operator, right in neighbours(node):
        if isinstance(operator, (*EQUALITY, *ORDER)):
            _nan(left, right, node, ctx)
            _length(left, operator, right, node, ctx)
    negated = isinstance(node.left, ast.UnaryOp) and isinstance(node.left.op, ast.Not)
    if negated and not isinstance(node.ops[0], EQUALITY):
        ctx.report(NOT_IN_PRECEDENCE, node, "The negation comes first here.")


def _nan(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    for side in (left, right):
        made = (
            isinstance(side, ast.Call)
            and len(side.args) == 1
            and isinstance(side.args[0], ast.Constant)
            and str(side.args[0].value).lower() in ("nan", "+nan", "-nan")
        )
        named = (
            isinstance(side, ast.Attribute)
            and side.attr in ("nan", "NaN", "NAN")
            and ctx.qualified(side) in ("math.nan", "numpy.nan", "numpy.NaN", "numpy.NAN", "pandas.NA", "cmath.nan")
        )
        if named or (made and ctx.qualified(side.func) in ("builtins.float", "decimal.Decimal")):  # type: ignore[attr-defined]
            ctx.report(NAN, node, "NaN equals nothing, not even NaN.")


def _length(left: ast.expr, operator: ast.cmpop, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    if isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == "len":
        value = right.value if isinstance(right, ast.Constant) else None
        negative = (
            isinstance(right, ast.UnaryOp)
            and isinstance(right.op, ast.USub)
            and isinstance(right.operand, ast.Constant)
        )
        op: ast.cmpop = operator
    elif (
        isinstance(right, ast.Call)
        and isinstance(right.func, ast.Name)
        and right.func.id == "len"
        and isinstance(left, ast.Constant)
    ):
        value, negative = left.value, False
        op = {ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.Gt: ast.Lt}.get(type(operator), type(operator))()
    else:
        return
    zero = value == 0 and not isinstance(value, bool)
    if negative or (zero and isinstance(op, ast.GtE | ast.Lt)):
        ctx.report(LENGTH, node, "A length is never negative.")


RULES = (
    ALWAYS_TRUE_OR,
    OR_LITERAL,
    NAN,
    LENGTH,
    NOT_IN_PRECEDENCE,
)
CHECKS = (
    on(ast.Compare, _never_so),
    on(ast.BoolOp, _contradiction),
    on(ast.BoolOp, _decided),
    on(ast.Compare, _known_none),
    on(ast.BoolOp, _or_literal),
)

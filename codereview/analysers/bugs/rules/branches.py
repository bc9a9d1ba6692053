"""Conditions and branches that decide nothing."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit, irrefutable
from codereview.analysers.bugs.model.walking import alike, has_effect, same
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.facts import contradicts, implies

CONSTANT_CONDITION = define(
    "constant-condition",
    "Condition that is always the same",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The condition is a literal, a non-empty collection, or a lambda: it decides nothing.",
    scenario="One branch never runs; usually a comparison was meant.",
    fix="Write the comparison that was meant, or remove the condition.",
    family="constant-condition",
    valid=("while True:\n    break\n", "x = []\nif x:\n    pass\n", "DEBUG = 0\nif DEBUG:\n    pass\n"),
    invalid=(
        "if 'a' or x == 'b':\n    print(1)\n",
        "if (x, 'message'):\n    print(1)\n",
        "if lambda: x:\n    print(1)\n",
        "y = 1 if [x] else 2\n",
    ),
)


DUPLICATE_CONDITION = define(
    "duplicate-condition",
    "Condition that was already tested",
    severity=MEDIUM,
    confidence=SURE,
    description="An earlier branch of the same chain has the same condition, so this branch can never be taken.",
    scenario="The second branch is dead: the case it was written for falls into another one.",
    fix="Test what was meant, or merge the branches.",
    family="duplicate-condition",
    valid=(
        "if x == 1:\n    a()\nelif x == 2:\n    b()\n",
        "if next(it):\n    a()\nelif next(it):\n    b()\n",
        "if n > 20:\n    a()\nelif n > 10:\n    b()\n",
    ),
    invalid=(
        "if x == 1:\n    a()\nelif x == 2:\n    b()\nelif x == 1:\n    c()\n",
        "if x:\n    a()\nelif x and y:\n    b()\n",
        "match x:\n    case 1:\n        a()\n    case 2:\n        b()\n    case 1:\n        c()\n",
        "if x:\n    if not x:\n        a()\n",
        "if a > b:\n    f()\nelif b < a:\n    g()\n",
        "if n > 10:\n    a()\nelif n > 20:\n    b()\n",
        "if n > 10:\n    if n < 5:\n        a()\n",
        "def f(x):\n    if not x:\n        return 1\n    if not x:\n        return 2\n",
    ),
)


IDENTICAL_BRANCHES = define(
    "identical-branches",
    "Branches that do the same",
    severity=LOW,
    confidence=LIKELY,
    description="All branches of the conditional have the same body, so the condition decides nothing.",
    scenario="One of the cases is not treated as it should be; the code was copied and not adapted.",
    fix="Write what each case needs, or remove the condition.",
    family="identical-branches",
    valid=("if x:\n    a()\nelse:\n    b()\n", "if x:\n    a()\nelif y:\n    b()\nelse:\n    a()\n"),
    invalid=(
        "if x:\n    a(1)\nelse:\n    a(1)\n",
        "y = a if x else a\n",
        "if x:\n    a(1)\nelif z:\n    a(1)\nelse:\n    a(1)\n",
    ),
)


UNREACHABLE_CASE = define(
    "unreachable-case",
    "case behind one that matches everything",
    severity=HIGH,
    confidence=SURE,
    description="A bare name or `_` matches whatever it is given; only the last case may.",
    scenario="SyntaxError at import: a name was meant as a constant, but it captures.",
    fix="Use a dotted name for a constant, or move the case to the end.",
    family="unreachable-case",
    valid=(
        "match x:\n    case 1:\n        a()\n    case _:\n        b()\n",
        "match x:\n    case Color.RED:\n        a()\n    case other:\n        b()\n",
    ),
    invalid=(
        "match x:\n    case RED:\n        a()\n    case 2:\n        b()\n",
        "match x:\n    case _:\n        a()\n    case 1:\n        b()\n",
    ),
)


def _test(node: ast.If | ast.IfExp, ctx: Context) -> None:
    test = node.test
    if _always(test) and not (isinstance(test, ast.Constant) and isinstance(test.value, bool | int | type(None))):
        ctx.report(CONSTANT_CONDITION, test, "This condition is always the same.")


def _always(test: ast.expr) -> bool:
    match test:
        case ast.Constant(value=value):
            return (value is not ... and not isinstance(value, str)) or bool(value)
        case ast.Lambda() | ast.GeneratorExp():
            return True
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return not elements or not all(isinstance(e, ast.Starred) for e in elements)
        case ast.Dict():
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_always(v) and not (isinstance(v, ast.Constant) and not v.value) for v in values[:-1]) or (
                _always(values[-1])
                and isinstance(values[-1], ast.Constant)
                and isinstance(values[-1].value, str)
                and any(isinstance(v, ast.Compare) for v in values)
            )
        case ast.JoinedStr(values=parts):
            return any(isinstance(p, ast.Constant) and p.value for p in parts)
        case _:
            return False


def _chain(node: ast.If, ctx: Context) -> None:
    parent = ctx.parent(node)
    if isinstance(parent, ast.If) and parent.orelse == [node]:
        return  # looked at from the first "if"
    tests: list[ast.expr] = []
    bodies: list[list[ast.stmt]] = []
    current: ast.If = node
    while True:
        if any(_implied(current.test, earlier) for earlier in tests):
            ctx.report(DUPLICATE_CONDITION, current.test, "An earlier branch already takes this case.")
        if not has_effect(current.test):
            tests.append(current.test)
        bodies.append(current.body)
        match current.orelse:
            case [ast.If() as chained]:
                current = chained
            case orelse:
                bodies.append(orelse)
                break
    if bodies[-1] and all(alike(bodies[0], body) for body in bodies[1:]) and not isinstance(bodies[0][0], ast.Pass):
        ctx.report(IDENTICAL_BRANCHES, node, "All branches do the same.")


def _implied(test: ast.expr, earlier: ast.expr) -> bool:
    """Whether the condition can only be true when the earlier one was."""
    if has_effect(test):
        return False
    if same(test, earlier) or implies(test, earlier) or _mirrored(test, earlier):
        return True
    if (
        isinstance(test, ast.BoolOp)
        and isinstance(test.op, ast.And)
        and any(same(value, earlier) for value in test.values)
    ):
        return True
    return (
        isinstance(earlier, ast.BoolOp)
        and isinstance(earlier.op, ast.Or)
        and any(same(test, v) for v in earlier.values)
    )


def _mirrored(test: ast.expr, earlier: ast.expr) -> bool:
    """``a > b`` and ``b < a``."""
    match test, earlier:
        case ast.Compare(ops=[op], comparators=[right]), ast.Compare(ops=[other], comparators=[other_right]):
            turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq}.get(type(op))
            return turned is type(other) and same(test.left, other_right) and same(right, earlier.left)
        case _:
            return False


def _nested(node: ast.If, ctx: Context) -> None:
    """``if x: if not x`` with nothing between that could change x."""
    if not node.body or not isinstance(node.body[0], ast.If) or has_effect(node.test):
        return
    inner = node.body[0].test
    negated = inner.operand if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not) else None
    decided = same(inner, node.test) or implies(node.test, inner) or contradicts(node.test, inner)
    if decided or (negated is not None and same(negated, node.test)):
        ctx.report(DUPLICATE_CONDITION, inner, "The condition around already decides this one.")


def _again(node: ast.If, ctx: Context) -> None:
    """Two ifs with the same condition, one behind the other, where the first leaves."""
    parent = ctx.parent(node)
    blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
    block = next((b for b in blocks if isinstance(b, list) and any(s is node for s in b)), [])
    position = next((i for i, s in enumerate(block) if s is node), len(block))
    following = block[position + 1] if position + 1 < len(block) else None
    if not isinstance(following, ast.If) or node.orelse or has_effect(node.test):
        return
    if Exit.NEXT not in ctx.exits(node.body) and _implied(following.test, node.test) and not ctx.is_test:
        ctx.report(DUPLICATE_CONDITION, following.test, "The condition above has already left in this case.")


def _conditional(node: ast.IfExp, ctx: Context) -> None:
    if same(node.body, node.orelse):
        ctx.report(IDENTICAL_BRANCHES, node, "Both results are the same.")


def _match(node: ast.Match, ctx: Context) -> None:
    seen: list[ast.match_case] = []
    for case in node.cases:
        for earlier in seen:
            if earlier.guard is None and irrefutable(earlier.pattern):
                ctx.report(
                    UNREACHABLE_CASE, earlier.pattern, "This matches everything, so the cases behind it are dead."
                )
                return
            if earlier.guard is None and same(earlier.pattern, case.pattern):
                ctx.report(DUPLICATE_CONDITION, case.pattern, "An earlier case already takes this.")
        seen.append(case)


RULES = (
    CONSTANT_CONDITION,
    DUPLICATE_CONDITION,
    IDENTICAL_BRANCHES,
    UNREACHABLE_CASE,
)
CHECKS = (
    on(ast.If, _test),
    on(ast.IfExp, _test),
    on(ast.If, _chain),
    on(ast.If, _nested),
    on(ast.If, _again),
    on(ast.IfExp, _conditional),
    on(ast.Match, _match),
)

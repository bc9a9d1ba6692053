"""Code that cannot run, and conditions that decide nothing."""

import ast
from collections.abc import Sequence

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit, irrefutable, truth
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import alike, has_effect, inside, same
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, define, on

UNREACHABLE = define(
    "unreachable-code",
    "Code that can never run",
    severity=MEDIUM,
    confidence=SURE,
    description="Every way to these statements ends before them: in return, raise, break, continue or an endless loop.",
    scenario="What the statements are there for (cleanup, a result, a check) never happens.",
    fix="Remove the statements, or what ends the block before them.",
    family="unreachable-code",
    valid=(
        "def f():\n    if x:\n        return 1\n    return 2\n",
        "def f():\n    return\n    yield\n",
        "def f():\n    while True:\n        if g():\n            break\n    return 1\n",
    ),
    invalid=(
        "def f():\n    return 1\n    print('done')\n",
        "import sys\n\n\ndef f():\n    sys.exit(1)\n    print('done')\n",
        "def f():\n    while True:\n        g()\n    return 1\n",
        "def f(x):\n    if x:\n        return 1\n    else:\n        raise ValueError\n    x += 1\n",
    ),
)
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
    valid=("if x == 1:\n    a()\nelif x == 2:\n    b()\n", "if next(it):\n    a()\nelif next(it):\n    b()\n"),
    invalid=(
        "if x == 1:\n    a()\nelif x == 2:\n    b()\nelif x == 1:\n    c()\n",
        "if x:\n    a()\nelif x and y:\n    b()\n",
        "match x:\n    case 1:\n        a()\n    case 2:\n        b()\n    case 1:\n        c()\n",
        "if x:\n    if not x:\n        a()\n",
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
EXIT_IN_FINALLY = define(
    "exit-in-finally",
    "return, break or continue in finally",
    severity=MEDIUM,
    confidence=SURE,
    description="Leaving a finally block this way discards the exception that is under way, or the value being returned.",
    scenario="An error raised in the try block disappears without a trace.",
    fix="Move the statement out of finally.",
    family="exit-in-finally",
    valid=(
        "def f():\n    try:\n        g()\n    finally:\n        h()\n    return 1\n",
        "def f():\n    try:\n        g()\n    finally:\n        for x in y:\n            break\n",
    ),
    invalid=(
        "def f():\n    try:\n        g()\n    finally:\n        return 1\n",
        "for x in y:\n    try:\n        g()\n    finally:\n        continue\n",
        "for x in y:\n    try:\n        g()\n    finally:\n        if x:\n            break\n",
    ),
)
ONE_ROUND = define(
    "loop-runs-once",
    "Loop that ends in its first round",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Every way through the body leaves the loop, so it never comes to a second round.",
    scenario="Only the first element is ever looked at: an `else: return` where the loop should go on.",
    fix="Move the exit behind the loop, or take the first element without a loop.",
    family="loop-runs-once",
    valid=(
        "def f(items):\n    for item in items:\n        if item:\n            return item\n    return None\n",
        "def f(items):\n    for item in items:\n        return item\n",
        "while True:\n    try:\n        g()\n        break\n    except ValueError:\n        continue\n",
    ),
    invalid=(
        "def f(items):\n    for item in items:\n        if item.ok:\n            return True\n        else:\n            return False\n",
        "while x:\n    g(x)\n    break\n",
        "def f(items):\n    for item in items:\n        if not item:\n            raise ValueError\n        return item\n",
    ),
)
NEVER_RUNS = define(
    "loop-never-runs",
    "Loop that never runs",
    severity=MEDIUM,
    confidence=SURE,
    description="The range or collection is empty: the start lies behind the stop, or the step leads away from it.",
    scenario="The body is skipped without a word, e.g. counting down with range(len(x), 0).",
    fix="Give a negative step to count down, or correct the bounds.",
    family="loop-never-runs",
    valid=(
        "for i in range(3):\n    pass\n",
        "for i in range(len(x), 0, -1):\n    pass\n",
        "for i in range(10, 0, -2):\n    pass\n",
    ),
    invalid=(
        "for i in range(len(x), 0):\n    pass\n",
        "for i in range(10, 0):\n    pass\n",
        "for i in range(0, 10, -1):\n    pass\n",
        "for i in range(0):\n    pass\n",
        "while False:\n    pass\n",
    ),
)
ELSE_WITHOUT_BREAK = define(
    "loop-else-without-break",
    "else of a loop without break",
    severity=LOW,
    confidence=LIKELY,
    description="The else of a loop is skipped only by break; without one it runs always.",
    scenario="The 'not found' branch also runs when something was found.",
    fix="Add the missing break, or move the code out of else.",
    family="loop-else-without-break",
    valid=("for x in y:\n    if x:\n        break\nelse:\n    g()\n", "for x in y:\n    g()\n"),
    invalid=("for x in y:\n    if x:\n        found = x\nelse:\n    g()\n", "while x:\n    x = g(x)\nelse:\n    h()\n"),
)
ENDLESS_LOOP = define(
    "condition-never-changes",
    "Loop whose condition nothing in it can change",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The names in the condition are local, never assigned in the body, and hold numbers or text; there is no exit.",
    scenario="Once entered, the loop never ends and the process hangs.",
    fix="Change the name in the body, or leave the loop.",
    family="endless-loop",
    valid=(
        "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n",
        "def f(n):\n    while n:\n        if g():\n            break\n",
    ),
    invalid=(
        "def f():\n    i = 0\n    while i < 10:\n        print('again')\n",
        "def f():\n    tries = 3\n    left = 3\n    while tries > 0:\n        left -= 1\n",
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


def _block(body: Sequence[ast.stmt], ctx: Context) -> None:
    if len(body) < 2:
        return
    for position, statement in enumerate(body[:-1]):
        if not isinstance(statement, _MAY_END) or Exit.NEXT in ctx.exits([statement]):
            continue
        rest = body[position + 1 :]
        if not _deliberate(statement, rest, ctx):
            ctx.report(
                UNREACHABLE, rest[0], "Nothing leads to this statement: what stands before it never ends normally."
            )
        return


_MAY_END = (
    ast.Return,
    ast.Raise,
    ast.Break,
    ast.Continue,
    ast.If,
    ast.While,
    ast.Try,
    ast.With,
    ast.Match,
    ast.Expr,
    ast.For,
    ast.Assert,
    ast.AsyncWith,
)


def _deliberate(statement: ast.stmt, rest: Sequence[ast.stmt], ctx: Context) -> bool:
    """The idioms: a ``yield`` to make a generator of a function, ``if False`` and ``assert False`` to switch code off."""
    first = rest[0]
    if any(isinstance(part, ast.Yield | ast.YieldFrom) for part in inside(list(rest))):
        return True
    if isinstance(statement, ast.If) and truth(statement.test) is not None:
        return True
    if isinstance(first, ast.FunctionDef | ast.ClassDef | ast.Pass):
        return isinstance(first, ast.Pass)
    if isinstance(statement, ast.Assert) or (isinstance(first, ast.Assert) and truth(first.test) is False):
        return True
    if isinstance(first, ast.Raise) and isinstance(statement, ast.While | ast.With | ast.Match | ast.If | ast.Expr):
        return True  # a guard for readers and type checkers
    return ctx.is_test and isinstance(statement, ast.Raise) and _raises_context(statement, ctx)


def _raises_context(node: ast.AST, ctx: Context) -> bool:
    return isinstance(ctx.parent(node), ast.With)


def _bodies(node: ast.AST, ctx: Context) -> None:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            _block(block, ctx)


def _test(node: ast.If | ast.IfExp | ast.While, ctx: Context) -> None:
    test = node.test
    if isinstance(node, ast.While):
        if truth(test) is False:
            ctx.report(NEVER_RUNS, node, "The condition is always false.")
        return
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
    if same(test, earlier):
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


def _nested(node: ast.If, ctx: Context) -> None:
    """``if x: if not x`` with nothing between that could change x."""
    if not node.body or not isinstance(node.body[0], ast.If) or has_effect(node.test):
        return
    inner = node.body[0].test
    negated = inner.operand if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not) else None
    if same(inner, node.test) or (negated is not None and same(negated, node.test)):
        ctx.report(DUPLICATE_CONDITION, inner, "The condition around already decides this one.")


def _conditional(node: ast.IfExp, ctx: Context) -> None:
    if same(node.body, node.orelse):
        ctx.report(IDENTICAL_BRANCHES, node, "Both results are the same.")


def _finally(node: ast.Try | ast.TryStar, ctx: Context) -> None:
    stack: list[tuple[ast.AST, bool]] = [(statement, False) for statement in node.finalbody]
    while stack:
        current, in_loop = stack.pop()
        if isinstance(current, ast.Return) or (isinstance(current, ast.Break | ast.Continue) and not in_loop):
            ctx.report(EXIT_IN_FINALLY, current, "This discards an exception that is on its way.")
        if not isinstance(current, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            loop = in_loop or isinstance(current, ast.For | ast.While | ast.AsyncFor)
            stack.extend((child, loop) for child in ast.iter_child_nodes(current))


def _loop(node: ast.For | ast.While | ast.AsyncFor, ctx: Context) -> None:
    exits = ctx.exits(node.body)
    breaks = any(_breaks(statement) for statement in node.body)
    if node.orelse and not breaks:
        ctx.report(ELSE_WITHOUT_BREAK, node.orelse[0], "Without a break in the loop this always runs.")
    if Exit.NEXT in exits or Exit.CONTINUE in exits or not node.body or any(_continues(s) for s in node.body):
        return
    takes_first = len(node.body) == 1 and isinstance(node.body[0], ast.Return | ast.Break | ast.Raise)
    endless = isinstance(node, ast.While) and truth(node.test) is True
    only_raises = exits == Exit.RAISE
    looks = any(isinstance(s, ast.If | ast.Try) for s in node.body)
    if takes_first or endless or only_raises or (isinstance(node, ast.For | ast.AsyncFor) and not looks) or ctx.is_test:
        return
    ctx.report(ONE_ROUND, node, "Every way through the body leaves the loop: there is no second round.")


def _breaks(statement: ast.stmt) -> bool:
    return _leaves(statement, ast.Break)


def _continues(statement: ast.stmt) -> bool:
    return _leaves(statement, ast.Continue)


def _leaves(statement: ast.stmt, kind: type[ast.stmt]) -> bool:
    """Whether the statement has a break (or continue) of the loop around it."""
    stack: list[ast.AST] = [statement]
    while stack:
        current = stack.pop()
        if isinstance(current, kind):
            return True
        if isinstance(current, ast.For | ast.While | ast.AsyncFor):
            stack.extend(current.orelse)
        elif not isinstance(current, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(
                child
                for child in ast.iter_child_nodes(current)
                if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
            )
    return False


def _range(node: ast.Call, ctx: Context) -> None:
    if (
        not isinstance(node.func, ast.Name)
        or node.func.id != "range"
        or node.keywords
        or not isinstance(ctx.parent(node), ast.For | ast.comprehension)
    ):
        return
    numbers = [_number(argument) for argument in node.args]
    match numbers:
        case [int(stop)] if stop <= 0:
            empty = True
        case [start, 0] | [start, 0, int(1)] if _is_length(node.args[0]):
            empty = start is None
        case [int(start), int(stop)]:
            empty = start >= stop
        case [int(start), int(stop), int(step)] if step:
            empty = start >= stop if step > 0 else start <= stop
        case [0, None, int(step)] if step < 0 and _is_length(node.args[1]):
            empty = True
        case _:
            empty = False
    if empty and not ctx.is_test and ctx.qualified(node.func) == "builtins.range":
        ctx.report(NEVER_RUNS, node, "This range is empty.")


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
        case _:
            return None


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _never_changes(node: ast.While, ctx: Context) -> None:
    if (
        not isinstance(node.test, ast.Compare)
        or has_effect(node.test)
        or not isinstance(ctx.function_around(node), FUNCTIONS)
    ):
        return
    names = [part for part in ast.walk(node.test) if isinstance(part, ast.Name)]
    if not names or any(
        not isinstance(p, ast.Name | ast.Constant | ast.Compare | ast.operator | ast.cmpop | ast.expr_context)
        for p in ast.walk(node.test)
    ):
        return
    scope = ctx.index.scope_at(node)
    for name in names:
        bindings = scope.bindings.get(name.id, [])
        if not bindings or name.id in ctx.index.shared or not all(isinstance(b.value, ast.Constant) for b in bindings):
            return
        if any(node.lineno <= getattr(b.node, "lineno", 0) <= (node.end_lineno or 0) for b in bindings):
            return
    leaves = any(
        isinstance(p, ast.Return | ast.Raise | ast.Yield | ast.Await | ast.YieldFrom) for p in inside(node.body)
    ) or any(map(_breaks, node.body))
    calls_out = any(isinstance(p, ast.Call) and ctx.never_returns(p) for p in inside(node.body))
    if not leaves and not calls_out:
        ctx.report(ENDLESS_LOOP, node, "Nothing in the loop changes its condition.")


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


_UNUSED = UNSURE
RULES = (
    *(UNREACHABLE, CONSTANT_CONDITION, DUPLICATE_CONDITION, IDENTICAL_BRANCHES, EXIT_IN_FINALLY, ONE_ROUND, NEVER_RUNS),
    *(ELSE_WITHOUT_BREAK, ENDLESS_LOOP, UNREACHABLE_CASE),
)
_WITH_BODIES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With)
CHECKS = (
    *(
        on(kind, _bodies)
        for kind in (*_WITH_BODIES, ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler, ast.match_case)
    ),
    on(ast.If, _test),
    on(ast.IfExp, _test),
    on(ast.While, _test),
    on(ast.If, _chain),
    on(ast.If, _nested),
    on(ast.IfExp, _conditional),
    on(ast.Try, _finally),
    on(ast.TryStar, _finally),
    on(ast.For, _loop),
    on(ast.AsyncFor, _loop),
    on(ast.While, _loop),
    on(ast.While, _never_changes),
    on(ast.Call, _range),
    on(ast.Match, _match),
)

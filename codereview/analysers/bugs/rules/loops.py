"""Loops that run never, once, or for ever."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit, truth
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Kind
from codereview.analysers.bugs.model.walking import inside
from codereview.analysers.bugs.rule import LIKELY, LOW, MEDIUM, SURE, define, on

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
        ("def f(items):\n    for item in items:\n        if item:\n            return item\n    return None\n"),
        "def f(items):\n    for item in items:\n        return item\n",
        "while True:\n    try:\n        g()\n        break\n    except ValueError:\n        continue\n",
    ),
    invalid=(
        (
            "def f(items):\n"
            "    for item in items:\n"
            "        if item.ok:\n"
            "            return True\n"
            "        else:\n"
            "            return False\n"
        ),
        "while x:\n    g(x)\n    break\n",
        (
            "def f(items):\n"
            "    for item in items:\n"
            "        if not item:\n"
            "            raise ValueError\n"
            "        return item\n"
        ),
    ),
)


NEVER_RUNS = define(
    "loop-never-runs",
    "Loop that never runs",
    severity=MEDIUM,
    confidence=SURE,
    description=("The range or collection is empty: the start lies behind the stop, or the step leads away from it."),
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
    description=(
        "The names in the condition are local, never assigned in the body, and hold numbers or text; there is no exit."
    ),
    scenario="Once entered, the loop never ends and the process hangs.",
    fix="Change the name in the body, or leave the loop.",
    family="endless-loop",
    valid=(
        "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n",
        "def f(n):\n    while n:\n        if g():\n            break\n",
    ),
    invalid=(
        "def f():\n    i = 0\n    while i < 10:\n        print('again')\n",
        "def f(n):\n    i = 0\n    while i < n:\n        print(i)\n",
        "def f(xs):\n    done = False\n    while not done:\n        print(xs)\n",
        "def f():\n    tries = 3\n    left = 3\n    while tries > 0:\n        left -= 1\n",
    ),
)


def _while(node: ast.While, ctx: Context) -> None:
    if truth(node.test) is False:
        ctx.report(NEVER_RUNS, node, "The condition is always false.")


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
        case [None, 0] if isinstance(node.args[0], ast.Name) and isinstance(ctx.parent(node), ast.For):
            empty = _counts_from(node.args[0], ctx)
        case [None, -1] if _counts_down(node.args[0]):
            empty = True
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


def _counts_from(name: ast.Name, ctx: Context) -> bool:
    """Whether a name is one for a number of things: a parameter called like a count."""
    bindings = ctx.index.scope_of_name[name].bindings.get(name.id, [])
    counts = ("n", "count", "num", "size", "length", "total", "times", "limit", "max", "number", "start")
    return len(bindings) == 1 and bindings[0].kind is Kind.PARAMETER and name.id in counts


def _counts_down(node: ast.expr) -> bool:
    """Whether it is a length, or one less: where a loop backwards starts."""
    return _is_length(node.left) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) else _is_length(node)


def _nothing_to_run_over(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    if isinstance(node.target, ast.Name) and node.target.id == "_":
        return  # makes a generator of the function
    literal = isinstance(node.iter, ast.List | ast.Tuple | ast.Set) and not node.iter.elts
    if (literal or (isinstance(node.iter, ast.Dict) and not node.iter.keys)) and not ctx.is_test:
        ctx.report(NEVER_RUNS, node.iter, "There is nothing in it.")


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _never_changes(node: ast.While, ctx: Context) -> None:
    if not isinstance(ctx.function_around(node), FUNCTIONS) or not _is_plain(node.test):
        return
    names = [part for part in ast.walk(node.test) if isinstance(part, ast.Name)]
    if not names or not all(_keeps_value(name, node, ctx) for name in names):
        return
    if not any(_is_constant(name, ctx) for name in names):
        return  # an object's own comparison may change its mind
    leaves = any(
        isinstance(p, ast.Return | ast.Raise | ast.Yield | ast.Await | ast.YieldFrom) for p in inside(node.body)
    ) or any(map(_breaks, node.body))
    calls_out = any(isinstance(p, ast.Call) and ctx.never_returns(p) for p in inside(node.body))
    if not leaves and not calls_out:
        ctx.report(ENDLESS_LOOP, node, "Nothing in the loop changes its condition.")


def _is_plain(test: ast.expr) -> bool:
    """Whether a condition is a comparison of names and constants, or a name, negated or not."""
    subject = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    match subject:
        case ast.Compare(left=ast.Name(), comparators=[ast.Call(func=ast.Name(id="len"), args=[ast.Name()])]):
            return True
        case _:
            pass
    kinds = (ast.Name, ast.Constant, ast.Compare, ast.operator, ast.cmpop, ast.expr_context)
    return isinstance(subject, ast.Name | ast.Compare) and all(isinstance(p, kinds) for p in ast.walk(subject))


def _keeps_value(name: ast.Name, loop: ast.While, ctx: Context) -> bool:
    """Whether nothing in the loop, nor a function inside, can give the name another value."""
    bindings = ctx.index.scope_at(loop).bindings.get(name.id, [])
    call = ctx.parent(name)
    if isinstance(call, ast.Call):
        return name is call.func or (bool(bindings) and _only_indexed(name.id, loop, ctx))
    inner = (getattr(b.node, "lineno", 0) for b in bindings)
    return (
        bool(bindings)
        and name.id not in ctx.index.shared
        and not any(loop.lineno <= line <= (loop.end_lineno or 0) for line in inner)
    )


def _only_indexed(name: str, loop: ast.While, ctx: Context) -> bool:
    """Whether the body does nothing to a collection but read its items and its length."""
    for part in inside(loop.body):
        if isinstance(part, ast.Name) and part.id == name:
            around = ctx.parent(part)
            item = isinstance(around, ast.Subscript) and isinstance(around.ctx, ast.Load)
            measured = isinstance(around, ast.Call) and isinstance(around.func, ast.Name) and around.func.id == "len"
            if not item and not measured:
                return False
    return True


def _is_constant(name: ast.Name, ctx: Context) -> bool:
    bindings = ctx.index.scope_of_name[name].bindings.get(name.id, [])
    return all(isinstance(b.value, ast.Constant) and b.kind is Kind.ASSIGNED for b in bindings)


RULES = (
    ONE_ROUND,
    NEVER_RUNS,
    ELSE_WITHOUT_BREAK,
    ENDLESS_LOOP,
)
CHECKS = (
    on(ast.While, _while),
    on(ast.For, _loop),
    on(ast.AsyncFor, _loop),
    on(ast.While, _loop),
    on(ast.While, _never_changes),
    on(ast.For, _nothing_to_run_over),
    on(ast.Call, _range),
)

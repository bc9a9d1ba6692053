"""Code that cannot run, and exits that hide an exception."""

import ast
from collections.abc import Sequence

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit, truth
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import inside
from codereview.analysers.bugs.rule import MEDIUM, SURE, define, on

UNREACHABLE = define(
    "unreachable-code",
    "Code that can never run",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "Every way to these statements ends before them: in return, raise, break, continue or an endless loop."
    ),
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


EXIT_IN_FINALLY = define(
    "exit-in-finally",
    "return, break or continue in finally",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "Leaving a finally block this way discards the exception that is under way, or the value being returned."
    ),
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
    "The idioms: a ``yield`` to make a generator of a function, ``if False`` and ``assert False`` to switch code off."
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


def _finally(node: ast.Try | ast.TryStar, ctx: Context) -> None:
    stack: list[tuple[ast.AST, bool]] = [(statement, False) for statement in node.finalbody]
    while stack:
        current, in_loop = stack.pop()
        if isinstance(current, ast.Return) or (isinstance(current, ast.Break | ast.Continue) and not in_loop):
            ctx.report(EXIT_IN_FINALLY, current, "This discards an exception that is on its way.")
        if not isinstance(current, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            loop = in_loop or isinstance(current, ast.For | ast.While | ast.AsyncFor)
            stack.extend((child, loop) for child in ast.iter_child_nodes(current))


RULES = (
    UNREACHABLE,
    EXIT_IN_FINALLY,
)
CHECKS = (
    on(ast.Module, _bodies),
    on(ast.FunctionDef, _bodies),
    on(ast.AsyncFunctionDef, _bodies),
    on(ast.If, _bodies),
    on(ast.For, _bodies),
    on(ast.AsyncFor, _bodies),
    on(ast.While, _bodies),
    on(ast.With, _bodies),
    on(ast.AsyncWith, _bodies),
    on(ast.Try, _bodies),
    on(ast.TryStar, _bodies),
    on(ast.ExceptHandler, _bodies),
    on(ast.match_case, _bodies),
    on(ast.Try, _finally),
    on(ast.TryStar, _finally),
)

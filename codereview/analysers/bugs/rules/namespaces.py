"""Names set in a way that has no effect."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import MEDIUM, SURE, define, on

LOCALS_CHANGED = define(
    "locals-changed",
    "Change to what locals() gives",
    severity=MEDIUM,
    confidence=SURE,
    description="In a function locals() is a snapshot: storing in it does not set any variable.",
    scenario="The variable keeps its value, or does not exist: NameError when it is read.",
    fix="Assign to the variable, or keep the values in a dict of your own.",
    valid=(
        "locals()['x'] = 1\n",
        "def f(a):\n    return '{a}'.format(**locals())\n",
        "def f():\n    globals()['x'] = 1\n",
    ),
    invalid=(
        "def f():\n    locals()['x'] = 1\n",
        "def f():\n    locals().update(x=1)\n",
        "def f(x):\n    del locals()['x']\n",
    ),
)


def _item(node: ast.Subscript, ctx: Context) -> None:
    if not isinstance(node.ctx, ast.Load):
        _changed(node.value, node, ctx)


def _call(node: ast.Call, ctx: Context) -> None:
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("update", "setdefault", "pop", "clear"):
        statement = ctx.parent(node)
        if isinstance(statement, ast.Expr):
            _changed(node.func.value, node, ctx)


def _changed(owner: ast.expr, node: ast.AST, ctx: Context) -> None:
    if ctx.calls(owner, "builtins.locals") and ctx.function_around(node) is not None:
        ctx.report(LOCALS_CHANGED, node, "No variable is changed by this.")


RULES = (LOCALS_CHANGED,)
CHECKS = (on(ast.Subscript, _item), on(ast.Call, _call))

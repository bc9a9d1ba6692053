"""One object where several were meant."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Kind
from codereview.analysers.bugs.model.walking import inside
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, define, on

SAME_OBJECT_KEPT = define(
    "same-object-kept",
    "The same object kept in every round of a loop",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "A list, dict or set made once before the loop is changed in each round and appended in each round: every"
        " element is the same object."
    ),
    scenario="All elements end up with the contents of the last round.",
    fix="Make the object inside the loop, or append a copy.",
    valid=(
        "def f(xs):\n    out = []\n    for x in xs:\n        row = [x]\n        out.append(row)\n    return out\n",
        (
            "def f(xs):\n    out, row = [], []\n    for x in xs:\n        row.append(x)\n        out.append(row.copy())\n"
            "    return out\n"
        ),
        "def f(xs):\n    row = []\n    for x in xs:\n        row.append(x)\n    return [row]\n",
    ),
    invalid=(
        "def f(xs):\n    out = []\n    row = []\n    for x in xs:\n        row.append(x)\n        out.append(row)\n    return out\n",
        (
            "def f(xs):\n    out = []\n    item = {}\n    for x in xs:\n        item['x'] = x\n        out.append(item)\n"
            "    return out\n"
        ),
    ),
)
_CHANGES = frozenset({"append", "add", "update", "extend", "insert", "clear", "setdefault", "pop", "remove"})
_MAKES = ("builtins.list", "builtins.dict", "builtins.set")


def _loop(node: ast.For | ast.While, ctx: Context) -> None:
    if not isinstance(ctx.function_around(node), FUNCTIONS):
        return
    parts = list(inside(node.body))
    if any(isinstance(p, ast.Break | ast.Return) for p in parts):
        return
    changed = {name for part in parts if (name := _changed(part))}
    for part in parts:
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=kept), attr="append"), args=[ast.Name(id=name) as item]):
                if name in changed and name != kept and _made_before(item, node, ctx):
                    ctx.report(SAME_OBJECT_KEPT, part, f"'{name}' is the same object in every round.")
            case _:
                pass


def _changed(part: ast.AST) -> str:
    match part:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _CHANGES:
            return name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case _:
            return ""


def _made_before(item: ast.Name, loop: ast.For | ast.While, ctx: Context) -> bool:
    """Whether the name has one value, a fresh collection, from before the loop."""
    bindings = ctx.index.scope_of_name[item].bindings.get(item.id, [])
    if len(bindings) != 1 or bindings[0].kind is not Kind.ASSIGNED or item.id in ctx.index.shared:
        return False
    value = bindings[0].value
    fresh = isinstance(value, ast.List | ast.Dict | ast.Set) or (value is not None and ctx.calls(value, *_MAKES))
    statement = ctx.statement(bindings[0].node)
    return fresh and statement is not None and statement.lineno < loop.lineno


RULES = (SAME_OBJECT_KEPT,)
CHECKS = (on(ast.For, _loop), on(ast.While, _loop))

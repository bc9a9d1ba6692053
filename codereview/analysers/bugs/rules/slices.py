"""Indices and slices."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.walking import inside, same
from codereview.analysers.bugs.rule import HIGH, MEDIUM, SURE, define, on

OFF_BY_ONE = define(
    "index-past-end",
    "Index that lies behind the last element",
    severity=HIGH,
    confidence=SURE,
    description=("The last index is len(x) - 1; x[len(x)], range(len(x) + 1) and x[i + 1] in range(len(x)) go beyond."),
    scenario="IndexError in the last round.",
    fix="Correct the bound by one.",
    family="index-past-end",
    valid=(
        "y = x[len(x) - 1]\n",
        "for i in range(len(x) - 1):\n    print(x[i], x[i + 1])\n",
        "x[len(x):] = [1]\n",
        "for i in range(len(x)):\n    if i + 1 < len(x):\n        print(x[i + 1])\n",
    ),
    invalid=(
        "y = x[len(x)]\n",
        "for i in range(len(x) + 1):\n    print(x[i])\n",
        "for i in range(len(x)):\n    print(x[i], x[i + 1])\n",
        "x = [1, 2]\nprint((1, 2)[2])\n",
    ),
)


EMPTY_SLICE = define(
    "empty-slice",
    "Slice that is always empty",
    severity=MEDIUM,
    confidence=SURE,
    description="The start lies at or behind the end: with constants, or x[-n:0], which never wraps around.",
    scenario="The slice is empty whatever the sequence holds.",
    fix="Leave the end out: x[-n:], or swap the bounds.",
    family="empty-slice",
    valid=("x[-3:]\n", "x[1:3]\n", "x[3:1:-1]\n", "x[5:-1]\n"),
    invalid=("y = x[-3:0]\n", "y = x[3:1]\n", "y = x[:0]\n", "y = x[1:3:-1]\n"),
)


def _past_end(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    """``for i in range(len(x))`` with x[i + 1], and ``range(len(x) + 1)`` with x[i]."""
    match node.target, node.iter:
        case ast.Name(id=name), ast.Call(func=ast.Name(id="range"), args=[bound]):
            pass
        case ast.Name(id=name), ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int()), bound]):
            pass
        case _:
            return
    match bound:
        case ast.Call(func=ast.Name(id="len"), args=[subject]):
            extra = 0
        case ast.BinOp(
            left=ast.Call(func=ast.Name(id="len"), args=[subject]), op=ast.Add(), right=ast.Constant(value=int(extra))
        ):
            pass
        case _:
            return
    for part in inside(node.body):
        if not isinstance(part, ast.Subscript) or not same(part.value, subject) or not isinstance(part.ctx, ast.Load):
            continue
        offset = _offset(part.slice, name)
        if offset is not None and offset + extra >= 1 and not _guarded(part, node, name, ctx):
            ctx.report(OFF_BY_ONE, part, "In the last round this index lies behind the end.")


def _offset(index: ast.expr, name: str) -> int | None:
    match index:
        case ast.Name(id=found) if found == name:
            return 0
        case ast.BinOp(left=ast.Name(id=found), op=ast.Add(), right=ast.Constant(value=int(offset))) if found == name:
            return offset
        case _:
            return None


def _guarded(part: ast.AST, loop: ast.For | ast.AsyncFor, name: str, ctx: Context) -> bool:
    """Whether a condition, an early exit or an except may keep the index in bounds."""
    if ctx.in_try(part, "IndexError", "LookupError", "KeyError"):
        return True
    current = ctx.parent(part)
    while current is not None and current is not loop:
        test = getattr(current, "test", None)
        within = isinstance(test, ast.AST) and any(p is part for p in ast.walk(test))
        if (isinstance(test, ast.AST) and not within) or isinstance(current, ast.BoolOp):
            names = {n.id for n in ast.walk(test if isinstance(test, ast.AST) else current) if isinstance(n, ast.Name)}
            if name in names:
                return True
        current = ctx.parent(current)
    line = getattr(part, "lineno", 0)
    return any(
        isinstance(s, ast.If)
        and s.lineno < line
        and any(isinstance(p, ast.Continue | ast.Break | ast.Return | ast.Raise) for p in inside(s.body))
        for s in loop.body
    )


def _subscript(node: ast.Subscript, ctx: Context) -> None:
    match node.slice:
        case ast.Call(func=ast.Name(id="len"), args=[subject]) if same(subject, node.value) and not isinstance(
            node.ctx, ast.Store
        ):
            value = ctx.value(node.value)
            mapping = value is not None and value.instance_of("builtins.dict")
            if not mapping and not ctx.in_try(node, "IndexError", "KeyError", "LookupError"):
                ctx.report(OFF_BY_ONE, node, "The last index is len(x) - 1.")
        case ast.Constant(value=int(index)) if (
            not isinstance(index, bool)
            and isinstance(node.value, ast.Tuple | ast.List)
            and isinstance(node.ctx, ast.Load)
        ):
            elements = node.value.elts
            if index >= len(elements) and not any(isinstance(e, ast.Starred) for e in elements):
                ctx.report(OFF_BY_ONE, node, f"There are {len(elements)} elements.")
        case ast.Constant(value=int(index)) if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            size = _known_length(node.value, ctx)
            if size is not None and index >= size and not ctx.in_try(node, "IndexError", "LookupError"):
                ctx.report(OFF_BY_ONE, node, f"There are {size} elements.")
        case ast.Name() as name:
            _random_index(node, name, ctx)
        case ast.Slice():
            if isinstance(node.ctx, ast.Load):
                _slice(node, node.slice, ctx)
        case _:
            pass


def _known_length(name: ast.Name, ctx: Context) -> int | None:
    """How many elements a list has that is made once and only read."""
    scope = ctx.index.scope_of_name[name]
    bindings = scope.bindings.get(name.id, [])
    value = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(value, ast.List | ast.Tuple) or name.id in ctx.index.shared or ctx.is_test:
        return None
    if any(isinstance(e, ast.Starred) for e in value.elts) or not value.elts:
        return None
    for load in scope.loads:
        if load.id == name.id:
            around = ctx.parent(load)
            item = isinstance(around, ast.Subscript) and isinstance(around.ctx, ast.Load)
            shown = isinstance(around, ast.Call) and getattr(around.func, "id", "") in ("print", "len", "sum", "sorted")
            if not item and not shown and not isinstance(around, ast.For | ast.comprehension):
                return None
    return len(value.elts)


def _random_index(node: ast.Subscript, name: ast.Name, ctx: Context) -> None:
    """``i = random.randint(0, len(xs))`` and ``xs[i]``: randint() may give its upper bound."""
    bindings = ctx.index.scope_of_name[name].bindings.get(name.id, [])
    match bindings[0].value if len(bindings) == 1 else None:
        case ast.Call(args=[_, ast.Call(func=ast.Name(id="len"), args=[subject])]) as call:
            if ctx.calls(call, "random.randint") and same(subject, node.value):
                ctx.report(OFF_BY_ONE, node, "randint() may give the length itself.")
        case _:
            pass


def _slice(node: ast.Subscript, bounds: ast.Slice, ctx: Context) -> None:
    lower, upper, step = (_constant(b) if b is not None else None for b in (bounds.lower, bounds.upper, bounds.step))
    if (
        (bounds.step is not None and step is None)
        or bounds.upper is None
        or upper is None
        or (bounds.lower is not None and lower is None)
    ):
        return
    if step is None or step > 0:
        start = lower or 0
        same_sign = (start >= 0) == (upper >= 0)
        empty = (same_sign and start >= upper) or (start < 0 and upper == 0)
    else:
        empty = lower is not None and (lower >= 0) == (upper >= 0) and lower <= upper
    if empty and not ctx.is_test:
        ctx.report(EMPTY_SLICE, node, "This slice is always empty.")


def _constant(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
        case _:
            return None


RULES = (
    OFF_BY_ONE,
    EMPTY_SLICE,
)
CHECKS = (
    on(ast.For, _past_end),
    on(ast.Subscript, _subscript),
)

"""Displays and constants that are not what they look like."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import Kind
from codereview.analysers.bugs.model.walking import has_effect, same
from codereview.analysers.bugs.rule import LIKELY, LOW, MEDIUM, SURE, define, on

DUPLICATE_KEY = define(
    "duplicate-key",
    "Key that stands twice in a dict",
    severity=MEDIUM,
    confidence=SURE,
    description="The later value silently replaces the earlier one.",
    scenario="One of the two entries is lost.",
    fix="Remove one, or correct the key.",
    family="duplicate-key",
    valid=("x = {'a': 1, 'b': 2}\n", "x = {f(): 1, f(): 2}\n"),
    invalid=(
        "x = {'a': 1, 'a': 2}\n",
        "x = {1: 'a', 1.0: 'b', True: 'c'}\n",
        "x = {k.a: 1, k.b: 2, k.a: 3}\n",
        "dict(a=1, **{'a': 2})\n",
    ),
)
DUPLICATE_ELEMENT = define(
    "duplicate-element",
    "Element that stands twice in a set",
    severity=LOW,
    confidence=SURE,
    description="The second one has no effect; another value was probably meant.",
    scenario="A value that should be in the set is missing.",
    fix="Correct or remove the element.",
    family="duplicate-element",
    valid=("x = {1, 2}\n", "x = {f(), f()}\n"),
    invalid=("x = {1, 2, 1}\n", "x = {'a', 'b', 'a'}\n", "x = {a, b, a}\n"),
)
MISSING_COMMA = define(
    "missing-comma",
    "Strings joined in a list for want of a comma",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Two strings next to each other are one; in a list of one string per line a comma is missing.",
    scenario="Two entries have become one that matches nothing.",
    fix="Add the comma, or parentheses around a string that is meant to be one.",
    family="implicit-concatenation",
    valid=(
        "x = [\n    'a',\n    'b',\n    'c',\n]\n",
        "x = [('a'\n      'b'), 'c']\n",
        "x = ['long text '\n     'goes on here']\n",
    ),
    invalid=(
        "x = [\n    'a',\n    'b'\n    'c',\n    'd',\n]\n",
        "x = (\n    'aa',\n    'bb',\n    'cc'\n    'dd',\n)\n",
    ),
)
SELF_ASSIGNMENT = define(
    "self-assignment",
    "Name or attribute assigned to itself",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The assignment changes nothing: one side was meant to be another name.",
    scenario="The attribute keeps its old value, e.g. where `self.` was forgotten.",
    fix="Correct one of the sides.",
    family="self-assignment",
    valid=("x.a = y.a\n", "class A:\n    x = x\n"),
    invalid=(
        "def f(a):\n    a = a\n",
        "class A:\n    def f(self):\n        self.x = self.x\n",
        "x.y[0] = x.y[0]\n",
        "a, b = a, b\n",
    ),
)
NO_EFFECT = define(
    "statement-without-effect",
    "Statement without effect",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("The expression is evaluated and dropped: a comparison for an assignment, a method without its call."),
    scenario="The assignment, assertion or call that was meant does not happen.",
    fix="Assign, assert or call.",
    family="statement-without-effect",
    valid=("x = 1\n", "f()\n", "'docstring'\n", "x.attribute\n", "...\n"),
    invalid=("x == 1\n", "a < b\n", "f.close\nf.read\n1 + 2\n", "-x\n", "x and y\n", "[1, 2]\n"),
)
DOUBLE_UNARY = define(
    "no-such-operator",
    "++ or -- , which Python does not have",
    severity=MEDIUM,
    confidence=SURE,
    description="++x is +(+x): nothing happens. `x =+ 1` assigns +1.",
    scenario="The counter never changes.",
    fix="Write x += 1.",
    family="statement-without-effect",
    valid=("x += 1\n", "y = - -x\n", "x = +1\n", "x = not not y\n"),
    invalid=("++x\n", "--x\n", "x = 0\nx =+ 1\n", "x =- 5\n"),
)
TUPLE_BY_COMMA = define(
    "accidental-tuple",
    "Trailing comma that makes a tuple",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A comma at the end of an assignment or return makes a one-element tuple.",
    scenario="(value,) is passed on where the value was expected.",
    fix="Remove the comma.",
    valid=("x = (1,)\n", "x = 1, 2\n", "x, = y\n"),
    invalid=("def f(a):\n    self.x = a.get('x'),\n", "def f(a):\n    n = len(a),\n    return n\n"),
)
ASSIGNED_TWICE = define(
    "assigned-twice",
    "Value overwritten before it is read",
    severity=LOW,
    confidence=LIKELY,
    description="Two assignments in a row give the same name or attribute a value; the first has no effect.",
    scenario="One of the two was meant for another name, which is left as it was.",
    fix="Correct or remove one of them.",
    valid=("x = 1\nx = x + 1\n", "x = 1\ny = 2\n", "x = f()\nx = g()\n"),
    invalid=(
        "def f(a):\n    x = a.b\n    x = a.c\n    return x\n",
        "class A:\n    def __init__(self, a, b):\n        self.a = a\n        self.a = b\n",
        "x, x = f()\n",
    ),
)


def _key(node: ast.expr | None) -> object:
    """What tells equal keys: a constant's value, or the shape of a name; None when unknown."""
    if isinstance(node, ast.Constant):
        return ("constant", node.value)
    if node is None or has_effect(node) or not isinstance(node, ast.Name | ast.Attribute | ast.Tuple):
        return None
    return ("shape", ast.dump(node))


def _dict(node: ast.Dict, ctx: Context) -> None:
    seen: set[object] = set()
    for key in node.keys:
        known = _key(key)
        if known is not None and key is not None:
            if known in seen:
                ctx.report(DUPLICATE_KEY, key, "This key already stands above; its value is replaced.")
            seen.add(known)


def _dict_call(node: ast.Call, ctx: Context) -> None:
    names = [k.arg for k in node.keywords if k.arg is not None]
    for keyword in node.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            keys = [k.value for k in keyword.value.keys if isinstance(k, ast.Constant)]
            if set(keys) & set(names):
                ctx.report(DUPLICATE_KEY, keyword.value, "This argument is given twice.")


def _set(node: ast.Set, ctx: Context) -> None:
    seen: set[object] = set()
    for element in node.elts:
        known = _key(element)
        if known is not None:
            if known in seen:
                ctx.report(DUPLICATE_ELEMENT, element, "This element already stands above.")
            seen.add(known)


def _list(node: ast.List | ast.Tuple | ast.Set, ctx: Context) -> None:
    strings = [e for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    if len(strings) != len(node.elts) or len(strings) < 3:
        return
    joined = [s for s in strings if (s.end_lineno or s.lineno) > s.lineno]
    lines = ctx.module.file.text.split("\n")
    for element in joined:
        first = lines[element.lineno - 1].encode()[element.col_offset :]
        whole = (element.end_lineno or 0) == element.lineno + 1 and not first.startswith((b'"""', b"'''"))
        before = lines[element.lineno - 1].encode()[: element.col_offset].rstrip()
        short = len(str(element.value)) < 60 and " " not in str(element.value).strip()
        if whole and short and not before.endswith(b"(") and len(joined) == 1:
            ctx.report(MISSING_COMMA, element, "A comma seems to be missing between these strings.")


def _assign(node: ast.Assign, ctx: Context) -> None:
    target = node.targets[0]
    in_class = isinstance(ctx.index.scope_at(node).node, ast.ClassDef | ast.Module)
    plain = not has_effect(node.value) and not has_effect(target)
    if (
        (
            len(node.targets) == 1
            and plain
            and same(target, node.value)
            and isinstance(target, ast.Name | ast.Attribute | ast.Subscript | ast.Tuple)
        )
        and not (in_class and isinstance(target, ast.Name))
        and not ctx.is_test
    ):
        ctx.report(SELF_ASSIGNMENT, node, "Both sides are the same.")
    if isinstance(target, ast.Tuple):
        names = [e.id for e in target.elts if isinstance(e, ast.Name) and not e.id.startswith("_")]
        if len(names) != len(set(names)):
            ctx.report(ASSIGNED_TWICE, node, "The same name stands twice on the left side.")
    _wrong_operator(node, ctx)
    _comma(node, ctx)


def _wrong_operator(node: ast.Assign, ctx: Context) -> None:
    if (
        isinstance(node.value, ast.UnaryOp)
        and isinstance(node.value.op, ast.UAdd | ast.USub)
        and len(node.targets) == 1
    ):
        line = ctx.module.file.text.split("\n")[node.value.lineno - 1].encode()
        before, after = line[: node.value.col_offset], line[node.value.col_offset + 1 :]
        if before.endswith(b"=") and not before.endswith(b"==") and after.startswith(b" "):
            ctx.report(DOUBLE_UNARY, node, "This assigns; += was probably meant.")


def _comma(node: ast.Assign, ctx: Context) -> None:
    value = node.value
    if (
        not isinstance(value, ast.Tuple)
        or len(value.elts) != 1
        or len(node.targets) != 1
        or isinstance(node.targets[0], ast.Tuple | ast.List)
    ):
        return
    line = ctx.module.file.text.split("\n")[value.lineno - 1].encode()
    bare = line[value.col_offset : value.col_offset + 1] != b"(" or isinstance(value.elts[0], ast.Tuple)
    called = isinstance(value.elts[0], ast.Call)
    starred = any(isinstance(part, ast.Starred) for part in ast.walk(value))
    if starred:
        return  # handed on as arguments: a tuple is meant
    if (
        bare
        and called
        and value.lineno == value.end_lineno
        and line.rstrip().endswith(b",")
        and isinstance(node.targets[0], ast.Name | ast.Attribute)
    ):
        ctx.report(TUPLE_BY_COMMA, node, "The trailing comma makes this a tuple.")


def _expression(node: ast.Expr, ctx: Context) -> None:
    value = node.value
    match value:
        case ast.UnaryOp(op=ast.UAdd() | ast.USub() as outer, operand=ast.UnaryOp(op=inner)) if type(outer) is type(
            inner
        ):
            ctx.report(DOUBLE_UNARY, node, "This changes nothing.")
            return
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
            if has_effect(value) and not isinstance(value, ast.Compare) and not _is_sum(value):
                return
            if isinstance(value, ast.BinOp) and isinstance(
                value.op, ast.RShift | ast.LShift | ast.BitOr | ast.FloorDiv
            ):
                return  # DSLs: task >> task, a | b
        case ast.List() | ast.Dict() | ast.Set() | ast.Lambda() | ast.Tuple(elts=[_, _, *_]):
            if has_effect(value):
                return
        case _:
            return
    tolerated = ctx.is_test or ctx.expects_error(node) or ctx.in_try(node, "TypeError", "NameError", "AttributeError")
    last = isinstance(ctx.index.scope_at(node).node, ast.Module) and ctx.module.file.path.endswith(".ipynb")
    if not tolerated and not last:
        ctx.report(NO_EFFECT, node, "The value of this expression is not used.")


def _is_sum(node: ast.expr) -> bool:
    """Whether it is arithmetic whose both sides are values: the result is what it is written for."""
    arithmetic = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow)
    return arithmetic and not any(isinstance(p, ast.Await | ast.Yield | ast.NamedExpr) for p in ast.walk(node))


def _is_item(target: ast.expr) -> bool:
    """Whether it is an item of a name, under a constant key."""
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Name)
        and isinstance(target.slice, ast.Constant)
    )


def _blocks(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.For | ast.With | ast.Try, ctx: Context) -> None:
    for first, second in zip(node.body, node.body[1:], strict=False):
        if (
            not isinstance(first, ast.Assign)
            or not isinstance(second, ast.Assign)
            or len(first.targets) != 1
            or len(second.targets) != 1
        ):
            continue
        target = first.targets[0]
        if (
            not (isinstance(target, ast.Name | ast.Attribute) or _is_item(target))
            or has_effect(first.value)
            or not same(target, second.targets[0])
        ):
            continue
        read = any(same(part, target) for part in ast.walk(second.value) if isinstance(part, type(target)))
        read |= isinstance(target, ast.Subscript) and any(same(p, target.value) for p in ast.walk(second.value))
        default = isinstance(first.value, ast.Constant) and first.value.value in (None, 0, "", False)
        declared = isinstance(target, ast.Name) and any(
            b.kind is Kind.ANNOTATED for b in ctx.index.scope_at(node).bindings.get(target.id, [])
        )
        if not read and not default and not declared and not has_effect(second.value) and not ctx.is_test:
            ctx.report(ASSIGNED_TWICE, second, "The value assigned just above is lost.")


RULES = (
    DUPLICATE_KEY,
    DUPLICATE_ELEMENT,
    MISSING_COMMA,
    SELF_ASSIGNMENT,
    NO_EFFECT,
    DOUBLE_UNARY,
    TUPLE_BY_COMMA,
    ASSIGNED_TWICE,
)
CHECKS = (
    on(ast.Dict, _dict),
    on(ast.Call, _dict_call),
    on(ast.Set, _set),
    on(ast.List, _list),
    on(ast.Tuple, _list),
    on(ast.Assign, _assign),
    on(ast.Expr, _expression),
    on(ast.FunctionDef, _blocks),
    on(ast.AsyncFunctionDef, _blocks),
    on(ast.If, _blocks),
    on(ast.For, _blocks),
    on(ast.With, _blocks),
    on(ast.Try, _blocks),
)

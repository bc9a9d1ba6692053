"""Loops and what they run over."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.declared import attribute_values
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import dotted, inside, names_in, same
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.iteration import target_names

MUTATED = define(
    "mutated-while-iterating",
    "Collection changed while it is iterated over",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("Adding to or removing from the collection a loop runs over changes which elements the loop sees."),
    scenario="Lists skip elements; dicts and sets raise RuntimeError: changed size during iteration.",
    fix="Iterate over a copy, or collect the changes and make them afterwards.",
    family="loop-iterator-mutation",
    valid=(
        "for x in list(items):\n    items.remove(x)\n",
        "for x in items:\n    items.remove(x)\n    break\n",
        "for k in d:\n    d[k] = 1\n",
    ),
    invalid=(
        "for x in items:\n    if x:\n        items.remove(x)\n",
        "for k in d:\n    if k:\n        del d[k]\n",
        "for k, v in d.items():\n    d.pop(k)\n",
        "items = [1]\nfor x in items:\n    items += [x]\n",
    ),
)


REUSED_VARIABLE = define(
    "nested-loop-variable",
    "Inner loop with the variable of the outer one",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The inner loop overwrites the variable, which the outer loop's body still uses.",
    scenario="After the inner loop the outer variable has the wrong value.",
    fix="Give the inner loop a variable of its own.",
    family="nested-loop-variable",
    valid=("for i in a:\n    for j in b:\n        print(i, j)\n", "for i in a:\n    pass\nfor i in b:\n    pass\n"),
    invalid=(
        "for i in a:\n    for i in b:\n        print(i)\n    print(i)\n",
        "for i, x in a:\n    for x in b:\n        pass\n    use(x)\n",
        "for items in items:\n    print(items)\n",
    ),
)


LOOP_VARIABLE_CHANGED = define(
    "loop-variable-changed",
    "Change to a loop counter that has no effect",
    severity=MEDIUM,
    confidence=LIKELY,
    description="`for` takes the next element whatever the body assigns to its variable.",
    scenario="The elements that were to be skipped are still processed.",
    fix="Use a while loop, or continue.",
    family="loop-variable-changed",
    valid=("i = 0\nwhile i < 9:\n    i += 2\n", "for line in lines:\n    line = line.strip()\n    print(line)\n"),
    invalid=(
        "for i in range(9):\n    print(i)\n    i += 1\n",
        "for i in range(len(x)):\n    if x[i]:\n        i = i + 2\n",
    ),
)


DICT_PAIRS = define(
    "dict-iterated-as-pairs",
    "Pairs unpacked from a dict without items()",
    severity=HIGH,
    confidence=SURE,
    description="Iterating over a dict gives its keys; unpacking a key into two names fails or splits a string.",
    scenario="ValueError: not enough values to unpack, or, with two-letter keys, silent nonsense.",
    fix="Iterate over .items().",
    family="dict-iterated-as-pairs",
    valid=("d = {'a': 1}\nfor k, v in d.items():\n    pass\n", "d = {(1, 2): 3}\nfor a, b in d:\n    pass\n"),
    invalid=(
        "d = {'abc': 1}\nfor k, v in d:\n    pass\n",
        "x = [k for k, v in {'abc': 1, 'd': 2}]\n",
        "d = dict(a=1)\nfor k, v in d:\n    pass\n",
        "def f(d: dict[str, int]):\n    for k, v in d:\n        pass\n",
        "class A:\n    def __init__(self):\n        self.d = {}\n\n    def f(self):\n        return [k for k, v in self.d]\n",
    ),
)


ONE_STRING = define(
    "iterated-string",
    "Loop over the letters of one string",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The parentheses hold one string and no comma, so the loop runs over its letters.",
    scenario="The body runs for 'a', 'b', 'c' in place of 'abc'.",
    fix="Add a comma: ('abc',).",
    valid=("for x in ('abc',):\n    pass\n", "for c in 'abc':\n    pass\n"),
    invalid=("for name in ('config'):\n    load(name)\n", "for name in ('a.txt' 'b.txt'):\n    load(name)\n"),
)


_GROWING = frozenset(
    {
        "append",
        "extend",
        "insert",
        "remove",
        "pop",
        "clear",
        "add",
        "discard",
        "update",
        "popitem",
        "appendleft",
        "popleft",
        "setdefault",
        "sort",
        "reverse",
    }
)


_DICT_SAFE = frozenset({"update", "setdefault"})


def _loop_pairs(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    _pairs(node.target, node.iter, ctx)


def _mutations(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    subject, view = node.iter, ""
    if (
        isinstance(subject, ast.Call)
        and isinstance(subject.func, ast.Attribute)
        and subject.func.attr in ("items", "keys", "values")
        and not subject.args
    ):
        subject, view = subject.func.value, "dict"
    elif isinstance(subject, ast.Call) and dotted(subject.func) in ("enumerate", "iter", "reversed") and subject.args:
        subject = subject.args[0]
    if not dotted(subject):
        return
    for part in inside(node.body):
        target = _mutated_object(part, view)
        if (
            target is not None
            and same(target, subject)
            and not _leaves_after(part, node, ctx)
            and not _rebound(subject, node, ctx)
        ):
            ctx.report(MUTATED, part, "This changes the collection the loop runs over.")


def _mutated_object(part: ast.AST, view: str) -> ast.expr | None:
    match part:
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in _GROWING and not (
            view and name in _DICT_SAFE
        ):
            return owner
        case ast.Subscript(value=owner, ctx=ast.Del()):
            return owner
        case ast.AugAssign(target=target, op=ast.Add(), value=ast.List() | ast.Tuple() | ast.ListComp()):
            return target
        case _:
            return None


def _leaves_after(part: ast.AST, loop: ast.AST, ctx: Context) -> bool:
    """Whether the loop is certainly left right after the change."""
    current: ast.AST | None = ctx.statement(part)
    while current is not None and current is not loop:
        parent = ctx.parent(current)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(item is current for item in block):
                position = next(i for i, item in enumerate(block) if item is current)
                rest = block[position + 1 :]
                if any(isinstance(s, ast.Break | ast.Return | ast.Raise) for s in rest) or isinstance(
                    current, ast.Return
                ):
                    return True
        current = parent
    return False


def _grows(node: ast.For, ctx: Context) -> None:
    """``for k, v in d.items(): d[k + 'x'] = v``."""
    match node:
        case ast.For(iter=ast.Call(func=ast.Attribute(value=subject, attr="items" | "keys" | "values"), args=[])):
            pass
        case _:
            return
    own = target_names(node.target)
    for part in inside(node.body):
        if not isinstance(part, ast.Subscript) or not isinstance(part.ctx, ast.Store) or not same(part.value, subject):
            continue
        made = isinstance(part.slice, ast.BinOp | ast.JoinedStr | ast.Call)
        if made and own & names_in(part.slice) and not _leaves_after(part, node, ctx):
            ctx.report(MUTATED, part, "A new key may be stored here, in the dict that is run over.")


def _rebound(subject: ast.expr, loop: ast.For | ast.AsyncFor, ctx: Context) -> bool:
    """Whether the body gives the name another collection first."""
    if not isinstance(subject, ast.Name):
        return any(isinstance(p, ast.Assign) and any(same(t, subject) for t in p.targets) for p in inside(loop.body))
    return any(
        isinstance(p, ast.Name)
        and p.id == subject.id
        and isinstance(p.ctx, ast.Store)
        and not isinstance(ctx.parent(p), ast.AugAssign)
        for p in inside(loop.body)
    )


def _names(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    own = target_names(node.target) - {"_", "__", "dummy"}
    if isinstance(node.iter, ast.Name) and node.iter.id in own:
        ctx.report(REUSED_VARIABLE, node, f"The loop overwrites '{node.iter.id}', which it runs over.")
        return
    outer = ctx.enclosing(node, ast.For, ast.AsyncFor, *FUNCTIONS, ast.ClassDef, ast.Lambda)
    while isinstance(outer, ast.For | ast.AsyncFor):
        shared = own & target_names(outer.target)
        if (
            shared
            and any(node is part for s in outer.body for part in ast.walk(s))
            and _read_after(node, outer, shared)
        ):
            ctx.report(REUSED_VARIABLE, node, f"'{min(shared)}' is also the variable of the loop around.")
            return
        outer = ctx.enclosing(outer, ast.For, ast.AsyncFor, *FUNCTIONS, ast.ClassDef, ast.Lambda)


def _read_after(inner: ast.AST, outer: ast.For | ast.AsyncFor, names: set[str]) -> bool:
    end = getattr(inner, "end_lineno", 0)
    loads = [p for p in inside(outer.body) if isinstance(p, ast.Name) and p.id in names and p.lineno > end]
    return bool(loads) and isinstance(loads[0].ctx, ast.Load)


def _counter(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    if not isinstance(node.target, ast.Name):
        return
    name = node.target.id
    if not isinstance(node.iter, ast.Call) or dotted(node.iter.func) != "range":
        _last_statement(node, name, ctx)
        return
    for part in inside(node.body):
        changed = isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name) and part.target.id == name
        if (
            isinstance(part, ast.Assign)
            and len(part.targets) == 1
            and isinstance(part.targets[0], ast.Name)
            and part.targets[0].id == name
        ):
            changed = any(isinstance(p, ast.Name) and p.id == name for p in ast.walk(part.value))
        if changed and not _read_later(part, node, name):
            ctx.report(LOOP_VARIABLE_CHANGED, part, f"The next round sets '{name}' anew.")


def _last_statement(node: ast.For | ast.AsyncFor, name: str, ctx: Context) -> None:
    """``x = x * 2`` at the end of the body: nobody sees the new value."""
    match node.body[-1] if node.body else None:
        case (
            ast.Assign(targets=[ast.Name(id=target)], value=value)
            | ast.AugAssign(target=ast.Name(id=target), value=value)
        ) if target == name:
            pass
        case _:
            return
    augmented = isinstance(node.body[-1], ast.AugAssign) and isinstance(value, ast.Constant)
    own = any(isinstance(p, ast.Name) and p.id == name for p in ast.walk(value))
    scope = ctx.index.scope_at(node)
    end = node.end_lineno or 0
    later = any(load.id == name and load.lineno > end for load in scope.loads)
    if (own or augmented) and not later and scope.is_function and not ctx.enclosing(node, ast.While, ast.For):
        ctx.report(LOOP_VARIABLE_CHANGED, node.body[-1], f"The next round sets '{name}' anew.")


def _read_later(part: ast.AST, loop: ast.For | ast.AsyncFor, name: str) -> bool:
    end = getattr(part, "end_lineno", 0)
    return any(
        isinstance(p, ast.Name) and p.id == name and isinstance(p.ctx, ast.Load) and p.lineno > end
        for p in inside(loop.body)
    )


def _pairs(target: ast.expr, source: ast.expr, ctx: Context) -> None:
    if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
        return
    value = ctx.value(source)
    if value is None or not value.instance_of("builtins.dict"):
        return
    if ctx.value(source) is not None and _has_word_keys(source, ctx):
        ctx.report(DICT_PAIRS, source, "This gives keys, not pairs.")


def _has_word_keys(source: ast.expr, ctx: Context) -> bool:
    """Whether the keys are known, and are no pairs."""
    origins = [source]
    if isinstance(source, ast.Name):
        found = ctx.index.scope_of_name[source].resolve(source.id)
        bindings = found[1] if found is not None else []
        argument = bindings[0].node if len(bindings) == 1 else None
        if isinstance(argument, ast.arg):
            return _annotated_keys(argument.annotation)
        values = [b.value for b in bindings if b.value is not None]
        origins = values if len(values) == 1 else [source]
    elif isinstance(source, ast.Attribute):
        owner = ctx.value(source.value)
        origins = attribute_values(owner.cls, source.attr, ctx.module) if owner is not None and owner.cls else []
        if origins and all(isinstance(o, ast.Dict) and not o.keys for o in origins):
            return not _gets_pairs(source.attr, ctx)
    return bool(origins) and all(map(_words, origins))


def _words(origin: ast.expr) -> bool:
    if isinstance(origin, ast.Call):
        return bool(origin.keywords) and not origin.args
    keys = origin.keys if isinstance(origin, ast.Dict) else []
    return bool(keys) and all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys)


def _annotated_keys(annotation: ast.expr | None) -> bool:
    """``dict`` alone, or one of strings or numbers."""
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        return getattr(annotation.slice.elts[0], "id", "") in ("str", "int")
    return isinstance(annotation, ast.Name)


def _gets_pairs(name: str, ctx: Context) -> bool:
    """Whether an item is stored in an attribute of this name under a key that may be a pair."""
    stores = (s for s in ctx.index.all(ast.Subscript) if isinstance(s.value, ast.Attribute) and s.value.attr == name)
    return any(not isinstance(s.slice, ast.Constant | ast.JoinedStr) for s in stores)


def _string(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    if not isinstance(node.iter, ast.Constant) or not isinstance(node.iter.value, str) or len(node.iter.value) < 2:
        return
    lines = ctx.module.file.text.encode("utf-8", "replace").split(b"\n")
    before = lines[node.iter.lineno - 1][: node.iter.col_offset].rstrip()
    if before.endswith(b"("):
        ctx.report(ONE_STRING, node.iter, "Without a comma this is one string.")


def _comprehension(node: ast.comprehension, ctx: Context) -> None:
    _pairs(node.target, node.iter, ctx)


RULES = (
    MUTATED,
    REUSED_VARIABLE,
    LOOP_VARIABLE_CHANGED,
    DICT_PAIRS,
    ONE_STRING,
)
CHECKS = (
    on(ast.For, _mutations),
    on(ast.AsyncFor, _mutations),
    on(ast.For, _names),
    on(ast.AsyncFor, _names),
    on(ast.For, _counter),
    on(ast.For, _grows),
    on(ast.For, _loop_pairs),
    on(ast.For, _string),
    on(ast.comprehension, _comprehension),
)

"""Loops and iterators that do not do what they seem to."""

import ast
import itertools

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Kind
from codereview.analysers.bugs.model.walking import dotted, inside, same
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, define, on

MUTATED = define(
    "mutated-while-iterating",
    "Collection changed while it is iterated over",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Adding to or removing from the collection a loop runs over changes which elements the loop sees.",
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
EXHAUSTED = define(
    "exhausted-iterator",
    "Iterator used again after it was consumed",
    severity=MEDIUM,
    confidence=LIKELY,
    description="map, filter, zip, a generator and the like can be gone through once; the second time they are empty.",
    scenario="The second loop, sum or list sees no elements and nobody notices.",
    fix="Make a list of it first.",
    family="exhausted-iterator",
    valid=(
        "x = list(map(str, y))\nprint(sum(x), max(x))\n",
        "x = map(str, y)\nfor a in x:\n    pass\n",
        "x = range(3)\nlist(x)\nlist(x)\n",
    ),
    invalid=(
        "x = map(int, y)\na = sum(x)\nb = max(x)\n",
        "x = (n for n in y)\nfor a in x:\n    print(a)\nfor a in x:\n    print(a)\n",
        "x = zip(a, b)\nfor i in items:\n    for p, q in x:\n        print(p)\n",
    ),
)
LATE_BINDING = define(
    "late-binding-closure",
    "Function made in a loop that sees the last value only",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A function looks its outer names up when it is called; by then the loop variable has its last value.",
    scenario="All callbacks act on the last element.",
    fix="Bind the value as a default, as in lambda x=x: x.",
    family="late-binding-closure",
    valid=("fs = []\nfor x in y:\n    fs.append(lambda x=x: x)\n", "for x in y:\n    z.sort(key=lambda a: a[x])\n"),
    invalid=(
        "fs = []\nfor x in y:\n    fs.append(lambda: x)\n",
        "fs = [lambda: x for x in y]\n",
        "fs = {}\nfor x in y:\n    def f():\n        return x\n    fs[x] = f\n",
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
    ),
)
OFF_BY_ONE = define(
    "index-past-end",
    "Index that lies behind the last element",
    severity=HIGH,
    confidence=SURE,
    description="The last index is len(x) - 1; x[len(x)], range(len(x) + 1) and x[i + 1] in range(len(x)) go beyond.",
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
GROUPBY_LOST = define(
    "groupby-group-kept",
    "Group of itertools.groupby kept for later",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A group shares its iterator with groupby: when the loop advances, the earlier groups are empty.",
    scenario="All collected groups turn out empty.",
    fix="Keep list(group).",
    family="groupby-reuse",
    valid=(
        "import itertools\n\nfor k, g in itertools.groupby(x):\n    out.append(list(g))\n",
        "import itertools\n\nout = {k: len(list(g)) for k, g in itertools.groupby(x)}\n",
    ),
    invalid=(
        "import itertools\n\nfor k, g in itertools.groupby(x):\n    out.append(g)\n",
        "import itertools\n\nout = {k: g for k, g in itertools.groupby(x)}\n",
        "import itertools\n\ngroups = list(itertools.groupby(x))\n",
    ),
)
FROMKEYS = define(
    "shared-mutable-elements",
    "One mutable object in many places",
    severity=MEDIUM,
    confidence=LIKELY,
    description="`[[]] * n` and dict.fromkeys(keys, []) put the same list everywhere.",
    scenario="A change to one element shows in all of them.",
    fix="Use a comprehension: [[] for _ in range(n)].",
    family="shared-mutable-elements",
    valid=("x = [0] * 3\n", "x = [[] for _ in range(3)]\n", "x = dict.fromkeys('ab', 0)\n"),
    invalid=("x = [[]] * 3\n", "x = [[0] * 3] * 3\n", "x = dict.fromkeys('ab', [])\n", "x = [{}] * n\n"),
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
_ITERATORS = frozenset(
    {
        "builtins.map",
        "builtins.filter",
        "builtins.zip",
        "builtins.enumerate",
        "builtins.iter",
        "builtins.reversed",
        "itertools.chain",
        "itertools.islice",
        "itertools.chain.from_iterable",
        "itertools.product",
        "itertools.combinations",
        "itertools.permutations",
        "itertools.takewhile",
        "itertools.dropwhile",
        "itertools.starmap",
        "itertools.zip_longest",
        "itertools.accumulate",
        "csv.reader",
        "csv.DictReader",
        "re.finditer",
        "os.walk",
        "os.scandir",
        "glob.iglob",
    }
)
_CONSUMERS = frozenset(
    {
        "list",
        "tuple",
        "set",
        "sum",
        "max",
        "min",
        "sorted",
        "dict",
        "any",
        "all",
        "frozenset",
        "join",
        "extend",
        "Counter",
        "deque",
    }
)


def _loop(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    _mutations(node, ctx)
    _names(node, ctx)
    _counter(node, ctx)
    _pairs(node.target, node.iter, ctx)
    _past_end(node, ctx)
    _string(node, ctx)
    _groups(node, ctx)


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


def _target_names(target: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _names(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    own = _target_names(node.target) - {"_", "__", "dummy"}
    if isinstance(node.iter, ast.Name) and node.iter.id in own:
        ctx.report(REUSED_VARIABLE, node, f"The loop overwrites '{node.iter.id}', which it runs over.")
        return
    outer = ctx.enclosing(node, ast.For, ast.AsyncFor, *FUNCTIONS, ast.ClassDef, ast.Lambda)
    while isinstance(outer, ast.For | ast.AsyncFor):
        shared = own & _target_names(outer.target)
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
    if (
        not isinstance(node.target, ast.Name)
        or not isinstance(node.iter, ast.Call)
        or dotted(node.iter.func) != "range"
    ):
        return
    name = node.target.id
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
    origin = source
    if isinstance(source, ast.Name):
        found = ctx.index.scope_of_name[source].resolve(source.id)
        values = [b.value for b in found[1] if b.value is not None] if found is not None else []
        origin = values[0] if len(values) == 1 else source
    keys = (
        origin.keys
        if isinstance(origin, ast.Dict)
        else [ast.Constant(value="keyword")]
        if isinstance(origin, ast.Call) and origin.keywords and not origin.args
        else []
    )
    if keys and all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys):
        ctx.report(DICT_PAIRS, source, "This gives keys, not pairs.")


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
        if isinstance(test, ast.AST) or isinstance(current, ast.BoolOp):
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
        case ast.Slice():
            if isinstance(node.ctx, ast.Load):
                _slice(node, node.slice, ctx)
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


def _string(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    if not isinstance(node.iter, ast.Constant) or not isinstance(node.iter.value, str) or len(node.iter.value) < 2:
        return
    lines = ctx.module.file.text.encode("utf-8", "replace").split(b"\n")
    before = lines[node.iter.lineno - 1][: node.iter.col_offset].rstrip()
    if before.endswith(b"("):
        ctx.report(ONE_STRING, node.iter, "Without a comma this is one string.")


def _groups(node: ast.For | ast.AsyncFor, ctx: Context) -> None:
    match node.target:
        case ast.Tuple(elts=[_, ast.Name(id=name)]) if ctx.calls(node.iter, "itertools.groupby"):
            for part in inside(node.body):
                if (
                    isinstance(part, ast.Call)
                    and isinstance(part.func, ast.Attribute)
                    and part.func.attr in ("append", "add", "setdefault")
                ):
                    if any(isinstance(a, ast.Name) and a.id == name for a in part.args):
                        ctx.report(GROUPBY_LOST, part, "The group is empty as soon as the loop goes on.")
                elif (
                    isinstance(part, ast.Assign)
                    and isinstance(part.targets[0], ast.Subscript)
                    and isinstance(part.value, ast.Name)
                    and part.value.id == name
                ):
                    ctx.report(GROUPBY_LOST, part, "The group is empty as soon as the loop goes on.")
        case _:
            pass


def _dict_comp(node: ast.DictComp, ctx: Context) -> None:
    for generator in node.generators:
        if (
            ctx.calls(generator.iter, "itertools.groupby")
            and isinstance(generator.target, ast.Tuple)
            and len(generator.target.elts) == 2
        ):
            group = generator.target.elts[1]
            if isinstance(group, ast.Name) and isinstance(node.value, ast.Name) and node.value.id == group.id:
                ctx.report(GROUPBY_LOST, node, "The group is empty as soon as the next one is made.")


def _call(node: ast.Call, ctx: Context) -> None:
    if (
        ctx.calls(node, "builtins.list", "builtins.dict", "builtins.tuple")
        and len(node.args) == 1
        and ctx.calls(node.args[0], "itertools.groupby")
    ):
        ctx.report(GROUPBY_LOST, node, "All groups but the last are empty by now.")
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "fromkeys"
        and len(node.args) == 2
        and _mutable(node.args[1])
    ):
        ctx.report(FROMKEYS, node, "All keys share this value.")


def _mutable(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and dotted(node.func) in (
        "list",
        "dict",
        "set",
        "defaultdict",
        "collections.defaultdict",
    )
    repeated = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List)
    return (
        made or repeated or isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
    )


def _multiplied(node: ast.BinOp, ctx: Context) -> None:
    if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List) and any(_mutable(e) for e in node.left.elts):
        once = isinstance(node.right, ast.Constant) and node.right.value in (0, 1)
        unpacked = isinstance(ctx.parent(node), ast.Assign) and isinstance(ctx.parent(node).targets[0], ast.Tuple)  # type: ignore[union-attr]
        if not once and not unpacked and not isinstance(ctx.parent(node), ast.Compare):
            ctx.report(FROMKEYS, node, "All elements are the same object.")


def _exhausted(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Module, ctx: Context) -> None:
    scope = ctx.index.scopes[node]
    for name, bindings in scope.bindings.items():
        if (
            len(bindings) != 1
            or bindings[0].kind is not Kind.ASSIGNED
            or bindings[0].value is None
            or name in ctx.index.shared
        ):
            continue
        value = bindings[0].value
        if not isinstance(value, ast.GeneratorExp) and not (
            isinstance(value, ast.Call) and ctx.qualified(value.func) in _ITERATORS
        ):
            continue
        uses = [load for load in scope.loads if load.id == name]
        consumed = [use for use in uses if _consumes(use, ctx)]
        partial = any(_takes_one(use, ctx) for use in uses)
        if partial or len(uses) != len(consumed):
            continue
        again = next((later for earlier, later in itertools.pairwise(consumed) if _follows(earlier, later, ctx)), None)
        if again is None:
            again = next((use for use in consumed if _repeated(use, bindings[0].node, ctx)), None)
        if again is not None:
            ctx.report(EXHAUSTED, again, f"'{name}' was already gone through; it is empty now.")


def _consumes(use: ast.Name, ctx: Context) -> bool:
    parent = ctx.parent(use)
    if isinstance(parent, ast.For | ast.comprehension):
        return parent.iter is use
    if isinstance(parent, ast.Call) and use in parent.args:
        name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
        return name in _CONSUMERS
    return False


def _takes_one(use: ast.Name, ctx: Context) -> bool:
    parent = ctx.parent(use)
    return isinstance(parent, ast.Call) and dotted(parent.func) in ("next", "islice", "itertools.islice")


def _follows(earlier: ast.Name, later: ast.Name, ctx: Context) -> bool:
    """Whether control always comes from one to the other: the later one is in the same block, or deeper."""
    first, second = ctx.statement(earlier), ctx.statement(later)
    if first is second or first is None or second is None:
        return False
    if isinstance(first, ast.For) and any(
        isinstance(p, ast.Break | ast.Return | ast.Yield | ast.Raise) for p in inside(first.body)
    ):
        return False
    home = ctx.parent(first)
    current: ast.AST | None = second
    while current is not None:
        if ctx.parent(current) is home:
            for name in ("body", "orelse", "finalbody"):
                block = getattr(home, name, [])
                if isinstance(block, list) and any(first is s for s in block) and any(current is s for s in block):
                    return current is not first
            return False
        current = ctx.parent(current)
    return False


def _repeated(use: ast.Name, binding: ast.AST, ctx: Context) -> bool:
    """Whether the use stands in a loop that the binding stands before."""
    statement = ctx.statement(use)
    loop = ctx.enclosing(statement if statement is not None else use, ast.For, ast.While, *FUNCTIONS)
    if not isinstance(loop, ast.For | ast.While):
        return False
    if isinstance(statement, ast.For) and any(isinstance(p, ast.Break | ast.Return) for p in inside(statement.body)):
        return False
    if isinstance(loop, ast.For | ast.While) and any(
        isinstance(p, ast.Break | ast.Return | ast.Raise) for p in inside(loop.body)
    ):
        return False
    inside_loop = loop.lineno <= getattr(binding, "lineno", 0) <= (loop.end_lineno or 0)
    return not inside_loop and any(use is part for s in loop.body for part in ast.walk(s))


def _closure(node: ast.Lambda | ast.FunctionDef, ctx: Context) -> None:
    loop = ctx.parent(node)
    while loop is not None and not isinstance(
        loop,
        ast.For
        | ast.AsyncFor
        | ast.ListComp
        | ast.SetComp
        | ast.DictComp
        | ast.GeneratorExp
        | ast.FunctionDef
        | ast.AsyncFunctionDef
        | ast.ClassDef
        | ast.Lambda
        | ast.Module,
    ):
        loop = ctx.parent(loop)
    if isinstance(loop, ast.For | ast.AsyncFor):
        names, lazy = _target_names(loop.target), False
    elif isinstance(loop, ast.ListComp | ast.SetComp | ast.DictComp):
        names, lazy = {n for g in loop.generators for n in _target_names(g.target)}, False
    else:
        return
    del lazy
    scope = ctx.index.scopes[node]
    free = {load.id for load in scope.loads if load.id not in scope.bindings} & names
    if free and _escapes(node, loop, ctx):
        ctx.report(LATE_BINDING, node, f"'{min(free)}' is looked up when this is called, after the loop.")


def _escapes(node: ast.Lambda | ast.FunctionDef, loop: ast.AST, ctx: Context) -> bool:
    """Whether the function is stored for later rather than used at once."""
    if isinstance(node, ast.FunctionDef):
        if node.decorator_list:
            return False
        uses = [
            n
            for s in getattr(loop, "body", [])
            for n in ast.walk(s)
            if isinstance(n, ast.Name) and n.id == node.name and isinstance(n.ctx, ast.Load)
        ]
        return any(_stored(use, ctx) for use in uses)
    parent = ctx.parent(node)
    if isinstance(loop, ast.ListComp | ast.SetComp | ast.DictComp):
        return parent is loop or (isinstance(parent, ast.Tuple | ast.List) and ctx.parent(parent) is loop)
    return _stored(node, ctx)


def _stored(node: ast.expr, ctx: Context) -> bool:
    parent = ctx.parent(node)
    if isinstance(parent, ast.Tuple | ast.List | ast.Dict):
        return _stored(parent, ctx)
    if isinstance(parent, ast.Assign):
        return isinstance(parent.targets[0], ast.Subscript | ast.Attribute)
    if isinstance(parent, ast.Call) and node in parent.args:
        return isinstance(parent.func, ast.Attribute) and parent.func.attr in (
            "append",
            "add",
            "insert",
            "setdefault",
            "extend",
            "put",
            "after",
            "connect",
            "add_callback",
            "add_done_callback",
            "submit",
        )
    return False


_ = UNSURE, LOW
RULES = (
    *(MUTATED, EXHAUSTED, LATE_BINDING, REUSED_VARIABLE, LOOP_VARIABLE_CHANGED, DICT_PAIRS, OFF_BY_ONE, EMPTY_SLICE),
    *(ONE_STRING, GROUPBY_LOST, FROMKEYS),
)


def _comprehension(node: ast.comprehension, ctx: Context) -> None:
    _pairs(node.target, node.iter, ctx)


CHECKS = (
    on(ast.For, _loop),
    on(ast.AsyncFor, _loop),
    on(ast.comprehension, _comprehension),
    on(ast.Subscript, _subscript),
    on(ast.DictComp, _dict_comp),
    on(ast.Call, _call),
    on(ast.BinOp, _multiplied),
    on(ast.FunctionDef, _exhausted),
    on(ast.AsyncFunctionDef, _exhausted),
    on(ast.Module, _exhausted),
    on(ast.Lambda, _closure),
    on(ast.FunctionDef, _closure),
)

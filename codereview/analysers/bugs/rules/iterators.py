"""Iterators, closures and shared elements."""

import ast
import itertools

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Kind
from codereview.analysers.bugs.model.walking import dotted, inside
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, define, on
from codereview.analysers.bugs.rules.shared.iteration import target_names

EXHAUSTED = define(
    "exhausted-iterator",
    "Iterator used again after it was consumed",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "map, filter, zip, a generator and the like can be gone through once; the second time they are empty."
    ),
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
    description=(
        "A function looks its outer names up when it is called; by then the loop variable has its last value."
    ),
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


GROUPBY_LOST = define(
    "groupby-group-kept",
    "Group of itertools.groupby kept for later",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("A group shares its iterator with groupby: when the loop advances, the earlier groups are empty."),
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
        again = next(
            (later for earlier, later in itertools.pairwise(consumed) if _follows(earlier, later, ctx)),
            None,
        )
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
    "Whether control always comes from one to the other: the later one is in the same block, or deeper."
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
        names, lazy = target_names(loop.target), False
    elif isinstance(loop, ast.ListComp | ast.SetComp | ast.DictComp):
        names, lazy = {n for g in loop.generators for n in target_names(g.target)}, False
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


RULES = (
    EXHAUSTED,
    GROUPBY_LOST,
    LATE_BINDING,
    FROMKEYS,
)
CHECKS = (
    on(ast.For, _groups),
    on(ast.DictComp, _dict_comp),
    on(ast.Call, _call),
    on(ast.BinOp, _multiplied),
    on(ast.FunctionDef, _exhausted),
    on(ast.AsyncFunctionDef, _exhausted),
    on(ast.Module, _exhausted),
    on(ast.Lambda, _closure),
    on(ast.FunctionDef, _closure),
)

"""Values that cannot be iterated over, unpacked, entered or awaited."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.rules.shared.operations import describe, lacks, report

NOT_ITERABLE = define(
    "not-iterable",
    "Iteration over something that is not iterable",
    severity=HIGH,
    confidence=SURE,
    description="A loop, unpacking or star needs an iterable; this value has neither __iter__ nor __getitem__.",
    scenario="TypeError: object is not iterable. `for i in len(items)` is the usual case.",
    fix="Iterate over the collection, or over range().",
    valid=(
        "for i in range(3):\n    pass\n",
        ("class Bag:\n    def __iter__(self):\n        return iter([])\n\n\nfor item in Bag():\n    pass\n"),
    ),
    invalid=(
        "items = []\nfor i in len(items):\n    pass\n",
        "for i in 10:\n    pass\n",
        "class Bag:\n    pass\n\n\nitems = [item for item in Bag()]\n",
    ),
)


NOT_A_CONTEXT_MANAGER = define(
    "not-a-context-manager",
    "with on something that is not a context manager",
    severity=HIGH,
    confidence=SURE,
    description="`with` needs __enter__ and __exit__, `async with` needs __aenter__ and __aexit__.",
    scenario="TypeError or AttributeError before the block begins, each time.",
    fix="Use the matching kind of with, or decorate the generator with contextmanager.",
    valid=(
        "with open('x') as f:\n    pass\n",
        ("import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield\n\n\nwith cm():\n    pass\n"),
    ),
    invalid=(
        "def cm():\n    yield 1\n\n\nwith cm() as x:\n    pass\n",
        "class Lock:\n    def __enter__(self):\n        return self\n\n\nwith Lock():\n    pass\n",
        (
            "import contextlib\n"
            "\n"
            "\n"
            "@contextlib.contextmanager\n"
            "def cm():\n"
            "    yield\n"
            "\n"
            "\n"
            "async def f():\n"
            "    async with cm():\n"
            "        pass\n"
        ),
    ),
)


UNPACKING = define(
    "unbalanced-unpacking",
    "Unpacking into a different number of names",
    severity=HIGH,
    confidence=SURE,
    description="The right side is known to have a number of elements that the left side does not take.",
    scenario="ValueError: too many, or not enough, values to unpack, each time the line runs.",
    fix="Give as many names as there are values, or star one of them.",
    valid=("a, b = 1, 2\n", "a, *b = 1, 2, 3\n", "a, b = 'xy'\n"),
    invalid=("a, b = 1, 2, 3\n", "a, b, c = [1, 2]\n", "a, *b, c = (1,)\n", "for a, b in [(1, 2, 3)]:\n    pass\n"),
)


AWAIT_OF_PLAIN = define(
    "await-not-awaitable",
    "await on something that cannot be awaited",
    severity=HIGH,
    confidence=SURE,
    description="The awaited value is known to have no __await__, or an async loop runs over a plain iterable.",
    scenario="TypeError: object can't be used in 'await' expression, each time the line runs.",
    fix="Call it without await, or make the function async.",
    valid=(
        "async def f():\n    pass\n\n\nasync def g():\n    await f()\n",
        "import asyncio\n\n\nasync def g():\n    await asyncio.sleep(1)\n",
    ),
    invalid=(
        "import time\n\n\nasync def g():\n    await time.sleep(1)\n",
        "def f():\n    return 1\n\n\nasync def g():\n    await f()\n",
        "async def g():\n    async for x in [1, 2]:\n        pass\n",
    ),
)


def _iterated(node: ast.expr, ctx: Context) -> None:
    value = ctx.value(node)
    if lacks(value, "__iter__", "__getitem__"):
        report(NOT_ITERABLE, node, ctx, f"{describe(value).capitalize()} cannot be iterated over.")


def _self_iterated(node: ast.expr, ctx: Context) -> None:
    """``for x in self`` in a class that certainly is not iterable and has no subclass here."""
    value = ctx.value(node)
    if value is None or value.name != "self" or value.kind != "instance" or value.cls is None:
        return
    if value.cls.lacks("__iter__", "__getitem__") and not _mixin(value.cls):
        report(NOT_ITERABLE, node, ctx, f"{value.cls.name} has no __iter__.")


def _mixin(cls: Class) -> bool:
    abstract = any(function.is_abstract for c in cls.ancestors for function in c.methods())
    return (
        "mixin" in cls.name.lower()
        or abstract
        or cls.name.startswith(("Base", "Abstract"))
        or cls.name.endswith("Base")
    )


def _for(node: ast.For | ast.comprehension, ctx: Context) -> None:
    if isinstance(node, ast.comprehension) and node.is_async:
        return
    _iterated(node.iter, ctx)
    _self_iterated(node.iter, ctx)
    _unpacked_elements(node, ctx)


def _async_for(node: ast.AsyncFor, ctx: Context) -> None:
    value = ctx.value(node.iter)
    if value is not None and value.kind == "instance" and lacks(value, "__aiter__"):
        report(AWAIT_OF_PLAIN, node.iter, ctx, f"{describe(value).capitalize()} is not an asynchronous iterable.")


def _starred(node: ast.Starred, ctx: Context) -> None:
    if isinstance(node.ctx, ast.Load) and not isinstance(ctx.parent(node), ast.Subscript):
        _iterated(node.value, ctx)


def _yield_from(node: ast.YieldFrom, ctx: Context) -> None:
    _iterated(node.value, ctx)


def _with(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        value = ctx.value(item.context_expr)
        if value is None or value.kind != "instance":
            continue
        ours = value.cls is not None and value.cls.node is not None
        lack = "__enter__" if lacks(value, "__enter__") else "__exit__" if ours and lacks(value, "__exit__") else ""
        if lack:
            report(NOT_A_CONTEXT_MANAGER, item.context_expr, ctx, f"{describe(value).capitalize()} has no {lack}.")


def _async_with(node: ast.AsyncWith, ctx: Context) -> None:
    for item in node.items:
        value = ctx.value(item.context_expr)
        plain = value is not None and value.kind == "instance" and lacks(value, "__aenter__")
        if plain or _plain_manager(item.context_expr, ctx):
            report(
                NOT_A_CONTEXT_MANAGER,
                item.context_expr,
                ctx,
                "This is not an asynchronous context manager: no __aenter__.",
            )


def _plain_manager(node: ast.expr, ctx: Context) -> bool:
    "A call of a function that ``contextlib.contextmanager`` decorates, or ``contextlib.suppress`` and the like."
    if not isinstance(node, ast.Call):
        return False
    function = ctx.definition(node.func)
    if function is None or function.node is None or isinstance(function.node, ast.Lambda):
        return False
    return [ctx.qualified(d) for d in function.node.decorator_list] == ["contextlib.contextmanager"]


def _assign(node: ast.Assign, ctx: Context) -> None:
    for target in node.targets:
        if isinstance(target, ast.Tuple | ast.List):
            _unpack(target, node.value, node, ctx)


def _unpack(target: ast.Tuple | ast.List, source: ast.expr, node: ast.AST, ctx: Context) -> None:
    count = _length(source, ctx)
    if count is None:
        _iterated(source, ctx)
        return
    starred = sum(isinstance(element, ast.Starred) for element in target.elts)
    wanted = len(target.elts) - starred
    if count < wanted or (count > wanted and not starred):
        report(UNPACKING, node, ctx, f"{count} values are unpacked into {wanted} names.")


def _length(source: ast.expr, ctx: Context) -> int | None:
    if isinstance(source, ast.List | ast.Tuple | ast.Set):
        return None if any(isinstance(e, ast.Starred) for e in source.elts) else len(source.elts)
    value = ctx.value(source)
    if value is None or value.kind != "instance":
        return None
    match value.node:
        case ast.Tuple(elts=elements) if not any(isinstance(e, ast.Starred) for e in elements):
            return len(elements)
        case ast.Constant(value=str() | bytes() as text) if isinstance(source, ast.Constant):
            return len(text)
        case _:
            pass
    return _returned_length(source, ctx)


def _returned_length(source: ast.expr, ctx: Context) -> int | None:
    """The length of the tuples a function of this file returns, when all have the same."""
    called = ctx.value(source.func) if isinstance(source, ast.Call) else None
    function = called.function if called is not None and called.kind == "function" else None
    node = function.node if function is not None and function.transparent else None
    if not isinstance(node, ast.FunctionDef) or node not in ctx.index.scopes:
        return None
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    nested = any(
        isinstance(n, ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef | ast.Yield)
        for n in ast.walk(node)
        if n is not node
    )
    sizes = {
        len(v.elts) if isinstance(v, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in v.elts) else -1
        for v in returned
    }
    return sizes.pop() if len(sizes) == 1 and -1 not in sizes and not nested else None


def _unpacked_elements(node: ast.For | ast.comprehension, ctx: Context) -> None:
    if isinstance(node.target, ast.Tuple | ast.List) and isinstance(node.iter, ast.List | ast.Tuple):
        for element in node.iter.elts:
            if isinstance(element, ast.Tuple | ast.List):
                _unpack(node.target, element, element, ctx)


def _await(node: ast.Await, ctx: Context) -> None:
    value = ctx.value(node.value)
    if value is not None and value.kind == "instance" and value.name != "self" and lacks(value, "__await__"):
        generator_based = value.instance_of("types.GeneratorType")
        if not generator_based:
            report(AWAIT_OF_PLAIN, node, ctx, f"{describe(value).capitalize()} cannot be awaited.")


RULES = (
    NOT_ITERABLE,
    NOT_A_CONTEXT_MANAGER,
    UNPACKING,
    AWAIT_OF_PLAIN,
)
CHECKS = (
    on(ast.For, _for),
    on(ast.comprehension, _for),
    on(ast.AsyncFor, _async_for),
    on(ast.Starred, _starred),
    on(ast.YieldFrom, _yield_from),
    on(ast.With, _with),
    on(ast.AsyncWith, _async_with),
    on(ast.Assign, _assign),
    on(ast.Await, _await),
)

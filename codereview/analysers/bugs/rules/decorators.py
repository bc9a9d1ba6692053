"""Caches and context managers made by decorators."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit
from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.walking import own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, SURE, define, on

CACHED_METHOD = define(
    "cached-method",
    "Cache on a method",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "lru_cache and cache on a method keep every instance alive for as long as the class, self "
        "being part of the key."
    ),
    scenario="Instances are never freed: memory grows with every object that calls the method.",
    fix="Cache on the instance, or use functools.cached_property.",
    family="cached-instance-method",
    valid=(
        "import functools\n\n\n@functools.lru_cache\ndef f(x):\n    return x\n",
        ("import functools\n\n\nclass A:\n    @staticmethod\n    @functools.cache\n    def f(x):\n        return x\n"),
    ),
    invalid=(
        (
            "import functools\n"
            "\n"
            "\n"
            "class A:\n"
            "    @functools.lru_cache(maxsize=None)\n"
            "    def f(self, x):\n"
            "        return x\n"
        ),
        "from functools import cache\n\n\nclass A:\n    @cache\n    def f(self):\n        return 1\n",
    ),
)


CACHED_COROUTINE = define(
    "cached-coroutine",
    "Cache on a coroutine function or generator",
    severity=HIGH,
    confidence=SURE,
    description="What is cached is the coroutine or generator object, which can be used only once.",
    scenario=(
        "The second call with the same arguments raises RuntimeError: cannot reuse already "
        "awaited coroutine, or yields nothing."
    ),
    fix="Cache the result, not the coroutine.",
    valid=("import functools\n\n\n@functools.cache\ndef f(x):\n    return [x]\n", "async def f(x):\n    return x\n"),
    invalid=(
        "import functools\n\n\n@functools.lru_cache\nasync def f(x):\n    return x\n",
        "import functools\n\n\n@functools.cache\ndef f(x):\n    yield x\n",
    ),
)


CONTEXT_MANAGER = define(
    "contextmanager-misuse",
    "contextmanager on a function that does not yield once",
    severity=HIGH,
    confidence=SURE,
    description="contextlib.contextmanager needs a generator that yields exactly once on every way.",
    scenario=("TypeError when the with statement begins, or RuntimeError: generator didn't yield, or didn't stop."),
    fix="Yield once.",
    valid=(
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield 1\n",
        (
            "import contextlib\n"
            "\n"
            "\n"
            "@contextlib.contextmanager\n"
            "def cm(x):\n"
            "    if x:\n"
            "        yield 1\n"
            "    else:\n"
            "        yield 2\n"
        ),
    ),
    invalid=(
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    return 1\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield 1\n    yield 2\n",
    ),
)


UNPROTECTED_YIELD = define(
    "contextmanager-without-finally",
    "Clean-up of a context manager that an exception skips",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "Code behind the yield of a contextmanager does not run when the with block raises, unless it is in finally."
    ),
    scenario="After an error in the with block the lock stays held, the file open, the setting changed.",
    fix="Put the yield into try/finally.",
    valid=(
        (
            "import contextlib\n"
            "\n"
            "\n"
            "@contextlib.contextmanager\n"
            "def cm():\n"
            "    lock.acquire()\n"
            "    try:\n"
            "        yield\n"
            "    finally:\n"
            "        lock.release()\n"
        ),
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    with lock:\n        yield\n",
    ),
    invalid=(
        (
            "import contextlib\n"
            "\n"
            "\n"
            "@contextlib.contextmanager\n"
            "def cm():\n"
            "    lock.acquire()\n"
            "    yield\n"
            "    lock.release()\n"
        ),
        (
            "import contextlib\n"
            "\n"
            "\n"
            "@contextlib.contextmanager\n"
            "def cm(path):\n"
            "    f = open(path)\n"
            "    yield f\n"
            "    f.close()\n"
        ),
    ),
)


_CACHES = frozenset({"functools.lru_cache", "functools.lru_cache()", "functools.cache"})


_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


def _decorated(node: FunctionNode, ctx: Context) -> None:
    names = set(ctx.decorators(node))
    if names & _CACHES:
        function = ctx.method(node)
        if isinstance(node, ast.AsyncFunctionDef) or function.returns == "types.GeneratorType":
            ctx.report(CACHED_COROUTINE, node, "The cached object can be used only once.")
        elif (
            isinstance(ctx.parent(node), ast.ClassDef)
            and function.kind == "method"
            and node.args.args
            and not _enumeration(node, ctx)
        ):
            ctx.report(CACHED_METHOD, node, "The cache keeps every instance alive.")
    if names & _MANAGERS:
        _manager(node, ctx)


def _enumeration(node: FunctionNode, ctx: Context) -> bool:
    cls = ctx.class_around(node)
    return cls is not None and (
        cls.is_a("enum.Enum", "builtins.type")
        or (not cls.known and "Enum" in "".join(ast.unparse(b) for b in (cls.node.bases if cls.node else [])))
    )


def _manager(node: FunctionNode, ctx: Context) -> None:
    yields = [part for part in own_nodes(node) if isinstance(part, ast.Yield | ast.YieldFrom)]
    if not yields:
        if (
            not any(
                isinstance(p, ast.Raise | ast.Call) and isinstance(ctx.parent(p), ast.Return) for p in own_nodes(node)
            )
            and ctx.exits(node.body) != Exit.RAISE
        ):
            ctx.report(CONTEXT_MANAGER, node, "This is no generator.")
        return
    direct = [
        position for position, s in enumerate(node.body) if isinstance(s, ast.Expr) and isinstance(s.value, ast.Yield)
    ]
    if len(direct) > 1:
        ctx.report(CONTEXT_MANAGER, node.body[direct[1]], "A context manager yields once.")
    elif len(direct) == 1 and direct[0] + 1 < len(node.body):
        rest = node.body[direct[0] + 1 :]
        cleaning = {
            "close",
            "release",
            "unlink",
            "remove",
            "rmtree",
            "cleanup",
            "stop",
            "shutdown",
            "terminate",
            "disconnect",
            "chdir",
        }
        for statement in rest:
            called = (
                statement.value.func
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
                else None
            )
            if isinstance(called, ast.Attribute) and called.attr in cleaning and not ctx.is_test:
                ctx.report(UNPROTECTED_YIELD, statement, "This does not run when the with block raises.")
                return


RULES = (
    CACHED_METHOD,
    CACHED_COROUTINE,
    CONTEXT_MANAGER,
    UNPROTECTED_YIELD,
)
CHECKS = (
    on(ast.FunctionDef, _decorated),
    on(ast.AsyncFunctionDef, _decorated),
)

"""Functions that do not give what they promise."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode, Kind
from codereview.analysers.bugs.model.walking import body_without_docstring, names_in, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, Check, define, on

MISSING_RETURN = define(
    "missing-return",
    "Function that returns a value on some ways only",
    severity=LOW,
    confidence=LIKELY,
    description="Some ways through the function return a value, others fall off the end and give None.",
    scenario="The caller gets None where it expects a value, and fails later with a confusing message.",
    fix="Return a value, or raise, on every way.",
    family="inconsistent-return",
    valid=(
        "def f(x):\n    if x:\n        return 1\n    return None\n",
        "def f(x):\n    if x:\n        return 1\n    raise ValueError\n",
        "def f(x):\n    if not x:\n        return\n    g()\n",
    ),
    invalid=(
        "def f(x):\n    if x > 1:\n        return 'many'\n    elif x == 1:\n        return 'one'\n",
        "def f(x) -> int:\n    if x:\n        return 1\n",
    ),
)
RETURN_IN_GENERATOR = define(
    "value-returned-from-generator",
    "Generator that returns a list",
    severity=MEDIUM,
    confidence=LIKELY,
    description="In a function with yield, a returned value is not what a loop over it sees: the loop sees nothing.",
    scenario="The caller iterates and gets no elements on this way.",
    fix="Yield the elements (yield from), or do not use yield.",
    family="return-in-generator",
    valid=(
        "def f(x):\n    if x:\n        return\n    yield 1\n",
        "def f(x):\n    result = yield x\n    return result\n",
    ),
    invalid=(
        "def f(x):\n    if x:\n        return [1]\n    yield 2\n",
        "def f(x):\n    if x:\n        return (y for y in x)\n    yield 2\n",
    ),
)
MUTABLE_DEFAULT = define(
    "mutable-default",
    "Default value that is shared and can change",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A default is evaluated once; a list, dict, set or deque in it is shared by all calls.",
    scenario="What one call adds is still there in the next one.",
    fix="Use None as the default and make a new value in the body.",
    family="mutable-default",
    valid=(
        "def f(x=None):\n    x = x or []\n",
        "def f(x=()):\n    pass\n",
        "EMPTY = ()\n\n\ndef f(x=EMPTY):\n    pass\n",
    ),
    invalid=(
        "def f(x=[]):\n    x.append(1)\n",
        "def f(x={}):\n    x['a'] = 1\n",
        "CACHE = {}\n\n\ndef f(x=CACHE):\n    x['a'] = 1\n",
        "import collections\n\n\ndef f(x=collections.deque()):\n    x.append(1)\n",
    ),
)
CALL_DEFAULT = define(
    "call-in-default",
    "Default value computed once",
    severity=MEDIUM,
    confidence=SURE,
    description="The current time, a random number or an id in a default is that of the import, for every call.",
    scenario="All records carry the same time or id: that of the start of the process.",
    fix="Use None as the default and compute the value in the body.",
    family="call-default",
    valid=("import time\n\n\ndef f(t=None):\n    t = t or time.time()\n", "def f(x=len('abc')):\n    pass\n"),
    invalid=(
        "import time\n\n\ndef f(t=time.time()):\n    pass\n",
        "import uuid\n\n\ndef f(key=uuid.uuid4()):\n    pass\n",
        "import datetime\n\n\ndef f(t=datetime.datetime.now()):\n    pass\n",
    ),
)
CACHED_METHOD = define(
    "cached-method",
    "Cache on a method",
    severity=LOW,
    confidence=LIKELY,
    description="lru_cache and cache on a method keep every instance alive for as long as the class, self being part of the key.",
    scenario="Instances are never freed: memory grows with every object that calls the method.",
    fix="Cache on the instance, or use functools.cached_property.",
    family="cached-instance-method",
    valid=(
        "import functools\n\n\n@functools.lru_cache\ndef f(x):\n    return x\n",
        "import functools\n\n\nclass A:\n    @staticmethod\n    @functools.cache\n    def f(x):\n        return x\n",
    ),
    invalid=(
        "import functools\n\n\nclass A:\n    @functools.lru_cache(maxsize=None)\n    def f(self, x):\n        return x\n",
        "from functools import cache\n\n\nclass A:\n    @cache\n    def f(self):\n        return 1\n",
    ),
)
CACHED_COROUTINE = define(
    "cached-coroutine",
    "Cache on a coroutine function or generator",
    severity=HIGH,
    confidence=SURE,
    description="What is cached is the coroutine or generator object, which can be used only once.",
    scenario="The second call with the same arguments raises RuntimeError: cannot reuse already awaited coroutine, or yields nothing.",
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
    scenario="TypeError when the with statement begins, or RuntimeError: generator didn't yield, or didn't stop.",
    fix="Yield once.",
    valid=(
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield 1\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm(x):\n    if x:\n        yield 1\n    else:\n        yield 2\n",
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
    description="Code behind the yield of a contextmanager does not run when the with block raises, unless it is in finally.",
    scenario="After an error in the with block the lock stays held, the file open, the setting changed.",
    fix="Put the yield into try/finally.",
    valid=(
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    lock.acquire()\n    try:\n        yield\n    finally:\n        lock.release()\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    with lock:\n        yield\n",
    ),
    invalid=(
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    lock.acquire()\n    yield\n    lock.release()\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm(path):\n    f = open(path)\n    yield f\n    f.close()\n",
    ),
)
PARAMETER_OVERWRITTEN = define(
    "parameter-overwritten",
    "Parameter overwritten before it is read",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The first thing the function does with the parameter is to give it another value.",
    scenario="Whatever the caller passes is ignored.",
    fix="Use the parameter, or remove it.",
    valid=(
        "def f(x):\n    x = x or 1\n    return x\n",
        "def f(x=None):\n    if x is None:\n        x = 1\n    return x\n",
    ),
    invalid=("def f(x):\n    x = 1\n    return x\n", "def f(a, b):\n    b = a + 1\n    return b\n"),
)
YIELD_OUTSIDE = define(
    "yield-outside-function",
    "yield, return or await where it may not stand",
    severity=HIGH,
    confidence=SURE,
    description="return and yield belong into functions, await into async functions, yield not into comprehensions.",
    scenario="SyntaxError: the file cannot be imported.",
    fix="Move it into a function of the right kind.",
    family="yield-outside-function",
    valid=("def f():\n    yield 1\n", "async def f(x):\n    await x\n"),
    invalid=(
        "yield 1\n",
        "class A:\n    return 1\n",
        "def f(x):\n    await x\n",
        "def f(x):\n    return [(yield y) for y in x]\n",
    ),
)
NO_RETURN = define(
    "noreturn-returns",
    "Function that promises not to return, and does",
    severity=MEDIUM,
    confidence=SURE,
    description="NoReturn and Never say that the function always raises or ends the process; here a way leads out of it.",
    scenario="Callers have no code behind the call, since none should be reached; it then runs on into something else.",
    fix="Raise on every way, or correct the annotation.",
    family="broken-noreturn",
    valid=(
        "from typing import NoReturn\n\n\ndef f() -> NoReturn:\n    raise ValueError\n",
        "from typing import NoReturn\n\n\ndef f() -> NoReturn:\n    while True:\n        g()\n",
    ),
    invalid=(
        "from typing import NoReturn\n\n\ndef f(x) -> NoReturn:\n    if x:\n        raise ValueError\n",
        "import typing\n\n\ndef f() -> typing.NoReturn:\n    return 1\n",
    ),
)
_CACHES = frozenset({"functools.lru_cache", "functools.lru_cache()", "functools.cache"})
_MUTABLE_CALLS = frozenset(
    {
        "builtins.list",
        "builtins.dict",
        "builtins.set",
        "collections.deque",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
        "builtins.bytearray",
        "collections.ChainMap",
    }
)
_MOMENTARY = frozenset(
    {
        "time.time",
        "time.monotonic",
        "time.time_ns",
        "time.perf_counter",
        "uuid.uuid4",
        "uuid.uuid1",
        "random.random",
        "random.randint",
        "random.choice",
        "random.uniform",
        "os.getpid",
        "os.urandom",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "secrets.token_hex",
        "secrets.token_urlsafe",
        "secrets.token_bytes",
        "time.localtime",
        "time.gmtime",
        "os.getcwd",
        "socket.socket",
        "builtins.open",
    }
)
_MUTATORS = frozenset(
    [
        "append",
        "extend",
        "update",
        "add",
        "pop",
        "setdefault",
        "clear",
        "insert",
        "remove",
        "sort",
        "discard",
        "popitem",
        "appendleft",
    ]
)
_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


def _returns(node: FunctionNode, ctx: Context) -> None:
    values = [part for part in own_nodes(node) if isinstance(part, ast.Return)]
    _noreturn(node, ctx)
    if (
        not any(part.value is not None and not _is_none(part.value) for part in values)
        or ctx.method(node).returns == "types.GeneratorType"
    ):
        return
    if node.name == "__init__" or ctx.is_test or Exit.NEXT not in ctx.exits(node.body):
        return
    if _may_leave(node.body[-1], ctx) or any(part.value is None for part in values):
        return
    if _optional(node):
        return
    last = node.body[-1]
    chain = isinstance(last, ast.If) and last.orelse and not isinstance(node.returns, ast.Constant)
    if chain or node.returns is not None or isinstance(last, ast.Match):
        ctx.report(MISSING_RETURN, node, f"{node.name}() returns a value on some ways, and None at its end.")


def _optional(node: FunctionNode) -> bool:
    """Whether the annotation says that None may come."""
    if node.returns is None:
        return False
    text = ast.unparse(node.returns)
    return any(word in text for word in ("None", "Optional", "Any", "object", "bool", "Generator", "Iterator"))


def _may_leave(statement: ast.stmt, ctx: Context) -> bool:
    """Whether the last statement may well not come back, by what it is called."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if any(
                word in name.lower()
                for word in ("fail", "error", "abort", "exit", "raise", "die", "usage", "unreachable", "assert_never")
            ):
                return True
    return isinstance(statement, ast.With | ast.AsyncWith | ast.While)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _noreturn(node: FunctionNode, ctx: Context) -> None:
    if node.returns is None or ctx.qualified(node.returns) not in (
        "typing.NoReturn",
        "typing.Never",
        "typing_extensions.NoReturn",
        "typing_extensions.Never",
    ):
        return
    body = body_without_docstring(node.body)
    stub = all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)
    exits = ctx.exits(node.body)
    if not stub and (Exit.RETURN in exits or (Exit.NEXT in exits and not _may_leave(node.body[-1], ctx))):
        ctx.report(NO_RETURN, node, f"{node.name}() can return.")


def _generator(node: ast.FunctionDef, ctx: Context) -> None:
    if ctx.method(node).returns != "types.GeneratorType" or any(name for name in ctx.decorators(node)):
        return
    if (
        any(
            isinstance(p, ast.YieldFrom) or (isinstance(p, ast.Yield) and not isinstance(ctx.parent(p), ast.Expr))
            for p in own_nodes(node)
        )
        or node.decorator_list
    ):
        return
    for part in own_nodes(node):
        if isinstance(part, ast.Return) and isinstance(
            part.value, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp | ast.Dict | ast.Set
        ):
            ctx.report(RETURN_IN_GENERATOR, part, "A loop over this generator does not see the returned value.")


def _defaults(node: FunctionNode | ast.Lambda, ctx: Context) -> None:
    for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
        if _mutable(default, ctx) and not (ctx.is_test and not _mutated(default, node, ctx)):
            ctx.report(MUTABLE_DEFAULT, default, "Every call shares this value.", last=default)
        elif isinstance(default, ast.Call) and ctx.qualified(default.func) in _MOMENTARY:
            ctx.report(CALL_DEFAULT, default, "This is evaluated once, when the function is defined.")


def _mutable(node: ast.expr, ctx: Context) -> bool:
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return ctx.qualified(node.func) in _MUTABLE_CALLS
    if isinstance(node, ast.Name):
        found = ctx.index.scope_of_name[node].resolve(node.id)
        bindings = found[1] if found is not None else []
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind is Kind.ASSIGNED else None
        return (
            isinstance(value, ast.List | ast.Dict | ast.Set | ast.Call) and _mutable(value, ctx) and _changed(node, ctx)
        )
    return False


def _changed(default: ast.expr, ctx: Context) -> bool:
    """Whether the function changes the parameter that has this default."""
    function = ctx.enclosing(default, *FUNCTIONS)
    return isinstance(function, FUNCTIONS) and _mutated(default, function, ctx)


def _mutated(default: ast.expr, function: FunctionNode | ast.Lambda, ctx: Context) -> bool:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = dict(zip(map(id, arguments.defaults), plain[len(plain) - len(arguments.defaults) :], strict=True))
    pairs |= {id(d): a for d, a in zip(arguments.kw_defaults, arguments.kwonlyargs, strict=False)}
    parameter = pairs.get(id(default))
    return parameter is not None and any(_mutates(part, parameter.arg, ctx) for part in own_nodes(function))


def _mutates(part: ast.AST, name: str, ctx: Context) -> bool:
    if not isinstance(part, ast.Name) or part.id != name:
        return False
    parent = ctx.parent(part)
    if isinstance(parent, ast.Subscript):
        return parent.value is part and not isinstance(parent.ctx, ast.Load)
    return isinstance(parent, ast.Attribute) and parent.attr in _MUTATORS


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


def _overwritten(node: FunctionNode, ctx: Context) -> None:
    if ctx.is_test or node.decorator_list:
        return
    scope = ctx.index.scopes[node]
    plain = {a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    method = isinstance(ctx.parent(node), ast.ClassDef)
    used: set[str] = set()
    for statement in body_without_docstring(node.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                used |= names_in(value)
                if (
                    name in plain - used
                    and name not in ("self", "cls", "_")
                    and not name.startswith("_")
                    and name not in ctx.index.shared
                ):
                    first = scope.bindings[name][0].node
                    if not (method and _is_override(node, ctx)) and isinstance(first, ast.arg):
                        ctx.report(PARAMETER_OVERWRITTEN, statement, f"What is passed as '{name}' is never read.")
                used.add(name)
            case ast.Expr() | ast.AnnAssign() | ast.AugAssign() | ast.Import() | ast.ImportFrom():
                used |= names_in(statement)
            case _:
                return


def _is_override(node: FunctionNode, ctx: Context) -> bool:
    """Whether the signature may be given by a base class."""
    cls = ctx.class_around(node)
    return cls is None or len(cls.ancestors) > 2 or not cls.known or node.name.startswith("__")


def _stray(node: ast.Yield | ast.YieldFrom | ast.Await | ast.Return, ctx: Context) -> None:
    scope = ctx.index.scope_at(node)
    if isinstance(node, ast.Return):
        wrong = not scope.is_function
    elif isinstance(node, ast.Await):
        while scope.is_comprehension and scope.parent is not None:
            scope = scope.parent
        wrong = isinstance(scope.node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
    else:
        wrong = not scope.is_function
    if wrong and ctx.is_complete and not ctx.module.file.path.endswith(".ipynb"):
        ctx.report(YIELD_OUTSIDE, node, "This may not stand here.")


_ = UNSURE
RULES = (
    *(
        MISSING_RETURN,
        RETURN_IN_GENERATOR,
        MUTABLE_DEFAULT,
        CALL_DEFAULT,
        CACHED_METHOD,
        CACHED_COROUTINE,
        CONTEXT_MANAGER,
    ),
    *(UNPROTECTED_YIELD, PARAMETER_OVERWRITTEN, YIELD_OUTSIDE, NO_RETURN),
)
_BOTH = (ast.FunctionDef, ast.AsyncFunctionDef)
CHECKS = (
    *(Check(kind, look) for kind in _BOTH for look in (_returns, _defaults, _decorated, _overwritten)),
    on(ast.Lambda, _defaults),
    on(ast.FunctionDef, _generator),
    *(Check(kind, _stray) for kind in (ast.Yield, ast.YieldFrom, ast.Await, ast.Return)),
)

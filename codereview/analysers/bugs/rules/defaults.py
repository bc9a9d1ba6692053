"""Default values."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode, Kind
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.functions import mutated

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


def _defaults(node: FunctionNode | ast.Lambda, ctx: Context) -> None:
    for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
        if _mutable(default, ctx) and not (ctx.is_test and not mutated(default, node, ctx)):
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
    return isinstance(function, FUNCTIONS) and mutated(default, function, ctx)


RULES = (
    MUTABLE_DEFAULT,
    CALL_DEFAULT,
)
CHECKS = (
    on(ast.FunctionDef, _defaults),
    on(ast.AsyncFunctionDef, _defaults),
    on(ast.Lambda, _defaults),
)

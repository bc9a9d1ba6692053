"""Locks and threads."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.declared import attribute_values
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import is_generator, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on

LOCK_HELD = define(
    "lock-not-released",
    "Lock taken and not released on every way",
    severity=MEDIUM,
    confidence=LIKELY,
    description="acquire() is called without a try/finally or with that releases the lock when something fails.",
    scenario="After an exception the lock stays taken, and every other thread waits for ever.",
    fix="Use `with lock:`.",
    valid=(
        "import threading\n\nlock = threading.Lock()\nwith lock:\n    f()\n",
        ("import threading\n\nlock = threading.Lock()\nlock.acquire()\ntry:\n    f()\nfinally:\n    lock.release()\n"),
    ),
    invalid=(
        (
            "import threading\n"
            "\n"
            "lock = threading.Lock()\n"
            "\n"
            "\n"
            "def g():\n"
            "    lock.acquire()\n"
            "    f()\n"
            "    lock.release()\n"
        ),
        ("import threading\n\nlock = threading.RLock()\n\n\ndef g():\n    lock.acquire()\n    return f()\n"),
    ),
)


LOCK_AS_CONDITION = define(
    "lock-made-on-the-spot",
    "Lock that nobody else can hold",
    severity=HIGH,
    confidence=SURE,
    description="`with threading.Lock():` makes a new lock each time, so it excludes no one.",
    scenario="Threads run through the section at the same time: lost updates.",
    fix="Make the lock once, and share it.",
    family="useless-with-lock",
    valid=("import threading\n\nlock = threading.Lock()\nwith lock:\n    pass\n", "with open('a'):\n    pass\n"),
    invalid=(
        "import threading\n\nwith threading.Lock():\n    pass\n",
        "def f():\n    import threading\n\n    with threading.RLock():\n        pass\n",
    ),
)


BAD_THREAD = define(
    "thread-target-called",
    "Thread target that is called at once",
    severity=HIGH,
    confidence=LIKELY,
    description="target=f() runs f in the caller and hands its result, usually None, to the thread.",
    scenario="The work runs before the thread starts, in the wrong thread; the thread does nothing.",
    fix="Write target=f, args=(…).",
    valid=(
        "import threading\n\nthreading.Thread(target=f, args=(1,))\n",
        "import threading\n\nthreading.Thread(target=lambda: f(1))\n",
    ),
    invalid=(
        "import threading\n\n\ndef f():\n    print(1)\n\n\nthreading.Thread(target=f())\n",
        "import atexit\n\n\ndef f():\n    print(1)\n\n\natexit.register(f())\n",
        "import threading\n\n\ndef f(x):\n    pass\n\n\nthreading.Thread(target=f, args=('a'))\n",
    ),
)


_LOCKS = frozenset(
    {
        "threading.Lock",
        "threading.RLock",
        "threading.Semaphore",
        "threading.BoundedSemaphore",
        "threading.Condition",
        "multiprocessing.Lock",
        "multiprocessing.RLock",
        "asyncio.Lock",
    }
)


def _own_lock(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        if ctx.calls(item.context_expr, *_LOCKS):
            ctx.report(LOCK_AS_CONDITION, item.context_expr, "This lock is new each time.")


def _expression(node: ast.Expr, ctx: Context) -> None:
    call = node.value
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
        or call.func.attr != "acquire"
        or call.args
        or call.keywords
    ):
        return
    owner = call.func.value
    found = ctx.index.scope_at(owner).resolve(owner.id) if isinstance(owner, ast.Name) else None
    value = found[1][0].value if found is not None and len(found[1]) == 1 else None
    if isinstance(owner, ast.Attribute) and (holder := ctx.value(owner.value)) is not None and holder.cls is not None:
        values = attribute_values(holder.cls, owner.attr, ctx.module)
        value = values[0] if len(values) == 1 else None
    function = ctx.function_around(node)
    if (
        not isinstance(value, ast.Call)
        or ctx.qualified(value.func) not in _LOCKS
        or not isinstance(function, FUNCTIONS)
    ):
        return
    text = ast.unparse(owner)
    released = any(
        isinstance(p, ast.Try) and any(f"{text}.release" in ast.unparse(s) for s in p.finalbody)
        for p in own_nodes(function)
    )
    if not released and function.name not in ("__enter__", "acquire", "lock") and not ctx.is_test:
        ctx.report(LOCK_HELD, node, "When something fails before release() the lock stays taken.")


def _threads(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if name in ("threading.Thread", "multiprocessing.Process", "threading.Timer"):
        for keyword in node.keywords:
            if keyword.arg == "target" and _gives_nothing(keyword.value, ctx):
                ctx.report(BAD_THREAD, node, "The target is called here, not by the thread.")
            text = (
                isinstance(keyword.value, ast.Constant)
                and isinstance(keyword.value.value, str)
                and len(keyword.value.value) > 0
            )
            if keyword.arg == "args" and text:
                ctx.report(BAD_THREAD, node, "Each letter becomes an argument: a comma is missing.")
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _LATER and len(node.args) == _LATER[node.func.attr]:
        if _gives_nothing(node.args[-1], ctx):
            ctx.report(BAD_THREAD, node, "The function is called here, not later.")
    elif name in ("atexit.register", "signal.signal") and node.args:
        handler = node.args[-1 if name == "signal.signal" else 0]
        if _gives_nothing(handler, ctx):
            ctx.report(BAD_THREAD, node, "The handler is called here, not later.")


def _gives_nothing(node: ast.expr, ctx: Context) -> bool:
    """Whether it is a call whose result is None: no function to be called later."""
    if not isinstance(node, ast.Call):
        return False
    value = ctx.value(node)
    if value is not None:
        return value.is_none
    function = ctx.definition(node.func)
    body = function.node if function is not None and function.transparent and not function.is_abstract else None
    if not isinstance(body, ast.FunctionDef) or body.returns is not None or is_generator(body):
        return False
    return not any(isinstance(part, ast.Return) and part.value is not None for part in own_nodes(body))


#: Methods that call a function later, and the place it is given in when it has no arguments.
_LATER = {"submit": 1, "call_soon": 1, "call_later": 2, "call_at": 2, "run_in_executor": 2, "add_done_callback": 1}

RULES = (
    LOCK_HELD,
    LOCK_AS_CONDITION,
    BAD_THREAD,
)
CHECKS = (
    on(ast.With, _own_lock),
    on(ast.Call, _threads),
    on(ast.Expr, _expression),
)

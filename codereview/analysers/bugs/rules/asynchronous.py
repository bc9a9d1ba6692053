"""Coroutines, tasks, and what blocks the event loop."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on

NOT_AWAITED = define(
    "coroutine-not-awaited",
    "Coroutine that is never awaited",
    severity=HIGH,
    confidence=SURE,
    description=("Calling an async function only makes a coroutine; without await, or a task, its body never runs."),
    scenario="The work silently does not happen; Python warns 'coroutine was never awaited' at best.",
    fix="Await it, or hand it to asyncio.create_task().",
    family="coroutine-not-awaited",
    valid=(
        "async def f():\n    pass\n\n\nasync def g():\n    await f()\n",
        "import asyncio\n\n\nasync def f():\n    pass\n\n\nasyncio.run(f())\n",
    ),
    invalid=(
        "async def f():\n    pass\n\n\nasync def g():\n    f()\n",
        "import asyncio\n\n\nasync def g():\n    asyncio.sleep(1)\n",
        "class A:\n    async def f(self):\n        pass\n\n    async def g(self):\n        self.f()\n",
    ),
)
COROUTINE_AS_VALUE = define(
    "coroutine-as-value",
    "Coroutine used where its result was meant",
    severity=HIGH,
    confidence=SURE,
    description=("A coroutine is tested, compared, iterated, indexed or added: the await before the call is missing."),
    scenario="The condition is always true, or the operation raises TypeError; the coroutine never runs.",
    fix="Await the call.",
    family="coroutine-not-awaited",
    valid=(
        "async def f():\n    return 1\n\n\nasync def g():\n    if await f():\n        pass\n",
        "async def f():\n    return 1\n\n\nasync def g():\n    x = f()\n    await x\n",
    ),
    invalid=(
        "async def f():\n    return 1\n\n\nasync def g():\n    if f():\n        pass\n",
        "async def f():\n    return [1]\n\n\nasync def g():\n    return f()[0]\n",
        "async def f():\n    return 1\n\n\nasync def g():\n    return f() == 1\n",
    ),
)
TASK_NOT_KEPT = define(
    "task-not-kept",
    "Task that nothing holds on to",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The event loop keeps only a weak reference to a task; without another one it may be collected.",
    scenario="The task disappears half-way through, and its exception is never seen.",
    fix="Keep the task in a collection until it is done, or use a TaskGroup.",
    family="task-not-kept",
    valid=(
        "import asyncio\n\n\nasync def g():\n    task = asyncio.create_task(f())\n    await task\n",
        (
            "import asyncio\n"
            "\n"
            "\n"
            "async def g():\n"
            "    async with asyncio.TaskGroup() as group:\n"
            "        group.create_task(f())\n"
        ),
    ),
    invalid=(
        "import asyncio\n\n\nasync def g():\n    asyncio.create_task(f())\n",
        "import asyncio\n\n\nasync def g():\n    asyncio.ensure_future(f())\n",
        ("import asyncio\n\n\nasync def g():\n    loop = asyncio.get_running_loop()\n    loop.create_task(f())\n"),
    ),
)
BLOCKING = define(
    "blocking-call-in-async",
    "Blocking call in a coroutine",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "While a coroutine sleeps, waits for a process or the network without await, the whole event loop stands still."
    ),
    scenario="Every other connection and timer of the process stops for that long.",
    fix="Use the asynchronous counterpart, or asyncio.to_thread().",
    family="blocking-call-in-async",
    valid=(
        "import asyncio\n\n\nasync def g():\n    await asyncio.sleep(1)\n",
        "import asyncio\nimport time\n\n\nasync def g():\n    await asyncio.to_thread(time.sleep, 1)\n",
        "import time\n\n\ndef g():\n    time.sleep(1)\n",
    ),
    invalid=(
        "import time\n\n\nasync def g():\n    time.sleep(1)\n",
        "import requests\n\n\nasync def g():\n    return requests.get('http://x')\n",
        "import subprocess\n\n\nasync def g():\n    subprocess.run(['ls'])\n",
    ),
)
RUN_IN_LOOP = define(
    "asyncio-run-in-coroutine",
    "Event loop started inside a coroutine",
    severity=HIGH,
    confidence=SURE,
    description=("asyncio.run() and run_until_complete() cannot be called while a loop is running in the same thread."),
    scenario="RuntimeError: asyncio.run() cannot be called from a running event loop.",
    fix="Await the coroutine.",
    valid=(
        "import asyncio\n\n\nasync def f():\n    pass\n\n\nasyncio.run(f())\n",
        "import asyncio\n\n\nasync def f():\n    await asyncio.sleep(0)\n",
    ),
    invalid=(
        "import asyncio\n\n\nasync def g():\n    asyncio.run(f())\n",
        "import asyncio\n\n\nasync def g():\n    asyncio.get_event_loop().run_until_complete(f())\n",
    ),
)
THREAD_LOCK = define(
    "thread-lock-across-await",
    "await while a thread's lock is held",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "A threading.Lock is held over an await: another task of the same loop that wants it blocks the loop itself."
    ),
    scenario="Deadlock: the holder cannot continue because the loop waits for the lock.",
    fix="Use asyncio.Lock with async with.",
    valid=(
        ("import asyncio\n\nlock = asyncio.Lock()\n\n\nasync def g():\n    async with lock:\n        await f()\n"),
        "import threading\n\nlock = threading.Lock()\n\n\nasync def g():\n    with lock:\n        f()\n",
    ),
    invalid=(
        ("import threading\n\nlock = threading.Lock()\n\n\nasync def g():\n    with lock:\n        await f()\n"),
        (
            "import threading\n"
            "\n"
            "lock = threading.RLock()\n"
            "\n"
            "\n"
            "async def g():\n"
            "    with lock:\n"
            "        async for x in y:\n"
            "            pass\n"
        ),
    ),
)
CANCELLATION = define(
    "cancellation-swallowed",
    "Cancellation swallowed",
    severity=LOW,
    confidence=LIKELY,
    description=("CancelledError is caught around an await and not raised again, so the task cannot be cancelled."),
    scenario="Shutdown or a timeout waits for ever for the task.",
    fix="Raise it again after cleaning up.",
    valid=(
        (
            "import asyncio\n"
            "\n"
            "\n"
            "async def g():\n"
            "    try:\n"
            "        await f()\n"
            "    except asyncio.CancelledError:\n"
            "        h()\n"
            "        raise\n"
        ),
        "async def g():\n    try:\n        await f()\n    except Exception:\n        pass\n",
    ),
    invalid=(
        (
            "import asyncio\n"
            "\n"
            "\n"
            "async def g():\n"
            "    while True:\n"
            "        try:\n"
            "            await f()\n"
            "        except asyncio.CancelledError:\n"
            "            continue\n"
        ),
        (
            "import asyncio\n"
            "\n"
            "\n"
            "async def g():\n"
            "    while True:\n"
            "        try:\n"
            "            await f()\n"
            "        except (asyncio.CancelledError, ValueError):\n"
            "            pass\n"
        ),
    ),
)
_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.tasks.create_task"})
_BLOCKING = frozenset(
    {
        "time.sleep",
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "os.system",
        "os.popen",
    }
    | {f"requests.{verb}" for verb in ("get", "post", "put", "delete", "patch", "head", "request", "options")}
    | {f"httpx.{verb}" for verb in ("get", "post", "put", "delete", "patch", "head", "request", "stream")}
    | {
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "builtins.input",
        "os.wait",
        "os.waitpid",
        "socket.create_connection",
    }
    | {"urllib3.request", "select.select", "socket.gethostbyname", "socket.getaddrinfo"}
)


def _statement(node: ast.Expr, ctx: Context) -> None:
    call = node.value
    if not isinstance(call, ast.Call) or ctx.expects_error(node):
        return
    name = ctx.qualified(call.func)
    if name in _TASKS or _loop_task(call, ctx):
        ctx.report(TASK_NOT_KEPT, node, "Nothing keeps this task alive.")
    elif _is_coroutine(call, ctx):
        ctx.report(NOT_AWAITED, node, "The coroutine is made, but never runs.")


def _loop_task(call: ast.Call, ctx: Context) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "create_task":
        return False
    owner = call.func.value
    if isinstance(owner, ast.Call):
        return ctx.qualified(owner.func) in ("asyncio.get_event_loop", "asyncio.get_running_loop")
    return isinstance(owner, ast.Name) and owner.id in ("loop", "event_loop")


def _is_coroutine(call: ast.expr, ctx: Context) -> bool:
    value = ctx.value(call)
    return value is not None and value.instance_of("types.CoroutineType")


def _used(node: ast.Call | ast.Name, ctx: Context) -> None:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    parent = ctx.parent(node)
    wrong = False
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            wrong = test is node
        case ast.UnaryOp() | ast.BinOp() | ast.Subscript() | ast.FormattedValue():
            wrong = True
        case ast.BoolOp():
            wrong = True
        case ast.Compare(ops=ops):
            wrong = not any(isinstance(op, ast.Is | ast.IsNot) for op in ops)
        case ast.Attribute(attr=attr):
            wrong = attr not in (
                "close",
                "send",
                "throw",
                "cr_frame",
                "cr_running",
                "cr_await",
                "cr_code",
                "__await__",
                "__name__",
                "__qualname__",
                "cr_origin",
            )
        case _:
            pass
    if wrong and not ctx.is_test and _is_coroutine(node, ctx):
        ctx.report(COROUTINE_AS_VALUE, node, "This is the coroutine, not its result.")


def _call(node: ast.Call, ctx: Context) -> None:
    if not isinstance(ctx.function_around(node), ast.AsyncFunctionDef):
        return
    name = ctx.qualified(node.func)
    if name in _BLOCKING and not isinstance(ctx.parent(node), ast.Await) and not ctx.is_test:
        ctx.report(BLOCKING, node, f"{name} blocks the event loop.")
    elif name == "asyncio.run" or (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_until_complete"
        and isinstance(node.func.value, ast.Call | ast.Name)
        and "loop" in ast.unparse(node.func.value)
    ):
        own = (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)) or name == "asyncio.run"
        if own and not ctx.expects_error(node):
            ctx.report(RUN_IN_LOOP, node, "A loop is already running here.")


def _with(node: ast.With, ctx: Context) -> None:
    if not isinstance(ctx.function_around(node), ast.AsyncFunctionDef):
        return
    held = any(_thread_lock(item.context_expr, ctx) for item in node.items)
    awaits = any(isinstance(n, ast.Await | ast.AsyncFor | ast.AsyncWith) for s in node.body for n in ast.walk(s))
    if held and awaits:
        ctx.report(THREAD_LOCK, node, "The lock stays held while other tasks run.")


def _thread_lock(node: ast.expr, ctx: Context) -> bool:
    found = ctx.index.scope_at(node).resolve(node.id) if isinstance(node, ast.Name) else None
    if found is None or len(found[1]) != 1 or found[1][0].value is None:
        return False
    return ctx.calls(
        found[1][0].value, "threading.Lock", "threading.RLock", "threading.Semaphore", "multiprocessing.Lock"
    )


def _handler(node: ast.ExceptHandler, ctx: Context) -> None:
    if node.type is None or not isinstance(ctx.function_around(node), ast.AsyncFunctionDef) or ctx.is_test:
        return
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    if not any(
        ctx.qualified(kind) in ("asyncio.CancelledError", "asyncio.exceptions.CancelledError") for kind in kinds
    ):
        return
    leaves = any(isinstance(n, ast.Raise | ast.Return | ast.Break) for s in node.body for n in ast.walk(s))
    around = ctx.enclosing(node, ast.While, ast.For, ast.AsyncFor, *FUNCTIONS)
    if not leaves and isinstance(around, ast.While | ast.AsyncFor):
        ctx.report(CANCELLATION, node, "The loop goes on after it was cancelled.")


RULES = (NOT_AWAITED, COROUTINE_AS_VALUE, TASK_NOT_KEPT, BLOCKING, RUN_IN_LOOP, THREAD_LOCK, CANCELLATION)
CHECKS = (
    on(ast.Expr, _statement),
    on(ast.Call, _used),
    on(ast.Name, _used),
    on(ast.Call, _call),
    on(ast.With, _with),
    on(ast.ExceptHandler, _handler),
)

"""Files, locks and processes, and how they are opened and closed."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode, Kind
from codereview.analysers.bugs.model.walking import own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.calls import _expects_error as expects_error

NOT_CLOSED = define(
    "resource-not-closed",
    "File or connection that is never closed",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The resource is opened, kept in a local name only, and neither closed, returned nor handed on.",
    scenario="The descriptor stays open until the garbage collector comes by; buffered data may be lost.",
    fix="Open it in a with statement.",
    family="resource-not-closed",
    valid=(
        "def f(p):\n    with open(p) as g:\n        return g.read()\n",
        "def f(p):\n    g = open(p)\n    try:\n        return g.read()\n    finally:\n        g.close()\n",
        "def f(p):\n    return open(p)\n",
    ),
    invalid=(
        "def f(p):\n    g = open(p)\n    return g.read()\n",
        "def f(p):\n    g = open(p, 'w')\n    g.write('x')\n",
        "import socket\n\n\ndef f():\n    s = socket.socket()\n    s.connect(('a', 1))\n    s.sendall(b'x')\n",
    ),
)
OPENED_AND_DROPPED = define(
    "resource-dropped",
    "File opened and dropped in one expression",
    severity=LOW,
    confidence=LIKELY,
    description="open(…).read() and open(…).write(…) leave the closing to the garbage collector.",
    scenario="On other interpreters, or while an exception holds the frame, the file stays open; writes may be lost.",
    fix="Use a with statement, or Path.read_text().",
    family="resource-not-closed",
    valid=("with open('a') as f:\n    x = f.read()\n", "from pathlib import Path\n\nx = Path('a').read_text()\n"),
    invalid=("x = open('a').read()\n", "open('a', 'w').write('x')\n", "import json\n\nx = json.load(open('a'))\n"),
)
BAD_MODE = define(
    "bad-open-mode",
    "Invalid mode of open()",
    severity=HIGH,
    confidence=SURE,
    description="A mode has exactly one of r, w, a and x, at most one + and one of b and t; bytes modes take no encoding.",
    scenario="ValueError whenever the line runs.",
    fix="Correct the mode.",
    family="bad-open-mode",
    valid=("open('a', 'rb')\n", "open('a', 'w+', encoding='utf-8')\n"),
    invalid=("open('a', 'rw')\n", "open('a', 'rb', encoding='utf-8')\n", "open('a', mode='z')\n", "open('a', 'wr')\n"),
)
WRONG_DIRECTION = define(
    "wrong-open-direction",
    "File used against its mode",
    severity=HIGH,
    confidence=SURE,
    description="A file opened for reading is written to, or one opened for writing is read; bytes go into a text file.",
    scenario="io.UnsupportedOperation: not writable (or readable); TypeError for bytes in a text file.",
    fix="Open it in the mode that is used.",
    valid=("with open('a', 'w') as f:\n    f.write('x')\n", "with open('a') as f:\n    f.read()\n"),
    invalid=(
        "with open('a') as f:\n    f.write('x')\n",
        "with open('a', 'w') as f:\n    x = f.read()\n",
        "with open('a', 'w') as f:\n    f.write(b'x')\n",
        "with open('a', 'wb') as f:\n    f.write('x')\n",
    ),
)
CLOSED_USE = define(
    "used-after-close",
    "File used after it was closed",
    severity=HIGH,
    confidence=SURE,
    description="The with block that closes the file has ended, or close() was called.",
    scenario="ValueError: I/O operation on closed file.",
    fix="Move the use into the block.",
    valid=("with open('a') as f:\n    x = f.read()\nprint(x)\n", "f = open('a')\nf.read()\nf.close()\n"),
    invalid=(
        "with open('a') as f:\n    pass\nx = f.read()\n",
        "def g():\n    with open('a') as f:\n        lines = f\n    return f.readlines()\n",
    ),
)
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
        "import threading\n\nlock = threading.Lock()\nlock.acquire()\ntry:\n    f()\nfinally:\n    lock.release()\n",
    ),
    invalid=(
        "import threading\n\nlock = threading.Lock()\n\n\ndef g():\n    lock.acquire()\n    f()\n    lock.release()\n",
        "import threading\n\nlock = threading.RLock()\n\n\ndef g():\n    lock.acquire()\n    return f()\n",
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
ENVIRONMENT = define(
    "environment-not-text",
    "Environment variable that is not text",
    severity=HIGH,
    confidence=SURE,
    description="Names and values of environment variables are strings.",
    scenario="TypeError: str expected, not int; for the default of getenv(), a value of two different types.",
    fix="Convert it to text.",
    family="invalid-envvar",
    valid=(
        "import os\n\nos.environ['A'] = '1'\n",
        "import os\n\nos.getenv('A', '1')\n",
        "import os\n\nos.getenv('A', None)\n",
    ),
    invalid=(
        "import os\n\nos.environ['A'] = 1\n",
        "import os\n\nos.getenv(1)\n",
        "import os\n\nos.putenv('A', 1)\n",
        "import os\n\nos.environ['A'] = None\n",
    ),
)
ENVIRON_COPY = define(
    "environ-shallow-copy",
    "copy.copy() of os.environ",
    severity=MEDIUM,
    confidence=SURE,
    description="copy.copy() keeps the connection to the process: changes to the copy still go to the environment.",
    scenario="Variables meant for one child process leak into all others.",
    fix="Use os.environ.copy().",
    family="shallow-copy-environ",
    valid=("import os\n\nx = os.environ.copy()\n", "import copy\n\nx = copy.copy({})\n"),
    invalid=(
        "import copy\nimport os\n\nx = copy.copy(os.environ)\n",
        "from copy import copy\nimport os\n\nx = copy(x=os.environ)\n",
    ),
)
_OPENERS = frozenset(
    {
        "builtins.open",
        "io.open",
        "codecs.open",
        "gzip.open",
        "bz2.open",
        "lzma.open",
        "socket.socket",
        "socket.create_connection",
        "tarfile.open",
        "zipfile.ZipFile",
        "sqlite3.connect",
        "tempfile.TemporaryFile",
        "os.fdopen",
        "urllib.request.urlopen",
        "shelve.open",
        "wave.open",
        "mmap.mmap",
    }
)
_FILES = frozenset({"builtins.open", "io.open"})
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


def _function(node: FunctionNode, ctx: Context) -> None:
    if ctx.is_test:
        return
    scope = ctx.index.scopes[node]
    for name, bindings in scope.bindings.items():
        first = bindings[0]
        if (
            (
                len(bindings) == 1
                and first.kind is Kind.ASSIGNED
                and isinstance(first.value, ast.Call)
                and ctx.qualified(first.value.func) in _OPENERS
            )
            and name not in scope.globals | ctx.index.shared
            and _stays_local(name, node, ctx)
        ):
            ctx.report(NOT_CLOSED, first.value, f"'{name}' is never closed.")


def _stays_local(name: str, node: FunctionNode, ctx: Context) -> bool:
    """Whether the resource is only read and written through its methods, and never closed or handed on."""
    for part in ast.walk(node):
        if not isinstance(part, ast.Name) or part.id != name or not isinstance(part.ctx, ast.Load):
            continue
        parent = ctx.parent(part)
        if isinstance(parent, ast.For | ast.comprehension) and parent.iter is part:
            continue
        if not isinstance(parent, ast.Attribute) or not isinstance(ctx.parent(parent), ast.Call):
            return False
        if parent.attr not in (
            "read",
            "write",
            "readline",
            "readlines",
            "writelines",
            "seek",
            "tell",
            "flush",
            "connect",
            "send",
            "sendall",
            "recv",
            "bind",
            "listen",
            "settimeout",
            "setsockopt",
            "extractall",
            "namelist",
            "getnames",
            "execute",
            "commit",
            "makefile",
        ):
            return False
        if parent.attr == "makefile":
            return False
    return True


def _call(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if name in _FILES:
        _mode(node, ctx)
        _dropped(node, ctx)
    _threads(node, name, ctx)
    _environment(node, name, ctx)
    if name == "copy.copy":
        values = [*node.args, *(k.value for k in node.keywords if k.arg in ("x", None))]
        flat = [v for value in values for v in (value.values if isinstance(value, ast.Dict) else [value])]
        if any(ctx.qualified(v) == "os.environ" for v in flat):
            ctx.report(ENVIRON_COPY, node, "The copy still changes the environment of the process.")


def _dropped(node: ast.Call, ctx: Context) -> None:
    parent = ctx.parent(node)
    if isinstance(parent, ast.Attribute) and parent.attr in ("read", "write", "readlines", "readline", "writelines"):
        dropped = isinstance(ctx.parent(parent), ast.Call)
    else:
        dropped = isinstance(parent, ast.Call) and ctx.qualified(parent.func) in (
            "json.load",
            "json.dump",
            "pickle.load",
            "pickle.dump",
            "yaml.safe_load",
            "yaml.load",
            "tomllib.load",
        )
    if dropped and not ctx.is_test and ctx.module.file.path.rpartition("/")[2] != "setup.py":
        ctx.report(OPENED_AND_DROPPED, node, "Nothing closes this file.")


def _text_mode(node: ast.Call) -> str | None:
    """The mode, when it is a literal."""
    mode = next((k.value for k in node.keywords if k.arg == "mode"), node.args[1] if len(node.args) > 1 else None)
    if mode is None:
        return "r" if not any(k.arg is None for k in node.keywords) else None
    return mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else None


def _mode(node: ast.Call, ctx: Context) -> None:
    mode = _text_mode(node)
    if mode is None or expects_error(node, ctx):
        return
    letters = mode.replace("U", "")
    valid = (
        set(letters) <= set("rwaxbt+")
        and len(set(letters)) == len(letters)
        and sum(c in letters for c in "rwax") == 1
        and not {"b", "t"} <= set(letters)
    )
    encoded = "b" in mode and any(
        k.arg in ("encoding", "newline", "errors") and not (isinstance(k.value, ast.Constant) and k.value.value is None)
        for k in node.keywords
    )
    if (not valid and not ("U" in mode and letters in ("", "r", "rb"))) or encoded:
        ctx.report(BAD_MODE, node, "A bytes mode takes no encoding." if encoded else f"The mode '{mode}' is invalid.")


def _with(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        call, target = item.context_expr, item.optional_vars
        if ctx.calls(call, *_LOCKS):
            ctx.report(LOCK_AS_CONDITION, call, "This lock is new each time.")
        if isinstance(call, ast.Call) and isinstance(target, ast.Name) and ctx.qualified(call.func) in _FILES:
            _directions(node, target.id, _text_mode(call), ctx)
            _after(node, target.id, ctx)


def _directions(node: ast.With, name: str, mode: str | None, ctx: Context) -> None:
    if mode is None or "+" in mode:
        return
    for part in (p for s in node.body for p in ast.walk(s)):
        if (
            not isinstance(part, ast.Call)
            or not isinstance(part.func, ast.Attribute)
            or not isinstance(part.func.value, ast.Name)
            or part.func.value.id != name
        ):
            continue
        reads = part.func.attr in ("read", "readline", "readlines")
        writes = part.func.attr in ("write", "writelines")
        wrong = (reads and "r" not in mode) or (writes and "r" in mode)
        value = ctx.value(part.args[0]) if part.func.attr == "write" and len(part.args) == 1 else None
        text, data = (
            value is not None and value.instance_of("builtins.str"),
            value is not None and value.instance_of("builtins.bytes"),
        )
        wrong |= (text and "b" in mode) or (data and "b" not in mode)
        if (
            wrong
            and not expects_error(part, ctx)
            and not ctx.in_try(part, "OSError", "UnsupportedOperation", "TypeError")
        ):
            ctx.report(WRONG_DIRECTION, part, f"The file is open in mode '{mode}'.")


def _after(node: ast.With, name: str, ctx: Context) -> None:
    """Reads of the file in the statements right behind the with block."""
    parent = ctx.parent(node)
    block = next(
        (
            b
            for n in ("body", "orelse", "finalbody")
            if isinstance(b := getattr(parent, n, None), list) and any(s is node for s in b)
        ),
        [],
    )
    position = next((i for i, s in enumerate(block) if s is node), len(block))
    for statement in block[position + 1 :]:
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and part.id == name:
                if not isinstance(part.ctx, ast.Load):
                    return
                owner = ctx.parent(part)
                if (
                    isinstance(owner, ast.Attribute)
                    and owner.attr in ("read", "write", "readline", "readlines", "seek", "tell", "writelines")
                    and not ctx.is_test
                ):
                    ctx.report(CLOSED_USE, owner, f"'{name}' was closed at the end of the with block.")
                    return
                return


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


def _threads(node: ast.Call, name: str, ctx: Context) -> None:
    if name in ("threading.Thread", "multiprocessing.Process", "threading.Timer"):
        for keyword in node.keywords:
            if keyword.arg == "target" and isinstance(keyword.value, ast.Call):
                value = ctx.value(keyword.value)
                if value is not None and value.is_none:
                    ctx.report(BAD_THREAD, node, "The target is called here, not by the thread.")
            text = (
                isinstance(keyword.value, ast.Constant)
                and isinstance(keyword.value.value, str)
                and len(keyword.value.value) > 0
            )
            if keyword.arg == "args" and text:
                ctx.report(BAD_THREAD, node, "Each letter becomes an argument: a comma is missing.")
    elif name in ("atexit.register", "signal.signal") and node.args:
        value = ctx.value(node.args[-1 if name == "signal.signal" else 0])
        if value is not None and value.is_none and isinstance(node.args[-1], ast.Call):
            ctx.report(BAD_THREAD, node, "The handler is called here, not later.")


def _environment(node: ast.Call, name: str, ctx: Context) -> None:
    if name not in (
        "os.getenv",
        "os.putenv",
        "os.environ.get",
        "os.environ.setdefault",
        "os.unsetenv",
    ) or expects_error(node, ctx):
        return
    wanted = node.args if name in ("os.putenv", "os.environ.setdefault") else node.args[:1]
    for argument in wanted:
        value = ctx.value(argument)
        if value is not None and value.instance_of(
            "builtins.int", "builtins.float", "builtins.bool", "types.NoneType", "builtins.list"
        ):
            ctx.report(ENVIRONMENT, node, "Environment variables are text.")
            return


def _store(node: ast.Assign, ctx: Context) -> None:
    for target in node.targets:
        if (
            isinstance(target, ast.Subscript)
            and ctx.qualified(target.value) == "os.environ"
            and not expects_error(node, ctx)
        ):
            value = ctx.value(node.value)
            if value is not None and value.instance_of(
                "builtins.int", "builtins.float", "builtins.bool", "types.NoneType", "builtins.list"
            ):
                ctx.report(ENVIRONMENT, node, "Environment variables are text.")


RULES = (
    *(NOT_CLOSED, OPENED_AND_DROPPED, BAD_MODE, WRONG_DIRECTION, CLOSED_USE, LOCK_HELD, LOCK_AS_CONDITION, BAD_THREAD),
    *(ENVIRONMENT, ENVIRON_COPY),
)
CHECKS = (
    on(ast.FunctionDef, _function),
    on(ast.AsyncFunctionDef, _function),
    on(ast.Call, _call),
    on(ast.With, _with),
    on(ast.Expr, _expression),
    on(ast.Assign, _store),
)

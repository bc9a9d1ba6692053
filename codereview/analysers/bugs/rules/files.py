"""Files and connections."""

import ast
from collections.abc import Sequence

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FunctionNode, Kind
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on

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
        ("def f(p):\n    g = open(p)\n    try:\n        return g.read()\n    finally:\n        g.close()\n"),
        "def f(p):\n    return open(p)\n",
    ),
    invalid=(
        "def f(p):\n    g = open(p)\n    return g.read()\n",
        "def f(p):\n    g = open(p, 'w')\n    g.write('x')\n",
        ("import socket\n\n\ndef f():\n    s = socket.socket()\n    s.connect(('a', 1))\n    s.sendall(b'x')\n"),
    ),
)


OPENED_AND_DROPPED = define(
    "resource-dropped",
    "File opened and dropped in one expression",
    severity=LOW,
    confidence=LIKELY,
    description="open(…).read() and open(…).write(…) leave the closing to the garbage collector.",
    scenario=("On other interpreters, or while an exception holds the frame, the file stays open; writes may be lost."),
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
    description=(
        "A mode has exactly one of r, w, a and x, at most one + and one of b and t; bytes modes take no encoding."
    ),
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
    description=(
        "A file opened for reading is written to, or one opened for writing is read; bytes go into a text file."
    ),
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
        "def g():\n    f = open('a')\n    f.close()\n    return f.read()\n",
        "def g():\n    with open('a') as f:\n        lines = f\n    return f.readlines()\n",
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


_USES = ("read", "write", "readline", "readlines", "seek", "tell", "writelines", "send", "recv", "sendall", "execute")
_FILES = frozenset({"builtins.open", "io.open"})


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
    "Whether the resource is only read and written through its methods, and never closed or handed on."
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


def _dropped(node: ast.Call, ctx: Context) -> None:
    parent = ctx.parent(node)
    if isinstance(parent, ast.Attribute) and parent.attr in ("read", "write", "readlines", "readline", "writelines"):
        dropped = isinstance(ctx.parent(parent), ast.Call)
    elif isinstance(parent, ast.For | ast.comprehension):
        dropped = parent.iter is node
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
    if mode is None or ctx.expects_error(node):
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


def _named(node: ast.Assign, ctx: Context) -> None:
    """``f = open(…)`` and what is done with f in the same block."""
    match node:
        case ast.Assign(targets=[ast.Name() as name], value=ast.Call() as call) if ctx.qualified(call.func) in _FILES:
            scope = ctx.index.scope_of_name[name]
            if len(scope.bindings.get(name.id, [])) == 1 and scope.is_function:
                body = getattr(scope.node, "body", [])
                _directions(body, name.id, _text_mode(call), ctx)
        case _:
            pass


def _with(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        call, target = item.context_expr, item.optional_vars
        if isinstance(call, ast.Call) and isinstance(target, ast.Name) and ctx.qualified(call.func) in _FILES:
            _directions(node.body, target.id, _text_mode(call), ctx)
            _after(node, target.id, ctx)


def _directions(body: Sequence[ast.stmt], name: str, mode: str | None, ctx: Context) -> None:
    if mode is None or "+" in mode:
        return
    for part in (p for s in body for p in ast.walk(s)):
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
            and not ctx.expects_error(part)
            and not ctx.in_try(part, "OSError", "UnsupportedOperation", "TypeError")
        ):
            ctx.report(WRONG_DIRECTION, part, f"The file is open in mode '{mode}'.")


def _closed(node: ast.Expr, ctx: Context) -> None:
    """``f.close()`` and, further down in the same block, ``f.read()``."""
    match node.value:
        case ast.Call(func=ast.Attribute(value=ast.Name() as name, attr="close"), args=[], keywords=[]):
            bindings = ctx.index.scope_of_name[name].bindings.get(name.id, [])
            value = bindings[0].value if len(bindings) == 1 else None
            if (
                isinstance(value, ast.Call)
                and ctx.qualified(value.func) in _OPENERS
                and bindings[0].kind is Kind.ASSIGNED
            ):
                _after(node, name.id, ctx)
        case _:
            pass


def _after(node: ast.With | ast.Expr, name: str, ctx: Context) -> None:
    """Reads of the file in the statements behind the one that closes it."""
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
                if isinstance(owner, ast.Attribute) and owner.attr in _USES and not ctx.is_test:
                    ctx.report(CLOSED_USE, owner, f"'{name}' is closed.")
                    return
                return


RULES = (
    NOT_CLOSED,
    OPENED_AND_DROPPED,
    BAD_MODE,
    WRONG_DIRECTION,
    CLOSED_USE,
)
CHECKS = (
    on(ast.FunctionDef, _function),
    on(ast.AsyncFunctionDef, _function),
    on(ast.Call, _call),
    on(ast.With, _with),
    on(ast.Assign, _named),
    on(ast.Expr, _closed),
)

"""What open() gives, and what is read from it."""

import ast

from codereview.analysers.bugs.model.definitions import Value

_TEXT, _READER, _WRITER = "io.TextIOWrapper", "io.BufferedReader", "io.BufferedWriter"
_READ = {
    (_TEXT, "read"): "builtins.str",
    (_TEXT, "readline"): "builtins.str",
    (_READER, "read"): "builtins.bytes",
    (_READER, "readline"): "builtins.bytes",
}


def opened_class(call: ast.Call) -> str:
    """The class of the file a call of open() gives, "" where the mode is not a literal."""
    mode = next((k.value for k in call.keywords if k.arg in ("mode", None)), None)
    mode = call.args[1] if mode is None and len(call.args) > 1 else mode
    if mode is None:
        return _TEXT
    if not isinstance(mode, ast.Constant) or not isinstance(mode.value, str) or "+" in mode.value:
        return ""
    if "b" not in mode.value:
        return _TEXT
    unbuffered = any(k.arg == "buffering" for k in call.keywords) or len(call.args) > 2
    return "" if unbuffered else _READER if "r" in mode.value else _WRITER


def read_class(call: ast.Call, owner: Value | None) -> str:
    """The class of what a method of a file reads, "" for anything else."""
    if not isinstance(call.func, ast.Attribute) or owner is None or owner.kind != "instance" or owner.cls is None:
        return ""
    return _READ.get((owner.cls.qualified.removeprefix("_"), call.func.attr), "")

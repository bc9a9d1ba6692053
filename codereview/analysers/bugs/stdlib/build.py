"""Makes stdlib.json, what the rules know of the standard library, out of type stubs.

    python -m codereview.analysers.bugs.stdlib.build TYPESHED_STDLIB

takes the directory "stdlib" of a copy of typeshed (Apache-2.0; every mypy wheel has one). Branches for versions and
platforms are united: a name counts as there when any supported Python has it, a call as right when any accepts it.
"""

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Large, and used by few.
_LEFT_OUT = ("tkinter", "lib2to3", "distutils", "turtle", "idlelib", "msilib", "_typeshed", "pydoc_data", "ensurepip")
#: Imported when this is made; importing has no effect but to define names.
_SAFE = sys.stdlib_module_names - {"antigravity", "this", "__main__", "idlelib", "turtledemo", "lib2to3", "tkinter"}
_SIMPLE = frozenset(
    {"str", "bytes", "int", "float", "bool", "complex", "None", "list", "dict", "tuple", "set", "frozenset", "NoReturn"}
    | {"Never", "Iterator", "Generator", "bytearray", "range", "datetime", "date", "timedelta", "Match", "Path", "Self"}
)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of all branches."""
    for node in body:
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
        else:
            yield node


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Parameters as text: ``a,b=,/,c,*args,d=,**kw``; a leading ``@s``, ``@c`` or ``@p`` tells what decorates it."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    dunder = [a.arg.startswith("__") and not a.arg.endswith("__") for a in positional]
    words = []
    for index, argument in enumerate(positional):
        words.append(argument.arg + ("=" if index >= required else ""))
        last_marked = dunder[index] and not any(dunder[index + 1 :])
        if index + 1 == len(arguments.posonlyargs) or (last_marked and not arguments.posonlyargs):
            words.append("/")
    if arguments.vararg:
        words.append(f"*{arguments.vararg.arg}")
    elif arguments.kwonlyargs:
        words.append("*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        words.append(argument.arg + ("=" if default is not None else ""))
    if arguments.kwarg:
        words.append(f"**{arguments.kwarg.arg}")
    return _mark(node) + ",".join(words)


def _mark(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    names = {_last(decorator) for decorator in node.decorator_list}
    marks = {"staticmethod": "@s ", "classmethod": "@c ", "property": "@p ", "cached_property": "@p ", "setter": "@p "}
    return next((mark for name, mark in marks.items() if name in names), "")


def _last(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The class of what a call gives, "" when it is not one of the simple ones."""
    if isinstance(node, ast.AsyncFunctionDef):
        return "coroutine"
    annotation = node.returns
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return "None"
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        right = annotation.right
        left = _last(annotation.left)
        optional = isinstance(right, ast.Constant) and right.value is None
        return f"{left}?" if optional and left in _SIMPLE else ""
    name = _last(annotation) if annotation is not None else ""
    return name if name in _SIMPLE else ""


def functions(into: dict[str, Any], node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Adds one definition or overload."""
    entry = into.setdefault(node.name, {"s": [], "r": None})
    text, result = signature(node), returned(node)
    if text not in entry["s"]:
        entry["s"].append(text)
    entry["r"] = result if entry["r"] in (None, result) else ""


def klass(node: ast.ClassDef) -> dict[str, Any]:
    """A class: bases, methods, other members, and whether a metaclass makes the rest unknowable."""
    entry: dict[str, Any] = {"b": [ast.unparse(_bare(base)) for base in node.bases], "m": {}, "n": []}
    for statement in statements(node.body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions(entry["m"], statement)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                entry["n"].append(name)
            case ast.ClassDef(name=name):
                entry["n"].append(name)
            case _:
                pass
    return entry


def _bare(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def module(name: str, tree: ast.Module, package: bool) -> dict[str, Any]:
    """What a stub file declares; ``a`` holds what it takes from others."""
    entry: dict[str, Any] = {"f": {}, "c": {}, "n": [], "a": {}, "*": []}
    for statement in statements(tree.body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions(entry["f"], statement)
            case ast.ClassDef():
                entry["c"].setdefault(statement.name, klass(statement))
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Name(id=origin)):
                entry["a"][target] = f"{name}.{origin}"
            case ast.Assign(targets=targets):
                entry["n"] += [t.id for t in targets if isinstance(t, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=target)):
                entry["n"].append(target)
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                entry["*"].append(_absolute(name, package, statement))
            case ast.ImportFrom():
                origin = _absolute(name, package, statement)
                for alias in statement.names:
                    entry["a"][alias.asname or alias.name] = f"{origin}.{alias.name}"
            case ast.Import():
                entry["n"] += [alias.asname for alias in statement.names if alias.asname]
                entry["n"] += [alias.name.partition(".")[0] for alias in statement.names if not alias.asname]
            case _:
                pass
    for both in entry["f"].keys() & entry["a"].keys():  # defined here by some versions, elsewhere by others
        entry["f"][both] = {"s": ["*args,**kwargs"], "r": ""}
    return {key: value for key, value in entry.items() if value}


def _absolute(name: str, package: bool, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    kept = parts[: len(parts) - node.level + (1 if package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def collect(root: Path) -> dict[str, Any]:
    """All modules below a directory of stubs."""
    result = {}
    for path in sorted(root.rglob("*.pyi")):
        parts = path.relative_to(root).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        if name and not name.startswith(_LEFT_OUT):
            result[name] = module(name, ast.parse(path.read_text(encoding="utf-8")), package)
    return result


def add_what_runs(collected: dict[str, Any]) -> None:
    """Adds the names that the Python running this has and the stubs do not: undocumented, but there."""
    for name, entry in collected.items():
        if name in sys.builtin_module_names or name.partition(".")[0] in _SAFE:
            try:
                found = importlib.import_module(name)
            except ImportError:
                continue
            known = {n for part in ("f", "c", "n", "a") for n in entry.get(part, ())}
            extra = [n for n in dir(found) if n not in known]
            if extra:
                entry["x"] = sorted(extra)
            for cls_name, cls_entry in entry.get("c", {}).items():
                own = getattr(found, cls_name, None)
                attributes = vars(own) if isinstance(own, type) else {}
                known_here = {*cls_entry["m"], *cls_entry["n"]}
                cls_entry["n"] += sorted(n for n in attributes if not n.startswith("_") and n not in known_here)


if __name__ == "__main__":
    target = Path(__file__).with_name("stdlib.json")
    everything = collect(Path(sys.argv[1]))
    add_what_runs(everything)
    target.write_text(json.dumps(everything, separators=(",", ":"), sort_keys=True), encoding="utf-8")

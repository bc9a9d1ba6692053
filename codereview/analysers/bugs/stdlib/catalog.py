"""Looks up functions, classes and names of the standard library."""

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from codereview.analysers.bugs.model.definitions import Class, Function, Member
from codereview.analysers.bugs.model.signatures import of_text

_KINDS = {"@s": "staticmethod", "@c": "classmethod", "@p": "property"}
_RETURNS = {
    "None": "types.NoneType",
    "datetime": "datetime.datetime",
    "date": "datetime.date",
    "timedelta": "datetime.timedelta",
    "Match": "re.Match",
    "Path": "pathlib.Path",
    "coroutine": "types.CoroutineType",
    "Generator": "types.GeneratorType",
    "Iterator": "typing.Iterator",
    "Never": "builtins.NoReturn",
}
_MAX_ALIASES = 12


@cache
def _data() -> dict[str, Any]:
    text = resources.files("codereview.analysers.bugs.stdlib").joinpath("stdlib.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def is_module(name: str) -> bool:
    """Whether the standard library has this module."""
    return name in _data()


@lru_cache(maxsize=1024)
def _declared(module: str) -> frozenset[str]:
    """The names a module's stub declares, or takes from others by ``*``."""
    entry = _data().get(module, {})
    found = {name for part in ("f", "c", "n", "a") for name in entry.get(part, ())}
    for origin in entry.get("*", ()):
        found |= _declared(origin)
    return frozenset(found)


@lru_cache(maxsize=1024)
def names(module: str) -> frozenset[str]:
    """Every name a module has, submodules included; empty for an unknown module."""
    entry = _data().get(module)
    if entry is None:
        return frozenset()
    found = {*_declared(module), *entry.get("x", ())}
    dotted = f"{module}."
    found.update(other.removeprefix(dotted).partition(".")[0] for other in _data() if other.startswith(dotted))
    return frozenset(found)


@lru_cache(maxsize=8192)
def canonical(qualified: str) -> str:
    """The name under which it is declared: "os.getcwd" stays, "json.JSONDecoder" is "json.decoder.JSONDecoder"."""
    for _ in range(_MAX_ALIASES):
        module, _, name = qualified.rpartition(".")
        entry = _data().get(module)
        if entry is None or name in entry.get("f", ()) or name in entry.get("c", ()):
            break
        alias = entry.get("a", {}).get(name)
        if alias is None:
            alias = next((f"{star}.{name}" for star in entry.get("*", ()) if name in _declared(star)), None)
        if alias is None or alias == qualified:
            break
        qualified = alias
    return qualified


def _by_star(stars: Sequence[str], name: str) -> str | None:
    """The name in one of the modules all of whose names are imported: the one that declares it, if there is one."""
    having = [star for star in stars if name in names(star)]
    declaring = [s for s in having if name in _data()[s].get("f", ()) or name in _data()[s].get("c", ())]
    return f"{(declaring or having)[0]}.{name}" if having else None


def function(qualified: str) -> Function | None:
    """A function of a module."""
    return _declared_function(canonical(qualified))


def klass(qualified: str) -> Class | None:
    """A class of a module; the same object under every name it has."""
    return _declared_class(canonical(qualified))


@lru_cache(maxsize=4096)
def _declared_function(qualified: str) -> Function | None:
    module, _, name = qualified.rpartition(".")
    entry = _data().get(module, {}).get("f", {}).get(name)
    return _function(name, f"{module}.{name}", entry, module) if entry is not None else None


@lru_cache(maxsize=4096)
def _declared_class(qualified: str) -> Class | None:
    module, _, name = qualified.rpartition(".")
    entry = _data().get(module, {}).get("c", {}).get(name)
    if entry is None:
        return None
    full = f"{module}.{name}"
    bases = tuple(
        _base(module, name, text) for text in entry["b"] if text.rpartition(".")[2] not in ("Generic", "Protocol")
    )
    if full != "builtins.object" and not bases:
        bases = (klass("builtins.object"),)
    members = {n: Member(n, _function(n, f"{full}.{n}", item, module, method=True)) for n, item in entry["m"].items()}
    for plain in entry["n"]:
        members.setdefault(plain, Member(plain))
    enumeration = any("Enum" in text or "Flag" in text for text in entry["b"])
    metaclass = "enum.EnumMeta" if enumeration else "abc.ABCMeta"
    return Class(name, full, bases, members, metaclass=metaclass)


def _base(module: str, name: str, text: str) -> Class | None:
    if text == name:
        return None
    return klass(f"{module}.{text}") or klass(f"builtins.{text}") or klass(text)


def _function(name: str, qualified: str, entry: dict[str, Any], module: str, *, method: bool = False) -> Function:
    texts: list[str] = entry["s"]
    mark = texts[0][:2]
    kind = _KINDS.get(mark, "method" if method else "function")
    if name in ("__new__", "__class_getitem__", "__init_subclass__") and kind == "method":
        kind = "classmethod" if name != "__new__" else "staticmethod"
    signatures = tuple(of_text(text.removeprefix(mark + " ") if mark in _KINDS else text) for text in texts)
    return Function(name, qualified, signatures, kind, _returned(entry["r"] or "", module))


def _returned(name: str, module: str) -> str:
    optional = "?" if name.endswith("?") else ""
    name = name.removesuffix("?")
    if name in ("", "Self"):  # a subclass gives its own
        return ""
    if name == "Path" and module != "pathlib":
        return ""
    return _RETURNS.get(name, f"builtins.{name}") + optional

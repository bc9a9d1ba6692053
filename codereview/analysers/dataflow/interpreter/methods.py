"""What methods and functions of the standard libraries do to constants and containers, by name and language."""

from collections.abc import Callable
from typing import Any

from codereview.analysers.dataflow.values import (
    MAX_CONSTS,
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    Value,
    element_of,
    entry_of,
    join,
    join_all,
    tainted,
    with_entry,
)

#: Pure string methods evaluated on constants, by the name they have in any of the languages.
_TEXT: dict[str, Callable[..., Any]] = {
    "upper": str.upper,
    "lower": str.lower,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "title": str.title,
    "capitalize": str.capitalize,
    "replace": str.replace,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "find": str.find,
    "index": str.find,
    "count": str.count,
    "isdigit": str.isdigit,
    "isalnum": str.isalnum,
    "isalpha": str.isalpha,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
    "casefold": str.casefold,
    "toUpperCase": str.upper,
    "toLowerCase": str.lower,
    "trim": str.strip,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "includes": str.__contains__,
    "contains": str.__contains__,
    "equals": str.__eq__,
    "equalsIgnoreCase": lambda a, b: a.lower() == str(b).lower(),
    "indexOf": str.find,
    "length": len,
    "isEmpty": lambda a: not a,
    "charAt": lambda a, i: a[i] if 0 <= i < len(a) else "",
    "substring": lambda a, i, j=None: a[i:j] if i >= 0 and (j is None or j >= i) else NOTHING,
    "toString": str,
    "trimStart": str.lstrip,
    "trimEnd": str.rstrip,
    "getBytes": lambda a, *_: a,
    "toCharArray": lambda a: a,
    "encode": lambda a, *_: a,
    "concat": lambda a, b: a + b,
}
_MAX_ARGUMENT = 10_000


def fold_text(name: str, receiver: Value, args: list[Value]) -> Value | None:
    """A string method on constants; None when there is nothing to compute."""
    function = _TEXT.get(name)
    if function is None or receiver.consts is None or len(receiver.consts) > MAX_CONSTS:
        return None
    arguments = [arg.single for arg in args]
    if any(argument is NOTHING or not isinstance(argument, str | int) for argument in arguments):
        return None
    results: list[Any] = []
    for text in receiver.consts:
        if not isinstance(text, str) or len(text) > _MAX_ARGUMENT:
            return None
        try:
            result = function(text, *arguments)
        except (TypeError, ValueError, IndexError):
            return None
        if result is NOTHING or (isinstance(result, str) and len(result) > _MAX_ARGUMENT):
            return None
        results.append(result)
    return Value(consts=tuple(dict.fromkeys(results)), flows=receiver.flows)


def split_text(name: str, receiver: Value, args: list[Value]) -> Value | None:
    """``split`` of a constant."""
    text = receiver.single
    separator = args[0].single if args else None
    if name not in ("split", "rsplit", "splitlines") or not isinstance(text, str) or receiver.flows:
        return None
    if separator is not None and (not isinstance(separator, str) or not separator):
        return None
    pieces = text.splitlines() if name == "splitlines" else text.split(separator)
    return Value(items=tuple(Value(consts=(piece,)) for piece in pieces)) if len(pieces) <= MAX_ITEMS else None


# --- containers: (receiver, arguments) → (result, receiver afterwards) ---------------------------------------------

Operation = Callable[[Value, list[Value]], tuple[Value, Value] | None]


def _push(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    if not args:
        return None
    added = args[-1]
    if receiver.items is not None and len(receiver.items) < MAX_ITEMS and len(args) == 1:
        return UNKNOWN, receiver.but(items=(*receiver.items, added), consts=None)
    if len(args) == 2 and isinstance(args[0].single, int) and receiver.items is not None:
        at = args[0].single
        return UNKNOWN, receiver.but(items=(*receiver.items[:at], added, *receiver.items[at:]), consts=None)
    return UNKNOWN, _absorb(receiver, args)


def _absorb(receiver: Value, args: list[Value]) -> Value:
    """The receiver somehow contains the arguments from now on."""
    added = join_all(args)
    if not receiver.is_container and not added.deep and added.consts is None:
        return receiver
    rest = added if receiver.rest is None else join(receiver.rest, added)
    return receiver.but(rest=rest, consts=None, parts=None)


def _extend(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    other = args[0] if args else UNKNOWN
    if receiver.items is not None and other.items is not None and other.rest is None:
        merged = receiver.items + other.items
        if len(merged) <= MAX_ITEMS:
            return UNKNOWN, receiver.but(items=merged, consts=None)
    if other.fields is not None and (receiver.fields is not None or not receiver.is_container):
        return UNKNOWN, receiver.but(fields={**(receiver.fields or {}), **other.fields}, consts=None)
    return UNKNOWN, _absorb(receiver, [element_of(other)])


def _pop_at(index_of_last: bool) -> Operation:
    def pop(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
        at: Any = args[0].single if args else (-1 if index_of_last else 0)
        if receiver.items is not None and isinstance(at, int) and -len(receiver.items) <= at < len(receiver.items):
            items = list(receiver.items)
            taken = items.pop(at)
            return tainted(taken, receiver.flows), receiver.but(items=tuple(items), consts=None)
        found = entry_of(receiver, at)
        if found is not None:
            return found, receiver
        return element_of(receiver), receiver.but(items=None, rest=element_of(receiver))

    return pop


def _get(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    if not args or not receiver.is_container:
        return None
    found = read_entry(receiver, args[0])
    if len(args) > 1 and entry_of(receiver, args[0].single) is None:
        found = join(found, args[1])
    return found, receiver


def _put(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    if len(args) < 2:
        return None
    key = args[0].single
    if len(args) == 3 and isinstance(key, str) and isinstance(args[1].single, str):
        key = f"{key}\0{args[1].single}"  # two keys, as in configparser's sections and options
    return UNKNOWN, with_entry(receiver, key, args[-1])


def _setdefault(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    found = entry_of(receiver, args[0].single) if args else None
    if found is not None:
        return found, receiver
    default = args[1] if len(args) > 1 else UNKNOWN
    return join(default, read_entry(receiver, args[0])) if args else default, with_entry(
        receiver, args[0].single if args else NOTHING, default
    )


def _keys(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    if receiver.fields is None or receiver.rest is not None:
        return Value(flows=receiver.flows), receiver
    return Value(items=tuple(Value(consts=(key,)) for key in receiver.fields), flows=receiver.flows), receiver


def _values(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    if receiver.fields is not None and receiver.rest is None:
        return Value(items=tuple(receiver.fields.values()), flows=receiver.flows), receiver
    return Value(rest=element_of(receiver), flows=receiver.flows), receiver


def _items(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    if receiver.fields is not None and receiver.rest is None:
        pairs = tuple(Value(items=(Value(consts=(key,)), value)) for key, value in receiver.fields.items())
        return Value(items=pairs, flows=receiver.flows), receiver
    pair = Value(items=(Value(flows=receiver.flows), element_of(receiver)))
    return Value(rest=pair, flows=receiver.flows), receiver


def _clear(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    return UNKNOWN, Value(items=() if receiver.items is not None else None, ref=receiver.ref, target=receiver.target)


def _remove(receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    """By index where that is a number (Java), else by value."""
    at = args[0].single if args else NOTHING
    if receiver.items is None:
        return None
    if isinstance(at, int) and 0 <= at < len(receiver.items):
        return receiver.items[at], receiver.but(items=receiver.items[:at] + receiver.items[at + 1 :], consts=None)
    kept = tuple(item for item in receiver.items if at is NOTHING or item.single != at)
    return UNKNOWN, receiver.but(items=kept, consts=None)


def _reverse(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    return UNKNOWN, receiver.but(items=receiver.items[::-1] if receiver.items is not None else None)


def _copy(receiver: Value, _args: list[Value]) -> tuple[Value, Value] | None:
    return receiver, receiver


_OPERATIONS: dict[str, Operation] = {
    "append": _push,
    "add": _push,
    "push": _push,
    "insert": _push,
    "addLast": _push,
    "appendleft": _push,
    "offer": _push,
    "unshift": _push,
    "extend": _extend,
    "update": _extend,
    "addAll": _extend,
    "putAll": _extend,
    "pop": _pop_at(index_of_last=True),
    "popleft": _pop_at(index_of_last=False),
    "shift": _pop_at(index_of_last=False),
    "get": _get,
    "getOrDefault": _get,
    "put": _put,
    "set": _put,
    "setdefault": _setdefault,
    "putIfAbsent": _setdefault,
    "keys": _keys,
    "keySet": _keys,
    "values": _values,
    "items": _items,
    "entrySet": _items,
    "entries": _items,
    "clear": _clear,
    "remove": _remove,
    "reverse": _reverse,
    "copy": _copy,
}
#: Methods that put their arguments into a receiver of which nothing is known.
MUTATORS = frozenset(
    {
        "append",
        "add",
        "push",
        "insert",
        "extend",
        "update",
        "put",
        "set",
        "write",
        "writelines",
        "appendleft",
        "addAll",
        "putAll",
        "unshift",
        "addLast",
        "setProperty",
        "WriteString",
        "writeString",
        "print",
        "println",
    }
)


def container_operation(name: str, receiver: Value, args: list[Value]) -> tuple[Value, Value] | None:
    """What a container's method returns and leaves; None when it is no such method or nothing is known."""
    operation = _OPERATIONS.get(name)
    if operation is None or not (receiver.is_container or name in ("put", "set")):
        return None
    if name == "get" and len(args) >= 2 and isinstance(args[0].single, str) and isinstance(args[1].single, str):
        found = entry_of(receiver, f"{args[0].single}\0{args[1].single}")
        if found is not None:
            return found, receiver
    return operation(receiver, args)


def read_entry(receiver: Value, key: Value) -> Value:
    """``receiver[key]`` as far as it is known."""
    if key.consts is not None:
        found = [entry_of(receiver, const) for const in key.consts]
        if found and all(entry is not None for entry in found):
            return join_all(entry for entry in found if entry is not None)
        if receiver.fields is not None and receiver.rest is None and receiver.items is None:
            return Value(flows=receiver.flows)
        if receiver.rest is not None and receiver.items is None:
            return tainted(receiver.rest, receiver.flows)
    if receiver.is_container:
        return element_of(receiver)
    texts = receiver.texts()
    position = key.single
    if len(texts) == 1 and isinstance(position, int) and -len(texts[0]) <= position < len(texts[0]):
        return Value(consts=(texts[0][position],), flows=receiver.flows)
    return Value(flows=receiver.flows)

"""Functions of the standard libraries whose effect on a value is computed rather than declared."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from codereview.analysers.dataflow.interpreter.base import Arguments
from codereview.analysers.dataflow.interpreter.formatting import percent_format
from codereview.analysers.dataflow.interpreter.state import Frame, FunctionRef, InstanceOf
from codereview.analysers.dataflow.values import (
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    Guard,
    Key,
    Value,
    constant,
    element_of,
    join_all,
    merge_flows,
    with_entry,
)

if TYPE_CHECKING:
    from codereview.analysers.dataflow.interpreter.base import CallSite
    from codereview.analysers.dataflow.interpreter.calls import Calls

Native = Callable[["Calls", "CallSite", Frame], Value | None]
_NUMERIC = frozenset({"int", "float", "bool", "complex"})


def native(machine: "Calls", site: "CallSite", frame: Frame) -> Value | None:
    """The result of a call known by its path; None when it is not one of these."""
    function = _NATIVES.get((frame.module.language, site.path))
    return function(machine, site, frame) if function is not None else None


def _first(site: "CallSite") -> Value:
    return site.args.values[0] if site.args.values else UNKNOWN


def _text(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    if value.consts is not None and not value.flows:
        return Value(consts=tuple(dict.fromkeys(str(item) for item in value.consts)))
    if value.parts is not None:
        return value
    return Value(flows=value.deep)


def _same_elements(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    if not site.args.values:
        return Value(items=())
    if value.items is not None or value.rest is not None:
        return Value(items=value.items, rest=value.rest, flows=value.flows)
    return Value(rest=element_of(value))


def _dict(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    if value.flows or value.items:
        return Value(rest=element_of(value), flows=value.flows)
    fields: dict[Key, Value] = dict(value.fields or {})
    fields.update(site.args.keywords)
    return Value(fields=fields, rest=value.rest)


def _length(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    if value.items is not None and value.rest is None:
        return constant(len(value.items))
    lengths = {len(item) for item in value.consts or () if isinstance(item, str | bytes)}
    if len(lengths) == 1 and value.consts is not None and not value.flows:
        return constant(lengths.pop())
    return Value()


def _getattr(machine: "Calls", site: "CallSite", frame: Frame) -> Value | None:
    if len(site.args.values) < 2:
        return None
    name = site.args.values[1].single
    if isinstance(name, str):
        return machine.attribute(site.args.values[0], name, frame, site.node.line)
    return Value(flows=merge_flows(site.args.values[0].flows, site.args.values[1].flows))


def _setattr(machine: "Calls", site: "CallSite", frame: Frame) -> Value | None:
    if len(site.args.values) == 3 and site.args.exprs:
        obj, name, value = site.args.values
        machine.store(site.args.exprs[0], with_entry(obj, name.single, value), frame)
    return UNKNOWN


def _isinstance(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    if len(site.args.values) != 2:
        return None
    value, kind = site.args.values
    types = {item.ref for item in kind.items} if kind.items is not None else {kind.ref}
    origins = frozenset(flow.origin for flow in value.deep)
    if types <= _NUMERIC and origins:
        return Value(guards=(Guard(True, origins, frozenset({"*"})),))
    if value.single is not NOTHING and types == {"str"}:
        return constant(isinstance(value.single, str))
    return Value()


def _enumerate(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    return Value(rest=Value(items=(UNKNOWN, element_of(_first(site)))))


def _zip(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    return Value(rest=Value(items=tuple(element_of(value) for value in site.args.values)))


def _character(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    text = _first(site).single
    return constant(ord(text)) if isinstance(text, str) and len(text) == 1 else None


def _integer(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site).single
    if isinstance(value, str | int) and len(site.args.values) == 1:
        try:
            return constant(int(value))
        except ValueError:
            return Value()
    return Value()


def _super(machine: "Calls", _site: "CallSite", frame: Frame) -> Value | None:
    if frame.owner is None or frame.function is None or not frame.function.params:
        return None
    this = machine.lookup(frame.function.params[0].name, frame) or UNKNOWN
    for base in frame.owner.bases:
        if base.target is not None:
            return this.but(target=InstanceOf(base.target))
    outside = frame.owner.outside_bases()
    return this.but(target=None, ref=outside[0] if outside else "")


def _next(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    return join_all([element_of(_first(site)), *site.args.values[1:]])


def _printf(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    values = site.args.values
    if not values or len(values) > MAX_ITEMS:
        return None
    if any(value.rest is not None and value.items is None for value in values[1:]) and len(values) == 2:
        return None
    return percent_format(values[0], Value(items=tuple(values[1:])))


def _go_append(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    values = site.args.values
    if not values:
        return None
    base, added = values[0], values[1:]
    if base.items is not None and base.rest is None and len(base.items) + len(added) <= MAX_ITEMS:
        return base.but(items=(*base.items, *added), consts=None)
    if base.consts == (None,) and len(added) <= MAX_ITEMS:
        return Value(items=tuple(added))
    inner = join_all([*added, element_of(base)])
    return Value(rest=inner, flows=base.flows)


def _pattern(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    """A compiled expression remembers its text."""
    value = _first(site)
    return Value(flows=value.deep, ref=site.path, fields={"pattern": value})


def _wrapped(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    """An object that stands for its only argument: a URL, a path."""
    if len(site.args.values) != 1:
        return None
    return _first(site).but(ref=site.path)


_PYTHON: dict[str, Native] = {
    "str": _text,
    "list": _same_elements,
    "tuple": _same_elements,
    "set": _same_elements,
    "frozenset": _same_elements,
    "sorted": _same_elements,
    "reversed": _same_elements,
    "iter": _same_elements,
    "dict": _dict,
    "collections.OrderedDict": _dict,
    "len": _length,
    "getattr": _getattr,
    "setattr": _setattr,
    "isinstance": _isinstance,
    "enumerate": _enumerate,
    "zip": _zip,
    "ord": _character,
    "int": _integer,
    "super": _super,
    "next": _next,
    "re.compile": _pattern,
    "urllib.request.Request": _wrapped,
    "urllib2.Request": _wrapped,
    "httpx.URL": _wrapped,
    "yarl.URL": _wrapped,
}


def _zeroed(_machine: "Calls", _site: "CallSite", _frame: Frame) -> Value | None:
    return Value(fields={"zeroed": constant(True)})


def _make(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    """A fresh buffer is all zeros until something is put into it."""
    values = site.args.values
    if values and values[0].ref == "byte":
        return Value(fields={"zeroed": constant(True)})
    return Value(items=()) if len(values) == 2 and values[1].single == 0 else Value()


_GO: dict[str, Native] = {
    "fmt.Sprintf": _printf,
    "append": _go_append,
    "make": _make,
    "len": _length,
    "fmt.Errorf": _printf,
    "regexp.MustCompile": _pattern,
    "regexp.Compile": _pattern,
    "string": _text,
}


def _collection(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    if value.items is not None or value.rest is not None:
        return Value(items=value.items, rest=value.rest, flows=value.flows, ref=site.path)
    return Value(items=(), ref=site.path)


def _table(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    value = _first(site)
    return Value(fields=dict(value.fields or {}), rest=value.rest, flows=value.flows, ref=site.path)


def _listed(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    values = site.args.values
    if len(values) == 1 and values[0].is_container:
        return values[0]
    return Value(items=tuple(values[:MAX_ITEMS]), ref="List")


def _pairs(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    values = site.args.values
    known: dict[Key, Value] = {}
    for key, value in zip(values[::2], values[1::2], strict=False):
        if not isinstance(key.single, str | int):
            return None
        known[key.single] = value
    return Value(fields=known, ref="Map")


def _property(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    """A setting with a default is taken for its default."""
    values = site.args.values
    return values[1] if len(values) > 1 else None


def _instance(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    return Value(flows=_first(site).deep, ref=site.path)


_COLLECTIONS = (
    "ArrayList",
    "LinkedList",
    "Vector",
    "Stack",
    "HashSet",
    "LinkedHashSet",
    "TreeSet",
    "ArrayDeque",
    "CopyOnWriteArrayList",
)
_TABLES = ("HashMap", "LinkedHashMap", "TreeMap", "Hashtable", "ConcurrentHashMap")
_JAVA: dict[str, Native] = {
    "new byte[]": _zeroed,
    "String.format": _printf,
    "String.valueOf": _text,
    "Pattern.compile": _pattern,
    "String": _text,
    "Properties.getProperty": _property,
    "System.getProperty": _property,
    **dict.fromkeys(("URL", "URI", "URI.create", "URI.toURL"), _wrapped),
    "Arrays.asList": _listed,
    "List.of": _listed,
    "Map.of": _pairs,
    "Set.of": _listed,
    **dict.fromkeys(_COLLECTIONS, _collection),
    **dict.fromkeys(_TABLES, _table),
}


def _require(_machine: "Calls", site: "CallSite", frame: Frame) -> Value | None:
    name = _first(site).single
    if not isinstance(name, str):
        return None
    return Value(ref=frame.module.rules.alias(name.removeprefix("node:")))


def _promisified(_machine: "Calls", site: "CallSite", _frame: Frame) -> Value | None:
    """The function itself, as far as its arguments go."""
    return _first(site) if site.args.values else None


def _computed(machine: "Calls", site: "CallSite", frame: Frame) -> Value | None:
    """What the function given returns."""
    function = _first(site).target
    if not isinstance(function, FunctionRef):
        return None
    return machine.invoke(function, Arguments([], {}), frame, site.node)


_JAVASCRIPT: dict[str, Native] = {
    **dict.fromkeys(("react.useMemo", "useMemo", "React.useMemo", "vue.computed"), _computed),
    "util.promisify": _promisified,
    "String": _text,
    "util.format": _printf,
    "RegExp": _pattern,
    "require": _require,
    "URL": _wrapped,
    "Object.assign": _dict,
    "Object.values": _same_elements,
    "Array.from": _same_elements,
}
_NATIVES: dict[tuple[str, str], Native] = {
    (language, path): function
    for languages, table in (
        (("python",), _PYTHON),
        (("go",), _GO),
        (("java",), _JAVA),
        (("javascript", "typescript"), _JAVASCRIPT),
    )
    for language in languages
    for path, function in table.items()
}

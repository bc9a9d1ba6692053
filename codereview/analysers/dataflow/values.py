"""What the interpreter knows of a value: where its data came from, which constants it may be, what it contains.

Values are immutable; a change to a container makes a new value that is written back to where the old one stood.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Key: TypeAlias = str | int
#: A value may be one of at most this many constants.
MAX_CONSTS = 6
#: Strings, lists and mappings longer than this are known by a summary of their elements only.
MAX_PARTS = 24
MAX_ITEMS = 48
MAX_FLOWS = 6
MAX_STEPS = 14
_MAX_DEPTH = 6
ALL = "*"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data came in: ``label`` as rules name it ("http", "cli", "parameter" …), ``what`` for people."""

    label: str
    what: str
    path: str
    line: int
    #: Whether it may bring objects along (JSON), where other data is text.
    structured: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One place the data passed; ``previous`` is nearer to the origin."""

    path: str
    line: int
    message: str
    previous: "Step | None"
    count: int


class Flow:
    """Data of one origin in a value, and the kinds of sinks it has been made harmless for."""

    __slots__ = ("key", "origin", "safe", "step")

    def __init__(self, origin: Origin, safe: frozenset[str] = frozenset(), step: Step | None = None) -> None:
        self.origin = origin
        self.safe = safe
        self.step = step
        self.key = (origin, safe)

    def harmless(self, kind: str) -> bool:
        """Whether it cannot hurt in a sink of this kind."""
        return kind in self.safe or ALL in self.safe

    def cleared(self, kinds: Iterable[str]) -> "Flow":
        """The same data, harmless for these kinds as well."""
        added = self.safe.union(kinds)
        return self if added == self.safe else Flow(self.origin, added, self.step)

    def moved(self, path: str, line: int, message: str) -> "Flow":
        """The same data, one step further."""
        count = self.step.count if self.step else 0
        if self.step is None and self.origin.line == line and self.origin.path == path:
            return self
        if count >= MAX_STEPS or (self.step is not None and self.step.line == line and self.step.path == path):
            return self
        return Flow(self.origin, self.safe, Step(path, line, message, self.step, count + 1))


@dataclass(frozen=True, slots=True)
class Guard:
    """What is known when a value is truthy (or falsy): data of these origins is harmless for these kinds."""

    when: bool
    origins: frozenset[Origin]
    kinds: frozenset[str]


class Value:
    """An abstract value. Every part is optional; an empty value is unknown and harmless.

    ``ref`` is the dotted path of an object of the outside world (or of the type it is an instance of), ``target`` a
    function, class, instance or module of the batch, ``parts`` the pieces of a string, ``items`` the elements of a
    sequence of known length, ``fields`` entries by constant key or attribute, ``rest`` whatever else it contains.
    """

    __slots__ = ("_deep", "_key", "consts", "fields", "flows", "guards", "items", "parts", "ref", "rest", "target")

    def __init__(
        self,
        flows: tuple[Flow, ...] = (),
        consts: tuple[Any, ...] | None = None,
        ref: str = "",
        parts: "tuple[Value, ...] | None" = None,
        items: "tuple[Value, ...] | None" = None,
        fields: "Mapping[Key, Value] | None" = None,
        rest: "Value | None" = None,
        target: Any = None,
        guards: tuple[Guard, ...] = (),
    ) -> None:
        self.flows = flows
        self.consts = consts
        self.ref = ref
        self.parts = parts
        self.items = items
        self.fields = fields
        self.rest = rest
        self.target = target
        self.guards = guards
        self._key: tuple[Any, ...] | None = None
        self._deep: tuple[Flow, ...] | None = None

    def but(self, **changes: Any) -> "Value":
        """A copy with some parts replaced."""
        made = {name: changes.get(name, getattr(self, name)) for name in _PARTS}
        return Value(**made)

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for values the interpreter need not tell apart."""
        if self._key is None:
            self._key = _key_of(self, 0)
        return self._key

    @property
    def deep(self) -> tuple[Flow, ...]:
        """The flows of the value and of everything in it."""
        if self._deep is None:
            self._deep = _deep_of(self)
        return self._deep

    @property
    def single(self) -> Any:
        """The only constant the value can be; NOTHING when there is none or more than one."""
        return self.consts[0] if self.consts is not None and len(self.consts) == 1 else NOTHING

    @property
    def is_container(self) -> bool:
        """Whether something is known of its elements."""
        return self.items is not None or self.fields is not None or self.rest is not None

    def texts(self) -> tuple[str, ...]:
        """The strings it may be."""
        return tuple(value for value in self.consts or () if isinstance(value, str))


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
_PARTS = ("flows", "consts", "ref", "parts", "items", "fields", "rest", "target", "guards")
UNKNOWN = Value()


def constant(value: Any) -> Value:
    """A value that is this constant."""
    return Value(consts=(value,))


NONE = constant(None)
TRUE = constant(True)
FALSE = constant(False)


def _key_of(value: Value, depth: int) -> tuple[Any, ...]:
    if depth > _MAX_DEPTH:
        return ("deep", tuple(flow.key for flow in value.flows))
    consts = None if value.consts is None else tuple((type(item).__name__, item) for item in value.consts)
    nested = depth + 1
    return (
        tuple(flow.key for flow in value.flows),
        consts,
        value.ref,
        id(value.target) if value.target is not None else 0,
        None if value.parts is None else tuple(_key_of(part, nested) for part in value.parts),
        None if value.items is None else tuple(_key_of(item, nested) for item in value.items),
        None if value.fields is None else tuple((k, _key_of(v, nested)) for k, v in value.fields.items()),
        None if value.rest is None else _key_of(value.rest, nested),
        value.guards,
    )


def _deep_of(value: Value) -> tuple[Flow, ...]:
    if not value.is_container:
        return value.flows
    found = value.flows
    stack = [(value, 0)]
    while stack:
        current, depth = stack.pop()
        found = merge_flows(found, current.flows)
        if depth < _MAX_DEPTH:
            stack.extend((inner, depth + 1) for inner in _contents(current) if inner is not UNKNOWN)
    return found


def _contents(value: Value) -> Iterable[Value]:
    if value.items is not None:
        yield from value.items
    if value.fields is not None:
        yield from value.fields.values()
    if value.rest is not None:
        yield value.rest


def merge_flows(first: tuple[Flow, ...], second: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Both, without repetition, the strongest origins kept when there are too many."""
    if not second or first is second:
        return first
    if not first:
        return second
    known = {flow.key for flow in first}
    added = tuple(flow for flow in second if flow.key not in known)
    if not added:
        return first
    merged = first + added
    if len(merged) > MAX_FLOWS:
        merged = tuple(sorted(merged, key=lambda flow: (len(flow.safe), flow.origin.label == "parameter"))[:MAX_FLOWS])
    return merged


def join(first: Value, second: Value) -> Value:
    """What is known when the value is the one or the other."""
    if first is second:
        return first
    return Value(
        flows=merge_flows(first.flows, second.flows),
        consts=_join_consts(first.consts, second.consts),
        ref=first.ref or second.ref,
        parts=_join_parts(first, second),
        target=first.target if first.target is not None else second.target,
        guards=tuple(guard for guard in first.guards if guard in second.guards) if first.guards else (),
        **_join_contents(first, second),
    )


def _join_consts(first: tuple[Any, ...] | None, second: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if first is None or second is None:
        return None
    known = {(type(item), item) for item in first}
    merged = first + tuple(item for item in second if (type(item), item) not in known)
    return merged if len(merged) <= MAX_CONSTS else None


def _join_parts(first: Value, second: Value) -> tuple[Value, ...] | None:
    if first.parts is not None and second.parts is not None:
        if not first.flows or not second.flows:
            return first.parts if first.flows or not second.flows else second.parts
        # What sinks look at is how the string begins.
        same = first.parts[0].key == second.parts[0].key
        return first.parts if same else None
    if first.flows and second.flows:
        return None
    # The shape that matters to a sink is that of the side the data is in.
    return first.parts if first.flows else second.parts if second.flows else None


def _join_contents(first: Value, second: Value) -> dict[str, Any]:
    if not first.is_container and not second.is_container:
        return {}
    if first.is_container != second.is_container:
        known = first if first.is_container else second
        return {"items": known.items, "fields": known.fields, "rest": known.rest}
    rest = _join_optional(first.rest, second.rest)
    if first.items is not None and second.items is not None and len(first.items) == len(second.items):
        items = tuple(join(a, b) for a, b in zip(first.items, second.items, strict=True))
        return {"items": items, "fields": _join_fields(first, second), "rest": rest}
    for side in (first, second):
        if side.items is not None:
            rest = _join_optional(rest, join_all(side.items))
    return {"items": None, "fields": _join_fields(first, second), "rest": rest or UNKNOWN}


def _join_fields(first: Value, second: Value) -> Mapping[Key, Value] | None:
    if first.fields is None or second.fields is None or first.fields is second.fields:
        return first.fields if first.fields is not None else second.fields
    merged = dict(first.fields)
    for name, value in second.fields.items():
        merged[name] = join(merged[name], value) if name in merged else value
    return merged


def _join_optional(first: Value | None, second: Value | None) -> Value | None:
    if first is None or second is None:
        return first if first is not None else second
    return join(first, second)


def join_all(values: Iterable[Value]) -> Value:
    """What is known of any of them; UNKNOWN of none."""
    found: Value | None = None
    for value in values:
        found = value if found is None else join(found, value)
    return found if found is not None else UNKNOWN


def tainted(value: Value, flows: tuple[Flow, ...]) -> Value:
    """The value with more flows in it."""
    merged = merge_flows(value.flows, flows)
    return value if merged is value.flows else value.but(flows=merged)


def element_of(value: Value) -> Value:
    """Any element of a container, or of something opaque."""
    if value.items is not None:
        inner = join_all(value.items) if value.rest is None else join(join_all(value.items), value.rest)
    elif value.rest is not None:
        inner = value.rest
    elif value.fields is not None:
        inner = join_all(value.fields.values())
    else:
        texts = value.texts()
        inner = UNKNOWN
        if texts and len(texts) == len(value.consts or ()) and len(set("".join(texts))) <= MAX_CONSTS:
            inner = Value(consts=tuple(dict.fromkeys("".join(texts))) or None)
        return tainted(inner, value.flows)
    return tainted(inner, value.flows)


def entry_of(value: Value, key: Any) -> Value | None:
    """The entry under a constant key; None when nothing is known of it."""
    if value.items is not None and isinstance(key, int) and not isinstance(key, bool):
        if -len(value.items) <= key < len(value.items):
            return tainted(value.items[key], value.flows)
        return None
    if value.fields is not None and isinstance(key, str | int) and key in value.fields:
        return tainted(value.fields[key], value.flows)
    return None


def with_entry(value: Value, key: Any, entry: Value) -> Value:
    """The container with one entry written; with a key that is not constant the old ones stay possible."""
    if key is NOTHING or not isinstance(key, str | int):
        rest = entry if value.rest is None else join(value.rest, entry)
        return value.but(rest=rest, consts=None, parts=None)
    if value.items is not None and isinstance(key, int) and -len(value.items) <= key < len(value.items):
        items = list(value.items)
        items[key] = entry
        return value.but(items=tuple(items), consts=None)
    fields = dict(value.fields or {})
    if len(fields) >= MAX_ITEMS and key not in fields:
        return value.but(rest=entry if value.rest is None else join(value.rest, entry))
    fields[key] = entry
    return value.but(fields=fields, consts=None)

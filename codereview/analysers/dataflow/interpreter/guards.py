"""What tests tell of the data they look at."""

from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.values import ALL, Guard, Origin, Value

_NEGATED = {"!=", "not in", "is not"}
#: Characters whose absence makes data harmless for some kinds, when a test looks for them.
_TELLING = (
    ("..", "path"),
    ("/", "path"),
    ("\\", "path"),
    ("\n", "log"),
    ("\n", "header"),
    ("\r", "header"),
    ("\r", "log"),
    ("<", "xss"),
    ("'", "sql"),
    ("'", "code"),
    ('"', "code"),
    ("'", "xpath"),
    ("://", "redirect"),
    ("*", "ldap"),
)

#: What data is harmless for when `typeof` gives this of it: a text is no query document, a number nothing at all.
_TYPED: dict[Any, frozenset[str]] = {
    "string": frozenset({"nosql"}),
    "number": frozenset({ALL}),
    "boolean": frozenset({ALL}),
}


def origins_of(value: Value) -> frozenset[Origin]:
    """Where the data in a value came from."""
    return frozenset(flow.origin for flow in value.deep)


def comparison_guards(op: str, left: Value, right: Value) -> tuple[Guard, ...]:
    """What a comparison's answer tells of the data compared."""
    if op in ("is", "is not", "==", "!=") and right.single is None and left.guards:
        # A result that is not None, of a function that returns None when its test fails.
        return left.guards if op in _NEGATED else tuple(_reversed(guard) for guard in left.guards)
    if not left.deep and not right.deep:
        return ()
    when = op not in _NEGATED
    if op in ("==", "!=", "is", "is not"):
        checked, against = (left, right) if left.deep else (right, left)
        if against.deep or against.single is None or against.single in ("", b""):
            # Nothing is told, except by parts of a URL whose absence tells something.
            return checked.guards if when is False else tuple(_reversed(guard) for guard in checked.guards)
        if checked.ref == "typeof":
            shown = _TYPED.get(against.single, frozenset())
            return (Guard(when, origins_of(checked), shown),) if shown else ()
        known = Guard(when, origins_of(checked), frozenset({ALL}))
        kinds = frozenset(kind for text, kind in _TELLING if text == against.single)
        # A character that is not the dangerous one: the other outcome tells something, too.
        return (known, Guard(not when, known.origins, kinds)) if kinds else (known,)
    if op in ("<", "<=", ">", ">="):
        # Whoever compares sizes knows that they are bounded: either outcome is taken for a test of the range.
        origins = origins_of(left) | origins_of(right)
        return tuple(Guard(outcome, origins, frozenset({"overflow"})) for outcome in (True, False))
    if op in ("in", "not in"):
        if left.deep and not right.deep:
            return (Guard(when, origins_of(left), frozenset({ALL})),)
        needles = left.texts()
        if right.deep and needles:
            kinds = frozenset(kind for text, kind in _TELLING if any(text in needle for needle in needles))
            return (Guard(not when, origins_of(right), kinds),) if kinds else ()
    return ()


def chain(node: ir.Expr) -> Origin | None:
    """``req.query.x``, spelled out, as what a test can have been about; None for anything but names and attributes."""
    names: list[str] = []
    while isinstance(node, ir.Attr) and len(names) < 8:
        names.append(node.name)
        node = node.obj
    if not isinstance(node, ir.Name) or not names:
        return None
    return Origin("chain", ".".join([node.id, *reversed(names)]), "", 0)


def host_guards(url: Value, part: str) -> tuple[Guard, ...]:
    """A URL without a host stays on the site it is used on."""
    if part not in ("netloc", "hostname", "host") or not url.flows:
        return ()
    return (Guard(False, origins_of(url), frozenset({"redirect", "ssrf"})),)


def membership(left: Value, right: Value) -> bool | None:
    """Whether ``left in right`` for a container known exactly; None when that is open."""
    if left.consts is None or left.flows or right.rest is not None or right.flows:
        return None
    if right.fields is not None and right.items is None:
        members: tuple[Any, ...] = tuple(right.fields)
    elif right.items is not None and all(item.consts is not None and len(item.consts) == 1 for item in right.items):
        members = tuple(item.single for item in right.items)
    else:
        return None
    answers = {any(type(m) is type(c) and m == c for m in members) for c in left.consts}
    return answers.pop() if len(answers) == 1 else None


def logic_guards(op: str, results: list[Value]) -> tuple[Guard, ...]:
    """Of a conjunction that holds every part holds; of a disjunction that fails every part fails."""
    if len(results) == 1:
        return results[0].guards
    strong = op == "and"
    found = [guard for value in results for guard in value.guards if guard.when is strong]
    # Where one part is enough, only what all parts show is shown.
    first, *others = results
    found += [
        guard
        for guard in first.guards
        if guard.when is not strong and all(_shows(other.guards, guard) for other in others)
    ]
    return tuple(found)


def _shows(guards: tuple[Guard, ...], wanted: Guard) -> bool:
    return any(g.when is wanted.when and g.origins == wanted.origins and g.kinds >= wanted.kinds for g in guards)


def _reversed(guard: Guard) -> Guard:
    return Guard(not guard.when, guard.origins, guard.kinds)

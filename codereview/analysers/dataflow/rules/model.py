"""The data model of the rule tables; `codereview.analysers.dataflow.rules.loading` fills it from TOML."""

import re
from dataclasses import dataclass, field

from codereview.domain.findings import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a dotted path has to look like.

    ``pkg.func`` is that path; ``*.func`` any receiver; ``*.Type.func`` a path ending so; ``?cur|conn.func`` a receiver
    nothing else is known of and whose own name contains one of the words.
    """

    text: str
    last: str
    suffix: str = ""
    hint: re.Pattern[str] | None = None

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Read one pattern."""
        last = text.rpartition(".")[2]
        if text.startswith("?"):
            words = text[1 : -len(last) - 1]
            return cls(text, last, hint=re.compile(f"(?i){words}"))
        if text.startswith("*."):
            return cls(text, last, suffix=text[1:])
        return cls(text, last)

    def fits(self, path: str, receiver_name: str, receiver_known: bool) -> bool:
        """Whether the path is one of those meant. ``receiver_name`` is the identifier the receiver is called by."""
        if self.hint is not None:
            return not receiver_known and bool(receiver_name) and self.hint.search(receiver_name) is not None
        if self.suffix:
            return path.endswith(self.suffix) or path == self.suffix[1:]
        return path == self.text


@dataclass(frozen=True, slots=True)
class Selector:
    """Which argument: positions and keyword names that mean the same one, then fields within it."""

    positions: tuple[int, ...]
    names: tuple[str, ...]
    path: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Selector":
        """Read "0", "0|name", "name", "0.field", "*" (any argument), "receiver", "value", "target", "context"."""
        head, *path = text.split(".")
        words = head.split("|")
        return cls(
            tuple(int(word) for word in words if word.isdigit()),
            tuple(word for word in words if not word.isdigit()),
            tuple(path),
        )


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of an argument."""

    selector: Selector
    op: str
    operand: str = ""
    regex: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, one of which has to hold."""

    text: str
    alternatives: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where data of a label comes from: calls that return it, paths that read it."""

    label: str
    what: str
    calls: tuple[Pattern, ...] = ()
    reads: tuple[Pattern, ...] = ()
    where: tuple[Condition, ...] = ()
    #: Arguments the call fills with the data (buffers, structures to decode into) instead of returning it.
    fills: tuple[Selector, ...] = ()
    #: The data may have structure of the sender's choosing.
    structured: bool = False


@dataclass(frozen=True, slots=True)
class Propagator:
    """Calls that put the data of some arguments into others."""

    calls: tuple[Pattern, ...]
    sources: tuple[Selector, ...]
    targets: tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class Sink:
    """Where data of a kind must not arrive: arguments of calls, or what is written to a path."""

    rule: str
    kind: str
    what: str
    calls: tuple[Pattern, ...] = ()
    writes: tuple[Pattern, ...] = ()
    args: tuple[Selector, ...] = ()
    where: tuple[Condition, ...] = ()
    #: A named predicate on the shape of the argument (see `codereview.analysers.dataflow.shapes`).
    shape: str = ""
    #: Labels of data this sink is about; empty: all that come from outside.
    labels: tuple[str, ...] = ()
    #: Functions that are the sink by what they return, as their names say.
    returned_by: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Sanitiser:
    """Calls whose result is harmless for these kinds ("*": all)."""

    kinds: frozenset[str]
    calls: tuple[Pattern, ...]
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardRule:
    """Calls that tell whether their argument is harmless for these kinds."""

    kinds: frozenset[str]
    calls: tuple[Pattern, ...]
    args: tuple[Selector, ...]
    when: bool = True
    where: tuple[Condition, ...] = ()
    #: Data must have been made harmless for this kind before (e.g. "normalised").
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Misuse:
    """An interface used wrongly, whatever the data: a call, a read, a write, an entry of a literal …"""

    rule: str
    what: str
    calls: tuple[Pattern, ...] = ()
    reads: tuple[Pattern, ...] = ()
    writes: tuple[Pattern, ...] = ()
    decorators: tuple[Pattern, ...] = ()
    imports: tuple[Pattern, ...] = ()
    #: Names of functions; the condition sees the function itself.
    defines: tuple[str, ...] = ()
    #: Keys of literals (``{"verify": False}``), matched whole.
    pairs: tuple[str, ...] = ()
    #: Names of variables, whatever they are qualified by.
    names: re.Pattern[str] | None = None
    where: tuple[Condition, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None


@dataclass(slots=True)
class Entry:
    """Functions the outside calls: their parameters carry its data."""

    label: str
    what: str
    decorators: tuple[Pattern, ...] = ()
    #: Names of methods in subclasses of these, e.g. ``django.views.View``.
    bases: tuple[Pattern, ...] = ()
    methods: tuple[str, ...] = ()
    #: Names of functions whose first parameter is the data.
    functions: tuple[str, ...] = ()
    #: Calls whose function arguments are called back, with the types of their parameters.
    calls: tuple[Pattern, ...] = ()
    types: tuple[str, ...] = ()
    #: Whether what they return is sent to the client as HTML.
    returns_html: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A call after which its result (or receiver) has a property that conditions can ask for with ``has``."""

    name: str
    calls: tuple[Pattern, ...]
    where: tuple[Condition, ...] = ()
    on_receiver: bool = False


@dataclass(slots=True)
class Table:
    """Everything known of one language."""

    language: str
    sources: list[Source] = field(default_factory=list)
    sinks: list[Sink] = field(default_factory=list)
    propagators: list[Propagator] = field(default_factory=list)
    sanitisers: list[Sanitiser] = field(default_factory=list)
    guards: list[GuardRule] = field(default_factory=list)
    misuses: list[Misuse] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    #: Paths that mean another path: an alias, and the name rules know.
    types: dict[str, str] = field(default_factory=dict)
    #: The type a call of a path returns, or an instance of a class is treated as.
    returns: dict[str, str] = field(default_factory=dict)
    #: Paths that are known numbers or texts.
    constants: dict[str, int | str] = field(default_factory=dict)
    #: Calls that undo what a sanitiser did.
    decoders: list[Pattern] = field(default_factory=list)
    marks: list["Mark"] = field(default_factory=list)
    #: What a parameter or unbound name is taken for by its name alone.
    names: dict[str, str] = field(default_factory=dict)
    #: Calls whose result carries nothing of their arguments.
    opaque: list[Pattern] = field(default_factory=list)

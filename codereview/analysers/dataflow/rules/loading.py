"""Reading the rule tables. A table that does not fit the model is a mistake of ours and raises at once."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from codereview.analysers.dataflow.rules.model import (
    Condition,
    Entry,
    GuardRule,
    Mark,
    Misuse,
    Pattern,
    Propagator,
    Sanitiser,
    Selector,
    Sink,
    Source,
    Table,
    Test,
)
from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Example, Rule

ANALYSER = "dataflow"
LANGUAGES = ("python", "javascript", "go", "java")
_OPS = frozenset(
    {
        *("is", "isnt", "in", "matches", "lacks", "ref", "noref", "<", "<=", ">", ">=", "absent", "present"),
        *("literal", "dynamic", "empty", "tainted", "untainted", "has", "hasnt", "named", "unnamed"),
        *(
            "bits",
            "exponential",
            "returns",
            "zeroed",
            "mixed",
            "carries",
            "carriesnt",
            "omits",
            "unmentioned",
            "begins",
        ),
    }
)
_EXTENSION = {"python": "py", "javascript": "js", "go": "go", "java": "Example.java"}


def condition(text: str) -> Condition:
    """Read "ARG OP OPERAND or ARG OP OPERAND …". Raises ValueError for an unknown operator."""
    return Condition(text, tuple(_test(part) for part in text.split(" or ")))


def _test(text: str) -> Test:
    head, _, rest = text.strip().partition(" ")
    op, _, operand = rest.strip().partition(" ")
    if op not in _OPS:
        raise ValueError(f"unknown operator {op!r} in the condition {text!r}")
    regex = re.compile(operand) if op in ("matches", "lacks", "named", "unnamed", "unmentioned", "begins") else None
    return Test(Selector.of(head), op, operand.strip(), regex)


@cache
def table_of(language: str) -> Table:
    """The table of a language ("python", "javascript" (TypeScript too), "go", "java")."""
    table = Table(language)
    for document in _documents(language):
        _fill(table, document)
    return table


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by id, with what all languages say about it put together."""
    merged: dict[str, dict[str, Any]] = {}
    for language in LANGUAGES:
        for document in _documents(language):
            for entry in document.get("rule", ()):
                _merge(merged, entry, language)
    return tuple(_rule(merged[native]) for native in sorted(merged))


@cache
def rule_by_id() -> dict[str, Rule]:
    """Rules by their native id."""
    return {rule.native: rule for rule in rules()}


def _merge(merged: dict[str, dict[str, Any]], entry: dict[str, Any], language: str) -> None:
    known = merged.setdefault(entry["id"], {"languages": [], "valid": [], "invalid": []})
    known["languages"].append(language)
    for side in ("valid", "invalid"):
        for code in entry.get(side, ()):
            known[side].append(_example(code, language))
    for name, value in entry.items():
        if name not in ("valid", "invalid"):
            known.setdefault(name, value)


def _example(code: str | dict[str, str], language: str) -> Example:
    if isinstance(code, dict):
        return Example(code=code["code"].lstrip("\n"), filename=code["filename"])
    suffix = _EXTENSION[language]
    return Example(code=code.lstrip("\n"), filename=suffix if "." in suffix else f"example.{suffix}")


def _rule(entry: dict[str, Any]) -> Rule:
    languages = list(dict.fromkeys(entry["languages"]))
    if "javascript" in languages:
        languages.append("typescript")
    return Rule(
        id=f"{ANALYSER}/{entry['id']}",
        analyser=ANALYSER,
        native=entry["id"],
        agent="security",
        title=entry["title"],
        severity=Severity(entry["severity"]),
        confidence=Confidence(entry.get("confidence", "medium")),
        cwe=entry["cwe"],
        description=entry["description"],
        failure_scenario=entry["scenario"],
        fix=entry["fix"],
        help_uri=f"https://cwe.mitre.org/data/definitions/{entry['cwe']}.html",
        languages=tuple(languages),
        valid=tuple(entry["valid"]),
        invalid=tuple(entry["invalid"]),
    )


@cache
def _documents(language: str) -> tuple[dict[str, Any], ...]:
    folder = files(__package__).joinpath(language)
    if not folder.is_dir():
        return ()
    found: Iterable[Traversable] = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return tuple(tomllib.loads(entry.read_text("utf-8")) for entry in found if entry.name.endswith(".toml"))


def _patterns(entry: dict[str, Any], name: str) -> tuple[Pattern, ...]:
    return tuple(Pattern.of(text) for text in entry.get(name, ()))


def _selectors(entry: dict[str, Any], name: str = "args") -> tuple[Selector, ...]:
    return tuple(Selector.of(text) for text in entry.get(name, ()))


def _conditions(entry: dict[str, Any]) -> tuple[Condition, ...]:
    return tuple(condition(text) for text in entry.get("where", ()))


def _fill(table: Table, document: dict[str, Any]) -> None:
    table.types.update(document.get("types", {}))
    table.names.update(document.get("names", {}))
    table.constants.update(document.get("constants", {}))
    for type_name, calls in document.get("returns", {}).items():
        table.returns.update(dict.fromkeys(calls, type_name))
    table.opaque += [Pattern.of(text) for text in document.get("opaque", {}).get("calls", ())]
    table.decoders += [Pattern.of(text) for text in document.get("decoders", {}).get("calls", ())]
    for e in document.get("mark", ()):
        table.marks.append(Mark(e["name"], _patterns(e, "calls"), _conditions(e), e.get("on_receiver", False)))
    for e in document.get("source", ()):
        table.sources.append(
            Source(
                e["label"],
                e["what"],
                _patterns(e, "calls"),
                _patterns(e, "reads"),
                _conditions(e),
                _selectors(e, "fills"),
                e.get("structured", False),
            )
        )
    for e in document.get("propagator", ()):
        table.propagators.append(Propagator(_patterns(e, "calls"), _selectors(e, "from"), _selectors(e, "to")))
    for e in document.get("sink", ()):
        table.sinks.append(_sink(e))
    for e in document.get("sanitiser", ()):
        table.sanitisers.append(Sanitiser(frozenset(e["kinds"]), _patterns(e, "calls"), _conditions(e)))
    for e in document.get("guard", ()):
        kinds, when = frozenset(e["kinds"]), e.get("when", True)
        args = _selectors(e)
        table.guards.append(GuardRule(kinds, _patterns(e, "calls"), args, when, _conditions(e), e.get("needs", "")))
    for e in document.get("misuse", ()):
        table.misuses.append(_misuse(e))
    for e in document.get("entry", ()):
        table.entries.append(_entry(e))


def _sink(e: dict[str, Any]) -> Sink:
    return Sink(
        rule=e["rule"],
        kind=e["kind"],
        what=e.get("what", ""),
        calls=_patterns(e, "calls"),
        writes=_patterns(e, "writes"),
        args=_selectors(e) or (Selector.of("0"),),
        where=_conditions(e),
        shape=e.get("shape", ""),
        labels=tuple(e.get("labels", ())),
        returned_by=re.compile(e["returned_by"]) if "returned_by" in e else None,
    )


def _misuse(e: dict[str, Any]) -> Misuse:
    return Misuse(
        rule=e["rule"],
        what=e.get("what", ""),
        calls=_patterns(e, "calls"),
        reads=_patterns(e, "reads"),
        writes=_patterns(e, "writes"),
        decorators=_patterns(e, "decorators"),
        imports=_patterns(e, "imports"),
        defines=tuple(e.get("defines", ())),
        pairs=tuple(e.get("pairs", ())),
        names=re.compile(e["names"]) if "names" in e else None,
        where=_conditions(e),
        severity=Severity(e["severity"]) if "severity" in e else None,
        confidence=Confidence(e["confidence"]) if "confidence" in e else None,
    )


def _entry(e: dict[str, Any]) -> Entry:
    return Entry(
        label=e["label"],
        what=e["what"],
        decorators=_patterns(e, "decorators"),
        bases=_patterns(e, "bases"),
        methods=tuple(e.get("methods", ())),
        functions=tuple(e.get("functions", ())),
        calls=_patterns(e, "calls"),
        types=tuple(e.get("types", ())),
        returns_html=e.get("returns_html", False),
    )

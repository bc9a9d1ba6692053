"""Reading the rules and the declared checks: a file per kind of infrastructure, in ``rules``.

Each has ``[[rule]]`` tables with the fields of `codereview.domain.rules.Rule` and its examples, and ``[[check]]``
tables with those of `codereview.analysers.infra.model.Declared`. A table that does not fit is a mistake
of ours, and raises.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from codereview.analysers.infra.model import Declared
from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Example, Rule

#: The analyser's name, in rule ids and provenance.
ANALYSER = "infra"


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its native name."""
    found = [_rule(table, document) for document in _documents() for table in document["rule"]]
    return {rule.native: rule for rule in found}


@cache
def declared() -> tuple[Declared, ...]:
    """Every declared check. Raises KeyError for one of a rule that is not there."""
    known = rules()
    return tuple(
        _declared(table, known[table["rule"]]) for document in _documents() for table in document.get("check", ())
    )


def _rule(table: Mapping[str, Any], document: Mapping[str, Any]) -> Rule:
    return Rule(
        id=f"{ANALYSER}/{table['id']}",
        analyser=ANALYSER,
        native=table["id"],
        agent="security",
        title=table["title"],
        severity=Severity(table["severity"]),
        confidence=Confidence(table.get("confidence", "medium")),
        cwe=table["cwe"],
        description=table["description"],
        failure_scenario=table["scenario"],
        fix=table["fix"],
        help_uri=f"https://cwe.mitre.org/data/definitions/{table['cwe']}.html",
        languages=tuple(document["languages"]),
        valid=tuple(_examples(table, "valid", document)),
        invalid=tuple(_examples(table, "invalid", document)),
    )


def _examples(table: Mapping[str, Any], side: str, document: Mapping[str, Any]) -> Iterator[Example]:
    for example in table[side]:
        whole = example if isinstance(example, dict) else {"code": example}
        yield Example(code=whole["code"].lstrip("\n"), filename=whole.get("filename", document["filename"]))


def _declared(table: Mapping[str, Any], rule: Rule) -> Declared:
    return Declared(
        rule=rule.native,
        on=tuple(table["on"]),
        path=table["path"],
        values=frozenset(table.get("is", ())),
        matches=re.compile(table["matches"]) if "matches" in table else None,
        absent=table.get("absent", False),
        when=table.get("when", ""),
        when_values=frozenset(table.get("when_is", ())),
        message=table.get("message", ""),
        severity=Severity(table["severity"]) if "severity" in table else None,
    )


@cache
def _documents() -> tuple[Mapping[str, Any], ...]:
    folder = sorted(files(__package__).joinpath("rules").iterdir(), key=lambda entry: entry.name)
    return tuple(tomllib.loads(entry.read_text("utf-8")) for entry in folder if entry.name.endswith(".toml"))

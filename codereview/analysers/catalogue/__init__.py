"""The rules of the external tools, chosen one by one: a file per tool, a table per rule.

A rule of a tool that is not listed is not reported. Each file starts with ``analyser`` (its name), ``help_uri`` (with
``{native}`` and ``{slug}`` for the rule) and ``languages``; then ``[rules."NATIVE"]`` tables with the fields of
`codereview.domain.rules.Rule` and three more: ``slug`` (the rule's name in the tool's documentation), ``like``
(another rule, as ``tool:NATIVE``, that says what this one does not) and ``whole_file`` (true: the rule makes no sense
where only the hunks of a diff are known).

The examples stand in ``tool``.examples.toml, as ``[["NATIVE".invalid]]`` and ``[["NATIVE".valid]]`` tables with the
fields of `codereview.domain.rules.Example`. Few of them fit beside a rule without drowning it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from codereview.domain.rules import Rule

_OWN_FIELDS = frozenset({"slug", "like", "whole_file"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The rules of one tool by the tool's own names."""

    rules: Mapping[str, Rule]
    #: Native names of rules that need every line of a file.
    whole_file: frozenset[str]
    #: The names the tool's documentation uses, where they are not the native ones.
    slugs: Mapping[str, str]

    def of_agent(self, agent: str) -> dict[str, Rule]:
        """The rules of one agent."""
        return {native: rule for native, rule in self.rules.items() if rule.agent == agent}


@cache
def load(tool: str) -> Catalogue:
    """The catalogue in ``tool``.rules.toml. Raises FileNotFoundError, and ValueError for a rule that is not valid."""
    document = _document(tool)
    tables: Mapping[str, Mapping[str, Any]] = document["rules"]
    examples = _toml(f"{tool}.examples.toml")
    if unknown := examples.keys() - tables.keys():
        raise ValueError(f"{tool}.examples.toml has examples of rules there are not: {', '.join(sorted(unknown))}")
    slugs = {native: table.get("slug", native) for native, table in tables.items()}
    return Catalogue(
        rules={
            native: _rule(document, native, {**table, **examples.get(native, {})}, slugs[native])
            for native, table in tables.items()
        },
        whole_file=frozenset(native for native, table in tables.items() if table.get("whole_file")),
        slugs=slugs,
    )


def _rule(document: Mapping[str, Any], native: str, table: Mapping[str, Any], slug: str) -> Rule:
    own = {key: value for key, value in table.items() if key not in _OWN_FIELDS}
    return Rule.model_validate(
        {
            "analyser": document["analyser"],
            "languages": document.get("languages", ()),
            **_inherited(table.get("like")),
            **own,
            "native": native,
            "id": f"{document['analyser']}/{native}",
            "help_uri": own.get("help_uri") or document["help_uri"].format(native=native, slug=slug),
        }
    )


def _inherited(like: str | None) -> dict[str, Any]:
    if like is None:
        return {}
    tool, _, native = like.partition(":")
    table: Mapping[str, Any] = _document(tool)["rules"][native]
    return {key: value for key, value in table.items() if key not in _OWN_FIELDS and key not in ("valid", "invalid")}


def _document(tool: str) -> Mapping[str, Any]:
    return _toml(f"{tool}.rules.toml")


@cache
def _toml(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))

"""The examples of the external tools' rules: what the tool reports, and what it does not, as the product runs it."""

from collections.abc import Mapping
from functools import cache

import pytest
from support.analysing import examine

from codereview.analysers import catalogue, registry
from codereview.domain.reviews import AGENTS
from codereview.domain.rules import Example, Rule
from codereview.ports import Analyser, RawFinding

TOOLS = ("ruff", "bandit", "oxlint", "shellcheck", "hadolint", "zizmor")
RULES = {tool: catalogue.load(tool).rules for tool in TOOLS}
WITH_EXAMPLES = [rule for rules in RULES.values() for rule in rules.values() if rule.valid or rule.invalid]


def _analyser(tool: str) -> Analyser:
    return next(each for agent in AGENTS for each in registry.analysers_for(agent) if each.name == tool)


def _place(rule: Rule, kind: str, number: int, example: Example) -> str:
    """A directory for each example, as names of files may matter."""
    return f"{rule.native.replace('/', '.')}/{kind}{number}/{example.filename}"


@cache
def _reported(tool: str) -> Mapping[str, tuple[RawFinding, ...]]:
    """What the tool says of every example at once, by the path of the example."""
    files = {
        _place(rule, kind, number, example): example.code
        for rule in RULES[tool].values()
        for kind, examples in (("valid", rule.valid), ("invalid", rule.invalid))
        for number, example in enumerate(examples)
    }
    found: dict[str, list[RawFinding]] = {}
    for agent in AGENTS:
        for finding in examine(_analyser(tool), files, agent=agent).findings:
            found.setdefault(finding.path, []).append(finding)
    return {path: tuple(findings) for path, findings in found.items()}


def _of_rule(rule: Rule, kind: str, number: int, example: Example) -> list[RawFinding]:
    findings = _reported(rule.analyser).get(_place(rule, kind, number, example), ())
    return [finding for finding in findings if finding.native_rule == rule.native]


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.id)
def test_a_rule_reports_its_invalid_examples_and_not_its_valid_ones(rule: Rule) -> None:
    """The rule reference shows them; what it shows is what happens."""
    for number, example in enumerate(rule.invalid):
        found = _of_rule(rule, "invalid", number, example)
        assert found, example.code
        if example.lines:
            assert tuple(finding.line for finding in found) == example.lines, example.code
    for number, example in enumerate(rule.valid):
        assert not _of_rule(rule, "valid", number, example), example.code

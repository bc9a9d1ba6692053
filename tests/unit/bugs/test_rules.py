"""Every rule keeps what its examples promise."""

import re

import pytest

from codereview.analysers.bugs.analyser import rules
from codereview.domain.rules import Example, Rule

VALID = [
    pytest.param(rule, example, id=f"{rule.native}-{n}") for rule in rules() for n, example in enumerate(rule.valid)
]
INVALID = [
    pytest.param(rule, example, id=f"{rule.native}-{n}") for rule in rules() for n, example in enumerate(rule.invalid)
]


@pytest.mark.parametrize(("rule", "example"), VALID)
def test_a_rule_is_silent_on_its_valid_examples(rule: Rule, example: Example, examine):
    """A rule that cries wolf on its own documentation would anywhere."""
    found = examine(**{example.filename: example.code})
    assert [f.message for f in found.findings if f.rule_id == rule.id] == []
    assert found.problems == ()


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_a_rule_reports_its_invalid_examples(rule: Rule, example: Example, examine):
    """Each example is a defect the rule must find, on the lines it names if it names any."""
    found = [f for f in examine(**{example.filename: example.code}).findings if f.rule_id == rule.id]
    assert found
    assert set(example.lines) <= {f.line for f in found}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.native)
def test_a_rule_explains_itself(rule: Rule):
    """Findings and the rule reference are made from these texts."""
    assert re.fullmatch(r"bugs/[a-z0-9-]+", rule.id)
    assert rule.agent == "bug"
    assert len(rule.valid) >= 2
    assert len(rule.invalid) >= 2
    assert all(text.rstrip().endswith(".") for text in (rule.description, rule.failure_scenario, rule.fix))
    assert rule.family


def test_rule_ids_are_unique():
    """Suppressions and baselines refer to them."""
    ids = [rule.id for rule in rules()]
    assert len(ids) == len(set(ids))

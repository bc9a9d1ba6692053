"""Every rule's own examples: the invalid ones are reported, the valid ones are not."""

import pytest
from support.analysing import examine, natives

from codereview.analysers.infra.analyser import InfraAnalyser, rules
from codereview.domain.rules import Example, Rule


def _examples(side: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.native}-{example.filename}-{number}")
        for rule in rules()
        for number, example in enumerate(getattr(rule, side))
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("invalid"))
def test_invalid_example_is_reported(rule: Rule, example: Example) -> None:
    """What the rule reference shows as wrong is found."""
    assert rule.native in natives(examine(InfraAnalyser(), {example.filename: example.code}))


@pytest.mark.parametrize(("rule", "example"), _examples("valid"))
def test_valid_example_is_not_reported(rule: Rule, example: Example) -> None:
    """What the rule reference shows as right is left alone."""
    report = examine(InfraAnalyser(), {example.filename: example.code})
    assert rule.native not in natives(report)
    assert report.problems == ()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.native)
def test_rule_has_two_examples_of_each_kind_and_says_what_a_person_needs(rule: Rule) -> None:
    """One example can be a coincidence."""
    assert len(rule.valid) >= 2
    assert len(rule.invalid) >= 2
    assert rule.cwe is not None
    assert all(text.endswith(".") for text in (rule.description, rule.failure_scenario, rule.fix))

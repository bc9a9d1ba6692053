"""Every rule's own examples: the invalid ones are reported, the valid ones are not."""

import pytest

from codereview.analysers.dataflow.analyser import DataflowAnalyser, rules
from codereview.domain.rules import Example, Rule
from codereview.domain.sources import SourceFile
from codereview.syntax.languages import language_of


def _reported(example: Example) -> set[str]:
    path = f"app/{example.filename}"
    file = SourceFile(path=path, text=example.code, language=language_of(path))
    report = DataflowAnalyser().examine([file])
    assert not report.problems
    return {finding.native_rule for finding in report.findings}


def _examples(side: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.native}-{example.filename}-{number}")
        for rule in rules()
        for number, example in enumerate(getattr(rule, side))
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("invalid"))
def test_invalid_example_is_reported(rule: Rule, example: Example) -> None:
    """What the rule reference shows as wrong is found."""
    assert rule.native in _reported(example)


@pytest.mark.parametrize(("rule", "example"), _examples("valid"))
def test_valid_example_is_not_reported(rule: Rule, example: Example) -> None:
    """What the rule reference shows as right is left alone."""
    assert rule.native not in _reported(example)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.native)
def test_rule_has_two_examples_of_each_kind(rule: Rule) -> None:
    """One example can be a coincidence."""
    assert len(rule.valid) >= 2
    assert len(rule.invalid) >= 2

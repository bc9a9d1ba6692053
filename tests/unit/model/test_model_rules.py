"""What a model reports has rules of its own, so that reports name them by what they are."""

from typing import get_args

from codereview.agents.answers import Category
from codereview.agents.model_rules import MODEL_RULES


def test_every_category_is_a_rule() -> None:
    assert {f"claude/{category}" for category in get_args(Category)} <= set(MODEL_RULES)


def test_no_rule_is_called_after_one_finding() -> None:
    assert all(rule.title and rule.description for rule in MODEL_RULES.values())

"""The rule reference says what the rules say."""

from pathlib import Path

import codereview.analysers.registry as analysers
from codereview.agents.model_rules import MODEL_RULES
from codereview.formats.rule_reference import pages

REFERENCE = Path(__file__).parents[3] / "docs" / "rules"
RULES = analysers.rules() | MODEL_RULES


def test_the_reference_is_current() -> None:
    """`codereview rules --reference docs/rules` makes it so."""
    written = {path.name: path.read_text() for path in REFERENCE.glob("*.md")}
    assert written == pages(RULES.values())


def test_every_rule_is_in_it() -> None:
    text = "\n".join(pages(RULES.values()).values())
    assert [rule for rule in RULES if f"`{rule}`" not in text] == []


def test_every_rule_of_our_own_shows_code_that_breaks_it_and_code_that_does_not() -> None:
    own = [rule for rule in RULES.values() if rule.analyser in ("dataflow", "secrets", "infra", "bugs")]
    assert [rule.id for rule in own if len(rule.invalid) < 2 or len(rule.valid) < 2] == []

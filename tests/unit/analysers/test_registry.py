"""The table of analysers."""

import re

from support.analysing import examine

from codereview.analysers.process import Bounds
from codereview.analysers.registry import ANALYSERS, analysers_for, rules
from codereview.domain.reviews import AGENTS


def test_every_analyser_stands_in_the_table_under_its_name() -> None:
    """The name is also the first part of its rules' ids."""
    for name, entry in ANALYSERS.items():
        assert entry.make(Bounds()).name == name
        assert {rule.analyser for rule in entry.rules()} == {name}
        assert all(rule.id.startswith(f"{name}/") for rule in entry.rules())


def test_an_agent_gets_the_analysers_that_have_rules_for_it() -> None:
    """In the order of the table."""
    for agent in AGENTS:
        names = [analyser.name for analyser in analysers_for(agent)]
        expected = [name for name, entry in ANALYSERS.items() if agent in {rule.agent for rule in entry.rules()}]
        assert names == expected
        assert names


def test_an_analyser_is_made_once_for_both_agents() -> None:
    """It holds nothing of a review."""
    shared = {id(analyser) for analyser in analysers_for("security")} & {id(a) for a in analysers_for("bug")}

    assert shared
    assert analysers_for("bug") == analysers_for("bug")


def test_the_deployment_decides_how_long_a_tool_may_take() -> None:
    """Its setting reaches every tool."""
    ruff = next(a for a in analysers_for("bug", Bounds(wall_s=0.000_1)) if a.name == "ruff")

    report = examine(ruff, {"a.py": "x = 1\n"}, agent="bug")

    assert [problem.reason for problem in report.problems] == ["timeout"]


def test_secrets_are_the_security_agents_alone() -> None:
    """A finding is reported once, by the agent it belongs to."""
    assert "secrets" not in [analyser.name for analyser in analysers_for("bug")]


def test_an_unknown_agent_has_no_analysers() -> None:
    """There is nothing it could be asked."""
    assert analysers_for("style") == ()


def test_rules_are_found_by_their_ids() -> None:
    """Suppressions, baselines and the rule reference go by them."""
    known = rules()

    assert all(rule.id == rule_id for rule_id, rule in known.items())
    assert len(known) == sum(len(list(entry.rules())) for entry in ANALYSERS.values())
    assert known["bandit/B602"].cwe == 78


def test_every_rule_belongs_to_an_agent_there_is() -> None:
    """Another would never be asked for."""
    assert {rule.agent for rule in rules().values()} <= set(AGENTS)


def test_ids_can_stand_in_a_suppression_comment() -> None:
    """No spaces, no commas, no brackets around them."""
    assert not [rule_id for rule_id in rules() if re.search(r"[\s,\[\]]", rule_id)]

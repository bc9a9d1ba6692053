"""The definition of the state machine, against the code that it calls."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import codereview.errors as errors
from codereview.errors import CodeReviewError

DEFINITION = Path(__file__).parents[3] / "deploy" / "statemachines" / "review-repository.asl.json"
MACHINE: dict[str, Any] = json.loads(DEFINITION.read_text(encoding="utf-8"))


def _states(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in states.items():
        yield name, state
        yield from _states(state.get("ItemProcessor", {}).get("States", {}))


STATES = dict(_states(MACHINE["States"]))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def _retried(state: dict[str, Any]) -> set[str]:
    return {error for retrier in state["Retry"] for error in retrier["ErrorEquals"]}


@pytest.mark.parametrize("name", TASKS)
def test_what_is_retried_is_an_error_the_code_raises(name: str) -> None:
    """A name that no class has would never match, and nobody would notice."""
    own = {error for error in _retried(TASKS[name]) if not error.startswith(("Lambda.", "States."))}
    for error in own:
        assert issubclass(getattr(errors, error), CodeReviewError)
    assert "BackendUnavailable" in own


@pytest.mark.parametrize("name", TASKS)
def test_what_no_retry_mends_is_not_retried(name: str) -> None:
    """Neither a bad archive nor a mistake in the code."""
    assert not _retried(TASKS[name]) & {"States.ALL", "States.TaskFailed", "BadArchive", "InvalidSubmission"}


def test_every_state_that_is_named_is_there_and_reached() -> None:
    """No dead end, no orphan."""
    named = set(re.findall(r'"(?:Next|StartAt|Default)": "([^"]+)"', DEFINITION.read_text(encoding="utf-8")))
    assert named == set(STATES)


def test_shards_are_reviewed_in_a_distributed_map_that_tolerates_what_is_lost() -> None:
    """The merge says what is missing; the map must let it."""
    mapped = STATES["Review every shard"]
    assert mapped["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert mapped["ToleratedFailurePercentage"] == 100
    assert mapped["ResultPath"] is None, "the results of many shards are more than a state may pass on"


def test_the_functions_are_named_by_the_templates() -> None:
    """By substitution; nothing of an account is in the definition."""
    text = DEFINITION.read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{(\w+)\}", text))
    assert named == {"BatchPlanFunctionArn", "BatchReviewFunctionArn", "BatchMergeFunctionArn"}
    template = DEFINITION.parents[1] / "cloudformation" / "batch.yaml"
    assert all(f"{name}:" in template.read_text(encoding="utf-8") for name in named)

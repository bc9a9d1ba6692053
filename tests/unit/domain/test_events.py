"""Events: each type has its payload, and clients get a schema that real events satisfy."""

import jsonschema
import pytest

from codereview.domain.events import (
    PAYLOADS,
    TERMINAL,
    TERMINAL_EVENT,
    AgentStarted,
    Event,
    EventType,
    ReviewEnded,
    ReviewStarted,
    draft,
    json_schema,
)
from codereview.domain.reviews import ReviewStatus, Verdict
from codereview.domain.submission import Submission


def test_every_type_of_event_has_a_payload() -> None:
    """A type without one could carry anything."""
    assert set(PAYLOADS) == set(EventType)


def test_every_terminal_status_has_its_terminal_event() -> None:
    """A review ends with exactly one event, whatever its end."""
    assert {status for status in ReviewStatus if status.terminal} == set(TERMINAL_EVENT)
    assert set(TERMINAL_EVENT.values()) == TERMINAL


def test_a_payload_of_another_type_is_refused() -> None:
    """The mistake is caught where it is made, not by a client."""
    with pytest.raises(TypeError, match="agent_started carries AgentStarted, not ReviewStarted"):
        draft("rv_1", EventType.AGENT_STARTED, ReviewStarted(), dedupe="x")


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        (EventType.AGENT_STARTED, AgentStarted(unit_id="bug-b001")),
        (EventType.REVIEW_COMPLETED, ReviewEnded(status=ReviewStatus.COMPLETED, verdict=Verdict.PASS)),
    ],
)
def test_the_published_schema_accepts_real_events_and_refuses_others(
    type_: EventType, payload: AgentStarted | ReviewEnded
) -> None:
    """The schema is what clients are generated from."""
    validator = jsonschema.Draft202012Validator(json_schema())
    statement = draft("rv_1", type_, payload, dedupe="x")
    event = Event(id=1, review_id="rv_1", type=type_, at=1, data=statement.data).to_wire()
    validator.validate(event)
    assert not validator.is_valid(event | {"type": "usage"})
    assert not validator.is_valid(event | {"data": {"no": "thing"}})


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "none was given"),
        ({"code": "x", "diff": "y"}, "code and diff were given"),
        ({"files": [], "filename": "a.py"}, "filename goes with code"),
        ({"code": "x", "baseFiles": []}, "baseFiles goes with diff"),
        ({"code": "x", "options": {"agents": ["style"]}}, "unknown agent 'style'; the agents are security, bug"),
    ],
)
def test_a_submission_names_exactly_one_source(given: dict[str, object], complaint: str) -> None:
    """What was wrong and what would be right, in one sentence."""
    with pytest.raises(ValueError, match=complaint):
        Submission.model_validate(given)

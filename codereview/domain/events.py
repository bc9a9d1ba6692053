"""The events of a review, as they are logged, streamed and replayed."""

from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue, PositiveInt

from codereview.domain.findings import Finding, FindingStatus
from codereview.domain.model import Model
from codereview.domain.reviews import AgentSummary, Outcome, ReviewStatus, Verdict
from codereview.domain.sources import SourceSummary
from codereview.domain.usage import Metrics, Usage


class EventType(StrEnum):
    """Every type of event there is."""

    REVIEW_QUEUED = "review_queued"
    REVIEW_STARTED = "review_started"
    AGENT_STARTED = "agent_started"
    AGENT_PROGRESS = "agent_progress"
    FINDING = "finding"
    FINDING_UPDATED = "finding_updated"
    FIX_PROPOSED = "fix_proposed"
    AGENT_COMPLETED = "agent_completed"
    AGENT_FAILED = "agent_failed"
    USAGE = "usage"
    HEARTBEAT = "heartbeat"
    REVIEW_COMPLETED = "review_completed"
    REVIEW_FAILED = "review_failed"
    REVIEW_CANCELLED = "review_cancelled"

    @property
    def terminal(self) -> bool:
        """Whether this is the last event of its review."""
        return self in TERMINAL


TERMINAL = frozenset({EventType.REVIEW_COMPLETED, EventType.REVIEW_FAILED, EventType.REVIEW_CANCELLED})

#: The terminal event that tells of each terminal status.
TERMINAL_EVENT = {
    ReviewStatus.COMPLETED: EventType.REVIEW_COMPLETED,
    ReviewStatus.FAILED: EventType.REVIEW_FAILED,
    ReviewStatus.CANCELLED: EventType.REVIEW_CANCELLED,
}


class ReviewQueued(Model):
    """Accepted and planned."""

    source: SourceSummary
    agents: tuple[AgentSummary, ...]
    units: int


class ReviewStarted(Model):
    """The first unit was claimed."""

    queue_ms: int = 0


class AgentStarted(Model):
    """An agent's first unit was claimed."""

    unit_id: str
    worker: str = ""


class AgentProgress(Model):
    """One unit, or one analyser of a unit, is done."""

    unit_id: str
    step: str = ""
    units_done: int = 0
    units: int = 0


class FindingEvent(Model):
    """A new finding (``finding``) or its new state (``finding_updated``, ``fix_proposed``)."""

    finding: Finding


class FindingUpdate(Model):
    """Why a finding changed, with its new state."""

    finding: Finding
    status: FindingStatus
    reason: str = ""


class AgentCompleted(Model):
    """All units of an agent ended, none of them failed."""

    summary: AgentSummary


class AgentFailed(Model):
    """A unit of an agent failed for good; the sentence is for a person."""

    unit_id: str = ""
    reason: str
    summary: AgentSummary | None = None


class UsageEvent(Model):
    """The review's tokens and cost so far."""

    usage: Usage


class Heartbeat(Model):
    """Data, not a ping: a browser cannot see pings. Never logged, so it carries no id of its own."""

    status: ReviewStatus


class ReviewEnded(Model):
    """The terminal event of a review, whatever its end."""

    status: ReviewStatus
    outcome: Outcome | None = None
    verdict: Verdict
    finding_count: int = 0
    findings_by_severity: dict[str, int] = Field(default_factory=dict)
    agents: tuple[AgentSummary, ...] = ()
    metrics: Metrics = Metrics()
    engine: str = "static"
    model_ran: bool = False
    notices: tuple[str, ...] = ()
    reason: str = ""


#: What ``data`` holds, by type of event.
PAYLOADS: dict[EventType, type[Model]] = {
    EventType.REVIEW_QUEUED: ReviewQueued,
    EventType.REVIEW_STARTED: ReviewStarted,
    EventType.AGENT_STARTED: AgentStarted,
    EventType.AGENT_PROGRESS: AgentProgress,
    EventType.FINDING: FindingEvent,
    EventType.FINDING_UPDATED: FindingUpdate,
    EventType.FIX_PROPOSED: FindingEvent,
    EventType.AGENT_COMPLETED: AgentCompleted,
    EventType.AGENT_FAILED: AgentFailed,
    EventType.USAGE: UsageEvent,
    EventType.HEARTBEAT: Heartbeat,
    EventType.REVIEW_COMPLETED: ReviewEnded,
    EventType.REVIEW_FAILED: ReviewEnded,
    EventType.REVIEW_CANCELLED: ReviewEnded,
}


class EventDraft(Model):
    """An event before the log gave it a number.

    ``dedupe`` names the fact the event states; a second emit of the same name is refused, so that a task delivered
    twice or a command repeated after a lost reply adds nothing.
    """

    review_id: str
    type: EventType
    agent: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)
    dedupe: str


class Event(Model):
    """An event in the log: ``id`` is its 1-based place there, ``at`` milliseconds since the epoch."""

    id: PositiveInt
    review_id: str
    type: EventType
    at: int
    agent: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)


def draft(review_id: str, type_: EventType, payload: Model, *, dedupe: str, agent: str = "") -> EventDraft:
    """An event draft, its payload checked against the type.

    Raises TypeError when the payload is not what `PAYLOADS` names for the type.
    """
    if not isinstance(payload, PAYLOADS[type_]):
        raise TypeError(f"{type_} carries {PAYLOADS[type_].__name__}, not {type(payload).__name__}")
    return EventDraft(review_id=review_id, type=type_, agent=agent, data=payload.to_wire(), dedupe=dedupe)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event, one branch per type, for clients."""
    branches: list[dict[str, Any]] = []
    definitions: dict[str, Any] = {}
    for type_, payload in PAYLOADS.items():
        schema = payload.model_json_schema(by_alias=True, ref_template="#/$defs/{model}", mode="serialization")
        definitions.update(schema.pop("$defs", {}))
        definitions[payload.__name__] = schema
        branches.append(
            {"properties": {"type": {"const": str(type_)}, "data": {"$ref": f"#/$defs/{payload.__name__}"}}}
        )
    envelope = Event.model_json_schema(by_alias=True, mode="serialization")
    definitions.update(envelope.pop("$defs", {}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **envelope,
        "oneOf": branches,
        "$defs": definitions,
    }

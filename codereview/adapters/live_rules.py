"""Rules every adapter of the live state follows."""

from typing import Literal

from codereview.domain.events import TERMINAL_EVENT, EventType
from codereview.domain.findings import Finding
from codereview.domain.reviews import ReviewStatus
from codereview.domain.units import OutcomeStatus, UnitOutcome

#: Live state is kept this long after the last write.
TTL_S = 86_400.0
#: Events a log takes besides the terminal one, which always fits. A finding beyond is kept, its event left out.
MAX_EVENTS = 10_000
#: A unit enqueued again by one sweep is not enqueued by another for this long; until then the message is on its way.
REQUEUE_GUARD_MS = 2_000
#: An idempotency key is remembered this long, and reserved this long for a request that is still running.
IDEMPOTENCY_TTL_S = 86_400.0
RESERVATION_S = 300.0


def lost_outcome(unit_id: str, attempts: int) -> UnitOutcome:
    """The outcome of a unit whose every attempt was lost. What it did not cover, the finalizer adds from its spec."""
    return UnitOutcome(
        unit_id=unit_id,
        agent=unit_id.partition("-")[0],
        status=OutcomeStatus.FAILED,
        reasons=(f"given up after {attempts} attempts: its worker was lost each time",),
    )


def finding_mode(type_: EventType, finding: Finding | None) -> Literal["", "new", "update"]:
    """What an event does to the stored findings: adds one, replaces one, or nothing.

    Raises ValueError when a finding is given with an event that carries none.
    """
    if finding is None:
        return ""
    match type_:
        case EventType.FINDING:
            return "new"
        case EventType.FINDING_UPDATED | EventType.FIX_PROPOSED:
            return "update"
        case _:
            raise ValueError(f"{type_} carries no finding")


def told_status(type_: EventType) -> ReviewStatus | Literal[""]:
    """The status a terminal event tells of, "" for another event."""
    return _TOLD.get(type_, "")


_TOLD = {event: status for status, event in TERMINAL_EVENT.items()}

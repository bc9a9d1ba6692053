"""From the hashes of a review to what the application sees."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codereview.domain.reviews import ReviewStatus
from codereview.domain.units import UnitOutcome, UnitSpec, UnitState, UnitStatus
from codereview.ports import LiveReview

Fields = Mapping[str, bytes]


def live_review(review_id: str, reply: Sequence[Any]) -> LiveReview:
    """The snapshot a script returned: state, units, length of the log, time."""
    flat_state, flat_units, last_event_id, now = reply
    state = {name.decode(): value for name, value in _pairs(flat_state)}
    return LiveReview(
        review_id=review_id,
        owner=state["owner"].decode(),
        status=ReviewStatus(state["status"].decode()),
        created_at=int(state["createdAt"]),
        deadline_at=int(state["deadlineAt"]),
        now=int(now),
        started_at=_optional_int(state, "startedAt"),
        decision=ReviewStatus(state["decision"].decode()) if "decision" in state else None,
        decided_at=_optional_int(state, "decidedAt"),
        cancel_requested="cancelRequested" in state,
        reason=state.get("reason", b"").decode(),
        last_event_id=last_event_id,
        units=_units(flat_units),
    )


def _units(flat: Sequence[bytes]) -> dict[str, UnitState]:
    """The units in the order in which they were planned."""
    by_unit: dict[str, dict[str, bytes]] = defaultdict(dict)
    for key, value in _pairs(flat):
        name, _, unit_id = key.decode().partition(":")
        by_unit[unit_id][name] = value
    planned = sorted(by_unit.items(), key=lambda item: int(item[1]["index"]))
    return {unit_id: _unit(fields) for unit_id, fields in planned}


def _unit(fields: Fields) -> UnitState:
    outcome = fields.get("outcome")
    status = UnitStatus(fields["status"].decode())
    return UnitState(
        spec=UnitSpec.model_validate_json(fields["spec"]),
        status=status,
        attempt=int(fields.get("attempt", 0)),
        token=fields.get("token", b"").decode() if status is UnitStatus.RUNNING else "",
        worker=fields.get("worker", b"").decode(),
        enqueued_at=int(fields["enqueuedAt"]),
        lease_until=int(fields.get("leaseUntil", 0)),
        outcome=None if outcome is None else UnitOutcome.model_validate_json(outcome),
    )


def _pairs(flat: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _optional_int(fields: Fields, name: str) -> int | None:
    return int(fields[name]) if name in fields else None

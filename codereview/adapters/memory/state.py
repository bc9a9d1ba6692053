"""What the in-memory ledger and event bus share: the reviews, one lock, one clock."""

import threading
from dataclasses import dataclass, field

from codereview.adapters.live_rules import TTL_S
from codereview.adapters.system import SystemClock
from codereview.domain.events import Event
from codereview.domain.findings import Finding
from codereview.domain.reviews import ReviewStatus
from codereview.domain.units import UnitOutcome, UnitSpec, UnitState, UnitStatus
from codereview.ports import Clock, Lease, LiveReview


@dataclass(slots=True)
class UnitRecord:
    """A unit as it stands. Times in milliseconds."""

    spec: UnitSpec
    enqueued_at: int
    status: UnitStatus = UnitStatus.QUEUED
    attempt: int = 0
    token: str = ""
    worker: str = ""
    lease_until: int = 0
    requeued_at: int | None = None
    outcome: UnitOutcome | None = None

    def leased(self, now: int) -> bool:
        """Whether somebody has the unit."""
        return self.status is UnitStatus.RUNNING and self.lease_until > now

    def held_by(self, lease: Lease, now: int) -> bool:
        """Whether this lease still has it."""
        return self.leased(now) and self.token == lease.token

    def queue(self, now: int) -> None:
        """Put it back into the queue."""
        self.status, self.token, self.worker, self.lease_until = UnitStatus.QUEUED, "", "", 0
        self.enqueued_at = now

    def end(self, status: UnitStatus, outcome: UnitOutcome | None = None) -> None:
        """End it."""
        self.status, self.lease_until = status, 0
        self.outcome = outcome or self.outcome

    def seen(self) -> UnitState:
        """The unit as the application sees it."""
        return UnitState(
            spec=self.spec,
            status=self.status,
            attempt=self.attempt,
            token=self.token if self.status is UnitStatus.RUNNING else "",
            worker=self.worker,
            enqueued_at=self.enqueued_at,
            lease_until=self.lease_until,
            outcome=self.outcome,
        )


@dataclass(slots=True)
class ReviewRecord:
    """A review as it stands. Times in milliseconds."""

    id: str
    owner: str
    created_at: int
    deadline_at: int
    expires_at: int
    status: ReviewStatus = ReviewStatus.PENDING
    started_at: int | None = None
    decision: ReviewStatus | None = None
    decided_at: int | None = None
    cancel_requested: bool = False
    reason: str = ""
    units: dict[str, UnitRecord] = field(default_factory=dict)
    started_agents: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    emitted: set[str] = field(default_factory=set)

    def seen(self, now: int) -> LiveReview:
        """The review as the application sees it."""
        return LiveReview(
            review_id=self.id,
            owner=self.owner,
            status=self.status,
            created_at=self.created_at,
            deadline_at=self.deadline_at,
            now=now,
            started_at=self.started_at,
            decision=self.decision,
            decided_at=self.decided_at,
            cancel_requested=self.cancel_requested,
            reason=self.reason,
            last_event_id=len(self.events),
            units={unit_id: unit.seen() for unit_id, unit in self.units.items()},
        )


class LiveState:
    """The reviews of this process. Everything is read and written with ``changed`` held."""

    def __init__(self, clock: Clock | None = None, ttl_s: float = TTL_S) -> None:
        self.changed = threading.Condition()
        self._clock = clock or SystemClock()
        self._ttl_ms = int(ttl_s * 1000)
        self._reviews: dict[str, ReviewRecord] = {}

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._clock.now_ms()

    def find(self, review_id: str) -> ReviewRecord | None:
        """The review, unless it expired."""
        review = self._reviews.get(review_id)
        return review if review is not None and review.expires_at > self.now() else None

    def find_unit(self, lease: Lease) -> tuple[ReviewRecord, UnitRecord] | None:
        """The review and the unit the lease still has, or None: the holder must stop. A decision ends every lease."""
        review = self.find(lease.review_id)
        unit = review.units.get(lease.unit_id) if review is not None else None
        if review is None or unit is None or not unit.held_by(lease, self.now()):
            return None
        return review, unit

    def add(self, review_id: str, owner: str, deadline_ms: int, units: dict[str, UnitRecord]) -> None:
        """Open a review, and drop those that expired."""
        now = self.now()
        self._reviews = {key: review for key, review in self._reviews.items() if review.expires_at > now}
        self._reviews[review_id] = ReviewRecord(
            id=review_id,
            owner=owner,
            created_at=now,
            deadline_at=now + deadline_ms,
            expires_at=now + self._ttl_ms,
            units=units,
        )

    def touch(self, review: ReviewRecord) -> None:
        """Note a write: the review lives on, followers look again."""
        review.expires_at = self.now() + self._ttl_ms
        self.changed.notify_all()

    def running(self) -> list[ReviewRecord]:
        """Reviews without a terminal event, the oldest deadline first."""
        now = self.now()
        live = (r for r in self._reviews.values() if r.expires_at > now and not r.status.terminal)
        return sorted(live, key=lambda review: review.deadline_at)

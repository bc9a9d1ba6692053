"""The ledger of running reviews, in this process."""

import secrets
from collections.abc import Sequence

from codereview.adapters.live_rules import REQUEUE_GUARD_MS, TTL_S, lost_outcome
from codereview.adapters.memory.state import LiveState, ReviewRecord, UnitRecord
from codereview.domain.reviews import Review, ReviewStatus
from codereview.domain.units import UnitOutcome, UnitSpec, UnitStatus
from codereview.ports import Claim, ClaimResult, Clock, Lease, LiveReview


class MemoryLedger:
    """`codereview.ports.ReviewLedger` in memory. Safe to share between threads."""

    def __init__(
        self, clock: Clock | None = None, *, ttl_s: float = TTL_S, requeue_guard_ms: int = REQUEUE_GUARD_MS
    ) -> None:
        #: Shared with the event bus of the same reviews.
        self.state = LiveState(clock, ttl_s)
        self._requeue_guard_ms = requeue_guard_ms
        self._locks: dict[str, int] = {}

    def create(self, review: Review, units: Sequence[UnitSpec], *, deadline_ms: int) -> None:
        """Open a review with all its units queued; nothing happens when it was opened before."""
        with self.state.changed:
            if self.state.find(review.id) is None:
                now = self.state.now()
                queued = {unit.id: UnitRecord(unit, enqueued_at=now) for unit in units}
                self.state.add(review.id, review.owner, deadline_ms, queued)

    def read(self, review_id: str) -> LiveReview | None:
        """The snapshot, or None when nothing is known (never created, or expired)."""
        with self.state.changed:
            review = self.state.find(review_id)
            return None if review is None else review.seen(self.state.now())

    def claim(self, review_id: str, unit_id: str, *, worker: str, lease_ms: int, max_attempts: int) -> Claim:
        """Ask for a unit. A queued unit, or one whose lease ran out, is granted with attempt + 1."""
        with self.state.changed:
            review = self.state.find(review_id)
            unit = review.units.get(unit_id) if review is not None else None
            if review is None or unit is None or review.decision is not None or review.cancel_requested:
                return Claim(ClaimResult.OVER)
            if unit.status.terminal:
                return Claim(ClaimResult.DONE, outcome=unit.outcome)
            if unit.leased(self.state.now()):
                return Claim(ClaimResult.BUSY)
            self.state.touch(review)
            if unit.attempt >= max_attempts:
                unit.end(UnitStatus.GIVEN_UP, lost_outcome(unit_id, max_attempts))
                return Claim(ClaimResult.EXHAUSTED, outcome=unit.outcome)
            return self._grant(review, unit, worker, lease_ms)

    def renew(self, lease: Lease, *, lease_ms: int) -> bool:
        """Keep the lease. False when it was lost, or the review was decided or cancelled: stop working."""
        with self.state.changed:
            held = self.state.find_unit(lease)
            if held is None or held[0].cancel_requested:
                return False
            review, unit = held
            unit.lease_until = self.state.now() + lease_ms
            self.state.touch(review)
            return True

    def complete(self, lease: Lease, outcome: UnitOutcome) -> LiveReview | None:
        """Store the outcome and end the unit. The new snapshot, or None when the lease was lost."""
        with self.state.changed:
            held = self.state.find_unit(lease)
            if held is None:
                return self._completed_before(lease)
            review, unit = held
            unit.end(UnitStatus.DONE, outcome)
            self.state.touch(review)
            return review.seen(self.state.now())

    def release(self, lease: Lease, *, delay_ms: int = 0) -> None:
        """Give the unit back to the queue, its attempt not counted; it counts as enqueued after the delay."""
        with self.state.changed:
            held = self.state.find_unit(lease)
            if held is not None:
                review, unit = held
                unit.attempt -= 1
                unit.queue(self.state.now() + delay_ms)
                self.state.touch(review)

    def give_up(self, review_id: str, unit_id: str, outcome: UnitOutcome) -> bool:
        """End a unit that has no live lease, with this outcome. False when it has one or ended already."""
        with self.state.changed:
            found = self._unheld(review_id, unit_id)
            if found is None:
                return False
            review, unit = found
            unit.end(UnitStatus.GIVEN_UP, outcome)
            self.state.touch(review)
            return True

    def requeue(self, review_id: str, unit_id: str) -> bool:
        """Mark a unit as just enqueued again. False when another sweep did so, or it has a live lease."""
        with self.state.changed:
            found = self._unheld(review_id, unit_id)
            if found is None or found[0].cancel_requested:
                return False
            review, unit = found
            now = self.state.now()
            queued = unit.status is UnitStatus.QUEUED
            if queued and unit.requeued_at is not None and unit.requeued_at + self._requeue_guard_ms > now:
                return False
            unit.queue(now)
            unit.requeued_at = now
            self.state.touch(review)
            return True

    def request_cancel(self, review_id: str) -> bool:
        """Ask the units to stop. False when the review is unknown or decided."""
        with self.state.changed:
            review = self.state.find(review_id)
            if review is None or review.decision is not None:
                return False
            review.cancel_requested = True
            self.state.touch(review)
            return True

    def decide(self, review_id: str, status: ReviewStatus, reason: str = "") -> tuple[ReviewStatus, int] | None:
        """Settle the end: the first decision stands, and units still open end with it (cancelled, or given up).

        Raises ValueError for a status that is no end.
        """
        if not status.terminal:
            raise ValueError(f"{status} is not an end")
        with self.state.changed:
            review = self.state.find(review_id)
            if review is None:
                return None
            if review.decision is None:
                review.decision, review.reason = status, reason
                review.decided_at = self.state.now()
                for unit in review.units.values():
                    if not unit.status.terminal:
                        cancelled = status is ReviewStatus.CANCELLED
                        unit.end(UnitStatus.CANCELLED if cancelled else UnitStatus.GIVEN_UP)
                self.state.touch(review)
            return review.decision, review.decided_at or 0

    def active(self) -> list[str]:
        """Ids of the reviews without a terminal event, the oldest deadline first."""
        with self.state.changed:
            return [review.id for review in self.state.running()]

    def waiting(self, owner: str | None = None) -> int:
        """How many reviews are not ended; of one owner, or of all."""
        with self.state.changed:
            return sum(owner is None or review.owner == owner for review in self.state.running())

    def hold(self, name: str, *, ttl_ms: int) -> bool:
        """Take a named lock for a while (the reaper's). False when somebody has it."""
        with self.state.changed:
            now = self.state.now()
            if self._locks.get(name, 0) > now:
                return False
            self._locks[name] = now + ttl_ms
            return True

    def _grant(self, review: ReviewRecord, unit: UnitRecord, worker: str, lease_ms: int) -> Claim:
        now = self.state.now()
        first_of_review = review.started_at is None
        first_of_agent = unit.spec.agent not in review.started_agents
        if first_of_review:
            review.status, review.started_at = ReviewStatus.RUNNING, now
        review.started_agents.add(unit.spec.agent)
        unit.status, unit.token, unit.worker = UnitStatus.RUNNING, secrets.token_hex(8), worker
        unit.attempt += 1
        unit.lease_until = now + lease_ms
        return Claim(
            ClaimResult.GRANTED,
            lease=Lease(review.id, unit.spec.id, unit.attempt, unit.token),
            first_of_review=first_of_review,
            first_of_agent=first_of_agent,
        )

    def _completed_before(self, lease: Lease) -> LiveReview | None:
        review = self.state.find(lease.review_id)
        unit = review.units.get(lease.unit_id) if review is not None else None
        if review is None or unit is None or unit.status is not UnitStatus.DONE or unit.token != lease.token:
            return None
        return review.seen(self.state.now())

    def _unheld(self, review_id: str, unit_id: str) -> tuple[ReviewRecord, UnitRecord] | None:
        """The review and its unit, when that is open and nobody has it."""
        review = self.state.find(review_id)
        unit = review.units.get(unit_id) if review is not None else None
        if review is None or unit is None:
            return None
        return None if unit.status.terminal or unit.leased(self.state.now()) else (review, unit)

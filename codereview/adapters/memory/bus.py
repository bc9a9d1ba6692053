"""The event log of reviews, in this process."""

import time
from collections.abc import Iterator

from codereview.adapters.live_rules import MAX_EVENTS, finding_mode, told_status
from codereview.adapters.memory.ledger import MemoryLedger
from codereview.adapters.memory.state import ReviewRecord
from codereview.domain.events import Event, EventDraft
from codereview.domain.findings import Finding
from codereview.errors import UnknownReview
from codereview.ports import Emitted, Lease


class MemoryEventBus:
    """`codereview.ports.EventBus` in memory, over the reviews of a `MemoryLedger`. Safe to share between threads."""

    def __init__(self, ledger: MemoryLedger, *, max_events: int = MAX_EVENTS) -> None:
        self._state = ledger.state
        self._max_events = max_events

    def emit(self, draft: EventDraft, *, lease: Lease | None = None, finding: Finding | None = None) -> Emitted:
        """Append an event, atomically with its checks: see `codereview.ports.EventBus.emit`.

        Raises ValueError when the event is of a type that carries no finding and one is given.
        """
        mode = finding_mode(draft.type, finding)
        with self._state.changed:
            review = self._state.find(draft.review_id)
            if review is None:
                return Emitted.UNKNOWN
            refusal = self._refusal(review, draft, lease)
            if refusal is not None:
                return refusal
            if finding is not None and mode == "new" and finding.fingerprint in review.findings:
                return Emitted.DUPLICATE
            if finding is not None and mode == "update" and finding.fingerprint not in review.findings:
                return Emitted.REFUSED
            review.emitted.add(draft.dedupe)
            if finding is not None:
                review.findings[finding.fingerprint] = finding
            return self._append(review, draft)

    def read(self, review_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with id > after, in order."""
        first = max(0, after)
        with self._state.changed:
            review = self._state.find(review_id)
            return [] if review is None else review.events[first : first + max(0, limit)]

    def last_id(self, review_id: str) -> int:
        """Id of the last event, 0 when there is none."""
        with self._state.changed:
            review = self._state.find(review_id)
            return 0 if review is None else len(review.events)

    def findings(self, review_id: str) -> list[Finding]:
        """The findings so far, in report order."""
        with self._state.changed:
            review = self._state.find(review_id)
            found = [] if review is None else list(review.findings.values())
        return sorted(found, key=lambda finding: finding.sort_key)

    def follow(self, review_id: str, *, after: int = 0, idle_s: float = 15.0) -> Iterator[Event | None]:
        """Events with id > after as they come: see `codereview.ports.EventBus.follow`. Raises UnknownReview."""
        cursor = min(max(0, after), self.last_id(review_id))
        while True:
            events, over = self._wait(review_id, cursor, idle_s)
            if not events and not over:
                yield None
            for event in events:
                yield event
                cursor = event.id
            if over:
                return

    def _wait(self, review_id: str, cursor: int, timeout_s: float) -> tuple[list[Event], bool]:
        """The events beyond the cursor as soon as there are any, and whether the log has ended with them."""
        until = time.monotonic() + timeout_s
        with self._state.changed:
            while True:
                review = self._state.find(review_id)
                if review is None:
                    raise UnknownReview(f"nothing is known of review {review_id!r}", reviewId=review_id)
                left = until - time.monotonic()
                over = review.status.terminal
                if len(review.events) > cursor or over or left <= 0:
                    return review.events[cursor:], over
                self._state.changed.wait(left)

    def _refusal(self, review: ReviewRecord, draft: EventDraft, lease: Lease | None) -> Emitted | None:
        told = told_status(draft.type)
        if told:
            if review.decision is not told:
                return Emitted.REFUSED
            if review.status is told:
                return Emitted.DUPLICATE
        elif review.decision is not None:
            return Emitted.REFUSED
        if draft.dedupe in review.emitted:
            return Emitted.DUPLICATE
        if lease is not None and not self._holds(review, lease):
            return Emitted.REFUSED
        return None

    def _holds(self, review: ReviewRecord, lease: Lease) -> bool:
        unit = review.units.get(lease.unit_id)
        return unit is not None and unit.held_by(lease, self._state.now())

    def _append(self, review: ReviewRecord, draft: EventDraft) -> Emitted:
        told = told_status(draft.type)
        if not told and len(review.events) >= self._max_events:
            self._state.touch(review)
            return Emitted.FULL
        review.events.append(
            Event(
                id=len(review.events) + 1,
                review_id=review.id,
                type=draft.type,
                at=self._state.now(),
                agent=draft.agent,
                data=draft.data,
            )
        )
        if told:
            review.status = told
        self._state.touch(review)
        return Emitted.APPENDED

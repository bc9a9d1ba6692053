"""The reaper: every accepted review ends, whatever dies.

A chord is the fast path and can be lost; the ledger is the truth. A sweep looks at each review that has not ended,
starts again what was lost, gives up what cannot succeed, and finalizes what is due.
"""

import logging
from dataclasses import dataclass

from codereview.application.finalizing import Finalizer
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.metrics import AGENT_ERRORS, REVIEWS_FAILED, UNITS_REQUEUED
from codereview.domain.reviews import ReviewStatus, Verdict
from codereview.domain.units import OutcomeStatus, UnitOutcome, UnitState, UnitStatus
from codereview.ports import Clock, Dispatcher, LiveReview, ReviewLedger, ReviewStore
from codereview.telemetry import SILENT, Telemetry

log = logging.getLogger(__name__)

_LOCK = "reaper"
#: Milliseconds between looks for reviews the ledger has lost; they cost a query of the durable store.
_BURY_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """When a sweep steps in. Milliseconds."""

    interval_ms: int = 2_000
    unclaimed_after_ms: int = 10_000
    deadline_ms: int = 900_000
    max_attempts: int = 3


class Sweeper:
    """Keeps the promise that every accepted review reaches exactly one terminal event."""

    def __init__(
        self,
        *,
        ledger: ReviewLedger,
        store: ReviewStore,
        dispatcher: Dispatcher,
        finalizer: Finalizer,
        clock: Clock,
        settings: SweepSettings = SweepSettings(),
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._telemetry = telemetry
        self._ledger = ledger
        self._store = store
        self._dispatcher = dispatcher
        self._finalizer = finalizer
        self._clock = clock
        self._settings = settings

    def sweep(self) -> int:
        """Look at every running review once; how many needed something. One sweep runs at a time, everywhere.

        Raises BackendUnavailable when the live state cannot be reached.
        """
        if not self._ledger.hold(_LOCK, ttl_ms=self._settings.interval_ms):
            return 0
        acted = sum(self._tend(review_id) for review_id in self._ledger.active())
        return acted + self._bury()

    def _tend(self, review_id: str) -> bool:
        live = self._ledger.read(review_id)
        if live is None:
            return False
        if _is_due(live):
            return self._finalizer.finalize(review_id) is not None
        helped = [self._help(live, unit) for unit in live.units.values() if not unit.status.terminal]
        return any(helped)

    def _help(self, live: LiveReview, unit: UnitState) -> bool:
        if unit.status is UnitStatus.RUNNING and unit.lease_until > live.now:
            return False
        if unit.attempt >= self._settings.max_attempts:
            return self._give_up(live, unit)
        if unit.status is UnitStatus.QUEUED and not self._was_lost(live, unit):
            return False
        if not self._ledger.requeue(live.review_id, unit.spec.id):
            return False
        log.warning(
            "unit_requeued",
            extra={"reviewId": live.review_id, "unitId": unit.spec.id, "attempt": unit.attempt},
        )
        self._telemetry.metrics.record(UNITS_REQUEUED.of(Agent=unit.spec.agent), reviewId=live.review_id)
        self._dispatcher.relaunch(live.review_id, unit.spec)
        return True

    def _give_up(self, live: LiveReview, unit: UnitState) -> bool:
        if not self._ledger.give_up(live.review_id, unit.spec.id, _given_up(unit)):
            return False
        log.error("unit_given_up", extra={"reviewId": live.review_id, "unitId": unit.spec.id, "attempt": unit.attempt})
        self._telemetry.metrics.record(AGENT_ERRORS.of(Agent=unit.spec.agent), reviewId=live.review_id)
        return True

    def _was_lost(self, live: LiveReview, unit: UnitState) -> bool:
        """Whether a queued unit's message is gone: nobody took it though nothing is waiting before it."""
        waited = live.now - unit.enqueued_at
        return waited > self._settings.unclaimed_after_ms and self._dispatcher.backlog(unit.spec.agent) == 0

    def _bury(self) -> int:
        """End the reviews whose live state was lost altogether (Redis without persistence was restarted)."""
        if not self._ledger.hold(f"{_LOCK}:bury", ttl_ms=_BURY_EVERY_MS):
            return 0
        now = self._clock.now_ms()
        buried = 0
        for review_id in self._store.unfinished(created_before=now - self._settings.deadline_ms - _BURY_EVERY_MS):
            review = self._store.get(review_id)
            if review is None or self._ledger.read(review_id) is not None:
                continue
            reason = "The review ended early: its live state was lost."
            ended = {
                "status": ReviewStatus.FAILED,
                "verdict": Verdict.FAILED,
                "completed_at": now,
                "notices": (*review.notices, reason),
            }
            self._store.put(review.model_copy(update=ended))
            log.error("review_lost", extra={"reviewId": review_id})
            self._telemetry.metrics.record(REVIEWS_FAILED.of(), reviewId=review_id)
            buried += 1
        return buried


def _is_due(live: LiveReview) -> bool:
    return live.decision is not None or live.cancel_requested or live.units_terminal or live.now >= live.deadline_at


def _given_up(unit: UnitState) -> UnitOutcome:
    reason = f"given up after {unit.attempt} attempts: its worker was lost each time"
    return UnitOutcome(
        unit_id=unit.spec.id,
        agent=unit.spec.agent,
        status=OutcomeStatus.FAILED,
        reasons=(reason,),
        coverage=tuple(
            CoverageEntry(
                path=path,
                agent=unit.spec.agent,
                state=CoverageState.SKIPPED,
                reason=SkipReason.ERROR,
                detail=reason,
            )
            for path in unit.spec.paths
        ),
    )

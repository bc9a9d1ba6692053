"""Working on one unit: one agent over one batch, under a lease, its findings on the bus as soon as they exist."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from codereview.agents.base import Agent
from codereview.application.agent_summaries import announce_ended_agents, summaries
from codereview.application.model.asking import Stopped
from codereview.application.model.reviewing import ModelReviewer
from codereview.application.unit_run import UnitRun
from codereview.domain.coverage import SkipReason
from codereview.domain.events import (
    AgentProgress,
    EventType,
    UsageEvent,
    draft,
)
from codereview.domain.metrics import AGENT_ERRORS, AGENT_TOKEN_USAGE, UNIT_DURATION
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch
from codereview.domain.tokens import Spend
from codereview.domain.units import OutcomeStatus, UnitOutcome
from codereview.domain.usage import usage_of
from codereview.errors import BackendUnavailable, LeaseLost
from codereview.language_model import ModelThrottled
from codereview.ports import (
    Claim,
    ClaimResult,
    EventBus,
    Lease,
    ReviewLedger,
    SourceStore,
    Workspace,
)
from codereview.telemetry import SILENT, Telemetry

log = logging.getLogger(__name__)

#: Seconds a unit waits when the provider does not say how long, and that must be left of its review afterwards.
_THROTTLED_S, _WORTH_WAITING_S = 30.0, 20.0

OpenWorkspace = Callable[[Batch], AbstractContextManager[Workspace]]


class UnitBusy(LeaseLost):
    """Another worker holds a live lease on this unit."""


class UnitDeferred(LeaseLost):
    """The unit went back to the queue, to be tried again in ``retry_after_s`` seconds: a provider asked to wait."""

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a unit may be silent, and how often it may be tried."""

    lease_ms: int = 12_000
    max_attempts: int = 3


class BatchReviewer:
    """Runs units. One instance serves a process; its methods are safe to call from several threads."""

    def __init__(
        self,
        *,
        agents: Mapping[str, Agent],
        ledger: ReviewLedger,
        bus: EventBus,
        sources: SourceStore,
        open_workspace: OpenWorkspace,
        patience: Patience = Patience(),
        interruptions: tuple[type[Exception], ...] = (),
        telemetry: Telemetry = SILENT,
        model: ModelReviewer | None = None,
        bill: Callable[[str], Spend] = lambda _: Spend(),
    ) -> None:
        self._telemetry = telemetry
        self._model = model
        #: What a review cost so far, over all workers.
        self._bill = bill
        self._agents = agents
        self._ledger = ledger
        self._bus = bus
        self._sources = sources
        self._open_workspace = open_workspace
        self._patience = patience
        #: What whoever runs the unit raises into it when its time is up (a task's soft time limit).
        self._interruptions = interruptions

    def run(self, review_id: str, unit_id: str, *, options: ReviewOptions, worker: str = "") -> UnitOutcome | None:
        """Work on the unit and return its outcome: a stored one when it was done before, None when the review is
        over.

        Never raises for what happens while reviewing: that is in the outcome. Raises UnitBusy when another worker
        has the unit, LeaseLost when it was taken away, UnitDeferred when it is to be tried again later,
        BackendUnavailable when the live state cannot be reached; in all of them the unit is still somebody's, and
        returning a value would be wrong.
        """
        claim = self._ledger.claim(
            review_id,
            unit_id,
            worker=worker,
            lease_ms=self._patience.lease_ms,
            max_attempts=self._patience.max_attempts,
        )
        match claim.result:
            case ClaimResult.GRANTED if claim.lease is not None:
                return self._work(claim, claim.lease, options, worker)
            case ClaimResult.DONE | ClaimResult.EXHAUSTED:
                return claim.outcome
            case ClaimResult.OVER:
                return None
            case _:
                raise UnitBusy

    def _work(self, claim: Claim, lease: Lease, options: ReviewOptions, worker: str) -> UnitOutcome:
        agent = self._agents[lease.unit_id.partition("-")[0]]
        started = time.monotonic()
        run = UnitRun(self._bus, agent, lease, options, self._model)
        try:
            with _kept(lease, self._ledger, self._patience.lease_ms, run.lose):
                run.announce(claim, worker)
                outcome = self._examine(run)
        except (LeaseLost, BackendUnavailable):
            raise
        except self._interruptions:
            outcome = run.failed("the time for this unit is up", SkipReason.TIMEOUT)
        except Exception as error:  # the boundary of a unit: a header task returns, it never raises to the chord
            log.exception("unit_failed", extra={"reviewId": lease.review_id, "unitId": lease.unit_id})
            outcome = run.failed(f"{agent.name} agent failed: {type(error).__name__}", SkipReason.ERROR)
        outcome = outcome.model_copy(update={"duration_ms": int((time.monotonic() - started) * 1000)})
        self._end(lease, agent, outcome)
        return outcome

    def _examine(self, run: UnitRun) -> UnitOutcome:
        batch = self._sources.get(run.lease.review_id, run.lease.unit_id.partition("-")[2])
        if batch is None:
            return run.failed("the code of this unit is no longer stored", SkipReason.ERROR)
        run.take(batch)
        with self._open_workspace(batch) as workspace:
            for analyser, report in run.agent.analyse(
                workspace, let_through=self._interruptions, tracer=self._telemetry.tracer
            ):
                run.record(report, analyser)
        if self._model is not None:
            self._ask(self._model, run)
        return run.outcome()

    def _ask(self, model: ModelReviewer, run: UnitRun) -> None:
        """The model half, after the tools: their findings are its evidence."""
        work = run.work(lambda: self._tell_bill(run))
        try:
            report = model.review(work)
        except self._interruptions:
            report = model.cut_short(work, "the time for this unit was up", SkipReason.TIMEOUT)
        except Stopped as stopped:
            raise LeaseLost from stopped
        except ModelThrottled as throttled:
            self._defer(run.lease, throttled)
            report = model.cut_short(work, throttled.detail, SkipReason.ERROR)
        run.paid(work.account.spend)
        run.record(report, model)

    def _defer(self, lease: Lease, throttled: ModelThrottled) -> None:
        """Give the unit back for as long as the provider wants to be left alone, if the review lives that long."""
        live = self._ledger.read(lease.review_id)
        wait_s = max(1.0, throttled.retry_after_s or _THROTTLED_S)
        if live is None or live.now + (wait_s + _WORTH_WAITING_S) * 1000 > live.deadline_at:
            return
        self._ledger.release(lease, delay_ms=int(wait_s * 1000))
        log.warning(
            "unit_deferred", extra={"reviewId": lease.review_id, "unitId": lease.unit_id, "retryAfterS": wait_s}
        )
        raise UnitDeferred(throttled.detail, retry_after_s=wait_s)

    def _tell_bill(self, run: UnitRun) -> None:
        usage = usage_of(self._bill(run.lease.review_id))
        run.tell(EventType.USAGE, UsageEvent(usage=usage), f"usage:{usage.requests}:{usage.cost_usd}")

    def _end(self, lease: Lease, agent: Agent, outcome: UnitOutcome) -> None:
        live = self._ledger.complete(lease, outcome)
        if live is None:
            raise LeaseLost
        summary = next(s for s in summaries(live) if s.agent == agent.name)
        progress = AgentProgress(unit_id=lease.unit_id, step="done", units_done=summary.units_done, units=summary.units)
        self._bus.emit(
            draft(
                lease.review_id,
                EventType.AGENT_PROGRESS,
                progress,
                agent=agent.name,
                dedupe=f"done:{lease.unit_id}",
            )
        )
        announce_ended_agents(self._bus, live)
        self._measure(lease, agent, outcome)

    def _measure(self, lease: Lease, agent: Agent, outcome: UnitOutcome) -> None:
        measured = [UNIT_DURATION.of(outcome.duration_ms, Agent=agent.name)]
        if outcome.usage.tokens:
            measured.append(AGENT_TOKEN_USAGE.of(outcome.usage.tokens, Agent=agent.name))
        if outcome.status is OutcomeStatus.FAILED:
            measured.append(AGENT_ERRORS.of(Agent=agent.name))
        self._telemetry.metrics.record(*measured, reviewId=lease.review_id, unitId=lease.unit_id)
        log.info(
            "unit_ended",
            extra={
                "reviewId": lease.review_id,
                "unitId": lease.unit_id,
                "agent": agent.name,
                "attempt": lease.attempt,
                "status": outcome.status,
                "duration": outcome.duration_ms,
                "findingCount": outcome.finding_count,
                "tokens": outcome.usage.tokens,
                "costUsd": outcome.usage.cost_usd,
            },
        )


@contextmanager
def _kept(lease: Lease, ledger: ReviewLedger, lease_ms: int, lose: Callable[[], None]) -> Iterator[None]:
    """Renew the lease while the body runs; ``lose`` is called when it could not be kept."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease_ms / 3000):
            try:
                if not ledger.renew(lease, lease_ms=lease_ms):
                    lose()
                    return
            except BackendUnavailable:
                # The next renewal may still be in time; if not, whoever claims the unit fences this one off.
                log.warning("lease_not_renewed", extra={"reviewId": lease.review_id, "unitId": lease.unit_id})

    keeper = threading.Thread(target=renew, name=f"lease-{lease.unit_id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()

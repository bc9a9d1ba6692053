"""Working on one unit: one agent over one batch, under a lease, its findings on the bus as soon as they exist."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from codereview.agents.base import Agent, did_not_run
from codereview.application.agent_summaries import announce_ended_agents, summaries
from codereview.application.collecting import Change, Collector
from codereview.application.coverage_of import coverage_of
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason, gaps
from codereview.domain.cwe import FAMILIES
from codereview.domain.events import (
    AgentProgress,
    AgentStarted,
    EventDraft,
    EventType,
    FindingEvent,
    FindingUpdate,
    ReviewStarted,
    draft,
)
from codereview.domain.identity import content_hash
from codereview.domain.metrics import AGENT_ERRORS, AGENT_TOKEN_USAGE, UNIT_DURATION
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch
from codereview.domain.units import OutcomeStatus, UnitOutcome
from codereview.errors import BackendUnavailable, LeaseLost
from codereview.ports import (
    AnalysisReport,
    Claim,
    ClaimResult,
    Emitted,
    EventBus,
    FlowAuthority,
    Lease,
    ReviewLedger,
    SourceStore,
    Workspace,
)
from codereview.telemetry import SILENT, Telemetry

log = logging.getLogger(__name__)

OpenWorkspace = Callable[[Batch], AbstractContextManager[Workspace]]


class UnitBusy(LeaseLost):
    """Another worker holds a live lease on this unit."""


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
    ) -> None:
        self._telemetry = telemetry
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
        has the unit, LeaseLost when it was taken away, BackendUnavailable when the live state cannot be reached;
        in all three the unit is still somebody's, and returning a value would be wrong.
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
        run = _Run(self._bus, agent, lease, options)
        try:
            with _kept(lease, self._ledger, self._patience.lease_ms, run.lost):
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

    def _examine(self, run: "_Run") -> UnitOutcome:
        batch = self._sources.get(run.lease.review_id, run.lease.unit_id.partition("-")[2])
        if batch is None:
            return run.failed("the code of this unit is no longer stored", SkipReason.ERROR)
        run.take(batch)
        with self._open_workspace(batch) as workspace:
            for analyser, report in run.agent.analyse(
                workspace, let_through=self._interruptions, tracer=self._telemetry.tracer
            ):
                run.record(report, analyser)
        return run.outcome()

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


class _Run:
    """One attempt at one unit: what it emits, and what it has so far when it must stop."""

    def __init__(self, bus: EventBus, agent: Agent, lease: Lease, options: ReviewOptions) -> None:
        self.agent = agent
        self.lease = lease
        self.lost = threading.Event()
        self._bus = bus
        self._reports: list[AnalysisReport] = []
        self._batch: Batch | None = None
        self._collector = Collector(agent.name, options)

    def take(self, batch: Batch) -> None:
        """Begin with these files."""
        self._batch = batch
        self._collector.take(batch.files)

    def announce(self, claim: Claim, worker: str) -> None:
        """State that the review, and the agent, started; once each, whoever retries."""
        if claim.first_of_review:
            self._state(EventType.REVIEW_STARTED, ReviewStarted(), "started")
        started = AgentStarted(unit_id=self.lease.unit_id, worker=worker)
        self._state(EventType.AGENT_STARTED, started, f"started:{self.agent.name}")

    def record(self, report: AnalysisReport, analyser: object) -> None:
        """Take an analyser's report: its findings go out at once."""
        self._reports.append(report)
        if isinstance(analyser, FlowAuthority) and self._batch is not None:
            self._settle(report, analyser)
        for change in self._collector.add(report):
            self._emit_change(change)
        progress = AgentProgress(unit_id=self.lease.unit_id, step=report.analyser)
        self._state(EventType.AGENT_PROGRESS, progress, f"step:{self.lease.unit_id}:{report.analyser}")

    def outcome(self) -> UnitOutcome:
        """The outcome when every analyser was asked."""
        files = self._batch.files if self._batch is not None else ()
        return self._outcome(coverage_of(self.agent, files, self._reports))

    def failed(self, reason: str, skip: SkipReason) -> UnitOutcome:
        """The outcome when the unit stopped before its end: what was not examined is said."""
        self._reports.extend(
            did_not_run(name, reason, skip)
            for name in (analyser.name for analyser in self.agent.analysers)
            if name not in {report.analyser for report in self._reports}
        )
        outcome = self.outcome()
        if self._batch is None:
            unseen = CoverageEntry(
                path=self.lease.unit_id,
                agent=self.agent.name,
                state=CoverageState.SKIPPED,
                reason=skip,
                detail=reason,
            )
            outcome = outcome.model_copy(update={"coverage": (unseen,)})
        return outcome.model_copy(
            update={"status": OutcomeStatus.FAILED, "reasons": tuple(dict.fromkeys((reason, *outcome.reasons)))}
        )

    def _outcome(self, coverage: Sequence[CoverageEntry]) -> UnitOutcome:
        missing = gaps(coverage)
        examined = any(entry.engines for entry in coverage)
        status = OutcomeStatus.OK
        if missing:
            status = OutcomeStatus.PARTIAL if examined else OutcomeStatus.FAILED
        return UnitOutcome(
            unit_id=self.lease.unit_id,
            agent=self.agent.name,
            status=status,
            reasons=tuple(dict.fromkeys(entry.detail for entry in missing if entry.detail))[:10],
            coverage=tuple(coverage),
            engines=tuple(_versioned(report) for report in self._reports if report.examined),
            finding_count=sum(finding.counts for finding in self._collector.findings()),
            hidden=dict(self._collector.hidden),
            suppressions=self._collector.policy.met,
        )

    def _settle(self, report: AnalysisReport, analyser: FlowAuthority) -> None:
        troubled = {problem.path for problem in report.problems}
        for path in report.examined - {path for path in troubled if path is not None}:
            where = self._collector.files.get(path)
            if where is not None and None not in troubled:
                families = [family for family in FAMILIES if analyser.covers(where.file.language, family)]
                self._collector.settle(path, families, report.analyser)

    def _emit_change(self, change: Change) -> None:
        finding = change.finding
        if change.is_new:
            statement = draft(
                self.lease.review_id,
                EventType.FINDING,
                FindingEvent(finding=finding),
                agent=self.agent.name,
                dedupe=f"finding:{finding.fingerprint}",
            )
        else:
            statement = draft(
                self.lease.review_id,
                EventType.FINDING_UPDATED,
                FindingUpdate(finding=finding, status=finding.status, reason=change.reason),
                agent=self.agent.name,
                dedupe=f"updated:{finding.fingerprint}:{content_hash(finding.to_json())}",
            )
        self._emit(statement, finding=change)

    def _state(self, type_: EventType, payload: ReviewStarted | AgentStarted | AgentProgress, dedupe: str) -> None:
        agent = "" if type_ is EventType.REVIEW_STARTED else self.agent.name
        self._emit(draft(self.lease.review_id, type_, payload, agent=agent, dedupe=dedupe))

    def _emit(self, statement: EventDraft, finding: Change | None = None) -> None:
        if self.lost.is_set():
            raise LeaseLost
        emitted = self._bus.emit(statement, lease=self.lease, finding=finding.finding if finding is not None else None)
        if emitted in (Emitted.REFUSED, Emitted.UNKNOWN):
            raise LeaseLost


@contextmanager
def _kept(lease: Lease, ledger: ReviewLedger, lease_ms: int, lost: threading.Event) -> Iterator[None]:
    """Renew the lease while the body runs; ``lost`` is set when it could not be kept."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease_ms / 3000):
            try:
                if not ledger.renew(lease, lease_ms=lease_ms):
                    lost.set()
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


def _versioned(report: AnalysisReport) -> str:
    return f"{report.analyser} {report.version}".strip()

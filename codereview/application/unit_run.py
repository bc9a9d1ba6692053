"""One attempt at one unit: what it emits, and the outcome of what it has so far."""

import threading
from collections.abc import Callable, Sequence

from codereview.agents.base import Agent, did_not_run
from codereview.application.collecting import Change, Collector
from codereview.application.coverage_of import coverage_of
from codereview.application.model.reviewing import ModelReviewer
from codereview.application.model.work import UnitWork
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
    UsageEvent,
    draft,
)
from codereview.domain.findings import Finding
from codereview.domain.identity import content_hash
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch, SourceFile
from codereview.domain.tokens import Spend
from codereview.domain.units import OutcomeStatus, UnitOutcome
from codereview.domain.usage import usage_of
from codereview.errors import LeaseLost
from codereview.ports import (
    AnalysisReport,
    Claim,
    Emitted,
    EventBus,
    FlowAuthority,
    Lease,
    RawFinding,
)

#: Sentences about a unit's model calls that go into the event log.
_MAX_NOTES = 40


class UnitRun:
    """One attempt at one unit: what it emits, and what it has so far when it must stop."""

    def __init__(
        self, bus: EventBus, agent: Agent, lease: Lease, options: ReviewOptions, model: ModelReviewer | None
    ) -> None:
        self.agent = agent
        self.lease = lease
        self.lost = threading.Event()
        #: Ends what the model half is doing.
        self.stop = threading.Event()
        self._model = model
        self._options = options
        self._spend = Spend()
        self._notes = 0
        # Findings come from several threads at once while a model is asked.
        self._lock = threading.RLock()
        self._bus = bus
        self._reports: list[AnalysisReport] = []
        self._batch: Batch | None = None
        self._collector = Collector(agent.name, options)

    def take(self, batch: Batch) -> None:
        """Begin with these files."""
        self._batch = batch
        self._collector.take(batch.files)

    def lose(self) -> None:
        """The unit is no longer ours: nothing more is written."""
        self.lost.set()
        self.stop.set()

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

    def work(self, spent: Callable[[], None]) -> UnitWork:
        """The unit as the model half sees it."""
        assert self._batch is not None  # noqa: S101  it was taken before the analysers ran
        return UnitWork(
            review_id=self.lease.review_id,
            agent=self.agent,
            options=self._options,
            files=self._batch.files,
            context=self._batch.context,
            stop=self.stop,
            findings=self._findings,
            add=self._add,
            revise=self._revise,
            spent=spent,
            note=self._note,
        )

    def paid(self, spend: Spend) -> None:
        """Note what the unit cost."""
        self._spend += spend

    def tell(self, type_: EventType, payload: UsageEvent, dedupe: str) -> None:
        """State something about the review as a whole."""
        with self._lock:
            self._emit(draft(self.lease.review_id, type_, payload, dedupe=dedupe))

    def outcome(self) -> UnitOutcome:
        """The outcome when every analyser was asked."""
        files = self._batch.files if self._batch is not None else ()
        return self._outcome(coverage_of(self.agent, files, self._reports, also=self._modelled))

    def failed(self, reason: str, skip: SkipReason) -> UnitOutcome:
        """The outcome when the unit stopped before its end: what was not examined is said."""
        self._reports.extend(
            did_not_run(name, reason, skip)
            for name in self._expected()
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
            usage=usage_of(self._spend),
        )

    def _expected(self) -> list[str]:
        """Names of everything that was to look at the unit."""
        names = [analyser.name for analyser in self.agent.analysers]
        return names if self._model is None else [*names, self._model.name]

    def _modelled(self, file: SourceFile) -> tuple[str, ...]:
        """The model, where it is to look at the file."""
        return (self._model.name,) if self._model is not None and self._model.applies_to(self.agent.name, file) else ()

    def _note(self, sentence: str) -> None:
        """Tell whoever watches how the model half is getting on, some dozens of times at most."""
        with self._lock:
            self._notes += 1
            if self._notes <= _MAX_NOTES:
                progress = AgentProgress(unit_id=self.lease.unit_id, step=sentence)
                name = f"note:{self.lease.unit_id}:{self.lease.attempt}:{self._notes}"
                self._state(EventType.AGENT_PROGRESS, progress, name)

    def _findings(self) -> list[Finding]:
        with self._lock:
            return self._collector.findings()

    def _add(self, raw: RawFinding, model: str) -> Finding | None:
        """Take a finding the model half made: what it became, itself or merged into another."""
        found: Finding | None = None
        with self._lock:
            for change in self._collector.add(AnalysisReport(raw.rule_id.partition("/")[0], model, (raw,))):
                self._emit_change(change)
                found = change.finding
        return found

    def _revise(self, fingerprint: str, reason: str, **changed: object) -> Finding | None:
        with self._lock:
            change = self._collector.revise(fingerprint, reason, **changed)
            if change is None:
                return self._collector.finding(fingerprint)
            self._emit_change(change, with_fix="fix" in changed)
            return change.finding

    def _settle(self, report: AnalysisReport, analyser: FlowAuthority) -> None:
        troubled = {problem.path for problem in report.problems}
        for path in report.examined - {path for path in troubled if path is not None}:
            where = self._collector.files.get(path)
            if where is not None and None not in troubled:
                families = [family for family in FAMILIES if analyser.covers(where.file.language, family)]
                self._collector.settle(path, families, report.analyser)

    def _emit_change(self, change: Change, *, with_fix: bool = False) -> None:
        finding = change.finding
        if change.is_new:
            statement = draft(
                self.lease.review_id,
                EventType.FINDING,
                FindingEvent(finding=finding),
                agent=self.agent.name,
                dedupe=f"finding:{finding.fingerprint}",
            )
        elif with_fix:
            statement = draft(
                self.lease.review_id,
                EventType.FIX_PROPOSED,
                FindingEvent(finding=finding),
                agent=self.agent.name,
                dedupe=f"fix:{finding.fingerprint}:{content_hash(finding.to_json())}",
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


def _versioned(report: AnalysisReport) -> str:
    return f"{report.analyser} {report.version}".strip()

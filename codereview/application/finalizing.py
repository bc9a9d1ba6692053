"""Ending a review: exactly one end, whoever gets here first and however often."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from codereview.application.agent_summaries import announce_ended_agents, summaries
from codereview.application.policy import unused
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason, gaps
from codereview.domain.events import TERMINAL_EVENT, ReviewEnded, draft
from codereview.domain.findings import MODEL_SOURCE, Finding
from codereview.domain.gate import verdict
from codereview.domain.merging import merge
from codereview.domain.metrics import (
    FINDINGS_PER_REVIEW,
    REVIEW_DURATION,
    REVIEW_QUEUE_TIME,
    REVIEWS_CANCELLED,
    REVIEWS_COMPLETED,
    REVIEWS_FAILED,
    Measurement,
)
from codereview.domain.reviews import AGENTS, Outcome, Review, ReviewStatus
from codereview.domain.tokens import Spend
from codereview.domain.units import OutcomeStatus, UnitOutcome
from codereview.domain.usage import Metrics, Usage, usage_of
from codereview.ports import Emitted, EventBus, LiveReview, ReviewLedger, ReviewStore, SourceStore
from codereview.telemetry import SILENT, Telemetry

log = logging.getLogger(__name__)

_GAPS_IN_NOTICE = 3


class Finalizer:
    """Decides, stores and announces the end of reviews.

    The decision is taken once, atomically, in the ledger; all that follows is computed from state that can no
    longer change, so that two finalizers at once write the same.
    """

    def __init__(
        self,
        *,
        ledger: ReviewLedger,
        bus: EventBus,
        sources: SourceStore,
        store: ReviewStore,
        telemetry: Telemetry = SILENT,
        bill: Callable[[str], Spend] = lambda _: Spend(),
    ) -> None:
        #: What a review cost, over all its workers, those that died included.
        self._bill = bill
        self._ledger = ledger
        self._telemetry = telemetry
        self._bus = bus
        self._sources = sources
        self._store = store

    def finalize(self, review_id: str) -> Review | None:
        """The ended review, or None when it is not yet time (or nothing is known of it).

        Raises BackendUnavailable; a later call goes on from where this one stopped.
        """
        live = self._ledger.read(review_id)
        if live is None:
            return None
        if live.status.terminal:
            return self._store.get(review_id)
        if live.decision is None:
            decision = _due(live)
            if decision is None:
                return None
            announce_ended_agents(self._bus, live)
            self._ledger.decide(review_id, *decision)
            live = self._ledger.read(review_id)
            if live is None or live.decision is None:
                return None
        review = self._compose(live)
        self._store.put(review)
        self._announce(review, live)
        return review

    def _compose(self, live: LiveReview) -> Review:
        accepted = self._store.get(live.review_id)
        if accepted is None:
            accepted = Review(id=live.review_id, owner=live.owner, created_at=live.created_at)
        outcomes = [unit.outcome for unit in live.units.values() if unit.outcome is not None]
        coverage = (*self._sources.facts(live.review_id), *_coverage(live))
        every = merge(self._bus.findings(live.review_id))
        listed = gravest(every, accepted.options.max_findings)
        status = live.decision or ReviewStatus.FAILED
        outcome = None
        if status is ReviewStatus.COMPLETED:
            outcome = Outcome.PARTIAL if gaps(coverage) or not _settled(coverage) else Outcome.COMPLETE
        ended = live.decided_at or live.now
        return accepted.model_copy(
            update={
                "status": status,
                "outcome": outcome,
                "verdict": verdict(status, outcome, every, accepted.options.fail_on),
                "started_at": live.started_at,
                "completed_at": ended,
                "agents": summaries(live),
                "findings": tuple(listed),
                "findings_hidden": len(every) - len(listed),
                "coverage": coverage,
                "metrics": _metrics(accepted, live, outcomes, every, ended, self._bill(live.review_id)),
                "engine": "static+claude" if _model_ran(outcomes) else "static",
                "model_ran": _model_ran(outcomes),
                "notices": tuple(_notices(live, coverage, outcomes, len(every) - len(listed))),
            }
        )

    def _announce(self, review: Review, live: LiveReview) -> None:
        by_severity = Counter(str(finding.severity) for finding in review.findings if finding.counts)
        ended = ReviewEnded(
            status=review.status,
            outcome=review.outcome,
            verdict=review.verdict or verdict(review.status, review.outcome, (), review.options.fail_on),
            finding_count=review.metrics.finding_count,
            findings_by_severity=dict(by_severity),
            agents=review.agents,
            metrics=review.metrics,
            engine=review.engine,
            model_ran=review.model_ran,
            notices=review.notices,
            reason=live.reason,
        )
        event = TERMINAL_EVENT[review.status]
        emitted = self._bus.emit(draft(review.id, event, ended, dedupe="ended"))
        if emitted is Emitted.APPENDED:  # of all who finalize, one: what is counted is counted once
            log.info(str(event), extra=_line(review))
            self._telemetry.metrics.record(*_measured(review), reviewId=review.id)


def _due(live: LiveReview) -> tuple[ReviewStatus, str] | None:
    """The end that is due now and why, or None."""
    outcomes = [unit.outcome for unit in live.units.values() if unit.outcome is not None]
    useful = [outcome for outcome in outcomes if outcome.status is not OutcomeStatus.FAILED]
    if live.cancel_requested:
        return ReviewStatus.CANCELLED, "cancelled on request"
    if live.units_terminal:
        if live.units and not useful:
            reason = outcomes[0].reasons[0] if outcomes and outcomes[0].reasons else "no agent finished its work"
            return ReviewStatus.FAILED, f"every agent failed: {reason}"
        return ReviewStatus.COMPLETED, ""
    if live.now >= live.deadline_at:
        seconds = (live.deadline_at - live.created_at) // 1000
        reason = f"the deadline of {seconds} s passed with work outstanding"
        return (ReviewStatus.COMPLETED if useful else ReviewStatus.FAILED), reason
    return None


def _coverage(live: LiveReview) -> list[CoverageEntry]:
    entries: list[CoverageEntry] = []
    for unit in live.units.values():
        if unit.outcome is not None:
            entries.extend(unit.outcome.coverage)
        covered = {entry.path for entry in unit.outcome.coverage} if unit.outcome is not None else set()
        stopped = live.decision is ReviewStatus.CANCELLED
        entries.extend(
            CoverageEntry(
                path=path,
                agent=unit.spec.agent,
                state=CoverageState.SKIPPED,
                reason=SkipReason.CANCELLED if stopped else SkipReason.ERROR,
                detail=_why_unseen(unit.outcome, live, stopped),
            )
            for path in unit.spec.paths
            if path not in covered
        )
    return entries


def _why_unseen(outcome: UnitOutcome | None, live: LiveReview, stopped: bool) -> str:
    if outcome is not None and outcome.reasons:
        return outcome.reasons[0]
    return "the review was cancelled" if stopped else live.reason or "the agent did not finish"


def _settled(coverage: Sequence[CoverageEntry]) -> bool:
    """Whether there is nothing more to look at: something was examined, or nothing was left that could be."""
    return _examined(coverage) or _only_deletes(coverage)


def _only_deletes(coverage: Sequence[CoverageEntry]) -> bool:
    return bool(coverage) and all(entry.reason is SkipReason.DELETED for entry in coverage)


def _examined(coverage: Sequence[CoverageEntry]) -> bool:
    return any(entry.state is not CoverageState.SKIPPED for entry in coverage)


def gravest(findings: Sequence[Finding], limit: int) -> list[Finding]:
    """The findings that a list of ``limit`` shows, in report order."""
    if len(findings) <= limit:
        return list(findings)
    by_weight = sorted(findings, key=lambda f: (not f.counts, -f.severity.rank, -f.confidence.rank, f.sort_key))
    return sorted(by_weight[:limit], key=lambda f: f.sort_key)


def _metrics(
    accepted: Review,
    live: LiveReview,
    outcomes: Sequence[UnitOutcome],
    findings: Sequence[Finding],
    ended: int,
    bill: Spend,
) -> Metrics:
    return Metrics(
        duration_ms=max(0, ended - live.created_at),
        queue_ms=max(0, (live.started_at or ended) - live.created_at),
        files=accepted.source.files,
        lines=accepted.source.lines,
        finding_count=sum(finding.counts for finding in findings),
        units=len(live.units),
        units_failed=sum(outcome.status is OutcomeStatus.FAILED for outcome in outcomes),
        attempts=sum(unit.attempt for unit in live.units.values()),
        usage=usage_of(bill) if bill.requests else sum((outcome.usage for outcome in outcomes), Usage()),
    )


def _line(review: Review) -> dict[str, object]:
    """The canonical line of a review: the saved queries read these names."""
    usage = review.metrics.usage
    return {
        "reviewId": review.id,
        "duration": review.metrics.duration_ms,
        "findingCount": review.metrics.finding_count,
        "status": review.status,
        "outcome": review.outcome,
        "verdict": review.verdict,
        "queueTime": review.metrics.queue_ms,
        "files": review.metrics.files,
        "units": review.metrics.units,
        "unitsFailed": review.metrics.units_failed,
        "tokens": usage.tokens,
        "costUsd": usage.cost_usd,
        "owner": review.owner,
        "labels": review.options.labels,
    }


def _measured(review: Review) -> list[Measurement]:
    match review.status:
        case ReviewStatus.COMPLETED:
            return [
                REVIEWS_COMPLETED.of(),
                REVIEW_DURATION.of(review.metrics.duration_ms),
                REVIEW_QUEUE_TIME.of(review.metrics.queue_ms),
                FINDINGS_PER_REVIEW.of(review.metrics.finding_count),
            ]
        case ReviewStatus.CANCELLED:
            return [REVIEWS_CANCELLED.of()]
        case _:
            return [REVIEWS_FAILED.of()]


def _model_ran(outcomes: Sequence[UnitOutcome]) -> bool:
    """Whether a model looked at anything; answers from the cache are a model's too."""
    return any(engine.partition(" ")[0] == MODEL_SOURCE for outcome in outcomes for engine in outcome.engines)


def _notices(
    live: LiveReview, coverage: Sequence[CoverageEntry], outcomes: Sequence[UnitOutcome], hidden: int
) -> list[str]:
    notices = [f"The review ended early: {live.reason}."] if live.reason else []
    missing = gaps(coverage)
    if missing:
        paths = list(dict.fromkeys(entry.path for entry in missing))
        shown = ", ".join(paths[:_GAPS_IN_NOTICE])
        more = f" and {len(paths) - _GAPS_IN_NOTICE} more" if len(paths) > _GAPS_IN_NOTICE else ""
        notices.append(f"{len(paths)} {_files(len(paths))} not fully examined: {shown}{more}.")
    elif _only_deletes(coverage):
        notices.append("There was nothing to examine: the change only deletes.")
    elif not _examined(coverage):
        notices.append("Nothing was examined: no file was of a kind the agents can review.")
    filtered = sum((Counter(outcome.hidden) for outcome in outcomes), Counter[str]())
    notices.extend(
        f"1 finding {why} is not shown." if count == 1 else f"{count} findings {why} are not shown."
        for why, count in sorted(filtered.items())
    )
    if not missing and {unit.spec.agent for unit in live.units.values()} >= set(AGENTS):
        # Only who asked every agent about everything can say that a suppression is not needed.
        idle = unused(outcome.suppressions for outcome in outcomes)
        notices.extend(f"{name[0].upper()}{name[1:]} suppresses nothing." for name in idle)
    if hidden:
        notices.append(f"{hidden} more findings are counted but not listed (the limit of the list was reached).")
    return notices


def _files(count: int) -> str:
    return "file was" if count == 1 else "files were"

"""The one service behind every way in: HTTP, WebSocket, command line, Lambda functions and workers."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereview.application.agent_summaries import summaries
from codereview.application.finalizing import Finalizer
from codereview.application.showing import as_quoted
from codereview.application.sweeping import Sweeper
from codereview.domain.estimate import Estimate
from codereview.domain.events import Event, EventType, ReviewQueued, draft
from codereview.domain.metrics import (
    PENDING_REVIEWS_PER_AGENT,
    QUEUE_DEPTH,
    REVIEWS_FAILED,
    REVIEWS_SUBMITTED,
    REVIEWS_WAITING,
    WORKERS,
)
from codereview.domain.reviews import AgentSummary, Review, ReviewStatus, Verdict
from codereview.domain.sources import SourceFile, Sources
from codereview.domain.submission import Job, Submission
from codereview.domain.units import UnitOutcome, UnitSpec
from codereview.errors import (
    BackendUnavailable,
    ConfigurationError,
    EmptySubmission,
    Overloaded,
    ReviewEndedAlready,
    UnknownReview,
)
from codereview.planning.batches import plan, summarise
from codereview.ports import Clock, Dispatcher, EventBus, LiveReview, Page, ReviewLedger, ReviewStore, SourceStore
from codereview.telemetry import SILENT, Telemetry

if TYPE_CHECKING:
    from codereview.application.model.estimate import Estimator
    from codereview.application.reviewing import BatchReviewer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """How much may be waiting before a submission is refused, and how long a review may take."""

    max_waiting: int = 500
    max_waiting_per_owner: int = 50
    deadline_ms: int = 900_000


class ReviewService:
    """Submit, follow, cancel and end reviews.

    ``owner`` isolates: a review of another owner is unknown. It is "" where there are no API keys.
    """

    def __init__(
        self,
        *,
        ledger: ReviewLedger,
        bus: EventBus,
        sources: SourceStore,
        store: ReviewStore,
        dispatcher: Dispatcher,
        reviewer: "BatchReviewer | None",
        finalizer: Finalizer,
        sweeper: Sweeper,
        clock: Clock,
        read: Callable[[Submission], Sources],
        admission: Admission = Admission(),
        telemetry: Telemetry = SILENT,
        estimator: "Callable[[], Estimator] | None" = None,
        batch_bytes: int | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._estimator = estimator
        self._batch_bytes = batch_bytes
        self._ledger = ledger
        self._bus = bus
        self._sources = sources
        self._store = store
        self._dispatcher = dispatcher
        self._reviewer = reviewer
        self._finalizer = finalizer
        self._sweeper = sweeper
        self._clock = clock
        self._read = read
        self._admission = admission

    # --- what callers do

    def submit(self, submission: Submission | Job, *, owner: str = "") -> Review:
        """Accept a review and start it.

        Raises InvalidSubmission (or one of its kinds) and TooLarge for what was handed in, Overloaded when too much
        is waiting, BackendUnavailable when it could not be started; nothing is left half done.
        """
        with self._telemetry.tracer.span("submit") as span:
            review = self._submit(submission, owner)
            span.set({"codereview.review.id": review.id, "codereview.files": review.source.files})
            return review

    def _submit(self, submission: Submission | Job, owner: str) -> Review:
        self._admit(owner)
        job = self._as_job(submission)
        planned = plan(job.sources, job.options.agents, target_bytes=self._batch_bytes)
        review = Review(
            id=f"rv_{secrets.token_hex(10)}",
            owner=owner,
            created_at=self._clock.now_ms(),
            source=summarise(job.sources).model_copy(update={"revision": job.revision}),
            options=job.options,
            agents=_pending(planned.units),
        )
        self._store.put(review)
        self._telemetry.metrics.record(REVIEWS_SUBMITTED.of(), reviewId=review.id)
        try:
            self._sources.put(review.id, planned.batches)
            self._sources.put_facts(review.id, (*job.sources.skipped, *planned.skipped))
            self._ledger.create(review, planned.units, deadline_ms=self._admission.deadline_ms)
            self._announce(review, planned.units)
            if planned.units:
                self._dispatcher.launch(review.id, planned.units)
            else:
                self._finalizer.finalize(review.id)
        except BackendUnavailable:
            self._withdraw(review)
            raise
        log.info("review_submitted", extra={"reviewId": review.id, "owner": owner, "units": len(planned.units)})
        return review

    def estimate(self, submission: Submission | Job) -> Estimate:
        """What the review would cost. Nothing is started.

        Raises InvalidSubmission (or one of its kinds) and TooLarge, as `submit` does, and ConfigurationError where
        estimates are not made.
        """
        if self._estimator is None:
            raise ConfigurationError("this process makes no estimates")
        job = self._as_job(submission)
        return self._estimator().estimate(
            plan(job.sources, job.options.agents, target_bytes=self._batch_bytes).batches, job.options
        )

    def get(self, review_id: str, *, owner: str = "") -> Review:
        """The review as it stands; a running one carries the findings so far. Raises UnknownReview."""
        review = self._store.get(review_id)
        if review is None or review.owner != owner:
            raise UnknownReview(f"there is no review {review_id!r}", reviewId=review_id)
        if review.status.terminal:
            return review
        live = self._ledger.read(review_id)
        return review if live is None else self._running(review, live)

    def page(
        self, *, owner: str = "", status: ReviewStatus | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """The owner's reviews, the newest first. Raises InvalidCursor."""
        return self._store.page(owner=owner, status=status, limit=limit, cursor=cursor)

    def source(self, review_id: str, path: str, *, owner: str = "") -> SourceFile | None:
        """A file under review as it was submitted, secrets masked as its findings quote them; None when it is not
        kept (any more) or was not part of the review. Raises UnknownReview.
        """
        review = self.get(review_id, owner=owner)
        live = self._ledger.read(review_id)
        # Units are named after their batch, and every agent has all batches.
        batches = dict.fromkeys(unit.partition("-")[2] for unit in live.units) if live is not None else {}
        for batch_id in batches:
            batch = self._sources.get(review_id, batch_id)
            found = next((file for file in batch.files if file.path == path), None) if batch is not None else None
            if found is not None:
                return as_quoted(found, review.findings)
        return None

    def events(self, review_id: str, *, owner: str = "", after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with id > after, in order. Raises UnknownReview."""
        self.get(review_id, owner=owner)
        return self._bus.read(review_id, after=after, limit=limit)

    def follow(
        self, review_id: str, *, owner: str = "", after: int = 0, idle_s: float = 15.0
    ) -> Iterator[Event | None]:
        """Events as they come, until the terminal one; None whenever ``idle_s`` seconds brought nothing.

        Raises UnknownReview.
        """
        self.get(review_id, owner=owner)
        yield from self._bus.follow(review_id, after=after, idle_s=idle_s)

    def cancel(self, review_id: str, *, owner: str = "") -> Review:
        """End the review now, with what was found so far. Raises UnknownReview, ReviewEndedAlready."""
        review = self.get(review_id, owner=owner)
        if review.status.terminal or not self._ledger.request_cancel(review_id):
            raise ReviewEndedAlready(f"review {review_id} has already ended", reviewId=review_id)
        self._dispatcher.revoke(review_id)
        self._finalizer.finalize(review_id)
        return self.get(review_id, owner=owner)

    # --- what workers do

    def review_unit(self, review_id: str, unit_id: str, *, worker: str = "") -> UnitOutcome | None:
        """Work on one unit: see `BatchReviewer.run` for what it returns and raises."""
        if self._reviewer is None:
            raise RuntimeError("this process was built without agents")
        review = self._store.get(review_id)
        if review is None:
            return None
        return self._reviewer.run(review_id, unit_id, options=review.options, worker=worker)

    def finalize(self, review_id: str) -> Review | None:
        """End the review if that is due: see `Finalizer.finalize`."""
        return self._finalizer.finalize(review_id)

    def sweep(self) -> int:
        """Tend to what was lost: see `Sweeper.sweep`."""
        return self._sweeper.sweep()

    def measure(self, workers: Mapping[str, int]) -> dict[str, int]:
        """Record how much waits for each agent, of which ``workers`` says how many there are; the queue depths.

        Raises BackendUnavailable.
        """
        depths = {agent: self._dispatcher.backlog(agent) for agent in workers}
        measured = [REVIEWS_WAITING.of(self._ledger.waiting())]
        for agent, depth in depths.items():
            measured += [
                QUEUE_DEPTH.of(depth, Agent=agent),
                WORKERS.of(workers[agent], Agent=agent),
                # Without a worker everything waits for the first one: scaling must have a figure to start from.
                PENDING_REVIEWS_PER_AGENT.of(depth / max(1, workers[agent]), Agent=agent),
            ]
        self._telemetry.metrics.record(*measured)
        return depths

    # --- how

    def _admit(self, owner: str) -> None:
        waiting, limit = self._ledger.waiting(), self._admission.max_waiting
        if waiting >= limit:
            raise Overloaded(f"{waiting} reviews are waiting; the limit is {limit}", retry_after_s=15)
        own, own_limit = self._ledger.waiting(owner), self._admission.max_waiting_per_owner
        if own >= own_limit:
            raise Overloaded(f"{own} of your reviews are waiting; the limit is {own_limit}", retry_after_s=10)

    def _as_job(self, submission: Submission | Job) -> Job:
        if isinstance(submission, Submission):
            submission = Job(sources=self._read(submission), options=submission.options, revision=submission.revision)
        if not submission.sources.files and not submission.sources.skipped:
            raise EmptySubmission
        return submission

    def _announce(self, review: Review, units: Sequence[UnitSpec]) -> None:
        queued = ReviewQueued(source=review.source, agents=review.agents, units=len(units))
        self._bus.emit(draft(review.id, EventType.REVIEW_QUEUED, queued, dedupe="queued"))

    def _withdraw(self, review: Review) -> None:
        """Record that an accepted review could not be started, so that it is not owed an end."""
        reason = "the review could not be started"
        failed = {
            "status": ReviewStatus.FAILED,
            "verdict": Verdict.FAILED,
            "completed_at": self._clock.now_ms(),
            "notices": (f"The review ended early: {reason}.",),
        }
        self._store.put(review.model_copy(update=failed))
        decided = None
        with suppress(BackendUnavailable):  # already being reported; the sweep finalizes what a part-launch left
            decided = self._ledger.decide(review.id, ReviewStatus.FAILED, reason)
        if decided is None:  # else it is counted when it is finalized
            self._telemetry.metrics.record(REVIEWS_FAILED.of(), reviewId=review.id)

    def _running(self, review: Review, live: LiveReview) -> Review:
        findings = self._bus.findings(review.id)
        metrics = review.metrics.model_copy(update={"finding_count": sum(f.counts for f in findings)})
        return review.model_copy(
            update={
                "status": live.status,
                "started_at": live.started_at,
                "agents": summaries(live) or review.agents,
                "findings": tuple(findings),
                "metrics": metrics,
            }
        )


def _pending(units: Sequence[UnitSpec]) -> tuple[AgentSummary, ...]:
    counts: dict[str, int] = {}
    for unit in units:
        counts[unit.agent] = counts.get(unit.agent, 0) + 1
    return tuple(AgentSummary(agent=agent, units=count) for agent, count in counts.items())

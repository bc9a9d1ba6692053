"""What the application asks of the outside, as Protocols; `codereview.adapters` has the implementations.

One contract suite (tests/contract) runs against every implementation of a port.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from codereview.domain.coverage import CoverageEntry
from codereview.domain.events import Event, EventDraft
from codereview.domain.findings import Confidence, Finding, FindingStatus, Severity, TraceStep
from codereview.domain.metrics import Measurement
from codereview.domain.reviews import Review, ReviewStatus
from codereview.domain.sources import Batch, SourceFile
from codereview.domain.units import UnitOutcome, UnitSpec, UnitState


class Clock(Protocol):
    """The time."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        ...


# --- analysers -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawFinding:
    """What an analyser reports, before it is anchored in the source and given an identity.

    ``rule_id`` is codereview's own stable id, "{analyser}/{native rule}" ("bandit/B602", "dataflow/sql-injection");
    ``family`` groups rules that report the same defect: by default the CWE family, else the rule id.
    Lines and columns are 1-based, the end column exclusive; ``line`` None means the whole file.
    """

    path: str
    rule_id: str
    native_rule: str
    title: str
    message: str
    severity: Severity
    confidence: Confidence
    line: int | None
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None
    cwe: int | None = None
    family: str = ""
    failure_scenario: str = ""
    help_uri: str = ""
    trace: tuple[TraceStep, ...] = ()
    status: FindingStatus = FindingStatus.CONFIRMED
    #: Why it is suppressed, where the code itself says so ("# nosec"); it stays visible.
    suppression_reason: str = ""
    #: Fingerprint of a finding known before that this one repeats in other words; "" when there is none.
    same_as: str = ""
    #: Whether it is about the change itself, so that lines beside a deletion count as changed.
    judges_change: bool = False


@dataclass(frozen=True, slots=True)
class AnalyserProblem:
    """Something the analyser did not examine. ``path`` None: it did not run at all on this batch."""

    message: str
    path: str | None = None
    #: A member of SkipReason by value, e.g. "syntax error", "timeout", "error".
    reason: str = "error"


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What came out of one run of one analyser over one batch."""

    analyser: str
    version: str = ""
    findings: tuple[RawFinding, ...] = ()
    problems: tuple[AnalyserProblem, ...] = ()
    #: Paths the analyser really examined.
    examined: frozenset[str] = frozenset()


@runtime_checkable
class FlowAuthority(Protocol):
    """An analyser that follows data so well in some families that its silence refutes other analysers there."""

    def covers(self, language: str, family: str) -> bool:
        """Whether, on a file it examined without a problem, not reporting the family means there is nothing."""
        ...


class Workspace(Protocol):
    """The batch on disk: each file below ``root`` at its own path, nothing else there."""

    @property
    def root(self) -> str:
        """Absolute path of the directory."""
        ...

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files of the batch."""
        ...

    @property
    def context(self) -> Sequence[SourceFile]:
        """Files on disk for the analysers to read (imports), not to report on."""
        ...


class Analyser(Protocol):
    """A static analyser: one tool, or one family of our own rules."""

    @property
    def name(self) -> str:
        """Its name in provenance, e.g. "bandit"."""
        ...

    def applies_to(self, file: SourceFile) -> bool:
        """Whether the analyser has rules for this file."""
        ...

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        """Examine ``files`` (a subset of the workspace's, all of which it applies to) for one agent.

        Never raises for what the code under review contains or for a tool that fails: that is a problem in the
        report. A tool that did not run is never an empty list of findings.
        """
        ...


# --- live state of reviews ---------------------------------------------------------------------------------------


class Emitted(StrEnum):
    """What became of an emit."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"  # this fact was stated before
    REFUSED = "refused"  # the review is decided, the lease is lost, or the finding to update is not there
    UNKNOWN = "unknown"  # no such review
    FULL = "full"  # the log takes no more events but the terminal one; a finding is kept all the same


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a unit. Every write of the holder is fenced by ``token``."""

    review_id: str
    unit_id: str
    attempt: int
    token: str


class ClaimResult(StrEnum):
    """The answer to a claim."""

    GRANTED = "granted"
    BUSY = "busy"  # another worker holds a live lease
    DONE = "done"  # the unit ended earlier: its outcome is returned
    OVER = "over"  # the review is decided or cancelled, or unknown
    EXHAUSTED = "exhausted"  # every attempt was used: the unit is now given up


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker gets when it asks for a unit."""

    result: ClaimResult
    lease: Lease | None = None
    outcome: UnitOutcome | None = None
    #: True for the first claim of the review, and of the agent: who gets it announces the start.
    first_of_review: bool = False
    first_of_agent: bool = False


@dataclass(frozen=True, slots=True)
class LiveReview:
    """A snapshot of a review's live state. Times in milliseconds, by the ledger's clock at ``now``."""

    review_id: str
    owner: str
    status: ReviewStatus
    created_at: int
    deadline_at: int
    now: int
    started_at: int | None = None
    #: Set once `decide` was called: the end is settled, nothing more is written but the terminal event.
    decision: ReviewStatus | None = None
    decided_at: int | None = None
    cancel_requested: bool = False
    reason: str = ""
    last_event_id: int = 0
    units: Mapping[str, UnitState] = field(default_factory=dict)

    @property
    def units_terminal(self) -> bool:
        """Whether every unit has ended."""
        return all(unit.status.terminal for unit in self.units.values())


class ReviewLedger(Protocol):
    """The truth about running reviews; fast, shared, and expiring. Every write is atomic."""

    def create(self, review: Review, units: Sequence[UnitSpec], *, deadline_ms: int) -> None:
        """Open a review with all its units queued. ``deadline_ms`` counts from now."""
        ...

    def read(self, review_id: str) -> LiveReview | None:
        """The snapshot, or None when nothing is known (never created, or expired)."""
        ...

    def claim(self, review_id: str, unit_id: str, *, worker: str, lease_ms: int, max_attempts: int) -> Claim:
        """Ask for a unit. A queued unit, or one whose lease ran out, is granted with attempt + 1."""
        ...

    def renew(self, lease: Lease, *, lease_ms: int) -> bool:
        """Keep the lease. False when it was lost, or the review was decided or cancelled: stop working."""
        ...

    def complete(self, lease: Lease, outcome: UnitOutcome) -> LiveReview | None:
        """Store the outcome and end the unit. The new snapshot, or None when the lease was lost."""
        ...

    def release(self, lease: Lease, *, delay_ms: int = 0) -> None:
        """Give the unit back to the queue (warm shutdown, or a provider that asks to wait), its attempt not counted.
        It counts as enqueued after the delay, so that nobody believes it lost before."""
        ...

    def give_up(self, review_id: str, unit_id: str, outcome: UnitOutcome) -> bool:
        """End a unit that has no live lease, with this outcome. False when it has one or ended already."""
        ...

    def requeue(self, review_id: str, unit_id: str) -> bool:
        """Mark a unit as just enqueued again. False when another sweep did so, or it has a live lease."""
        ...

    def request_cancel(self, review_id: str) -> bool:
        """Ask the units to stop. False when the review is unknown or decided."""
        ...

    def decide(self, review_id: str, status: ReviewStatus, reason: str = "") -> tuple[ReviewStatus, int] | None:
        """Settle the end: the first decision stands. The standing decision and when it was made, or None when
        the review is unknown. From then on units can write nothing."""
        ...

    def active(self) -> list[str]:
        """Ids of the reviews without a terminal event, the oldest deadline first."""
        ...

    def waiting(self, owner: str | None = None) -> int:
        """How many reviews are not ended; of one owner, or of all."""
        ...

    def hold(self, name: str, *, ttl_ms: int) -> bool:
        """Take a named lock for a while (the reaper's). False when somebody has it."""
        ...


class EventBus(Protocol):
    """The numbered event log of each review: gap-free, ordered, replayable; and its findings, one per fingerprint."""

    def emit(self, draft: EventDraft, *, lease: Lease | None = None, finding: Finding | None = None) -> Emitted:
        """Append an event, atomically with the checks: the review is undecided (or this is the terminal event that
        tells of the decision), ``draft.dedupe`` is new, the lease is still held. With ``finding``, a ``finding``
        event is appended only when its fingerprint is new; ``finding_updated`` replaces the stored finding.
        A terminal event sets the review's status.
        """
        ...

    def read(self, review_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with id > after, in order."""
        ...

    def last_id(self, review_id: str) -> int:
        """Id of the last event, 0 when there is none."""
        ...

    def findings(self, review_id: str) -> list[Finding]:
        """The findings so far, in report order."""
        ...

    def follow(self, review_id: str, *, after: int = 0, idle_s: float = 15.0) -> Iterator[Event | None]:
        """Events with id > after as they come, ending after the terminal one; None after each ``idle_s`` seconds
        without an event, so that the caller can do something else or stop. An ``after`` beyond the log counts as
        its end. Raises UnknownReview when nothing (any more) is known of the review."""
        ...


class SourceStore(Protocol):
    """The code of running reviews, by batch; it expires with them."""

    def put(self, review_id: str, batches: Iterable[Batch]) -> None:
        """Store the batches of a review."""
        ...

    def get(self, review_id: str, batch_id: str) -> Batch | None:
        """One batch, or None when it is not there (any more)."""
        ...

    def put_facts(self, review_id: str, skipped: Sequence[CoverageEntry]) -> None:
        """Store what was left out at the start, for the coverage at the end."""
        ...

    def facts(self, review_id: str) -> list[CoverageEntry]:
        """What was left out at the start."""
        ...


# --- durable ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A page of reviews, the newest first, without what can be large: findings, coverage and ``options.baseline``.

    ``cursor`` is None on the last page; only then: a page may have fewer reviews than were asked for, even none.
    """

    reviews: tuple[Review, ...]
    cursor: str | None = None


class ReviewStore(Protocol):
    """Reviews for as long as they are kept."""

    def put(self, review: Review) -> None:
        """Insert or replace, body and summary together."""
        ...

    def get(self, review_id: str) -> Review | None:
        """The whole review. Expired ones are not there."""
        ...

    def page(
        self, *, owner: str, status: ReviewStatus | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """The owner's reviews. Raises InvalidCursor for a cursor this store did not make."""
        ...

    def unfinished(self, *, created_before: int, limit: int = 100) -> list[str]:
        """Ids of pending and running reviews created before then (ms), the oldest first."""
        ...

    def delete(self, review_id: str) -> bool:
        """Remove it. False when it was not there."""
        ...


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: the secret itself is never kept."""

    id: str
    owner: str
    digest: str  # SHA-256 hex of the secret (it is random and long: no salt or stretching is needed)
    created_at: int
    name: str = ""
    revoked_at: int | None = None


class KeyStore(Protocol):
    """API keys."""

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        ...

    def get(self, key_id: str) -> ApiKey | None:
        """One key, revoked or not."""
        ...

    def all(self) -> list[ApiKey]:
        """All keys, the oldest first."""
        ...

    def revoke(self, key_id: str, at: int) -> bool:
        """Revoke. False when there is no such key or it was revoked before."""
        ...


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What is known of an Idempotency-Key. ``review_id`` "" while the first request is still running."""

    body_digest: str
    review_id: str = ""


class IdempotencyStore(Protocol):
    """Idempotency keys of POST /api/review, per owner; kept for a day."""

    def begin(self, owner: str, key: str, body_digest: str) -> IdempotencyRecord | None:
        """Reserve the key. None when it was free (now reserved), else what it stands for."""
        ...

    def finish(self, owner: str, key: str, review_id: str) -> None:
        """Record the review the request made."""
        ...

    def abandon(self, owner: str, key: str) -> None:
        """Free a reserved key: its request failed."""
        ...


# --- execution ----------------------------------------------------------------------------------------------------


class Dispatcher(Protocol):
    """Gets units worked on: a Celery chord, or a local pool."""

    def launch(self, review_id: str, units: Sequence[UnitSpec]) -> None:
        """Start all units, then finalize. Raises BackendUnavailable."""
        ...

    def relaunch(self, review_id: str, unit: UnitSpec) -> None:
        """Start one unit again, by itself."""
        ...

    def finalize(self, review_id: str) -> None:
        """Have the review finalized soon, outside the chord."""
        ...

    def backlog(self, agent: str) -> int:
        """How many units wait in the agent's queue, unclaimed. Raises BackendUnavailable."""
        ...

    def revoke(self, review_id: str) -> None:
        """Tell the workers that the review was cancelled."""
        ...


# --- telemetry ------------------------------------------------------------------------------------------------------


class Metrics(Protocol):
    """Where measurements go; `codereview.domain.metrics` names them all."""

    def record(self, *measurements: Measurement, **about: object) -> None:
        """Take values that belong together. ``about`` says what of ("reviewId"), where the destination can keep that.

        Never raises for what is wrong with the destination: a review does not fail because nobody could count it.
        """
        ...


class SpanKind(StrEnum):
    """What a span is to its trace, in OpenTelemetry's words."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


#: Attributes of a span, by OpenTelemetry's names where it has some ("http.route"), else "codereview.…".
Attributes = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """A stretch of work within a trace."""

    def set(self, attributes: Attributes) -> None:
        """Add what is known only now."""
        ...


class Tracer(Protocol):
    """Traces across the processes a review passes through."""

    def span(
        self,
        name: str,
        attributes: Attributes = ...,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Span]:
        """A span around the body; an exception that leaves it marks it as failed. ``parent`` is another process's
        `carrier`; without one the span belongs to the one around it."""
        ...

    def carrier(self) -> dict[str, str]:
        """The current span as headers for another process; empty when there is none."""
        ...

    def flush(self) -> None:
        """Send what is waiting, before the process ends or is frozen."""
        ...

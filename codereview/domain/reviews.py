"""A review: what was asked, how it stands, and what came out."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from codereview.domain.coverage import CoverageEntry
from codereview.domain.findings import Finding, Severity
from codereview.domain.model import Model
from codereview.domain.sources import SourceSummary
from codereview.domain.usage import Metrics

#: Agents that exist; a queue and a worker for each.
AGENTS = ("security", "bug")


#: How thorough a model is: one cheap look; every lens; every lens with more thought.
EFFORTS = ("quick", "standard", "thorough")


class ReviewStatus(StrEnum):
    """The life of a review."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether the review has ended."""
        return self in (ReviewStatus.COMPLETED, ReviewStatus.FAILED, ReviewStatus.CANCELLED)


class Outcome(StrEnum):
    """Whether a completed review examined everything it was given."""

    COMPLETE = "complete"
    PARTIAL = "partial"


class Verdict(StrEnum):
    """The one-word answer. Incomplete outranks findings: see `codereview.domain.gate`."""

    PASS = "pass"  # noqa: S105  nothing at or above the threshold, and everything was examined
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FilterMode(StrEnum):
    """Which findings of a diff are reported; reviewdog's names."""

    ADDED = "added"
    DIFF_CONTEXT = "diff_context"  # changed lines and three around them
    FILE = "file"
    NOFILTER = "nofilter"


class PathRule(Model):
    """What is different for the files that a .gitignore-style pattern matches."""

    glob: str = Field(min_length=1)
    #: Findings below this are not shown.
    severity_floor: Severity | None = None
    #: Rules, by full id, by the analyser's own name for them, or whole analysers.
    disable: tuple[str, ...] = ()


class Suppression(Model):
    """Findings the project accepts, and why. What is not given matches everything; something must be given."""

    reason: str = Field(min_length=1)
    rule: str = ""
    path: str = ""  # a .gitignore-style pattern
    fingerprint: str = ""
    #: The last day on which it holds, in UTC.
    expires: date | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.rule or self.path or self.fingerprint):
            raise ValueError("a suppression names a rule, a path or a fingerprint")
        return self


class ReviewOptions(Model):
    """How a review is to be made."""

    agents: tuple[str, ...] = Field(default=AGENTS, min_length=1)
    min_severity: Severity = Severity.INFO
    fail_on: Severity = Severity.HIGH
    filter_mode: FilterMode = FilterMode.ADDED
    budget_usd: PositiveFloat | None = None
    effort: str = Field(default="standard", pattern=rf"^({'|'.join(EFFORTS)})$")
    labels: dict[str, str] = Field(default_factory=dict)
    disabled_rules: tuple[str, ...] = ()
    path_rules: tuple[PathRule, ...] = Field(default=(), max_length=1000)
    suppressions: tuple[Suppression, ...] = Field(default=(), max_length=1000)
    #: Fingerprints accepted earlier: such findings are suppressed.
    baseline: tuple[str, ...] = ()
    #: More findings than this are counted and disclosed, not listed.
    max_findings: int = Field(default=2000, ge=1, le=20_000)


class AgentSummary(Model):
    """One agent's part of a review, in figures and, when it failed, in words."""

    agent: str
    status: str = "pending"  # pending | running | ok | partial | failed | cancelled
    units: NonNegativeInt = 0
    units_done: NonNegativeInt = 0
    finding_count: NonNegativeInt = 0
    engines: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Review(Model):
    """A review as it is stored and shown. Times are milliseconds since the epoch."""

    id: str
    owner: str = ""
    status: ReviewStatus = ReviewStatus.PENDING
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    created_at: int
    started_at: int | None = None
    completed_at: int | None = None
    source: SourceSummary = SourceSummary()
    options: ReviewOptions = ReviewOptions()
    agents: tuple[AgentSummary, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: Findings counted but not listed because of ``options.max_findings``.
    findings_hidden: NonNegativeInt = 0
    coverage: tuple[CoverageEntry, ...] = ()
    metrics: Metrics = Metrics()
    engine: str = "static"  # "static" or "static+claude"
    model_ran: bool = False
    #: Plain sentences: why the review is partial, failed or cancelled; unused suppressions; hidden findings.
    notices: tuple[str, ...] = ()

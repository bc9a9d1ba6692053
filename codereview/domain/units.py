"""Units of work: one agent over one batch."""

from enum import StrEnum

from pydantic import Field, NonNegativeInt

from codereview.domain.coverage import CoverageEntry
from codereview.domain.model import Model
from codereview.domain.usage import Usage


class UnitStatus(StrEnum):
    """Where a unit stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    GIVEN_UP = "given up"  # every attempt was lost
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to the unit."""
        return self not in (UnitStatus.QUEUED, UnitStatus.RUNNING)


class OutcomeStatus(StrEnum):
    """How a unit ended. A failed unit still returns its outcome: a header task never raises to the chord."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


class UnitOutcome(Model):
    """What one agent has to say about one batch, besides its findings."""

    unit_id: str
    agent: str
    status: OutcomeStatus
    reasons: tuple[str, ...] = ()
    coverage: tuple[CoverageEntry, ...] = ()
    engines: tuple[str, ...] = ()
    finding_count: NonNegativeInt = 0
    #: Findings not shown, counted by why: "outside the diff", "below the severity asked for".
    hidden: dict[str, int] = Field(default_factory=dict)
    #: Suppressions met, in words, and whether they suppressed anything for this agent.
    suppressions: dict[str, bool] = Field(default_factory=dict)
    duration_ms: NonNegativeInt = 0
    usage: Usage = Usage()


class UnitSpec(Model):
    """What is to be done. The id is ``{agent}-{batch id}``."""

    id: str
    agent: str
    batch_id: str
    paths: tuple[str, ...] = ()


class UnitState(Model):
    """A unit in the ledger. Times are milliseconds since the epoch, by the ledger's own clock."""

    spec: UnitSpec
    status: UnitStatus = UnitStatus.QUEUED
    attempt: NonNegativeInt = 0
    token: str = ""  # of the attempt that holds the lease
    worker: str = ""
    enqueued_at: int = 0
    lease_until: int = 0
    outcome: UnitOutcome | None = None

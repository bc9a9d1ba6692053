"""What a review says about one place in the code."""

from enum import StrEnum
from typing import Self

from pydantic import Field, PositiveInt, model_validator

from codereview.domain.model import Model

#: Who a finding of a language model is from, in rule ids, provenance and engines.
MODEL_SOURCE = "claude"


class _Ranked(StrEnum):
    """An enumeration whose members are declared from the strongest to the weakest."""

    @property
    def rank(self) -> int:
        """0 for the weakest member."""
        members = list(type(self))
        return len(members) - 1 - members.index(self)

    # StrEnum inherits the comparisons of str, which would go by the alphabet: all four are replaced.
    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, type(self)) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, type(self)) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, type(self)) else NotImplemented


class Severity(_Ranked):
    """How bad it is when the finding is true."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Confidence(_Ranked):
    """How sure we are that the finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FindingStatus(StrEnum):
    """Where a finding stands in its life."""

    CANDIDATE = "candidate"  # reported, not yet verified
    CONFIRMED = "confirmed"
    REFUTED = "refuted"  # shown with the evidence, never counted
    SUPPRESSED = "suppressed"  # the project said so, with a reason


class CheckResult(StrEnum):
    """What came out of one check of a fix."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


class FixChecks(Model):
    """The proof of a fix; only a fix with every check passed is offered as an edit."""

    applies: CheckResult = CheckResult.NOT_RUN
    parses: CheckResult = CheckResult.NOT_RUN
    clears_finding: CheckResult = CheckResult.NOT_RUN
    adds_none: CheckResult = CheckResult.NOT_RUN

    @property
    def proved(self) -> bool:
        """Whether every check ran and passed."""
        return all(
            check is CheckResult.PASSED for check in (self.applies, self.parses, self.clears_finding, self.adds_none)
        )


class Edit(Model):
    """Replace lines ``start_line``..``end_line`` (1-based, inclusive) of ``path``."""

    path: str
    start_line: PositiveInt
    end_line: PositiveInt
    replacement: str
    #: SHA-256 (hex) of the lines replaced, so that an edit never lands on other code.
    original_sha256: str = ""


class Fix(Model):
    """A proposed correction; text only unless its checks all passed."""

    description: str
    edits: tuple[Edit, ...] = ()
    checks: FixChecks = FixChecks()


class Provenance(Model):
    """Who says so: an analyser and its rule, a model, or a verifier."""

    source: str  # "bandit", "ruff", "dataflow", "claude" …
    rule: str = ""  # the source's own name of the rule, e.g. "B602"
    version: str = ""
    verdict: str = ""  # for verifiers: "confirmed" or "refuted"
    evidence: str = ""


class TraceStep(Model):
    """One step of a data flow, from source to sink."""

    path: str
    line: PositiveInt
    message: str
    snippet: str = ""


class Finding(Model):
    """One defect at one place.

    Lines and columns are 1-based; ``end_column`` is exclusive, as in SARIF. ``snippet`` is the verbatim text of
    lines ``start_line``..``end_line`` (of the first 15 when there are more). ``start_line`` is None only for a
    finding about the whole file.
    """

    id: str
    #: Stable while lines shift: see `codereview.domain.identity`.
    fingerprint: str
    agent: str
    rule_id: str
    title: str
    message: str
    failure_scenario: str = ""
    severity: Severity
    confidence: Confidence
    cwe: int | None = Field(default=None, ge=1)
    path: str
    start_line: PositiveInt | None = None
    end_line: PositiveInt | None = None
    start_column: PositiveInt | None = None
    end_column: PositiveInt | None = None
    #: Enclosing function or class, dotted; "" at module level or where the language has no outline.
    symbol: str = ""
    snippet: str = ""
    trace: tuple[TraceStep, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    status: FindingStatus = FindingStatus.CONFIRMED
    suppression_reason: str = ""
    #: False when the finding stands outside the changed lines of a diff.
    in_diff: bool = True
    help_uri: str = ""
    fix: Fix | None = None

    @model_validator(mode="after")
    def _range_is_ordered(self) -> Self:
        if self.start_line is not None and self.end_line is not None and self.end_line < self.start_line:
            raise ValueError(f"endLine {self.end_line} stands before startLine {self.start_line}")
        return self

    @property
    def counts(self) -> bool:
        """Whether the finding is put before a person and weighs in the verdict."""
        return self.status in (FindingStatus.CANDIDATE, FindingStatus.CONFIRMED)

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Path, then place, then the gravest first: the order of every report."""
        return (self.path, self.start_line or 0, -self.severity.rank, self.rule_id, self.fingerprint)

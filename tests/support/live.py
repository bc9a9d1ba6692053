"""Builders for the tests of the live state: reviews, units, findings, events."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from codereview.domain.coverage import CoverageEntry, CoverageState
from codereview.domain.events import (
    TERMINAL_EVENT,
    AgentProgress,
    Event,
    EventDraft,
    EventType,
    FindingEvent,
    FindingUpdate,
    ReviewEnded,
    draft,
)
from codereview.domain.findings import Confidence, Finding, FindingStatus, Severity
from codereview.domain.reviews import Review, ReviewStatus, Verdict
from codereview.domain.units import OutcomeStatus, UnitOutcome, UnitSpec
from codereview.domain.usage import Usage
from codereview.ports import Claim, EventBus, IdempotencyStore, Lease, ReviewLedger, SourceStore

T = TypeVar("T")
#: Longer than any test takes, and shorter than anything notices.
LONG_MS, NO_TIME_MS = 60_000, 1
VERDICTS = {ReviewStatus.FAILED: Verdict.FAILED, ReviewStatus.CANCELLED: Verdict.CANCELLED}


@dataclass(frozen=True)
class Live:
    """One implementation of the live-state ports, its parts over the same state."""

    ledger: ReviewLedger
    bus: EventBus
    sources: SourceStore
    idempotency: IdempotencyStore

    def open(self, review_id: str = "rv_1", *, owner: str = "", units: int = 1, deadline_ms: int = LONG_MS) -> str:
        """Open a review."""
        self.ledger.create(a_review(review_id, owner), some_units(units), deadline_ms=deadline_ms)
        return review_id

    def claim(
        self, review_id: str = "rv_1", unit_id: str = "security-b0", *, lease_ms: int = LONG_MS, max_attempts: int = 3
    ) -> Claim:
        """Claim a unit."""
        return self.ledger.claim(review_id, unit_id, worker="w", lease_ms=lease_ms, max_attempts=max_attempts)

    def lease(self, review_id: str = "rv_1", unit_id: str = "security-b0", *, lease_ms: int = LONG_MS) -> Lease:
        """Claim a unit that must be free."""
        claim = self.claim(review_id, unit_id, lease_ms=lease_ms, max_attempts=100)
        assert claim.lease is not None, claim
        return claim.lease

    def lost_lease(self, review_id: str = "rv_1", unit_id: str = "security-b0") -> Lease:
        """Claim a unit and let the lease run out."""
        lease = self.lease(review_id, unit_id, lease_ms=NO_TIME_MS)
        time.sleep(0.01)
        return lease

    def end(self, review_id: str = "rv_1", status: ReviewStatus = ReviewStatus.COMPLETED) -> None:
        """Decide a review and announce its end."""
        self.ledger.decide(review_id, status)
        self.bus.emit(the_end(review_id, status))


def a_review(review_id: str = "rv_1", owner: str = "") -> Review:
    """A review as it was accepted."""
    return Review(id=review_id, owner=owner, created_at=1_790_000_000_000)


def some_units(count: int) -> list[UnitSpec]:
    """Units of both agents in turn: security-b0, bug-b0, security-b1 …"""
    agents = ("security", "bug")
    return [
        UnitSpec(id=f"{agents[n % 2]}-b{n // 2}", agent=agents[n % 2], batch_id=f"b{n // 2}", paths=(f"src/{n}.py",))
        for n in range(count)
    ]


def an_outcome(unit_id: str = "security-b0", status: OutcomeStatus = OutcomeStatus.OK) -> UnitOutcome:
    """An outcome with a bit of everything, empty collections too."""
    entry = CoverageEntry(path="ä/x.py", agent="security", state=CoverageState.REVIEWED, engines=("bandit 1.9",))
    return UnitOutcome(
        unit_id=unit_id,
        agent=unit_id.partition("-")[0],
        status=status,
        coverage=(entry,),
        hidden={},
        finding_count=2**53 + 1,
        usage=Usage(requests=2, input_tokens=1200, output_tokens=30, cost_usd=0.1 + 0.2),
    )


def a_finding(number: int = 1, **changes: object) -> Finding:
    """The nth finding, on line n."""
    finding = Finding(
        id=f"f_{number}",
        fingerprint=f"{number:032x}",
        agent="security",
        rule_id="bandit/B602",
        title="Shell injection",
        message="A shell runs text the caller controls.",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        path="src/app.py",
        start_line=number,
        end_line=number,
        snippet='subprocess.run(f"ls {directory}", shell=True)  # ☃',
    )
    return finding.model_copy(update=changes)


def progress(review_id: str = "rv_1", fact: object = "one") -> EventDraft:
    """An event like most."""
    payload = AgentProgress(unit_id="security-b0", step=str(fact))
    return draft(review_id, EventType.AGENT_PROGRESS, payload, agent="security", dedupe=f"progress:{fact}")


def found(finding: Finding, review_id: str = "rv_1", *, fact: str = "") -> EventDraft:
    """A new finding."""
    dedupe = fact or f"finding:{finding.fingerprint}"
    return draft(review_id, EventType.FINDING, FindingEvent(finding=finding), agent=finding.agent, dedupe=dedupe)


def updated(finding: Finding, review_id: str = "rv_1", *, fact: str = "updated") -> EventDraft:
    """A finding that changed."""
    payload = FindingUpdate(finding=finding, status=FindingStatus.CONFIRMED, reason="bandit reports the same")
    return draft(review_id, EventType.FINDING_UPDATED, payload, agent=finding.agent, dedupe=fact)


def the_end(review_id: str = "rv_1", status: ReviewStatus = ReviewStatus.COMPLETED, *, fact: str = "end") -> EventDraft:
    """The terminal event."""
    payload = ReviewEnded(status=status, verdict=VERDICTS.get(status, Verdict.PASS))
    return draft(review_id, TERMINAL_EVENT[status], payload, dedupe=fact)


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Run each action in a thread of its own, all released together; what they returned."""
    barrier = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T:
        barrier.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result(60) for future in [pool.submit(run, action) for action in actions]]


def follow_until_idle(bus: EventBus, review_id: str = "rv_1", *, after: int = 0) -> list[Event]:
    """What a follower gets before it first has to wait."""
    following = bus.follow(review_id, after=after, idle_s=0.05)
    return [event for event in takewhile(lambda event: event is not None, following) if event is not None]

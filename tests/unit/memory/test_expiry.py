"""What the in-memory adapters forget, by a clock that is moved by hand."""

from support.clock import FixedClock
from support.live import a_review, an_outcome, some_units

from codereview.adapters.memory import MemoryIdempotencyStore, MemoryLedger, MemorySourceStore
from codereview.domain.coverage import CoverageEntry, CoverageState
from codereview.domain.sources import Batch
from codereview.ports import IdempotencyRecord, LiveReview


def _known(ledger: MemoryLedger) -> bool:
    return isinstance(ledger.read("rv_1"), LiveReview)


def test_a_review_lives_for_its_time_after_the_last_write() -> None:
    """Each write lengthens its life; reading does not."""
    clock = FixedClock()
    ledger = MemoryLedger(clock, ttl_s=10)
    ledger.create(a_review(), some_units(1), deadline_ms=60_000)
    clock.advance(ms=9_000)
    claim = ledger.claim("rv_1", "security-b0", worker="w", lease_ms=60_000, max_attempts=3)
    clock.advance(ms=9_000)
    assert claim.lease is not None
    assert ledger.complete(claim.lease, an_outcome()) is not None
    clock.advance(ms=9_999)
    assert _known(ledger)
    clock.advance(ms=1)
    assert not _known(ledger)


def test_expired_reviews_make_room() -> None:
    """A process that runs for weeks must not keep them all."""
    clock = FixedClock()
    ledger = MemoryLedger(clock, ttl_s=10)
    for n in range(5):
        ledger.create(a_review(f"rv_{n}"), some_units(1), deadline_ms=1000)
    clock.advance(ms=10_000)
    ledger.create(a_review("rv_new"), some_units(1), deadline_ms=1000)
    assert list(ledger.state._reviews) == ["rv_new"]


def test_a_review_that_expired_can_be_created_again() -> None:
    """It is as if it had never been."""
    clock = FixedClock()
    ledger = MemoryLedger(clock, ttl_s=10)
    ledger.create(a_review(owner="ann"), some_units(3), deadline_ms=1000)
    clock.advance(ms=10_000)
    ledger.create(a_review(owner="bob"), some_units(1), deadline_ms=1000)
    seen = ledger.read("rv_1")
    assert seen is not None
    assert (seen.owner, len(seen.units)) == ("bob", 1)


def test_sources_live_for_their_time_after_the_last_write() -> None:
    """Somebody else's code is not kept longer than needed."""
    clock = FixedClock()
    store = MemorySourceStore(clock, ttl_s=10)
    store.put("rv_1", [Batch(id="b0", files=())])
    clock.advance(ms=9_000)
    store.put_facts("rv_1", [CoverageEntry(path="a", state=CoverageState.SKIPPED)])
    clock.advance(ms=9_999)
    assert store.get("rv_1", "b0") is not None
    assert len(store.facts("rv_1")) == 1
    clock.advance(ms=1)
    assert store.get("rv_1", "b0") is None
    assert store.facts("rv_1") == []
    store.put("rv_2", [])
    assert list(store._reviews) == ["rv_2"]


def test_idempotency_keys_are_kept_for_a_day_once_finished() -> None:
    """And for minutes while their request is running."""
    clock = FixedClock()
    store = MemoryIdempotencyStore(clock)
    store.begin("ann", "running", "d")
    store.begin("ann", "made", "d")
    store.finish("ann", "made", "rv_1")
    clock.advance(ms=299_000)
    assert store.begin("ann", "running", "d") == IdempotencyRecord("d")
    clock.advance(ms=1_000)
    assert store.begin("ann", "running", "d") is None
    clock.advance(ms=86_000_000)
    assert store.begin("ann", "made", "d") == IdempotencyRecord("d", "rv_1")
    clock.advance(ms=400_000)
    assert store.begin("ann", "made", "d") is None

"""A command whose reply was lost is sent again by the client: the second answer is the first one, and nothing is
done twice."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from support.bad_network import BadNetwork
from support.live import LONG_MS, Live, a_finding, a_review, an_outcome, found, progress, some_units, the_end
from support.redis_process import RedisProcess

from codereview.adapters.redis import (
    RedisEventBus,
    RedisIdempotencyStore,
    RedisLedger,
    RedisSourceStore,
    connect,
)
from codereview.domain.reviews import ReviewStatus
from codereview.domain.units import UnitStatus
from codereview.ports import ClaimResult, Emitted


def _live(client: Redis) -> Live:
    return Live(
        ledger=RedisLedger(client, requeue_guard_ms=LONG_MS),
        bus=RedisEventBus(client),
        sources=RedisSourceStore(client),
        idempotency=RedisIdempotencyStore(client),
    )


@pytest.fixture
def live(redis_client: Redis) -> Live:
    """The live state over a good connection."""
    return _live(redis_client)


@pytest.fixture
def network(redis_server: RedisProcess) -> Iterator[BadNetwork]:
    """A network that loses replies on command."""
    with BadNetwork(redis_server.port) as network:
        yield network


@pytest.fixture
def lossy(live: Live, network: BadNetwork) -> Iterator[Callable[[], Live]]:
    """The live state over a connection that loses the reply to the next script."""
    client = connect(network.url)
    ports = _live(client)

    def lose_next() -> Live:
        client.ping()
        network.lose_next_reply(b"EVALSHA")
        return ports

    # Every script is known to the server, so that the reply lost is the one to the work itself.
    for review_id in ("rv_warm", "rv_idle"):
        live.open(review_id, units=4)
    _run_every_script(live)
    yield lose_next
    assert network.replies_lost == 1
    client.close()


def _run_every_script(live: Live) -> None:
    lease = live.lease("rv_warm")
    live.ledger.renew(lease, lease_ms=LONG_MS)
    live.bus.emit(progress("rv_warm"), lease=lease)
    live.ledger.complete(lease, an_outcome())
    live.ledger.release(live.lease("rv_warm", "bug-b0"))
    live.ledger.requeue("rv_warm", "bug-b0")
    live.ledger.give_up("rv_warm", "bug-b0", an_outcome("bug-b0"))
    live.ledger.read("rv_warm")
    live.ledger.request_cancel("rv_warm")
    live.ledger.decide("rv_warm", ReviewStatus.CANCELLED)
    live.ledger.hold("warm", ttl_ms=LONG_MS)
    live.idempotency.begin("warm", "k", "d")
    live.idempotency.finish("warm", "k", "rv_warm")
    live.idempotency.abandon("warm", "k")


def test_a_claim_is_granted_once_and_to_the_caller(live: Live, lossy: Callable[[], Live]) -> None:
    """Else the unit would be leased to nobody until the lease runs out."""
    live.open()
    claim = lossy().claim()
    assert (claim.result, claim.first_of_review, claim.first_of_agent) == (ClaimResult.GRANTED, True, True)
    assert claim.lease is not None
    assert claim.lease.attempt == 1
    assert live.ledger.renew(claim.lease, lease_ms=LONG_MS)


def test_an_outcome_is_stored_and_the_worker_told_so(live: Live, lossy: Callable[[], Live]) -> None:
    """Else it would throw away work that counts."""
    live.open()
    lease = live.lease()
    seen = lossy().ledger.complete(lease, an_outcome())
    assert seen is not None
    assert seen.units_terminal


def test_usage_is_counted_once(live: Live, lossy: Callable[[], Live], redis_client: Redis) -> None:
    """Money is not counted twice."""
    live.open()
    lossy().ledger.complete(live.lease(), an_outcome())
    state = redis_client.hmget("review:rv_1:state", "inputTokens", "outputTokens", "costUsd", "unitsDone")
    assert [float(value) for value in state if value is not None] == [1200, 30, 0.3, 1]


def test_an_event_is_in_the_log_once(live: Live, lossy: Callable[[], Live]) -> None:
    """The repeated emit learns that the fact was stated."""
    live.open()
    assert lossy().bus.emit(found(a_finding()), finding=a_finding()) is Emitted.DUPLICATE
    assert live.bus.last_id("rv_1") == 1
    assert live.bus.findings("rv_1") == [a_finding()]


def test_the_end_is_in_the_log_once(live: Live, lossy: Callable[[], Live]) -> None:
    """And its review is no longer waited for, once."""
    live.open()
    live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
    waiting = live.ledger.waiting("")
    assert lossy().bus.emit(the_end()) is Emitted.DUPLICATE
    assert live.bus.last_id("rv_1") == 1
    assert live.ledger.waiting("") == waiting - 1


def test_a_review_is_opened_once(live: Live, lossy: Callable[[], Live]) -> None:
    """And counted once."""
    waiting = live.ledger.waiting("ann")
    lossy().ledger.create(a_review("rv_1", "ann"), some_units(3), deadline_ms=LONG_MS)
    assert live.ledger.waiting("ann") == waiting + 1
    assert live.ledger.active().count("rv_1") == 1


def test_a_released_unit_keeps_its_attempts(live: Live, lossy: Callable[[], Live]) -> None:
    """One is taken off once."""
    live.open()
    live.lost_lease()
    lossy().ledger.release(live.lease())
    assert live.lease().attempt == 2


def test_a_sweep_that_requeued_a_unit_is_told_so(live: Live, lossy: Callable[[], Live]) -> None:
    """Else nobody would send the message."""
    live.open()
    assert lossy().ledger.requeue("rv_1", "security-b0")
    assert not live.ledger.requeue("rv_1", "security-b0")


def test_a_sweep_that_gave_a_unit_up_is_told_so(live: Live, lossy: Callable[[], Live]) -> None:
    """And another is told that it ended."""
    live.open()
    assert lossy().ledger.give_up("rv_1", "security-b0", an_outcome())
    assert not live.ledger.give_up("rv_1", "security-b0", an_outcome())
    seen = live.ledger.read("rv_1")
    assert seen is not None
    assert seen.units["security-b0"].status is UnitStatus.GIVEN_UP


def test_a_decision_is_told_as_it_stands(live: Live, lossy: Callable[[], Live]) -> None:
    """The repeated one meets the first, which is its own."""
    live.open()
    decision = lossy().ledger.decide("rv_1", ReviewStatus.FAILED, "why")
    assert decision == live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
    assert decision is not None
    assert decision[0] is ReviewStatus.FAILED


def test_a_request_to_cancel_stands(live: Live, lossy: Callable[[], Live]) -> None:
    """Asking twice is asking."""
    live.open()
    assert lossy().ledger.request_cancel("rv_1")


def test_a_lease_is_renewed(live: Live, lossy: Callable[[], Live]) -> None:
    """Renewing twice is renewing."""
    live.open()
    lease = live.lease()
    assert lossy().ledger.renew(lease, lease_ms=LONG_MS)


def test_a_lock_is_held_by_who_took_it(live: Live, lossy: Callable[[], Live]) -> None:
    """Else nobody would sweep until its time is up."""
    assert lossy().ledger.hold("reaper", ttl_ms=LONG_MS)
    assert not live.ledger.hold("reaper", ttl_ms=LONG_MS)


def test_an_idempotency_key_is_reserved_for_who_asked(live: Live, lossy: Callable[[], Live]) -> None:
    """Else the request would be refused because of itself."""
    assert lossy().idempotency.begin("ann", "k", "digest") is None
    assert live.idempotency.begin("ann", "k", "digest") is not None

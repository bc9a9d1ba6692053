"""The live-state ports on memory and on a real Redis: one suite for both."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from support.live import Live

from codereview.adapters.memory import MemoryEventBus, MemoryIdempotencyStore, MemoryLedger, MemorySourceStore
from codereview.adapters.redis import RedisEventBus, RedisIdempotencyStore, RedisLedger, RedisSourceStore


@dataclass(frozen=True)
class Terms:
    """How long things live, and how much fits."""

    ttl_s: float = 60.0
    max_events: int = 10_000
    requeue_guard_ms: int = 60_000
    reservation_s: float = 60.0


MakeLive = Callable[..., Live]


@pytest.fixture(params=["memory", "redis"])
def make_live(request: pytest.FixtureRequest) -> MakeLive:
    """Makes the ports with other terms than usual."""
    make = _in_memory if request.param == "memory" else _redis(request)
    return lambda **terms: make(Terms(**terms))


@pytest.fixture
def live(make_live: MakeLive) -> Live:
    """The ports, empty."""
    return make_live()


def _in_memory(terms: Terms) -> Live:
    ledger = MemoryLedger(ttl_s=terms.ttl_s, requeue_guard_ms=terms.requeue_guard_ms)
    return Live(
        ledger=ledger,
        bus=MemoryEventBus(ledger, max_events=terms.max_events),
        sources=MemorySourceStore(ttl_s=terms.ttl_s),
        idempotency=MemoryIdempotencyStore(ttl_s=terms.ttl_s, reservation_s=terms.reservation_s),
    )


def _redis(request: pytest.FixtureRequest) -> Callable[[Terms], Live]:
    client = request.getfixturevalue("redis_client")
    return lambda terms: Live(
        ledger=RedisLedger(client, ttl_s=terms.ttl_s, requeue_guard_ms=terms.requeue_guard_ms),
        bus=RedisEventBus(client, ttl_s=terms.ttl_s, ended_ttl_s=terms.ttl_s, max_events=terms.max_events),
        sources=RedisSourceStore(client, ttl_s=terms.ttl_s),
        idempotency=RedisIdempotencyStore(client, ttl_s=terms.ttl_s, reservation_s=terms.reservation_s),
    )

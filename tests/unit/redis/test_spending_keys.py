"""What model calls leave in Redis: of the documented names and types, none for ever; and what lost replies do to it."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from support.bad_network import BadNetwork
from support.redis_process import RedisProcess

from codereview.adapters.redis import (
    RedisAnswerCache,
    RedisCircuitBreaker,
    RedisPrefixGate,
    RedisSpendLedger,
    connect,
    keys,
)
from codereview.domain.tokens import Spend, Tokens
from codereview.spending import Caps, Refusal, Reservation

CAPS = Caps(review_nano_usd=150, hour_nano_usd=1_000)
TYPES = {
    "review:rv_1:budget": b"hash",
    "budget:tokens:": b"hash",
    "breaker:m%3A1": b"hash",
    "breaker:n:failures": b"zset",
    "prefix:p": b"string",
    "cache:answers": b"hash",
    "cache:answers:used": b"zset",
}


def _reserve(ledger: RedisSpendLedger) -> Reservation | Refusal:
    return ledger.reserve("rv_1", want_nano_usd=100, least_nano_usd=60, want_tokens=10, least_tokens=10, caps=CAPS)


def _reserved(ledger: RedisSpendLedger) -> Reservation:
    answer = _reserve(ledger)
    assert isinstance(answer, Reservation)
    return answer


def _use_everything(client: Redis) -> None:
    ledger, breaker, gate = RedisSpendLedger(client), RedisCircuitBreaker(client, failures=2), RedisPrefixGate(client)
    ledger.settle(_reserved(ledger), Spend(1, Tokens(1, 1, 1, 1, 1), 50))
    _reserved(ledger)
    for model in ("m:1", "m:1", "n"):
        breaker.failed(model)
    breaker.allow("m:1")
    gate.enter("p")
    gate.opened("p")
    cache = RedisAnswerCache(client)
    cache.put("k", "answer")
    cache.get("k")


def test_every_key_is_documented_has_its_type_and_expires(redis_client: Redis) -> None:
    """A key without an end is a leak."""
    _use_everything(redis_client)
    there = {key.decode(): key for key in redis_client.scan_iter()}
    hour = next(name for name in there if name.startswith("budget:tokens:"))
    assert {name.replace(hour, "budget:tokens:"): redis_client.type(key) for name, key in there.items()} == TYPES
    assert [name for name, key in there.items() if redis_client.pttl(key) <= 0] == []


def test_the_module_of_keys_documents_them() -> None:
    """With what is in them."""
    for name in ("review:{id}:budget", "breaker:{model}", "prefix:{hash}", *keys.ANSWERS):
        assert f"``{name}``" in (keys.__doc__ or "")


def test_answers_are_stored_compressed_and_counted(redis_client: Redis) -> None:
    """Whatever was put, replaced or dropped, the number of bytes is that of what is there."""
    cache = RedisAnswerCache(redis_client, max_bytes=400)
    for n in range(40):
        cache.put(f"k{n % 7}", f"{n * 7919:x}" * 60)
    stored = redis_client.hgetall(keys.ANSWERS[0])
    total = int(stored.pop(b"bytes"))
    assert total == sum(len(value) for value in stored.values()) <= 400
    assert len(stored) == redis_client.zcard(keys.ANSWERS[1]) > 2


def test_other_processes_see_a_budget_in_one_round_trip(redis_client: Redis) -> None:
    """Each operation is one script."""
    _use_everything(redis_client)
    before = redis_client.info("commandstats")["cmdstat_evalsha"]["calls"]
    ledger = RedisSpendLedger(redis_client)
    ledger.settle(_reserved_anew(ledger), Spend())
    ledger.spent("rv_2")
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 3


def _reserved_anew(ledger: RedisSpendLedger) -> Reservation:
    answer = ledger.reserve("rv_2", want_nano_usd=1, least_nano_usd=1, want_tokens=1, least_tokens=1, caps=CAPS)
    assert isinstance(answer, Reservation)
    return answer


@pytest.fixture
def lossy(redis_client: Redis, redis_server: RedisProcess) -> Iterator[Callable[[], Redis]]:
    """A client whose next script's reply is lost, so that it sends the command again."""
    _use_everything(redis_client)  # every script is known to the server
    RedisPrefixGate(redis_client).abandon("p")
    redis_client.flushdb()
    with BadNetwork(redis_server.port) as network, connect(network.url) as client:

        def lose_next() -> Redis:
            client.ping()
            network.lose_next_reply(b"EVALSHA")
            return client

        yield lose_next
        assert network.replies_lost == 1


class TestLostReplies:
    def test_a_budget_is_reserved_once(self, redis_client: Redis, lossy: Callable[[], Redis]) -> None:
        """Else the second sending would find the budget taken by the first."""
        ledger = RedisSpendLedger(redis_client)
        granted = _reserved(RedisSpendLedger(lossy()))
        assert granted.nano_usd == 100
        refusal = _reserve(ledger)
        assert isinstance(refusal, Refusal)
        assert refusal.held == 100
        ledger.release(granted)
        assert _reserved(ledger).nano_usd == 100

    def test_a_cost_is_booked_once(self, redis_client: Redis, lossy: Callable[[], Redis]) -> None:
        """Money is not counted twice."""
        ledger = RedisSpendLedger(redis_client)
        granted = _reserved(ledger)
        RedisSpendLedger(lossy()).settle(granted, Spend(1, Tokens(1, 2, 3, 4, 5), 70))
        assert ledger.spent("rv_1") == Spend(1, Tokens(1, 2, 3, 4, 5), 70)

    def test_a_failure_is_counted_once(self, redis_client: Redis, lossy: Callable[[], Redis]) -> None:
        """Two of them would open the circuit here."""
        RedisCircuitBreaker(lossy(), failures=2).failed("m")
        breaker = RedisCircuitBreaker(redis_client, failures=2)
        assert breaker.allow("m")
        breaker.failed("m")
        assert not breaker.allow("m")

    def test_the_probe_is_the_callers(self, redis_client: Redis, lossy: Callable[[], Redis]) -> None:
        """Else nobody would try the model for the time of a probe."""
        breaker = RedisCircuitBreaker(redis_client, failures=1, cool_down_s=0.0)
        breaker.failed("m")
        assert RedisCircuitBreaker(lossy(), failures=1).allow("m")
        assert not breaker.allow("m")

    def test_the_lead_is_the_callers(self, redis_client: Redis, lossy: Callable[[], Redis]) -> None:
        """Else all would wait for nobody."""
        assert RedisPrefixGate(lossy()).enter("p")
        assert not RedisPrefixGate(redis_client).enter("p")

"""The circuit breaker, the prefix gate and the cache of answers; the same in memory and on Redis."""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
from support.live import at_once

from codereview.adapters import memory, redis
from codereview.adapters.file_answers import FileAnswerCache
from codereview.spending import AnswerCache, CircuitBreaker, PrefixGate

Make = Callable[..., object]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Callable[..., object]:
    """Makes a port by the last part of its class's name, on other terms than usual."""
    if request.param == "memory":
        return lambda name, **terms: getattr(memory, f"Memory{name}")(**terms)
    client = request.getfixturevalue("redis_client")
    return lambda name, **terms: getattr(redis, f"Redis{name}")(client, **terms)


class TestCircuitBreaker:
    @pytest.fixture
    def make_breaker(self, make: Make) -> Callable[..., CircuitBreaker]:
        return partial(make, "CircuitBreaker", failures=3)  # type: ignore[return-value]

    def test_a_model_is_called_until_it_failed_several_times(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """Then nobody calls it; other models are not concerned."""
        breaker = make_breaker()
        for _ in range(3):
            assert breaker.allow("m:1")
            breaker.failed("m:1")
        assert not breaker.allow("m:1")
        assert breaker.allow("m")

    def test_an_answer_between_failures_counts(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """Only failures in a row say that it is down."""
        breaker = make_breaker()
        for report in ("failed", "failed", "succeeded", "failed", "failed"):
            getattr(breaker, report)("m")
        assert breaker.allow("m")
        breaker.failed("m")
        assert not breaker.allow("m")

    def test_failures_of_long_ago_do_not_count(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """A model that fails now and then is not down."""
        breaker = make_breaker(window_s=0.05)
        breaker.failed("m")
        breaker.failed("m")
        time.sleep(0.06)
        breaker.failed("m")
        assert breaker.allow("m")

    def test_after_the_cool_down_one_call_tries_it(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """Of many who ask at once."""
        breaker = make_breaker(cool_down_s=0.4)
        _open(breaker)
        assert at_once([partial(breaker.allow, "m")] * 8) == [False] * 8
        time.sleep(0.41)
        assert sum(at_once([partial(breaker.allow, "m")] * 8)) == 1

    def test_a_probe_that_answers_closes_it(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """And the failures before are forgotten."""
        breaker = make_breaker(cool_down_s=0.02)
        _open(breaker)
        time.sleep(0.03)
        assert breaker.allow("m")
        breaker.succeeded("m")
        breaker.failed("m")
        assert breaker.allow("m")
        assert breaker.allow("m")

    def test_a_probe_that_fails_opens_it_again(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """For another cool-down, after which another may try."""
        breaker = make_breaker(cool_down_s=0.15)
        _open(breaker)
        time.sleep(0.16)
        assert breaker.allow("m")
        breaker.failed("m")
        assert not breaker.allow("m")
        time.sleep(0.16)
        assert breaker.allow("m")

    def test_a_probe_that_never_reports_gives_way(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """Its worker died."""
        breaker = make_breaker(cool_down_s=0.01, probe_s=0.2)
        _open(breaker)
        time.sleep(0.02)
        assert breaker.allow("m")
        assert not breaker.allow("m")
        time.sleep(0.21)
        assert breaker.allow("m")

    def test_stragglers_do_not_prolong_the_cool_down(self, make_breaker: Callable[..., CircuitBreaker]) -> None:
        """Calls that began before fail later; they tell nothing new."""
        breaker = make_breaker(cool_down_s=0.3)
        _open(breaker)
        time.sleep(0.1)
        breaker.failed("m")
        time.sleep(0.21)
        assert breaker.allow("m")


def _open(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.failed("m")


class TestPrefixGate:
    @pytest.fixture
    def make_gate(self, make: Make) -> Callable[..., PrefixGate]:
        return partial(make, "PrefixGate")  # type: ignore[return-value]

    def test_one_of_many_leads(self, make_gate: Callable[..., PrefixGate]) -> None:
        """The others would each pay for writing the cache."""
        gate = make_gate()
        assert sum(at_once([partial(gate.enter, "p")] * 8)) == 1
        assert gate.enter("another")

    def test_followers_go_when_the_cache_is_written(self, make_gate: Callable[..., PrefixGate]) -> None:
        """All of them, soon after; who comes later does not wait at all."""
        gate = make_gate()
        gate.enter("p")
        began = time.monotonic()
        threading.Timer(0.1, gate.opened, ["p"]).start()
        assert at_once([partial(gate.wait, "p", 10)] * 4) == [True] * 4
        assert 0.09 < time.monotonic() - began < 8
        assert not gate.enter("p")
        assert gate.wait("p", 0)

    def test_followers_learn_that_the_leader_failed(self, make_gate: Callable[..., PrefixGate]) -> None:
        """One of them leads then."""
        gate = make_gate()
        gate.enter("p")
        threading.Timer(0.05, gate.abandon, ["p"]).start()
        assert not gate.wait("p", 10)
        assert gate.enter("p")

    def test_a_leader_that_died_is_not_waited_for(self, make_gate: Callable[..., PrefixGate]) -> None:
        """It neither opens nor abandons."""
        gate = make_gate(lead_ttl_s=0.1)
        gate.enter("p")
        began = time.monotonic()
        assert not gate.wait("p", 10)
        assert time.monotonic() - began < 8
        assert gate.enter("p")

    def test_a_follower_does_not_wait_for_ever(self, make_gate: Callable[..., PrefixGate]) -> None:
        """Its time is its own."""
        gate = make_gate()
        gate.enter("p")
        assert not gate.wait("p", 0.05)
        assert not gate.enter("p")

    def test_an_open_prefix_is_forgotten_unless_it_is_used(self, make_gate: Callable[..., PrefixGate]) -> None:
        """The provider's cache lives on with each use."""
        gate = make_gate(ttl_s=0.3)
        gate.enter("p")
        gate.opened("p")
        for _ in range(3):
            time.sleep(0.13)
            assert not gate.enter("p")
        time.sleep(0.31)
        assert not gate.wait("p", 0)
        assert gate.enter("p")

    def test_what_is_open_cannot_be_abandoned(self, make_gate: Callable[..., PrefixGate]) -> None:
        """A call that broke off later had written the cache."""
        gate = make_gate()
        gate.enter("p")
        gate.opened("p")
        gate.abandon("p")
        gate.abandon("unknown")
        assert gate.wait("p", 0)


class TestAnswerCache:
    @pytest.fixture(params=["memory", "redis", "files"])
    def make_cache(self, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., AnswerCache]:
        if request.param == "files":
            return partial(FileAnswerCache, tmp_path / "answers")
        if request.param == "memory":
            return memory.MemoryAnswerCache
        return partial(redis.RedisAnswerCache, request.getfixturevalue("redis_client"))

    def test_an_answer_is_found_by_its_key(self, make_cache: Callable[..., AnswerCache]) -> None:
        """As it was put last, to the character."""
        cache = make_cache()
        assert cache.get("k") is None
        cache.put("k", "old")
        cache.put("k", '{"findings": ["☃\\u0000 \n"]}\0')
        cache.put("empty", "")
        assert cache.get("k") == '{"findings": ["☃\\u0000 \n"]}\0'
        assert cache.get("empty") == ""

    def test_an_answer_unused_for_long_is_forgotten(self, make_cache: Callable[..., AnswerCache]) -> None:
        """One in use is kept."""
        cache = make_cache(ttl_s=0.3)
        cache.put("used", "1")
        cache.put("unused", "2")
        for _ in range(2):
            time.sleep(0.16)
            assert cache.get("used") == "1"
        assert cache.get("unused") is None

    def test_the_longest_unused_go_when_there_are_too_many(self, make_cache: Callable[..., AnswerCache]) -> None:
        """The cache never outgrows its bound."""
        cache = make_cache(max_bytes=3_000)
        random = Random(5)
        noise = ["".join(chr(random.randint(33, 126)) for _ in range(900)) for _ in range(12)]
        for n in range(3):
            cache.put(f"k{n}", noise[n])
            time.sleep(0.002)
        assert cache.get("k0") == noise[0]
        for n in range(3, 12):
            time.sleep(0.002)
            cache.put(f"k{n}", noise[n])
            assert cache.get("k0") == noise[0]
        assert cache.get("k1") is None
        assert cache.get("k11") == noise[11]

    def test_an_answer_too_large_is_not_kept(self, make_cache: Callable[..., AnswerCache]) -> None:
        """Nor does it drive out others."""
        cache = make_cache(max_answer_bytes=100)
        cache.put("small", "x" * 100)
        cache.put("large", "x" * 101)
        assert (cache.get("small"), cache.get("large")) == ("x" * 100, None)

    def test_many_may_put_and_get_at_once(
        self, make_cache: Callable[..., AnswerCache], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nobody's answer is lost for it, and nobody complains."""
        cache = make_cache()

        def put(worker: int) -> None:
            for i in range(12):
                cache.put(f"{worker}:{i}", f"{worker}:{i}")

        at_once([partial(put, worker) for worker in range(8)])
        assert [cache.get(f"{n}:{i}") for n in range(8) for i in range(12)] == [
            f"{n}:{i}" for n in range(8) for i in range(12)
        ]
        assert caplog.records == []

"""The circuit breaker, the prefix gate and the cache of answers in Redis."""

import secrets
import time
import zlib
from collections.abc import Sequence

from redis import Redis

from codereview.adapters.budget_rules import (
    ANSWER_BYTES,
    ANSWER_TTL_S,
    ANSWERS_BYTES,
    COOL_DOWN_S,
    FAILURES,
    LEAD_TTL_S,
    PREFIX_TTL_S,
    PROBE_S,
    WINDOW_S,
)
from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors
from codereview.adapters.redis.scripts import Scripts

#: Seconds between two looks at a prefix: short at first, for a cache that is written while we look.
_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.02, 0.25
_LEVEL = 1


class RedisCircuitBreaker:
    """`codereview.spending.CircuitBreaker` on Redis, in the server's time."""

    def __init__(
        self,
        client: Redis,
        *,
        failures: int = FAILURES,
        window_s: float = WINDOW_S,
        cool_down_s: float = COOL_DOWN_S,
        probe_s: float = PROBE_S,
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._failures = failures
        self._window_ms, self._cool_down_ms, self._probe_ms = (
            int(seconds * 1000) for seconds in (window_s, cool_down_s, probe_s)
        )

    def allow(self, model: str) -> bool:
        """Whether to call it now."""
        circuit, _ = keys.breaker(model)
        return bool(self._scripts.run("breaker_allow", [circuit], self._probe_ms, secrets.token_hex(8)))

    def succeeded(self, model: str) -> None:
        """It answered: calls are free again."""
        with translated_errors():
            self._client.delete(*keys.breaker(model))

    def failed(self, model: str) -> None:
        """It did not answer."""
        forgotten_ms = 2 * (self._cool_down_ms + self._probe_ms)
        terms = (self._failures, self._window_ms, self._cool_down_ms, forgotten_ms)
        self._scripts.run("breaker_failed", keys.breaker(model), *terms, secrets.token_hex(8))


class RedisPrefixGate:
    """`codereview.spending.PrefixGate` on Redis, in the server's time."""

    def __init__(self, client: Redis, *, ttl_s: float = PREFIX_TTL_S, lead_ttl_s: float = LEAD_TTL_S) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._ttl_ms, self._lead_ms = int(ttl_s * 1000), int(lead_ttl_s * 1000)

    def enter(self, prefix: str) -> bool:
        """Whether to go first."""
        call = secrets.token_hex(8)
        return bool(self._scripts.run("prefix_enter", [keys.prefix(prefix)], self._lead_ms, self._ttl_ms, call))

    def opened(self, prefix: str) -> None:
        """The provider has the prefix in its cache."""
        with translated_errors():
            self._client.set(keys.prefix(prefix), "open", px=self._ttl_ms)

    def abandon(self, prefix: str) -> None:
        """The leader failed before the cache was written."""
        self._scripts.run("prefix_abandon", [keys.prefix(prefix)])

    def wait(self, prefix: str, timeout_s: float) -> bool:
        """Block until the prefix is open (True), or its leader is gone or the time is up (False)."""
        until = time.monotonic() + timeout_s
        pause_s = _FIRST_LOOK_S
        while True:
            with translated_errors():
                state = self._client.get(keys.prefix(prefix))
            left_s = until - time.monotonic()
            if state is None or state == b"open" or left_s <= 0:
                return state == b"open"
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, _SLOWEST_LOOK_S)


class RedisAnswerCache:
    """`codereview.spending.AnswerCache` on Redis, compressed; ``max_bytes`` counts what is stored."""

    def __init__(
        self,
        client: Redis,
        *,
        ttl_s: float = ANSWER_TTL_S,
        max_bytes: int = ANSWERS_BYTES,
        names: Sequence[str] = keys.ANSWERS,
        max_answer_bytes: int = ANSWER_BYTES,
    ) -> None:
        self._scripts = Scripts(client)
        self._names = list(names)
        self._ttl_ms = int(ttl_s * 1000)
        self._max_bytes, self._max_answer_bytes = max_bytes, max_answer_bytes

    def get(self, key: str) -> str | None:
        """The answer, or None when there is none (any more)."""
        packed = self._scripts.run("answer_get", self._names, self._ttl_ms, key)
        return None if packed is None else zlib.decompress(packed).decode()

    def put(self, key: str, value: str) -> None:
        """Keep an answer; one that is too large is not kept."""
        data = value.encode()
        packed = zlib.compress(data, _LEVEL)
        if len(data) <= self._max_answer_bytes and len(packed) <= self._max_bytes:
            self._scripts.run("answer_put", self._names, self._ttl_ms, self._max_bytes, key, packed)

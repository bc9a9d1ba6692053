"""Limits per minute, as the service tells of them in the headers of every answer."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

_WINDOW_S = 60.0
#: What the reset times count from; only their distance to the server's clock means anything.
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one key may use in a minute; input tokens that were read from the cache do not count."""

    requests: int = 4_000
    input_tokens: int = 20_000_000
    output_tokens: int = 4_000_000


class RateLimiter:
    """Counts in windows of a minute, all keys together. Safe to share between threads."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._used = {"requests": 0, "input-tokens": 0, "output-tokens": 0}

    def enter(self) -> float | None:
        """Count a request in. The seconds to wait when a limit is reached, else None."""
        with self._lock:
            self._turn()
            if min(self._left().values()) <= 0:
                return self._began + _WINDOW_S - self._clock()
            self._used["requests"] += 1
            return None

    def use(self, input_tokens: int, output_tokens: int) -> None:
        """Count what an answer used."""
        with self._lock:
            self._turn()
            self._used["input-tokens"] += input_tokens
            self._used["output-tokens"] += output_tokens

    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        with self._lock:
            self._turn()
            reset = (_EPOCH + timedelta(seconds=ceil(self._began + _WINDOW_S))).strftime("%Y-%m-%dT%H:%M:%SZ")
            left, limits = self._left(), self._most()
            told: dict[str, str] = {}
            for name, most in limits.items():
                told[f"anthropic-ratelimit-{name}-limit"] = str(most)
                told[f"anthropic-ratelimit-{name}-remaining"] = str(max(0, left[name]))
                told[f"anthropic-ratelimit-{name}-reset"] = reset
            return told

    def _turn(self) -> None:
        now = self._clock()
        if now >= self._began + _WINDOW_S:
            self._began = now
            self._used = dict.fromkeys(self._used, 0)

    def _most(self) -> dict[str, int]:
        most = self._limits
        return {"requests": most.requests, "input-tokens": most.input_tokens, "output-tokens": most.output_tokens}

    def _left(self) -> dict[str, int]:
        return {name: most - self._used[name] for name, most in self._most().items()}

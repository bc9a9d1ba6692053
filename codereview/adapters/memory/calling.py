"""The circuit breaker, the prefix gate and the cache of answers, in this process."""

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

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
from codereview.adapters.system import SystemClock
from codereview.ports import Clock


@dataclass(slots=True)
class _Circuit:
    failures: deque[int] = field(default_factory=deque)
    #: Nobody calls before then; 0 while it is closed.
    open_until: int = 0
    #: A probe is under way until then.
    probe_until: int = 0


class MemoryCircuitBreaker:
    """`codereview.spending.CircuitBreaker` in memory. Safe to share between threads."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        failures: int = FAILURES,
        window_s: float = WINDOW_S,
        cool_down_s: float = COOL_DOWN_S,
        probe_s: float = PROBE_S,
    ) -> None:
        self._clock = clock or SystemClock()
        self._failures = failures
        self._window_ms, self._cool_down_ms, self._probe_ms = (
            int(seconds * 1000) for seconds in (window_s, cool_down_s, probe_s)
        )
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}

    def allow(self, model: str) -> bool:
        """Whether to call it now."""
        with self._lock:
            circuit = self._circuits.get(model)
            if circuit is None or not circuit.open_until:
                return True
            now = self._clock.now_ms()
            if max(circuit.open_until, circuit.probe_until) > now:
                return False
            circuit.probe_until = now + self._probe_ms
            return True

    def succeeded(self, model: str) -> None:
        """It answered: calls are free again."""
        with self._lock:
            self._circuits.pop(model, None)

    def failed(self, model: str) -> None:
        """It did not answer."""
        with self._lock:
            now = self._clock.now_ms()
            circuit = self._circuits.setdefault(model, _Circuit())
            if circuit.open_until:
                if circuit.open_until <= now:  # the probe failed
                    circuit.open_until, circuit.probe_until = now + self._cool_down_ms, 0
                return
            circuit.failures.append(now)
            while circuit.failures[0] <= now - self._window_ms:
                circuit.failures.popleft()
            if len(circuit.failures) >= self._failures:
                circuit.open_until = now + self._cool_down_ms


class MemoryPrefixGate:
    """`codereview.spending.PrefixGate` in memory. Safe to share between threads."""

    def __init__(
        self, clock: Clock | None = None, *, ttl_s: float = PREFIX_TTL_S, lead_ttl_s: float = LEAD_TTL_S
    ) -> None:
        self._clock = clock or SystemClock()
        self._ttl_ms, self._lead_ms = int(ttl_s * 1000), int(lead_ttl_s * 1000)
        self._changed = threading.Condition()
        #: Whether it is open, and until when that holds.
        self._prefixes: dict[str, tuple[bool, int]] = {}

    def enter(self, prefix: str) -> bool:
        """Whether to go first."""
        with self._changed:
            now = self._clock.now_ms()
            self._prefixes = {name: state for name, state in self._prefixes.items() if state[1] > now}
            state = self._prefixes.get(prefix)
            if state is None:
                self._prefixes[prefix] = False, now + self._lead_ms
                return True
            if state[0]:
                self._prefixes[prefix] = True, now + self._ttl_ms
            return False

    def opened(self, prefix: str) -> None:
        """The provider has the prefix in its cache."""
        with self._changed:
            self._prefixes[prefix] = True, self._clock.now_ms() + self._ttl_ms
            self._changed.notify_all()

    def abandon(self, prefix: str) -> None:
        """The leader failed before the cache was written."""
        with self._changed:
            if not self._prefixes.get(prefix, (True, 0))[0]:
                del self._prefixes[prefix]
                self._changed.notify_all()

    def wait(self, prefix: str, timeout_s: float) -> bool:
        """Block until the prefix is open (True), or its leader is gone or the time is up (False)."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while True:
                is_open, expires_at = self._prefixes.get(prefix, (False, 0))
                lives_s = (expires_at - self._clock.now_ms()) / 1000
                left_s = until - time.monotonic()
                if lives_s <= 0 or is_open or left_s <= 0:
                    return is_open and lives_s > 0
                self._changed.wait(min(left_s, lives_s))


class MemoryAnswerCache:
    """`codereview.spending.AnswerCache` in memory. Safe to share between threads."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        ttl_s: float = ANSWER_TTL_S,
        max_bytes: int = ANSWERS_BYTES,
        max_answer_bytes: int = ANSWER_BYTES,
    ) -> None:
        self._clock = clock or SystemClock()
        self._ttl_ms = int(ttl_s * 1000)
        self._max_bytes, self._max_answer_bytes = max_bytes, max_answer_bytes
        self._lock = threading.Lock()
        #: Answers with their last use, the longest unused first.
        self._answers: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> str | None:
        """The answer, or None when there is none (any more)."""
        with self._lock:
            self._forget()
            found = self._answers.get(key)
            if found is None:
                return None
            self._answers[key] = found[0], self._clock.now_ms()
            self._answers.move_to_end(key)
            return found[0]

    def put(self, key: str, value: str) -> None:
        """Keep an answer; one that is too large is not kept."""
        size = len(value.encode())
        if size > min(self._max_answer_bytes, self._max_bytes):
            return
        with self._lock:
            self._drop(key)
            self._answers[key] = value, self._clock.now_ms()
            self._bytes += size
            self._forget()

    def _forget(self) -> None:
        oldest_use = self._clock.now_ms() - self._ttl_ms
        while self._answers:
            key, (_, used_at) = next(iter(self._answers.items()))
            if self._bytes <= self._max_bytes and used_at > oldest_use:
                return
            self._drop(key)

    def _drop(self, key: str) -> None:
        dropped = self._answers.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped[0].encode())

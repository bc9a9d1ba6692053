"""Sources and idempotency keys, in this process."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from codereview.adapters.live_rules import IDEMPOTENCY_TTL_S, RESERVATION_S, TTL_S
from codereview.adapters.system import SystemClock
from codereview.domain.coverage import CoverageEntry
from codereview.domain.sources import Batch
from codereview.ports import Clock, IdempotencyRecord


@dataclass(slots=True)
class _Sources:
    expires_at: int
    batches: dict[str, Batch] = field(default_factory=dict)
    facts: list[CoverageEntry] = field(default_factory=list)


class MemorySourceStore:
    """`codereview.ports.SourceStore` in memory. Safe to share between threads."""

    def __init__(self, clock: Clock | None = None, *, ttl_s: float = TTL_S) -> None:
        self._clock = clock or SystemClock()
        self._ttl_ms = int(ttl_s * 1000)
        self._lock = threading.Lock()
        self._reviews: dict[str, _Sources] = {}

    def put(self, review_id: str, batches: Iterable[Batch]) -> None:
        """Store the batches of a review."""
        given = {batch.id: batch for batch in batches}
        with self._lock:
            self._open(review_id).batches.update(given)

    def get(self, review_id: str, batch_id: str) -> Batch | None:
        """One batch, or None when it is not there (any more)."""
        with self._lock:
            sources = self._find(review_id)
            return None if sources is None else sources.batches.get(batch_id)

    def put_facts(self, review_id: str, skipped: Sequence[CoverageEntry]) -> None:
        """Store what was left out at the start, for the coverage at the end."""
        with self._lock:
            self._open(review_id).facts = list(skipped)

    def facts(self, review_id: str) -> list[CoverageEntry]:
        """What was left out at the start."""
        with self._lock:
            sources = self._find(review_id)
            return [] if sources is None else list(sources.facts)

    def _open(self, review_id: str) -> _Sources:
        now = self._clock.now_ms()
        self._reviews = {key: value for key, value in self._reviews.items() if value.expires_at > now}
        sources = self._reviews.setdefault(review_id, _Sources(expires_at=0))
        sources.expires_at = now + self._ttl_ms
        return sources

    def _find(self, review_id: str) -> _Sources | None:
        sources = self._reviews.get(review_id)
        return sources if sources is not None and sources.expires_at > self._clock.now_ms() else None


class MemoryIdempotencyStore:
    """`codereview.ports.IdempotencyStore` in memory. Safe to share between threads."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        ttl_s: float = IDEMPOTENCY_TTL_S,
        reservation_s: float = RESERVATION_S,
    ) -> None:
        self._clock = clock or SystemClock()
        self._ttl_ms = int(ttl_s * 1000)
        self._reservation_ms = int(reservation_s * 1000)
        self._lock = threading.Lock()
        #: What a key stands for, and until when.
        self._records: dict[tuple[str, str], tuple[IdempotencyRecord, int]] = {}

    def begin(self, owner: str, key: str, body_digest: str) -> IdempotencyRecord | None:
        """Reserve the key. None when it was free (now reserved), else what it stands for."""
        with self._lock:
            now = self._clock.now_ms()
            self._records = {name: entry for name, entry in self._records.items() if entry[1] > now}
            taken = self._records.get((owner, key))
            if taken is not None:
                return taken[0]
            self._records[owner, key] = IdempotencyRecord(body_digest), now + self._reservation_ms
            return None

    def finish(self, owner: str, key: str, review_id: str) -> None:
        """Record the review the request made."""
        with self._lock:
            record = self._reserved(owner, key)
            if record is not None:
                kept_until = self._clock.now_ms() + self._ttl_ms
                self._records[owner, key] = replace(record, review_id=review_id), kept_until

    def abandon(self, owner: str, key: str) -> None:
        """Free a reserved key: its request failed."""
        with self._lock:
            if self._reserved(owner, key) is not None:
                del self._records[owner, key]

    def _reserved(self, owner: str, key: str) -> IdempotencyRecord | None:
        record, until = self._records.get((owner, key), (None, 0))
        if record is None or record.review_id or until <= self._clock.now_ms():
            return None
        return record

"""The code of running reviews in Redis, compressed."""

import zlib
from collections.abc import Iterable, Sequence
from typing import cast

from pydantic import TypeAdapter
from redis import Redis

from codereview.adapters.live_rules import TTL_S
from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors
from codereview.domain.coverage import CoverageEntry
from codereview.domain.sources import Batch

#: Compressed bytes sent to Redis at a time; a large submission must not hold the server up.
_CHUNK_BYTES = 1_000_000
#: Source shrinks to about a fifth at the fastest level; more effort saves little and costs much.
_LEVEL = 1
_FACTS = "facts"
_ENTRIES = TypeAdapter(list[CoverageEntry])


class RedisSourceStore:
    """`codereview.ports.SourceStore` on Redis. Every method raises BackendUnavailable when it cannot be reached."""

    def __init__(self, client: Redis, *, ttl_s: float = TTL_S) -> None:
        self._client = client
        self._ttl_ms = int(ttl_s * 1000)

    def put(self, review_id: str, batches: Iterable[Batch]) -> None:
        """Store the batches of a review."""
        chunk: dict[str, bytes] = {}
        size = 0
        for batch in batches:
            packed = zlib.compress(batch.to_json().encode(), _LEVEL)
            chunk[_field(batch.id)] = packed
            size += len(packed)
            if size >= _CHUNK_BYTES:
                self._write(review_id, chunk)
                chunk, size = {}, 0
        if chunk:
            self._write(review_id, chunk)

    def get(self, review_id: str, batch_id: str) -> Batch | None:
        """One batch, or None when it is not there (any more)."""
        packed = self._read(review_id, _field(batch_id))
        return None if packed is None else Batch.model_validate_json(zlib.decompress(packed))

    def put_facts(self, review_id: str, skipped: Sequence[CoverageEntry]) -> None:
        """Store what was left out at the start, for the coverage at the end."""
        packed = zlib.compress(_ENTRIES.dump_json(list(skipped), by_alias=True), _LEVEL)
        self._write(review_id, {_FACTS: packed})

    def facts(self, review_id: str) -> list[CoverageEntry]:
        """What was left out at the start."""
        packed = self._read(review_id, _FACTS)
        return [] if packed is None else _ENTRIES.validate_json(zlib.decompress(packed))

    def _write(self, review_id: str, fields: dict[str, bytes]) -> None:
        key = keys.of_review(review_id).source
        with translated_errors(), self._client.pipeline(transaction=True) as pipeline:
            for field, packed in fields.items():
                pipeline.hset(key, field, packed)
            pipeline.pexpire(key, self._ttl_ms)
            pipeline.execute()

    def _read(self, review_id: str, field: str) -> bytes | None:
        with translated_errors():
            return cast("bytes | None", self._client.hget(keys.of_review(review_id).source, field))


def _field(batch_id: str) -> str:
    return f"batch:{batch_id}"

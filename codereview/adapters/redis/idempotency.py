"""Idempotency keys in Redis."""

import secrets

from redis import Redis

from codereview.adapters.live_rules import IDEMPOTENCY_TTL_S, RESERVATION_S
from codereview.adapters.redis import keys
from codereview.adapters.redis.scripts import Scripts
from codereview.ports import IdempotencyRecord


class RedisIdempotencyStore:
    """`codereview.ports.IdempotencyStore` on Redis. Every method raises BackendUnavailable.

    A reservation ends by itself after ``reservation_s``, so that a process that died does not block its key for a
    day.
    """

    def __init__(
        self, client: Redis, *, ttl_s: float = IDEMPOTENCY_TTL_S, reservation_s: float = RESERVATION_S
    ) -> None:
        self._scripts = Scripts(client)
        self._ttl_ms = int(ttl_s * 1000)
        self._reservation_ms = int(reservation_s * 1000)

    def begin(self, owner: str, key: str, body_digest: str) -> IdempotencyRecord | None:
        """Reserve the key. None when it was free (now reserved), else what it stands for."""
        name = keys.idempotency(owner, key)
        reply = self._scripts.run("begin", [name], self._reservation_ms, body_digest, secrets.token_hex(8))
        return None if reply is None else IdempotencyRecord(reply[0].decode(), reply[1].decode())

    def finish(self, owner: str, key: str, review_id: str) -> None:
        """Record the review the request made."""
        self._scripts.run("finish", [keys.idempotency(owner, key)], self._ttl_ms, review_id)

    def abandon(self, owner: str, key: str) -> None:
        """Free a reserved key: its request failed."""
        self._scripts.run("abandon", [keys.idempotency(owner, key)])

"""Who follows reviews over API Gateway, in Redis."""

from collections.abc import Mapping

from redis import Redis

from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors
from codereview.adapters.redis.scripts import Scripts
from codereview.live_connections import LIFETIME_MS

_SCAN_COUNT = 500


class RedisAudience:
    """`codereview.live_connections.Audience` on Redis. Its keys outlive every connection, and no longer."""

    def __init__(self, client: Redis, *, ttl_ms: int = LIFETIME_MS) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._ttl_ms = ttl_ms

    def join(self, review_id: str, connection_id: str, after: int) -> None:
        """Let a connection have the events after this one."""
        self._scripts.run("audience_join", _names(review_id), self._ttl_ms, connection_id, after)

    def leave(self, review_id: str, connection_id: str) -> None:
        """A connection follows no longer."""
        with translated_errors():
            pipeline = self._client.pipeline(transaction=True)
            pipeline.srem(keys.ws_connections(review_id), connection_id)
            pipeline.hdel(keys.ws_positions(review_id), connection_id)
            pipeline.execute()

    def positions(self, review_id: str) -> Mapping[str, int]:
        """By connection, the last event it was sent."""
        with translated_errors():
            found = self._client.hgetall(keys.ws_positions(review_id))
        return {_text(connection): int(position) for connection, position in found.items()}

    def advance(self, review_id: str, connection_id: str, seen: int, sent: int) -> bool:
        """Move a position."""
        return bool(self._scripts.run("audience_advance", [keys.ws_positions(review_id)], connection_id, seen, sent))

    def take(self, review_id: str, token: str, *, ttl_ms: int) -> bool:
        """Take the right to send a review's events, or keep it."""
        return bool(self._scripts.run("hold", [keys.broadcast(review_id)], ttl_ms, token))

    def release(self, review_id: str, token: str) -> None:
        """Give the right back."""
        self._scripts.run("let_go", [keys.broadcast(review_id)], token)

    def connections(self) -> int:
        """How many connections follow a review."""
        with translated_errors():
            names = list(self._client.scan_iter(match=keys.ws_connections("*"), count=_SCAN_COUNT))
            if not names:
                return 0
            pipeline = self._client.pipeline(transaction=False)
            for name in names:
                pipeline.scard(name)
            return sum(int(size) for size in pipeline.execute())


def _names(review_id: str) -> list[str]:
    return [keys.ws_connections(review_id), keys.ws_positions(review_id)]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name

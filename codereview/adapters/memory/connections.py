"""Connections and audiences within one process, for tests and as the shortest statement of the contract."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from codereview.adapters.system import SystemClock
from codereview.live_connections import LIFETIME_MS, SocketConnection
from codereview.ports import Clock


class MemoryConnectionStore:
    """`codereview.live_connections.ConnectionStore` in a dictionary."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._connections: dict[str, SocketConnection] = {}

    def add(self, connection: SocketConnection) -> None:
        """Store a connection."""
        with self._lock:
            self._connections[connection.id] = connection

    def get(self, connection_id: str) -> SocketConnection | None:
        """One connection as it was last written."""
        with self._lock:
            found = self._connections.get(connection_id)
        return found if found is not None and self._lives(found) else None

    def follow(self, connection_id: str, review_id: str) -> bool:
        """Note which review it follows."""
        with self._lock:
            found = self._connections.get(connection_id)
            if found is not None:
                self._connections[connection_id] = replace(found, review_id=review_id)
        return found is not None

    def remove(self, connection_id: str) -> SocketConnection | None:
        """Forget it; what was known of it."""
        with self._lock:
            return self._connections.pop(connection_id, None)

    def of_review(self, review_id: str) -> list[SocketConnection]:
        """Who follows a review."""
        with self._lock:
            found = [each for each in self._connections.values() if review_id and each.review_id == review_id]
        return sorted(filter(self._lives, found), key=lambda each: (each.connected_at, each.id))

    def _lives(self, connection: SocketConnection) -> bool:
        return (connection.connected_at + LIFETIME_MS) // 1000 * 1000 > self._clock.now_ms()


class MemoryAudience:
    """`codereview.live_connections.Audience` in dictionaries."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._positions: dict[str, dict[str, int]] = {}
        self._leases: dict[str, tuple[str, int]] = {}

    def join(self, review_id: str, connection_id: str, after: int) -> None:
        """Let a connection have the events after this one."""
        with self._lock:
            self._positions.setdefault(review_id, {})[connection_id] = after

    def leave(self, review_id: str, connection_id: str) -> None:
        """A connection follows no longer."""
        with self._lock:
            self._positions.get(review_id, {}).pop(connection_id, None)

    def positions(self, review_id: str) -> Mapping[str, int]:
        """By connection, the last event it was sent."""
        with self._lock:
            return dict(self._positions.get(review_id, {}))

    def advance(self, review_id: str, connection_id: str, seen: int, sent: int) -> bool:
        """Move a position."""
        with self._lock:
            there = self._positions.get(review_id, {})
            if there.get(connection_id) != seen:
                return False
            there[connection_id] = sent
            return True

    def take(self, review_id: str, token: str, *, ttl_ms: int) -> bool:
        """Take the right to send a review's events, or keep it."""
        with self._lock:
            holder, until = self._leases.get(review_id, ("", 0))
            if holder not in ("", token) and until > self._clock.now_ms():
                return False
            self._leases[review_id] = (token, self._clock.now_ms() + ttl_ms)
            return True

    def release(self, review_id: str, token: str) -> None:
        """Give the right back."""
        with self._lock:
            if self._leases.get(review_id, ("", 0))[0] == token:
                del self._leases[review_id]

    def connections(self) -> int:
        """How many connections follow a review."""
        with self._lock:
            return sum(map(len, self._positions.values()))

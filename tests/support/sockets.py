"""A gateway that notes what connections get, for tests of the WebSocket functions."""

import json
from collections import defaultdict
from typing import Any

from codereview.live_connections import ConnectionGone


class NotingGateway:
    """`codereview.live_connections.SocketGateway`; ``failing`` is raised by the next posts."""

    def __init__(self) -> None:
        self.got: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.closed: list[str] = []
        self.gone: set[str] = set()
        self.failing: list[Exception] = []

    def post(self, connection_id: str, message: bytes) -> None:
        """Note a message."""
        if self.failing:
            raise self.failing.pop(0)
        if connection_id in self.gone:
            raise ConnectionGone(connection_id)
        self.got[connection_id].append(json.loads(message))

    def close(self, connection_id: str) -> None:
        """Note that it is closed."""
        self.closed.append(connection_id)

    def last(self, connection_id: str = "c1") -> dict[str, Any]:
        """The newest message."""
        return self.got[connection_id][-1]


class NotingStarter:
    """`codereview.live_connections.BroadcastStarter` that starts nothing."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.failing: Exception | None = None

    def start(self, review_id: str, hop: int = 0) -> None:
        """Note it."""
        if self.failing is not None:
            raise self.failing
        self.started.append((review_id, hop))

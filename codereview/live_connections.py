"""Ports of the WebSocket layer that API Gateway keeps: who is connected, who follows what, and reaching them.

One contract suite (tests/contract) runs against every implementation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

#: Milliseconds API Gateway keeps a WebSocket at most.
LIFETIME_MS = 2 * 3_600_000


class ConnectionGone(Exception):
    """The client of a connection has left."""


class FrameTooLarge(Exception):
    """API Gateway does not take a message of this size."""


@dataclass(frozen=True, slots=True)
class SocketConnection:
    """A WebSocket of API Gateway. ``connected_at`` in milliseconds since the epoch."""

    id: str
    connected_at: int
    owner: str = ""
    key_id: str = ""
    #: The one review its ticket opens; None: any of the owner's, as a key does.
    ticket_review: str | None = None
    #: The review it follows; "" when it follows none.
    review_id: str = ""


class ConnectionStore(Protocol):
    """The connections, for as long as API Gateway keeps them. Every method raises BackendUnavailable."""

    def add(self, connection: SocketConnection) -> None:
        """Store a connection; the same one again replaces it."""
        ...

    def get(self, connection_id: str) -> SocketConnection | None:
        """One connection as it was last written. Expired ones are not there."""
        ...

    def follow(self, connection_id: str, review_id: str) -> bool:
        """Note which review it follows, "" for none. False when there is no such connection (any more)."""
        ...

    def remove(self, connection_id: str) -> SocketConnection | None:
        """Forget it; what was known of it."""
        ...

    def of_review(self, review_id: str) -> list[SocketConnection]:
        """Who follows a review, as far as the index knows by now."""
        ...


class Audience(Protocol):
    """Who follows each review just now, and the id of the last event each was sent; and the right to send to them.

    Every method raises BackendUnavailable.
    """

    def join(self, review_id: str, connection_id: str, after: int) -> None:
        """Let a connection have the events with id > ``after``; one that follows already goes on from there."""
        ...

    def leave(self, review_id: str, connection_id: str) -> None:
        """A connection follows no longer."""
        ...

    def positions(self, review_id: str) -> Mapping[str, int]:
        """By connection, the last event it was sent."""
        ...

    def advance(self, review_id: str, connection_id: str, seen: int, sent: int) -> bool:
        """Move a position from ``seen`` to ``sent``. False when it was not at ``seen``: the client asked anew, or
        left."""
        ...

    def take(self, review_id: str, token: str, *, ttl_ms: int) -> bool:
        """Take the right to send a review's events, or keep it. False while another token has it."""
        ...

    def release(self, review_id: str, token: str) -> None:
        """Give the right back, if the token has it."""
        ...

    def connections(self) -> int:
        """How many connections follow a review, over all reviews."""
        ...


class SocketGateway(Protocol):
    """Reaches connections. Every method raises BackendUnavailable when it is throttled or away."""

    def post(self, connection_id: str, message: bytes) -> None:
        """Send one text message. Raises ConnectionGone, FrameTooLarge."""
        ...

    def close(self, connection_id: str) -> None:
        """End the connection, if there is one."""
        ...


class BroadcastStarter(Protocol):
    """Starts who carries the events of a review to its connections."""

    def start(self, review_id: str, hop: int = 0) -> None:
        """Start it and do not wait; one that runs already makes it end at once. ``hop`` counts hand-overs.
        Raises BackendUnavailable."""
        ...

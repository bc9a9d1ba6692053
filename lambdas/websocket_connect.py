"""$connect: remembers the connection and whose it is. It follows nothing until it says so."""

import logging
from typing import Any

from codereview.live_connections import SocketConnection
from lambdas._settings import settings
from lambdas._sockets import DONE, SocketEvent, store

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """200 lets the client in. Raises InvalidMessage, BackendUnavailable: then it is not, and comes back."""
    settings()
    asked = SocketEvent.of(event)
    ticket_review = asked.client.get("ticketReview")
    store().add(
        SocketConnection(
            id=asked.connection_id,
            connected_at=asked.connected_at,
            owner=str(asked.client.get("owner", "")),
            key_id=str(asked.client.get("keyId", "")),
            ticket_review=str(ticket_review) if ticket_review is not None else None,
        )
    )
    log.info("socket_connected", extra={"connectionId": asked.connection_id, "reviewId": ticket_review or ""})
    return DONE

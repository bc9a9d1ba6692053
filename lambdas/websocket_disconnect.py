"""$disconnect: forgets the connection. API Gateway calls it if it can; what it misses, expires."""

import logging
from typing import Any

from codereview.web.conversation import leave
from lambdas._settings import settings
from lambdas._sockets import DONE, SocketEvent, audience, store

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """Raises InvalidMessage, BackendUnavailable."""
    settings()
    left = SocketEvent.of(event)
    leave(left.connection_id, store(), audience())
    code = event["requestContext"].get("disconnectStatusCode")
    log.info("socket_disconnected", extra={"connectionId": left.connection_id, "code": code})
    return DONE

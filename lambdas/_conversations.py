"""A message of a WebSocket, from the event to the answer."""

import logging
from typing import Any

from codereview.errors import CodeReviewError
from codereview.web.addresses import Addresses
from codereview.web.conversation import Conversation, ConversationParts
from codereview.web.messages import Refused
from codereview.web.problems import Internal, problem_document
from lambdas._product import surface
from lambdas._settings import settings
from lambdas._sockets import DONE, SocketEvent, audience, gateway, starter, store

log = logging.getLogger(__name__)


def hear(event: dict[str, Any]) -> dict[str, Any]:
    """Carry the message out; the client is told by a message what became of it, whatever fails.

    Raises InvalidMessage for an event that is none, BackendUnavailable when the client cannot be reached.
    """
    asked = SocketEvent.of(event)
    try:
        parts = ConversationParts(
            surface=surface(),
            addresses=_addresses(),
            store=store(),
            audience=audience(),
            gateway=gateway(),
            starter=starter(),
        )
        Conversation(parts).hear(asked.connection_id, asked.body)
    except CodeReviewError:
        raise
    except Exception:  # the end of the line: the client waits for an answer
        log.exception("message_failed", extra={"connectionId": asked.connection_id})
        problem = problem_document(Internal("something failed here; the log has it"), instance="/ws")
        gateway().post(asked.connection_id, Refused(problem=problem).to_json().encode())
    return DONE


def _addresses() -> Addresses:
    return Addresses(settings().public_url.rstrip("/"), settings().websocket_url, whole=False)

"""One message of a WebSocket that API Gateway keeps, and what it leads to."""

import logging
from dataclasses import dataclass

from codereview.domain.model import Model
from codereview.errors import CodeReviewError
from codereview.live_connections import (
    Audience,
    BroadcastStarter,
    ConnectionGone,
    ConnectionStore,
    SocketConnection,
    SocketGateway,
)
from codereview.web.actions import Actions
from codereview.web.addresses import Addresses
from codereview.web.callers import Caller
from codereview.web.messages import Refused, action_of, read_message
from codereview.web.problems import problem_document
from codereview.web.surface import Surface

log = logging.getLogger(__name__)

#: Reviews one connection may follow at once: the table of connections has one for each.
MAX_SUBSCRIPTIONS = 1


@dataclass(frozen=True, slots=True)
class ConversationParts:
    """What it takes."""

    surface: Surface
    addresses: Addresses
    store: ConnectionStore
    audience: Audience
    gateway: SocketGateway
    starter: BroadcastStarter


class Conversation:
    """Answers the messages of connections. The answer is sent before events can follow it."""

    def __init__(self, parts: ConversationParts) -> None:
        self._parts = parts

    def hear(self, connection_id: str, text: str) -> None:
        """Carry a message out and answer it.

        Raises BackendUnavailable when the client cannot be told what became of it.
        """
        connection = self._parts.store.get(connection_id)
        if connection is None:
            # Nobody knows whose it is: the client has to introduce itself again.
            self._parts.gateway.close(connection_id)
            return
        wishes = _Wishes(connection)
        try:
            answer = self._actions(connection, wishes).answer(read_message(text))
            if not self._tell(connection, answer):
                return
            self._fulfil(wishes)
        except CodeReviewError as error:
            log.info("message_refused", extra={"connectionId": connection_id, "problem": error.slug})
            problem = problem_document(error, instance="/ws")
            self._tell(connection, Refused(action=action_of(text), problem=problem))

    def _actions(self, connection: SocketConnection, wishes: "_Wishes") -> Actions:
        caller = Caller(owner=connection.owner, key_id=connection.key_id, review_id=connection.ticket_review)
        return Actions(self._parts.surface, self._parts.addresses, caller, wishes, room=MAX_SUBSCRIPTIONS)

    def _tell(self, connection: SocketConnection, message: Model) -> bool:
        """Whether the client is still there to hear it."""
        try:
            self._parts.gateway.post(connection.id, message.to_json().encode())
        except ConnectionGone:
            leave(connection.id, self._parts.store, self._parts.audience)
            return False
        return True

    def _fulfil(self, wishes: "_Wishes") -> None:
        """Let events come, or come no longer."""
        parts, connection = self._parts, wishes.connection
        for review_id in wishes.ended:
            parts.audience.leave(review_id, connection.id)
        if wishes.wanted is None:
            if wishes.ended:
                parts.store.follow(connection.id, "")
            return
        review_id, after = wishes.wanted
        if not parts.store.follow(connection.id, review_id):
            return
        parts.audience.join(review_id, connection.id, after)
        parts.starter.start(review_id)


class _Wishes:
    """What a connection follows, and what it wants to; carried out once it was told so."""

    def __init__(self, connection: SocketConnection) -> None:
        self.connection = connection
        self.wanted: tuple[str, int] | None = None
        self.ended: set[str] = set()

    def follow(self, review_id: str, after: int) -> None:
        """It wants the events of a review."""
        self.wanted = (review_id, after)

    def unfollow(self, review_id: str) -> bool:
        """It wants them no longer."""
        if review_id not in self.followed():
            return False
        self.ended.add(review_id)
        return True

    def followed(self) -> tuple[str, ...]:
        """What it follows."""
        return (self.connection.review_id,) if self.connection.review_id else ()


def leave(connection_id: str, store: ConnectionStore, audience: Audience) -> None:
    """Forget a connection everywhere. Raises BackendUnavailable."""
    connection = store.remove(connection_id)
    if connection is not None and connection.review_id:
        audience.leave(connection.review_id, connection_id)

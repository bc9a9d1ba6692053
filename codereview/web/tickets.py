"""Tickets: a signed permission to follow one review, for clients that cannot send headers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from codereview.web.problems import InvalidTicket

_SALT = "codereview.ticket.1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. ``expires_at`` in seconds since the epoch."""

    review_id: str
    owner: str
    expires_at: int


class TicketOffice:
    """Makes and checks tickets. Processes with the same secret accept each other's."""

    def __init__(self, secret_key: str, ttl_s: int, now: Callable[[], float] = time.time) -> None:
        self._serializer = URLSafeSerializer(secret_key, salt=_SALT)
        self._ttl_s = ttl_s
        self._now = now

    def issue(self, review_id: str, owner: str) -> tuple[str, Ticket]:
        """A ticket for a review of this owner, who must have been checked."""
        ticket = Ticket(review_id, owner, int(self._now()) + self._ttl_s)
        return self._serializer.dumps([ticket.review_id, ticket.owner, ticket.expires_at]), ticket

    def check(self, text: str) -> Ticket:
        """The ticket. Raises InvalidTicket for one that was not made here, was changed, or is too old."""
        try:
            review_id, owner, expires_at = self._serializer.loads(text)
        except (BadData, ValueError, TypeError) as error:
            raise InvalidTicket("the ticket was not made by this service, or was changed") from error
        if self._now() >= expires_at:
            raise InvalidTicket("the ticket has expired; get a new one with POST /api/review/{id}/ticket")
        return Ticket(review_id, owner, expires_at)

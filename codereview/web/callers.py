"""Who is calling, however that was found out."""

from dataclasses import dataclass

from codereview.application.keys import KeyRing
from codereview.errors import Unauthenticated
from codereview.web.ownership import checked_id
from codereview.web.problems import TicketForAnotherReview
from codereview.web.tickets import TicketOffice

_HOW = "send the API key as `Authorization: Bearer KEY` or `X-Api-Key: KEY`"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose reviews may be used; with ``review_id`` (a ticket) only that one."""

    owner: str = ""
    key_id: str = ""
    review_id: str | None = None

    def check(self, review_id: str) -> str:
        """The id, if this caller's credentials reach that far. Raises UnknownReview, TicketForAnotherReview."""
        if self.review_id is not None and review_id != self.review_id:
            raise TicketForAnotherReview(f"this ticket opens review {self.review_id} only", reviewId=self.review_id)
        return checked_id(review_id)


def by_ticket(ticket: str, tickets: TicketOffice) -> Caller:
    """Who a ticket was given to. Raises InvalidTicket."""
    accepted = tickets.check(ticket)
    return Caller(owner=accepted.owner, review_id=accepted.review_id)


def by_key(authorization: str, api_key: str, keys: KeyRing) -> Caller:
    """Whose API key the headers Authorization and X-Api-Key carry. Raises Unauthenticated, BackendUnavailable."""
    scheme, _, value = authorization.partition(" ")
    if authorization and scheme.lower() != "bearer":
        raise Unauthenticated(f"Authorization has the scheme {scheme[:20]!r}; {_HOW}")
    secret = value.strip() or api_key.strip()
    if not secret:
        raise Unauthenticated(f"an API key is needed: {_HOW}")
    key = keys.authenticate(secret)
    return Caller(owner=key.owner, key_id=key.id)

"""What clients are told of reviews."""

from codereview.domain.reviews import Review
from codereview.ports import EventBus
from codereview.web.addresses import Addresses
from codereview.web.problems import EventsExpired
from codereview.web.schemas import (
    Accepted,
    EventList,
    EventsQuery,
    FindingList,
    FindingsQuery,
    NewTicket,
    ReviewView,
)
from codereview.web.tickets import TicketOffice


def accepted(review: Review, tickets: TicketOffice, addresses: Addresses) -> Accepted:
    """A review that was accepted, with a ticket for its live stream."""
    ticket = new_ticket(review.id, review.owner, tickets, addresses)
    return Accepted(
        review_id=review.id,
        status=review.status,
        web_socket_url=ticket.web_socket_url,
        ticket_expires_at=ticket.expires_at,
        links=addresses.links(review.id),
    )


def new_ticket(review_id: str, owner: str, tickets: TicketOffice, addresses: Addresses) -> NewTicket:
    """A ticket for a review whose owner was checked."""
    text, ticket = tickets.issue(review_id, owner)
    return NewTicket(ticket=text, web_socket_url=addresses.web_socket_url(text), expires_at=ticket.expires_at * 1000)


def view(review: Review, addresses: Addresses) -> ReviewView:
    """A review with the addresses around it."""
    return ReviewView.model_construct(**dict(review), links=addresses.links(review.id))


def finding_list(review: Review, asked: FindingsQuery) -> FindingList:
    """The findings of a review that are asked for."""
    return FindingList(
        review_id=review.id,
        status=review.status,
        outcome=review.outcome,
        verdict=review.verdict,
        findings=tuple(finding for finding in review.findings if asked.passes(finding)),
        total=len(review.findings),
        hidden=review.findings_hidden,
    )


def event_list(review_id: str, asked: EventsQuery, bus: EventBus) -> EventList:
    """The part of the event log that is asked for. Raises EventsExpired, BackendUnavailable."""
    after = asked.after
    events = bus.read(review_id, after=after, limit=asked.limit)
    newest = events[-1:]
    if not events:
        length = bus.last_id(review_id)
        if length == 0:
            raise EventsExpired(f"the events of review {review_id} are not kept any more; its result may be")
        after = min(after, length)
        newest = bus.read(review_id, after=length - 1, limit=1)
    return EventList(
        review_id=review_id,
        events=tuple(events),
        last_event_id=events[-1].id if events else after,
        ended=any(event.type.terminal for event in newest),
    )

"""What clients are told of reviews."""

from codereview.domain.reviews import Review
from codereview.web.addresses import Addresses
from codereview.web.schemas import Accepted, NewTicket, ReviewView
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

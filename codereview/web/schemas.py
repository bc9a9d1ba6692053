"""What every way in answers, besides the domain's own types. JSON is camelCase."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from codereview.domain.model import Model
from codereview.domain.reviews import Review, ReviewStatus


class Links(Model):
    """Addresses around one review."""

    review: str
    events: str
    findings: str
    report: str
    cancel: str
    ticket: str
    page: str


class Accepted(Model):
    """The review was accepted; follow it at ``webSocketUrl`` until ``ticketExpiresAt`` (ms since the epoch), and
    with a new ticket after."""

    review_id: str
    status: ReviewStatus
    web_socket_url: str
    ticket_expires_at: int
    links: Links


class ReviewView(Review):
    """A review with the addresses around it."""

    links: Links


class NewTicket(Model):
    """A ticket, where it is used, and until when (ms since the epoch)."""

    ticket: str
    web_socket_url: str
    expires_at: int


class Problem(BaseModel):
    """RFC 9457. ``type`` is stable, and a page that explains it; further members depend on it."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, populate_by_name=True)

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = ""
    request_id: str = ""

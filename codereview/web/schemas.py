"""What every way in answers, besides the domain's own types. JSON is camelCase."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt
from pydantic.alias_generators import to_camel

from codereview.domain.events import Event
from codereview.domain.findings import Finding, FindingStatus, Severity
from codereview.domain.model import Model
from codereview.domain.reviews import AGENTS, Outcome, Review, ReviewStatus, Verdict


class Links(Model):
    """Addresses around one review; null what this deployment does not serve."""

    review: str
    events: str
    findings: str
    report: str | None
    cancel: str
    ticket: str
    page: str | None


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


class EventList(Model):
    """A part of the event log. Ask again with ``after`` = ``lastEventId``; ``ended``: nothing will follow."""

    review_id: str
    events: tuple[Event, ...]
    last_event_id: NonNegativeInt
    ended: bool


class FindingList(Model):
    """The findings that pass the filters, of ``total`` so far; while the review runs there may be more to come."""

    review_id: str
    status: ReviewStatus
    outcome: Outcome | None
    verdict: Verdict | None
    findings: tuple[Finding, ...]
    total: NonNegativeInt
    #: Findings counted but not listed because of ``options.maxFindings``.
    hidden: NonNegativeInt = 0


class Query(BaseModel):
    """The query string of a route; nothing else is accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _known_agent(name: str) -> str:
    if name not in AGENTS:
        raise ValueError(f"unknown agent {name!r}; the agents are {', '.join(AGENTS)}")
    return name


AgentName = Annotated[str, AfterValidator(_known_agent), Field(json_schema_extra={"enum": list(AGENTS)})]


class EventsQuery(Query):
    """Which part of the log. ``ticket`` stands in for a key."""

    after: int = Field(default=0, ge=0)
    limit: int = Field(default=1000, ge=1, le=5000)
    ticket: str = Field(default="", max_length=2000)


class FindingsQuery(Query):
    """Which findings: values separated by commas; every one when nothing is given."""

    severity: Annotated[tuple[Severity, ...], BeforeValidator(_split)] = ()
    agent: Annotated[tuple[AgentName, ...], BeforeValidator(_split)] = ()
    status: Annotated[tuple[FindingStatus, ...], BeforeValidator(_split)] = ()

    def passes(self, finding: Finding) -> bool:
        """Whether the finding is asked for."""
        return (
            (not self.severity or finding.severity in self.severity)
            and (not self.agent or finding.agent in self.agent)
            and (not self.status or finding.status in self.status)
        )

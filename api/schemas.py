"""What the API takes in query strings, and answers besides `codereview.web.schemas`. JSON is camelCase."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt
from pydantic.alias_generators import to_camel

from codereview.domain.events import Event
from codereview.domain.findings import Finding, FindingStatus, Severity
from codereview.domain.model import Model
from codereview.domain.reviews import AGENTS, Outcome, ReviewStatus, Verdict
from codereview.domain.sources import LineRange
from codereview.formats import FORMATS
from codereview.web.schemas import ReviewView


class ReviewList(Model):
    """A page of reviews, the newest first, without findings and coverage. ``nextCursor`` null: the last page."""

    reviews: tuple[ReviewView, ...]
    next_cursor: str | None = None


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


class Alive(Model):
    """The process serves requests."""

    status: str = "ok"
    live_connections: NonNegativeInt = 0


class Ready(Model):
    """Everything a review needs is there; ``workers`` counts those that take work, by queue."""

    status: str = "ready"
    workers: dict[str, int]


class Version(Model):
    """What is running."""

    name: str = "codereview"
    version: str


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


class ListQuery(Query):
    """Which reviews, and how many at a time."""

    status: ReviewStatus | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=2000)


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


class SourceQuery(Query):
    """Which file."""

    path: str = Field(default="", max_length=1024)


class SourceView(Model):
    """A file under review. ``changed`` null: all of it is; ``sparse``: only a diff's hunks were given."""

    path: str
    language: str
    text: str
    changed: tuple[LineRange, ...] | None = None
    sparse: bool = False


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}; the formats are {', '.join(FORMATS)}")
    return name


class ReportQuery(Query):
    """Which report."""

    format: Annotated[str, AfterValidator(_known_format), Field(json_schema_extra={"enum": list(FORMATS)})] = "json"


class SocketQuery(Query):
    """What the WebSocket takes."""

    ticket: str = Field(default="", max_length=2000)

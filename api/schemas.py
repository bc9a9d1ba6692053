"""What the API takes in query strings, and answers besides `codereview.web.schemas`. JSON is camelCase."""

from typing import Annotated

from pydantic import AfterValidator, Field, NonNegativeInt

from codereview.domain.model import Model
from codereview.domain.reviews import ReviewStatus
from codereview.domain.sources import LineRange
from codereview.formats import FORMATS
from codereview.web.schemas import Query, ReviewView


class ReviewList(Model):
    """A page of reviews, the newest first, without findings and coverage. ``nextCursor`` null: the last page."""

    reviews: tuple[ReviewView, ...]
    next_cursor: str | None = None


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


class ListQuery(Query):
    """Which reviews, and how many at a time."""

    status: ReviewStatus | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=2000)


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

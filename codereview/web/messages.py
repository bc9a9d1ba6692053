"""The messages of the WebSocket."""

from typing import Any, Literal, TypeVar

from pydantic import Field, NonNegativeInt, ValidationError
from pydantic_core import from_json

from codereview.domain.model import Model
from codereview.domain.reviews import ReviewStatus
from codereview.domain.submission import Submission
from codereview.web.decoding import decode
from codereview.web.problems import InvalidMessage
from codereview.web.schemas import Accepted


class StartReview(Submission):
    """Submit a review, as POST /api/review does, and follow it."""

    action: Literal["startReview"]
    idempotency_key: str | None = Field(default=None, max_length=255)

    @property
    def submission(self) -> Submission:
        """The submission in it, which was validated with it."""
        return Submission.model_construct(**{name: getattr(self, name) for name in Submission.model_fields})


class Subscribe(Model):
    """Follow a review, from after ``lastEventId``. Again for the same review: go on from there instead."""

    action: Literal["subscribe"]
    review_id: str = Field(max_length=64)
    last_event_id: NonNegativeInt = 0


class Unsubscribe(Model):
    """No longer follow a review."""

    action: Literal["unsubscribe"]
    review_id: str = Field(max_length=64)


class Cancel(Model):
    """End a review. ``reviewId`` may be left out while exactly one is followed."""

    action: Literal["cancel"]
    review_id: str | None = Field(default=None, max_length=64)


class Ping(Model):
    """Is anybody there?"""

    action: Literal["ping"]


Message = StartReview | Subscribe | Unsubscribe | Cancel | Ping

ACTIONS: dict[str, type[Message]] = {
    "startReview": StartReview,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "cancel": Cancel,
    "ping": Ping,
}

M = TypeVar("M", bound=Message)


def read_message(text: str | bytes) -> Message:
    """A client's message. Raises MalformedJson, UnknownField, InvalidMessage, InvalidSubmission."""
    if isinstance(text, bytes):
        raise InvalidMessage("messages are text, JSON; this one is binary")
    body = text.encode()
    action = _action(body)
    kind = ACTIONS.get(action) if isinstance(action, str) else None
    if kind is None:
        raise InvalidMessage(f"action must be one of {', '.join(ACTIONS)}")
    return decode(kind, body) if kind is StartReview else decode(kind, body, invalid=InvalidMessage)


def _action(body: bytes) -> Any:
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError:
        decode(Ping, body)  # says where it stops being JSON
        raise
    return message.get("action") if isinstance(message, dict) else None


# --- what the server says, besides events ------------------------------------------------------------------------


class Started(Accepted):
    """The review was accepted and is followed."""

    type: Literal["started"] = "started"


class Subscribed(Model):
    """Events after ``lastEventId`` follow."""

    type: Literal["subscribed"] = "subscribed"
    review_id: str
    last_event_id: NonNegativeInt


class Unsubscribed(Model):
    """No more events of this review."""

    type: Literal["unsubscribed"] = "unsubscribed"
    review_id: str


class Cancelled(Model):
    """The review is ended; its terminal event follows for those who follow it."""

    type: Literal["cancelled"] = "cancelled"
    review_id: str
    status: ReviewStatus


class Pong(Model):
    """Yes."""

    type: Literal["pong"] = "pong"


class Reset(Model):
    """The log lost its end: forget the events after ``lastEventId`` and read the review again."""

    type: Literal["reset"] = "reset"
    review_id: str
    last_event_id: NonNegativeInt


class Refused(Model):
    """A message was refused, or a subscription ended early; ``action`` and ``reviewId`` say which."""

    type: Literal["error"] = "error"
    action: str = ""
    review_id: str = ""
    problem: dict[str, Any]


class Beat(Model):
    """Data, since a browser does not see pings; one for each review followed, or one without ``reviewId``."""

    type: Literal["heartbeat"] = "heartbeat"
    review_id: str = ""
    at: int
    data: dict[str, Any] = Field(default_factory=dict)


SERVER_MESSAGES: tuple[type[Model], ...] = (Started, Subscribed, Unsubscribed, Cancelled, Pong, Reset, Refused, Beat)


def action_of(text: str | bytes) -> str:
    """The action a refused message asked for, as far as it can be told."""
    try:
        message = from_json(text)
    except (ValueError, ValidationError):
        return ""
    return str(message.get("action", ""))[:40] if isinstance(message, dict) else ""

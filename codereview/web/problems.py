"""Problems only the ways in can have; the others are in `codereview.errors`. Each class's docstring is its sentence."""

from typing import Any

from codereview.errors import CodeReviewError, InvalidSubmission, Overloaded, Unauthenticated

TYPE_PREFIX = "/problems/"


class BadRequest(CodeReviewError):
    """The request cannot be understood."""

    slug = "bad-request"
    status = 400
    title = "Bad request"


class MalformedJson(CodeReviewError):
    """The body is not JSON; line and column say where it stops being so."""

    slug = "malformed-json"
    status = 400
    title = "Malformed JSON"


class InvalidParameter(CodeReviewError):
    """A query parameter or header has a value that is not allowed."""

    slug = "invalid-parameter"
    status = 400
    title = "Invalid parameter"


class UnknownParameter(CodeReviewError):
    """The route has no such query parameter."""

    slug = "unknown-parameter"
    status = 400
    title = "Unknown parameter"


class UnknownField(InvalidSubmission):
    """The body has a field that does not exist."""

    slug = "unknown-field"
    title = "Unknown field"


class UnsupportedMediaType(CodeReviewError):
    """The body must be JSON and say so: Content-Type: application/json."""

    slug = "unsupported-media-type"
    status = 415
    title = "Unsupported media type"


class NotFound(CodeReviewError):
    """There is nothing at this address."""

    slug = "not-found"
    status = 404
    title = "Not found"


class MethodNotAllowed(CodeReviewError):
    """The address does not take this method; the Allow header lists those it takes."""

    slug = "method-not-allowed"
    status = 405
    title = "Method not allowed"


class UpgradeRequired(CodeReviewError):
    """The address speaks WebSocket only."""

    slug = "upgrade-required"
    status = 426
    title = "Upgrade required"


class OriginRefused(CodeReviewError):
    """Pages of this origin may not use the service."""

    slug = "origin-refused"
    status = 403
    title = "Origin refused"


class HostRefused(CodeReviewError):
    """The service is not known by this host name."""

    slug = "host-refused"
    status = 421
    title = "Host refused"


class InvalidTicket(Unauthenticated):
    """The ticket is not valid, or no longer."""

    slug = "invalid-ticket"
    title = "Invalid ticket"


class TicketForAnotherReview(CodeReviewError):
    """A ticket opens the one review it was made for."""

    slug = "ticket-for-another-review"
    status = 403
    title = "Ticket for another review"


class ReviewNotEnded(CodeReviewError):
    """The review has not ended; a report of an unfinished review could be taken for its result."""

    slug = "review-not-ended"
    status = 409
    title = "Review not ended"


class CodeExpired(CodeReviewError):
    """The code of this review is no longer kept, or this file was not part of it."""

    slug = "code-expired"
    status = 410
    title = "Code not kept"


class EventsExpired(CodeReviewError):
    """The event log of the review is no longer kept."""

    slug = "events-expired"
    status = 410
    title = "Events expired"


class TooManyConnections(CodeReviewError):
    """This process has as many live connections as it takes."""

    slug = "too-many-connections"
    status = 503
    title = "Too many live connections"


class TooManySubscriptions(CodeReviewError):
    """A WebSocket follows only so many reviews at once."""

    slug = "too-many-subscriptions"
    status = 429
    title = "Too many subscriptions"


class InvalidMessage(CodeReviewError):
    """A WebSocket message is not one of those described."""

    slug = "invalid-message"
    status = 422
    title = "Invalid message"


class NotReady(CodeReviewError):
    """The service cannot review now; ``missing`` lists what is not there."""

    slug = "not-ready"
    status = 503
    title = "Not ready"


class Internal(CodeReviewError):
    """Something failed that should not; the request id leads to the log."""

    slug = "internal"
    status = 500
    title = "Internal error"


#: Seconds after which a client is told to try again when a part of the service is away.
RETRY_AFTER_S = 5
_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "requestId"})


def problem_document(error: CodeReviewError, *, instance: str = "", request_id: str = "") -> dict[str, Any]:
    """The problem (RFC 9457): five standard members, the request id, and what the error adds."""
    document: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if instance:
        document["instance"] = instance
    if request_id:
        document["requestId"] = request_id
    return document | {name: value for name, value in error.fields.items() if name not in _MEMBERS}


def headers_of(error: CodeReviewError) -> dict[str, str]:
    """The headers that belong to a problem."""
    if isinstance(error, Overloaded):
        return {"Retry-After": str(error.retry_after_s)}
    match error.status:
        case 401:
            return {"WWW-Authenticate": 'Bearer realm="codereview"'}
        case 426:
            return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        case 503:
            return {"Retry-After": str(RETRY_AFTER_S)}
        case _:
            return {}

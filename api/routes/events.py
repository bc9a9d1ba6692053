"""The event log of a review: replayed as JSON, or live as server-sent events."""

from flask import Response, request

from api.answers import answer
from api.live.sse import stream_events
from api.operations import Answer, Routes, caller, query
from api.state import State, state
from codereview.web.problems import (
    EventsExpired,
    InvalidParameter,
    InvalidTicket,
    TicketForAnotherReview,
    TooManyConnections,
)
from codereview.web.replies import event_list
from codereview.web.schemas import EventList, EventsQuery

routes = Routes()

_SSE = "text/event-stream"


@routes.get(
    "/api/review/<review_id>/events",
    query=EventsQuery,
    answers={
        200: Answer("Events with an id greater than `after`, in order.", EventList, media_types=(_SSE,)),
        204: Answer("Server-sent events only: the client has every event there will ever be."),
    },
    problems=(EventsExpired, InvalidTicket, TicketForAnotherReview, TooManyConnections),
    headers={"Last-Event-ID": "Server-sent events only: goes on after this event; wins over `after`."},
)
def get_events(review_id: str) -> Response:
    """The event log: JSON, or with `Accept: text/event-stream` the live stream of the same events.

    The stream ends after the terminal event. A heartbeat is an event without an id. After a lost connection a
    browser's EventSource goes on where it was by itself.
    """
    here, asked = state(), query(EventsQuery)
    here.surface.ownership.check(review_id, caller().owner)
    if request.accept_mimetypes.best_match(("application/json", _SSE)) == _SSE:
        return stream_events(here, review_id, _last_event_id(asked))
    return _replay(here, review_id, asked)


def _replay(here: State, review_id: str, asked: EventsQuery) -> Response:
    response = answer(event_list(review_id, asked, here.product.bus))
    response.vary.add("Accept")
    return response


def _last_event_id(asked: EventsQuery) -> int:
    given = request.headers.get("Last-Event-ID", "").strip()
    if not given:
        return asked.after
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InvalidParameter("Last-Event-ID must be the id of an event, a number", parameter="Last-Event-ID")
    return int(given)

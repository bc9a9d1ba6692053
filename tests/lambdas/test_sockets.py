"""The functions of the WebSocket API, asked by events as API Gateway makes them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api_app import Api
from support.gateway_events import authorizer_event, socket_event
from support.sockets import NotingGateway, NotingStarter

import lambdas._conversations as conversations
import lambdas._settings as lambda_settings
from codereview.adapters.memory.connections import MemoryAudience, MemoryConnectionStore
from codereview.adapters.system import SystemClock
from codereview.errors import BackendUnavailable
from codereview.live_connections import SocketConnection
from codereview.web.problems import InvalidMessage
from codereview.web.surface import Surface
from codereview.web.tickets import TicketOffice
from lambdas import (
    broadcast,
    start_review,
    websocket_authorizer,
    websocket_connect,
    websocket_disconnect,
    websocket_message,
)

CODE = {"code": "danger\n", "filename": "app.py"}
OK = {"statusCode": 200}


class Sockets:
    """The functions over reviews and connections in memory."""

    def __init__(self, directory: Path) -> None:
        self.api = Api(directory)
        self.surface: Surface = self.api.app.extensions["codereview"].surface
        self.store, self.audience = MemoryConnectionStore(), MemoryAudience()
        self.gateway, self.starter = NotingGateway(), NotingStarter()

    def connect(self, connection_id: str = "c1", **client: Any) -> None:
        """A connection that was let in."""
        connected = SocketConnection(connection_id, SystemClock().now_ms(), **client)
        self.store.add(connected)

    def say(self, connection_id: str = "c1", **message: Any) -> dict[str, Any]:
        """Send a message by way of the route it takes; the newest answer."""
        action = message.get("action")
        handler = start_review.handler if action == "startReview" else websocket_message.handler
        route = "startReview" if action == "startReview" else "$default"
        assert handler(socket_event(route, connection_id, body=json.dumps(message)), None) == OK
        return self.gateway.last(connection_id)


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sockets]:
    """Everything in memory."""
    made = Sockets(tmp_path)
    monkeypatch.setenv("CODEREVIEW_WEBSOCKET_URL", "wss://ws1.example/live")
    monkeypatch.setenv("CODEREVIEW_METRICS", "none")
    monkeypatch.setattr(lambda_settings, "configure_logging", lambda level: None)
    lambda_settings.settings.cache_clear()
    monkeypatch.setattr(conversations, "surface", lambda: made.surface)
    for module in (conversations, websocket_connect, websocket_disconnect):
        for name in ("store", "audience", "gateway", "starter"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda name=name: getattr(made, name))
    monkeypatch.setattr(websocket_authorizer, "tickets", lambda: made.surface.tickets)
    monkeypatch.setattr(websocket_authorizer, "_keys", lambda: made.api.keys)
    yield made
    made.api.close()
    lambda_settings.settings.cache_clear()


# --- the authoriser ----------------------------------------------------------------------------------------------


def _effect(answer: dict[str, Any]) -> str:
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"].endswith("/live/$connect")
    return str(statement["Effect"])


def test_a_ticket_lets_in_and_says_what_for(sockets: Sockets) -> None:
    """The same ticket that the API's server takes."""
    ticket, _ = sockets.surface.tickets.issue("rv_1", "alice")
    answer = websocket_authorizer.handler(authorizer_event(ticket=ticket), None)
    assert _effect(answer) == "Allow"
    assert answer["context"] == {"owner": "alice", "keyId": "", "ticketReview": "rv_1"}


@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-Api-Key"])
def test_a_key_lets_in_for_all_reviews_of_its_owner(sockets: Sockets, name: str) -> None:
    """In a header, for clients that can send one."""
    bearer = sockets.api.key("alice")["Authorization"]
    value = bearer if name.lower() == "authorization" else bearer.removeprefix("Bearer ")
    answer = websocket_authorizer.handler(authorizer_event(headers={name: value}), None)
    assert _effect(answer) == "Allow"
    assert answer["context"]["owner"] == "alice"
    assert answer["context"]["keyId"]
    assert "ticketReview" not in answer["context"]


def test_whoever_brings_nothing_valid_is_not_let_in(
    sockets: Sockets, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials, a changed ticket, an old one, another service's, a key that is none. None is in the log."""
    good, _ = sockets.surface.tickets.issue("rv_1", "alice")
    old, _ = TicketOffice("not secret", 1, now=lambda: 0.0).issue("rv_1", "alice")
    foreign, _ = TicketOffice("another secret", 600).issue("rv_1", "alice")
    events = [authorizer_event(ticket=ticket) for ticket in (good[:-2] + "xx", old, foreign, "x")]
    events += [authorizer_event(), authorizer_event(headers={"Authorization": "Basic eDp5"})]
    events += [authorizer_event(headers={"X-Api-Key": "crk_nobody_knows"})]
    for event in events:
        assert _effect(websocket_authorizer.handler(event, None)) == "Deny"
    assert foreign not in caplog.text
    assert "nobody_knows" not in caplog.text


def test_a_page_of_another_origin_is_not_let_in_where_origins_are_named(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with a ticket; who sends no origin is no page."""
    monkeypatch.setenv("CODEREVIEW_ALLOWED_ORIGINS", "https://review.example/")
    lambda_settings.settings.cache_clear()
    ticket, _ = sockets.surface.tickets.issue("rv_1", "alice")
    effects = [
        _effect(websocket_authorizer.handler(authorizer_event(ticket=ticket, headers=headers), None))
        for headers in ({"Origin": "https://review.example"}, {"Origin": "https://evil.example"}, {})
    ]
    assert effects == ["Allow", "Deny", "Allow"]


def test_when_nobody_can_be_known_the_authoriser_fails(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 tells a client to try again; 403 would tell it to give up."""

    def away() -> None:
        raise BackendUnavailable("Parameter Store is not available")

    monkeypatch.setattr(websocket_authorizer, "tickets", away)
    with pytest.raises(BackendUnavailable):
        websocket_authorizer.handler(authorizer_event(ticket="x"), None)


# --- coming and going ----------------------------------------------------------------------------------------------


def test_a_connection_is_remembered_with_whose_it_is(sockets: Sockets) -> None:
    """It follows nothing: API Gateway takes no messages for it before this function has answered."""
    client = {"owner": "alice", "keyId": "", "ticketReview": "rv_1", "principalId": "ticket"}
    for _ in range(2):  # an event may come twice
        assert websocket_connect.handler(socket_event("$connect", client=client), None) == OK
    assert sockets.store._connections["c1"] == SocketConnection(
        "c1", connected_at=1_790_000_000_000, owner="alice", ticket_review="rv_1"
    )
    websocket_connect.handler(socket_event("$connect", "c2", client={"owner": "alice", "keyId": "k1"}), None)
    assert sockets.store._connections["c2"].ticket_review is None


def test_a_connection_that_ends_is_forgotten_everywhere(sockets: Sockets) -> None:
    """However often that is told, and also one that nobody knows."""
    review_id = sockets.api.submit()
    sockets.connect()
    sockets.say(action="subscribe", reviewId=review_id)
    assert sockets.audience.positions(review_id) == {"c1": 0}
    for _ in range(2):
        assert websocket_disconnect.handler(socket_event("$disconnect"), None) == OK
    assert sockets.store.get("c1") is None
    assert sockets.audience.positions(review_id) == {}


@pytest.mark.parametrize(
    "handler",
    [
        websocket_authorizer.handler,
        websocket_connect.handler,
        websocket_disconnect.handler,
        websocket_message.handler,
        start_review.handler,
        broadcast.handler,
    ],
)
@pytest.mark.parametrize("event", [{}, {"requestContext": None}, {"requestContext": {"connectionId": 1}}])
def test_an_event_that_is_none_is_refused_by_name(sockets: Sockets, handler: Any, event: dict[str, Any]) -> None:
    """Whoever invokes a function by hand sees what is missing."""
    with pytest.raises(InvalidMessage):
        handler(event, None)


@pytest.mark.parametrize("handler", [websocket_connect.handler, websocket_disconnect.handler])
def test_a_table_that_is_away_fails_the_invocation(
    sockets: Sockets, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is not let in comes again; what is not forgotten expires."""

    def away(*_: object) -> None:
        raise BackendUnavailable("table connections cannot be reached")

    monkeypatch.setattr(sockets.store, "add", away)
    monkeypatch.setattr(sockets.store, "remove", away)
    with pytest.raises(BackendUnavailable):
        handler(socket_event("$connect", client={}), None)


# --- messages ------------------------------------------------------------------------------------------------------


def test_subscribing_is_answered_before_events_can_come(sockets: Sockets) -> None:
    """Then the connection is in the audience, and somebody carries the events."""
    review_id = sockets.api.submit()
    sockets.connect(ticket_review=review_id)
    answer = sockets.say(action="subscribe", reviewId=review_id, lastEventId=3)
    assert answer == {"type": "subscribed", "reviewId": review_id, "lastEventId": 3}
    assert sockets.audience.positions(review_id) == {"c1": 3}
    assert sockets.starter.started == [(review_id, 0)]
    connection = sockets.store.get("c1")
    assert connection is not None
    assert connection.review_id == review_id


def test_subscribing_again_goes_on_from_another_event(sockets: Sockets) -> None:
    """A resume; the same message twice does no harm."""
    review_id = sockets.api.submit()
    sockets.connect()
    for after in (0, 7, 7):
        sockets.say(action="subscribe", reviewId=review_id, lastEventId=after)
    assert sockets.audience.positions(review_id) == {"c1": 7}


def test_a_connection_follows_one_review_at_a_time(sockets: Sockets) -> None:
    """The next one after it let go of the first."""
    first, second = sockets.api.submit(), sockets.api.submit()
    sockets.connect()
    sockets.say(action="subscribe", reviewId=first)
    refused = sockets.say(action="subscribe", reviewId=second)
    assert (refused["type"], refused["problem"]["type"]) == ("error", "/problems/too-many-subscriptions")
    assert sockets.say(action="unsubscribe", reviewId=first) == {"type": "unsubscribed", "reviewId": first}
    assert sockets.audience.positions(first) == {}
    assert sockets.say(action="unsubscribe", reviewId=first)["problem"]["type"] == "/problems/invalid-message"
    assert sockets.say(action="subscribe", reviewId=second)["type"] == "subscribed"


def test_a_review_of_others_cannot_be_followed_nor_cancelled(sockets: Sockets) -> None:
    """By owner, and by a ticket that is for another review."""
    mine, other = sockets.api.submit(), sockets.api.submit()
    sockets.connect("stranger", owner="bob")
    sockets.connect("ticket", ticket_review=other)
    for action in ("subscribe", "cancel"):
        assert sockets.say("stranger", action=action, reviewId=mine)["problem"]["type"] == "/problems/unknown-review"
        refused = sockets.say("ticket", action=action, reviewId=mine)
        assert refused["problem"]["type"] == "/problems/ticket-for-another-review"
    assert sockets.audience.positions(mine) == {}
    assert sockets.starter.started == []


def test_a_review_started_over_the_socket_is_followed_at_once(sockets: Sockets) -> None:
    """Answered as POST /api/review is."""
    sockets.connect(owner="alice", key_id="k1")
    answer = sockets.say(action="startReview", **CODE)
    assert (answer["type"], answer["status"]) == ("started", "pending")
    assert answer["webSocketUrl"].startswith("wss://ws1.example/live?ticket=")
    assert sockets.surface.service.get(answer["reviewId"], owner="alice").source.files == 1
    assert sockets.audience.positions(answer["reviewId"]) == {"c1": 0}
    assert sockets.starter.started == [(answer["reviewId"], 0)]


def test_the_same_start_twice_is_one_review(sockets: Sockets) -> None:
    """With an idempotency key, when a client does not know whether the first arrived."""
    sockets.connect("c1", owner="alice", key_id="k1")
    sockets.connect("c2", owner="alice", key_id="k1")
    first = sockets.say("c1", action="startReview", idempotencyKey="k", **CODE)
    again = sockets.say("c2", action="startReview", idempotencyKey="k", **CODE)
    assert again["reviewId"] == first["reviewId"]
    assert sockets.audience.positions(first["reviewId"]) == {"c1": 0, "c2": 0}


def test_a_ticket_starts_no_reviews(sockets: Sockets) -> None:
    """It opens one."""
    sockets.connect(ticket_review="rv_1")
    assert sockets.say(action="startReview", **CODE)["problem"]["type"] == "/problems/ticket-for-another-review"


def test_a_review_is_cancelled_over_the_socket(sockets: Sockets) -> None:
    """The one that is followed, where none is named."""
    review_id = sockets.api.submit()
    sockets.connect()
    sockets.say(action="subscribe", reviewId=review_id)
    assert sockets.say(action="cancel") == {"type": "cancelled", "reviewId": review_id, "status": "cancelled"}
    assert sockets.say(action="cancel")["problem"]["type"] == "/problems/review-ended"


def test_a_ping_is_answered(sockets: Sockets) -> None:
    """Of a connection that follows nothing, too."""
    sockets.connect()
    assert sockets.say(action="ping") == {"type": "pong"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "malformed-json"),
        ("{", "malformed-json"),
        ("[]", "invalid-message"),
        ('{"action": "dance"}', "invalid-message"),
        ('{"action": "subscribe"}', "invalid-message"),
        ('{"action": "subscribe", "reviewId": "rv_1", "lastEventID": 1}', "unknown-field"),
        ('{"action": "startReview"}', "invalid-submission"),
    ],
)
def test_a_message_that_is_none_is_refused_with_what_would_be_right(sockets: Sockets, body: str, problem: str) -> None:
    """The connection stays."""
    sockets.connect()
    assert websocket_message.handler(socket_event("$default", body=body), None) == OK
    told = sockets.gateway.last()
    assert (told["type"], told["problem"]["type"]) == ("error", f"/problems/{problem}")
    assert sockets.store.get("c1") is not None


def test_a_connection_nobody_knows_is_closed(sockets: Sockets) -> None:
    """Its client introduces itself anew."""
    assert websocket_message.handler(socket_event("$default", body='{"action": "ping"}'), None) == OK
    assert sockets.gateway.closed == ["c1"]


def test_a_client_that_left_before_its_answer_follows_nothing(sockets: Sockets) -> None:
    """410 at the answer: it is forgotten, and nothing is started for it."""
    review_id = sockets.api.submit()
    sockets.connect()
    sockets.gateway.gone.add("c1")
    body = json.dumps({"action": "subscribe", "reviewId": review_id})
    assert websocket_message.handler(socket_event("$default", body=body), None) == OK
    assert sockets.store.get("c1") is None
    assert sockets.audience.positions(review_id) == {}
    assert sockets.starter.started == []


def test_when_the_broadcast_cannot_be_started_the_client_is_told(sockets: Sockets) -> None:
    """It subscribes again a little later."""
    review_id = sockets.api.submit()
    sockets.connect()
    sockets.starter.failing = BackendUnavailable("Lambda is not available")
    told = sockets.say(action="subscribe", reviewId=review_id)
    assert (told["type"], told["problem"]["type"]) == ("error", "/problems/backend-unavailable")
    assert told["action"] == "subscribe"
    sockets.starter.failing = None
    assert sockets.say(action="subscribe", reviewId=review_id)["type"] == "subscribed"


def test_an_answer_that_is_throttled_fails_the_invocation(sockets: Sockets) -> None:
    """API Gateway tells the client that something failed; nothing is followed that it was not told of."""
    review_id = sockets.api.submit()
    sockets.connect()
    sockets.gateway.failing = [BackendUnavailable("slow down")] * 2
    body = json.dumps({"action": "subscribe", "reviewId": review_id})
    with pytest.raises(BackendUnavailable):
        websocket_message.handler(socket_event("$default", body=body), None)
    assert sockets.audience.positions(review_id) == {}


def test_a_mistake_of_ours_is_told_as_one(
    sockets: Sockets, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And is in the log with its stack."""

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    sockets.connect()
    monkeypatch.setattr(sockets.surface.ownership, "check", broken)
    told = sockets.say(action="subscribe", reviewId="rv_1")
    assert (told["type"], told["problem"]["type"]) == ("error", "/problems/internal")
    assert "secret" not in json.dumps(told)
    assert "secret detail" in caplog.text

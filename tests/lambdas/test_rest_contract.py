"""The functions of the REST API answer as the API's own server does: one corpus of requests, asked of both."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.api_app import Api
from support.gateway_events import DOMAIN, ROLE, rest_event

import lambdas._settings as lambda_settings
from codereview.application.review_service import Admission
from codereview.errors import BackendUnavailable
from lambdas import get_review_status, review_orchestrator

JSON = {"Content-Type": "application/json"}
CODE = json.dumps({"code": "danger\n", "filename": "app.py"})
#: What differs from request to request, or because one of the two serves less.
_OWN = {"requestId", "webSocketUrl", "ticket", "ticketExpiresAt", "expiresAt", "links"}


@dataclass(frozen=True)
class Told:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def comparable(self) -> Any:
        """The body without what differs between two requests anyway."""
        if isinstance(self.body, dict):
            return {name: value for name, value in self.body.items() if name not in _OWN}
        return self.body


class Both:
    """The server and the functions, over the same reviews."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def server(self, method: str, address: str, body: str | None = None, headers: dict[str, str] | None = None) -> Told:
        """Ask the API's server."""
        answer = self.api.client.open(address, method=method, data=body, headers=headers or {})
        return Told(answer.status_code, dict(answer.headers), answer.get_json(silent=True))

    def function(
        self, method: str, address: str, body: str | None = None, headers: dict[str, str] | None = None, **who: Any
    ) -> Told:
        """Ask the function that stands behind the address."""
        handler = get_review_status.handler if method == "GET" else review_orchestrator.handler
        answer = handler(rest_event(method, address, body=body, headers=headers, **who), None)
        assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
        text = answer["body"]
        return Told(answer["statusCode"], answer["headers"], json.loads(text) if text else None)


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Over a product in memory."""
    yield from _both(tmp_path, monkeypatch)


def _both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **api_settings: Any) -> Iterator[Both]:
    monkeypatch.setenv("CODEREVIEW_WEBSOCKET_URL", "wss://ws1.execute-api.us-east-1.amazonaws.com/live")
    monkeypatch.setenv("CODEREVIEW_METRICS", "none")
    monkeypatch.setenv("CODEREVIEW_MAX_REQUEST_BYTES", "100000")
    # The log stays with pytest.
    monkeypatch.setattr(lambda_settings, "configure_logging", lambda level: None)
    lambda_settings.settings.cache_clear()
    api = Api(tmp_path, max_request_bytes=100_000, **api_settings)
    surface = api.app.extensions["codereview"].surface
    monkeypatch.setattr(review_orchestrator, "surface", lambda: surface)
    monkeypatch.setattr(get_review_status, "product", lambda: api)
    yield Both(api)
    api.close()
    lambda_settings.settings.cache_clear()


#: Requests that are refused, or answered the same however often they are made; {id} is an ended review.
CORPUS = [
    ("POST", "/api/review", CODE, {"Content-Type": "text/plain"}),
    ("POST", "/api/review", CODE, {}),
    ("POST", "/api/review", CODE, {**JSON, "Content-Encoding": "gzip"}),
    ("POST", "/api/review", CODE, {"Content-Type": "application/json; charset=latin-1"}),
    ("POST", "/api/review", CODE, {"Content-Type": 'application/json; charset="UTF-8"'}),
    ("POST", "/api/review", "{", JSON),
    ("POST", "/api/review", "", JSON),
    ("POST", "/api/review", "[]", JSON),
    ("POST", "/api/review", '{"code": "x", "filename": "a.py", "codes": 1}', JSON),
    ("POST", "/api/review", '{"code": 1}', JSON),
    ("POST", "/api/review", '{"code": "", "filename": "a.py"}', JSON),
    ("POST", "/api/review", '{"files": [{"path": "../x", "text": "y"}]}', JSON),
    ("POST", "/api/review", '{"archive": "no"}', JSON),
    ("POST", "/api/review", '{"diff": "no diff"}', JSON),
    ("POST", "/api/review", '{"code": "x", "filename": "a.py", "options": {"agents": ["poet"]}}', JSON),
    ("POST", "/api/review", json.dumps({"code": "x" * 100_001, "filename": "a.py"}), JSON),
    ("POST", "/api/review?x=1", CODE, JSON),
    ("POST", "/api/review", CODE, {**JSON, "Idempotency-Key": "a b"}),
    ("POST", "/api/review", CODE, JSON),
    ("GET", "/api/review/{id}", None, {}),
    ("GET", "/api/review/{id}?x=1", None, {}),
    ("GET", "/api/review/rv_none", None, {}),
    ("GET", "/api/review/r!", None, {}),
    ("GET", "/api/review/{id}/events", None, {}),
    ("GET", "/api/review/{id}/events?after=2&limit=2", None, {}),
    ("GET", "/api/review/{id}/events?after=-1", None, {}),
    ("GET", "/api/review/{id}/events?limit=2&limit=3", None, {}),
    ("GET", "/api/review/{id}/events?aftr=1", None, {}),
    ("GET", "/api/review/rv_none/events", None, {}),
    ("GET", "/api/review/{id}/findings", None, {}),
    ("GET", "/api/review/{id}/findings?severity=high,critical&agent=bug", None, {}),
    ("GET", "/api/review/{id}/findings?severity=terrible", None, {}),
    ("POST", "/api/review/{id}/cancel", None, {}),
    ("DELETE", "/api/review/{id}", None, {}),
    ("POST", "/api/review/rv_none/cancel", None, {}),
    ("POST", "/api/review/{id}/ticket", None, {}),
    ("POST", "/api/review/rv_none/ticket", None, {}),
]


@pytest.mark.parametrize(("method", "address", "body", "headers"), CORPUS)
def test_a_function_answers_as_the_server_does(
    both: Both, method: str, address: str, body: str | None, headers: dict[str, str]
) -> None:
    """Status, body, problem type and detail, and the headers that mean something."""
    address = address.replace("{id}", both.api.ended())
    server, function = both.server(method, address, body, headers), both.function(method, address, body, headers)
    own = {"reviewId"} if (method, server.status) == ("POST", 202) else set()
    assert function.status == server.status
    if own:
        assert set(function.body) == set(server.body)
    else:
        assert function.comparable == server.comparable
    for name in ("Content-Type", "Cache-Control", "Retry-After", "WWW-Authenticate", "X-Content-Type-Options"):
        assert function.headers.get(name) == server.headers.get(name), name


def test_what_was_submitted_to_one_is_read_from_the_other(both: Both) -> None:
    """The same reviews; and while one runs, it has the findings so far."""
    accepted = both.function("POST", "/api/review", CODE, JSON).body
    review_id = accepted["reviewId"]
    running = both.function("GET", f"/api/review/{review_id}")
    assert running.body["status"] == "pending"
    assert running.comparable == both.server("GET", f"/api/review/{review_id}").comparable
    both.api.assembly.run(review_id)
    ended = both.server("GET", f"/api/review/{review_id}")
    assert ended.body["status"] == "completed"
    assert both.function("GET", f"/api/review/{review_id}").comparable == ended.comparable


def test_addresses_are_those_the_client_asked_at(both: Both) -> None:
    """The stage included; what only the server serves has none. The ticket opens the WebSocket of API Gateway."""
    body = both.function("POST", "/api/review", CODE, JSON).body
    base = f"https://{DOMAIN}/live/api/review/{body['reviewId']}"
    assert body["links"] == {
        "review": base,
        "events": f"{base}/events",
        "findings": f"{base}/findings",
        "report": None,
        "cancel": f"{base}/cancel",
        "ticket": f"{base}/ticket",
        "page": None,
    }
    url, _, ticket = body["webSocketUrl"].partition("?ticket=")
    assert url == "wss://ws1.execute-api.us-east-1.amazonaws.com/live"
    assert both.api.app.extensions["codereview"].surface.tickets.check(ticket).review_id == body["reviewId"]


def test_a_body_may_come_in_base64(both: Both) -> None:
    """API Gateway encodes what it takes for binary."""
    assert both.function("POST", "/api/review", CODE, JSON, encoded=True).status == 202
    event = rest_event("POST", "/api/review", body="x", headers=JSON, encoded=True) | {"body": "!"}
    assert review_orchestrator.handler(event, None)["statusCode"] == 400


def test_the_same_request_twice_is_one_review(both: Both) -> None:
    """With an Idempotency-Key, whichever of the two it reaches."""
    headers = {**JSON, "Idempotency-Key": "k1"}
    first, again = (both.function("POST", "/api/review", CODE, headers) for _ in range(2))
    assert again.body["reviewId"] == first.body["reviewId"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert both.server("POST", "/api/review", CODE, headers).body["reviewId"] == first.body["reviewId"]
    other = both.function("POST", "/api/review", CODE.replace("danger", "other"), headers)
    assert (other.status, other.body["type"]) == (422, "/problems/idempotency-mismatch")


def test_who_has_it_already_gets_304(both: Both) -> None:
    """A client that asks again and again costs little."""
    address = f"/api/review/{both.api.ended()}"
    tag = both.function("GET", address).headers["ETag"]
    again = both.function("GET", address, headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, None)
    assert both.function("GET", address, headers={"If-None-Match": '"other"'}).status == 200


def test_a_review_belongs_to_who_submitted_it(both: Both) -> None:
    """A role is one owner, however its sessions are called; a customer is one, whoever of its users asks."""
    mine = both.function("POST", "/api/review", CODE, JSON, principal=ROLE).body["reviewId"]
    session = ROLE.replace("alice", "ci-run-17")
    assert both.function("GET", f"/api/review/{mine}", principal=session).status == 200
    assert both.function("GET", f"/api/review/{mine}", principal=ROLE.replace("Developer", "Other")).status == 404
    assert both.function("GET", f"/api/review/{mine}").status == 404
    acme = {"sub": "u1", "custom:customer": "acme"}
    theirs = both.function("POST", "/api/review", CODE, JSON, claims=acme).body["reviewId"]
    assert both.function("GET", f"/api/review/{theirs}", claims=acme | {"sub": "u2"}).status == 200
    assert both.function("GET", f"/api/review/{theirs}", claims={"sub": "u1"}).status == 404
    for action in ("cancel", "ticket"):
        assert both.function("POST", f"/api/review/{theirs}/{action}", principal=ROLE).status == 404


def test_a_running_review_is_cancelled(both: Both) -> None:
    """By the owner, with what was found so far."""
    review_id = both.function("POST", "/api/review", CODE, JSON).body["reviewId"]
    cancelled = both.function("POST", f"/api/review/{review_id}/cancel")
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert both.function("DELETE", f"/api/review/{review_id}").body["type"] == "/problems/review-ended"


def test_too_much_at_once_is_told_with_when_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 and Retry-After, from both alike."""
    for both in _both(tmp_path, monkeypatch, admission=Admission(max_waiting=1)):
        both.api.submit()
        server, function = (
            both.server("POST", "/api/review", CODE, JSON),
            both.function("POST", "/api/review", CODE, JSON),
        )
        assert function.status == server.status == 429
        assert function.comparable == server.comparable
        assert function.headers["Retry-After"] == server.headers["Retry-After"]


def test_what_is_away_is_told_as_such(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 and Retry-After, not a failed invocation."""

    def away(*_: object, **__: object) -> None:
        raise BackendUnavailable("Redis is not available")

    monkeypatch.setattr(both.api.service, "submit", away)
    monkeypatch.setattr(both.api.service, "get", away)
    for method, address in (("POST", "/api/review"), ("GET", "/api/review/rv_1")):
        server = both.server(method, address, CODE, JSON)
        function = both.function(method, address, CODE, JSON)
        assert function.status == server.status == 503
        assert function.comparable == server.comparable
        assert function.headers["Retry-After"] == server.headers["Retry-After"] == "5"


def test_a_mistake_of_ours_tells_the_request_id_and_nothing_else(
    both: Both, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the stack, under the same id."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(both.api.service, "submit", broken)
    told = both.function("POST", "/api/review", CODE, JSON | {"X-Request-Id": "mine-17"})
    assert (told.status, told.body["type"], told.body["requestId"]) == (500, "/problems/internal", "mine-17")
    assert "secret" not in json.dumps(told.body)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("event", [{}, {"httpMethod": "POST"}, {"requestContext": {}}, {"Records": []}])
def test_an_event_that_is_no_request_is_answered_as_a_bad_one(both: Both, event: dict[str, Any]) -> None:
    """Whoever invokes a function by hand sees what is missing."""
    for handler in (review_orchestrator.handler, get_review_status.handler):
        answer = handler(event, None)
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["type"] == "/problems/bad-request"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/api/review/rv_1/report", 404),
        ("GET", "/api/other", 404),
        ("POST", "/api/review/rv_1/poem", 404),
        ("DELETE", "/api/review", 405),
        ("PUT", "/api/review", 405),
    ],
)
def test_what_is_not_served_is_refused(both: Both, method: str, address: str, status: int) -> None:
    """API Gateway passes on whatever fits a resource."""
    told = both.function(method, address)
    assert told.status == status
    assert told.headers["Content-Type"] == "application/problem+json"

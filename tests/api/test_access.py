"""Who may do what: keys, owners, tickets, origins, host names; and what every answer carries."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from support.api_app import Api

from codereview.web.problems import InvalidTicket
from codereview.web.tickets import TicketOffice

SSE = {"Accept": "text/event-stream"}
#: Every route about one review.
ABOUT_ONE = [
    ("GET", ""),
    ("GET", "/events"),
    ("GET", "/findings"),
    ("GET", "/report"),
    ("POST", "/ticket"),
    ("POST", "/cancel"),
    ("DELETE", ""),
]


@pytest.fixture
def keyed(make_api: Callable[..., Api]) -> Api:
    """An application that asks for keys."""
    return make_api(keys_required=True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"X-Api-Key": "wrong"},
    ],
)
def test_without_a_valid_key_nothing_is_told(keyed: Api, headers: dict[str, str]) -> None:
    """Not even whether a review exists."""
    for method, route in [("POST", "/api/review"), ("GET", "/api/reviews"), ("GET", "/api/review/rv_1")]:
        answer = keyed.client.open(route, method=method, headers=headers)
        assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_is_taken_in_either_header(keyed: Api) -> None:
    """Proxies sometimes keep Authorization for themselves."""
    bearer = keyed.key("ada")
    assert keyed.client.get("/api/reviews", headers=bearer).status_code == 200
    secret = bearer["Authorization"].removeprefix("Bearer ")
    assert keyed.client.get("/api/reviews", headers={"X-Api-Key": secret}).status_code == 200


@pytest.mark.parametrize(("method", "route"), ABOUT_ONE)
def test_a_review_of_another_owner_does_not_exist(keyed: Api, method: str, route: str) -> None:
    """On every route the answer is the same as for an id nobody has."""
    review_id = keyed.ended(headers=keyed.key("ada"))
    eve = keyed.key("eve")
    other = keyed.client.open(f"/api/review/{review_id}{route}", method=method, headers=eve)
    unknown = keyed.client.open(f"/api/review/rv_{'0' * 20}{route}", method=method, headers=eve)
    assert (other.status_code, other.json["type"]) == (404, "/problems/unknown-review")
    assert (unknown.status_code, unknown.json["type"]) == (404, "/problems/unknown-review")


def test_also_once_its_owner_has_read_it(keyed: Api) -> None:
    """What is remembered of a review must not open it to others."""
    ada, eve = keyed.key("ada"), keyed.key("eve")
    review_id = keyed.ended(headers=ada)
    assert keyed.client.get(f"/api/review/{review_id}/events", headers=ada).status_code == 200
    assert keyed.client.get(f"/api/review/{review_id}/events", headers=eve).status_code == 404
    assert keyed.client.get(f"/api/review/{review_id}/events", headers=eve | SSE).status_code == 404


def test_lists_and_idempotency_keys_are_the_owners_own(keyed: Api) -> None:
    """Two owners may use the same key by chance."""
    ada, eve = keyed.key("ada"), keyed.key("eve")
    made = [keyed.submit(headers={**who, "Idempotency-Key": "k"}) for who in (ada, eve)]
    assert made[0] != made[1]
    listed = [keyed.client.get("/api/reviews", headers=who).json["reviews"] for who in (ada, eve)]
    assert [[review["id"] for review in page] for page in listed] == [[made[0]], [made[1]]]


def test_health_and_documentation_need_no_key(keyed: Api) -> None:
    """Load balancers have none."""
    for path in ("/health", "/api/health", "/api/ready", "/api/version", "/api/openapi.json", "/problems", "/"):
        assert keyed.client.get(path).status_code == 200


def test_a_ticket_opens_the_stream_of_its_review_only(keyed: Api) -> None:
    """A page's EventSource can send no key."""
    ada = keyed.key("ada")
    mine, other = keyed.ended(headers=ada), keyed.ended(headers=ada)
    ticket = keyed.client.post(f"/api/review/{mine}/ticket", headers=ada).json["ticket"]
    assert keyed.client.get(f"/api/review/{mine}/events?ticket={ticket}", headers=SSE).status_code == 200
    refused = keyed.client.get(f"/api/review/{other}/events?ticket={ticket}", headers=SSE)
    assert (refused.status_code, refused.json["type"]) == (403, "/problems/ticket-for-another-review")
    assert keyed.client.get(f"/api/review/{mine}/findings?ticket={ticket}").status_code == 400
    assert keyed.client.get(f"/api/review/{mine}", headers={"Authorization": f"Bearer {ticket}"}).status_code == 401


def test_the_ticket_in_the_web_socket_url_is_for_the_review_accepted(keyed: Api) -> None:
    """Made for its owner, and good for the time it says."""
    body = keyed.post({"code": "danger\n"}, headers=keyed.key("ada")).json
    ticket = parse_qs(urlsplit(body["webSocketUrl"]).query)["ticket"][0]
    accepted = keyed.app.extensions["codereview"].surface.tickets.check(ticket)
    assert (accepted.review_id, accepted.owner) == (body["reviewId"], "ada")
    assert accepted.expires_at * 1000 == body["ticketExpiresAt"]
    assert 0 < accepted.expires_at - time.time() <= 600


def test_a_ticket_that_is_old_changed_or_of_another_service_is_refused() -> None:
    """And each says so in words."""
    now = 1000.0
    office = TicketOffice("secret", 60, lambda: now)
    text, _ = office.issue("rv_1", "ada")
    assert office.check(text).review_id == "rv_1"
    with pytest.raises(InvalidTicket, match="not made by this service"):
        office.check(text[:-1] + ("A" if text[-1] != "A" else "B"))
    with pytest.raises(InvalidTicket, match="not made by this service"):
        TicketOffice("other", 60, lambda: now).check(text)
    now += 60
    with pytest.raises(InvalidTicket, match="expired"):
        office.check(text)


# --- pages of other sites --------------------------------------------------------------------------------------


def test_a_page_of_another_site_can_change_nothing(api: Api) -> None:
    """Without keys, any page in the user's browser reaches the service; its origin gives it away."""
    review_id = api.submit()
    for method, path in [("POST", f"/api/review/{review_id}/cancel"), ("DELETE", f"/api/review/{review_id}")]:
        for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
            answer = api.client.open(path, method=method, headers={"Origin": origin})
            assert (answer.status_code, answer.json["type"]) == (403, "/problems/origin-refused")
    own = api.client.post(f"/api/review/{review_id}/cancel", headers={"Origin": "http://localhost"})
    assert own.status_code == 200


def test_only_allowed_origins_may_read_answers(make_api: Callable[..., Api]) -> None:
    """CORS headers for those, and for nobody else."""
    api = make_api(allowed_origins=frozenset({"https://ide.example"}))
    allowed = api.client.get("/api/reviews", headers={"Origin": "https://ide.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://ide.example"
    assert "Location" in allowed.headers["Access-Control-Expose-Headers"]
    other = api.client.get("/api/reviews", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Origin" in allowed.headers["Vary"]
    assert "Origin" in other.headers["Vary"]


def test_a_preflight_of_an_allowed_origin_is_answered(make_api: Callable[..., Api]) -> None:
    """JSON and keys make every request one that browsers ask about first."""
    api = make_api(allowed_origins=frozenset({"https://ide.example"}))
    asked = {"Origin": "https://ide.example", "Access-Control-Request-Method": "POST"}
    answer = api.client.options("/api/review", headers=asked)
    assert answer.status_code == 200
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    refused = api.client.options("/api/review", headers={**asked, "Origin": "https://evil.example"})
    assert "Access-Control-Allow-Methods" not in refused.headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("192.168.1.7", 200),
        ("coordinator:8080", 200),
        ("app.localhost", 200),
        ("review.example.org", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8080", 421),
    ],
)
def test_a_name_a_stranger_could_point_here_is_refused(make_api: Callable[..., Api], host: str, status: int) -> None:
    """A page that rebinds its own DNS name to this machine is of the same origin as the service under that name."""
    api = make_api(public_url="https://review.example.org")
    assert api.client.get("/api/reviews", headers={"Host": host}).status_code == status


def test_with_keys_any_name_will_do(keyed: Api) -> None:
    """A rebinding page has no key."""
    assert keyed.client.get("/api/reviews", headers={"Host": "any.example"}).status_code == 401


# --- headers and log lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/problems/not-found", "/static/app.js"])
def test_every_answer_has_the_security_headers(api: Api, path: str) -> None:
    """No inline script, no framing, no sniffing, no referrer."""
    with api.client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "ws://localhost" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in headers


def test_over_https_the_browser_is_told_to_stay_there(make_api: Callable[..., Api]) -> None:
    """The public address says whether it is."""
    api = make_api(public_url="https://review.example.org")
    assert "max-age" in api.client.get("/", headers={"Host": "review.example.org"}).headers["Strict-Transport-Security"]


def test_a_request_is_logged_in_one_line_without_secrets(keyed: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Static event name, fields, the id the client sent; no code, key or ticket."""
    caplog.set_level("INFO")
    ada = keyed.key("ada")
    answer = keyed.post({"code": "hunter22()\n"}, headers={**ada, "X-Request-Id": "from-client-1"})
    review_id, ticket = answer.json["reviewId"], answer.json["webSocketUrl"].partition("ticket=")[2]
    answer.close()
    keyed.client.get(f"/api/review/{review_id}/events?ticket={ticket}").close()
    first, second = (record.__dict__ for record in caplog.records if record.message == "http_request")
    assert answer.headers["X-Request-Id"] == "from-client-1"
    assert (first["request_id"], first["method"], first["route"]) == ("from-client-1", "POST", "/api/review")
    assert (first["status"], first["owner"], first["problem"]) == (202, "ada", "")
    assert first["bytes_in"] > 0
    assert first["duration_ms"] >= 0
    assert (second["route"], second["review_id"]) == ("/api/review/<review_id>/events", review_id)
    for secret in ("hunter22", ada["Authorization"].removeprefix("Bearer "), ticket):
        assert secret not in str([record.__dict__ for record in caplog.records])


@pytest.mark.parametrize("given", ["", "with space", "x" * 65, 'quo"te'])
def test_a_request_id_that_is_none_is_replaced(api: Api, given: str) -> None:
    """Nothing of a client's choosing gets into log and answer unchecked."""
    made = api.client.get("/api/health", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert made != given
    assert len(made) == 16


def test_the_request_id_is_in_every_line_logged_meanwhile(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of deeper layers lead back to the request."""
    import io
    import logging

    from api.request_log import RequestIdFilter
    from codereview.logs import JsonFormatter

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    deep = logging.getLogger("codereview.deep")
    deep.addHandler(handler)
    monkeypatch.setattr(api.service, "page", lambda **_: deep.warning("deep_down") or api.store.page(owner=""))
    try:
        api.client.get("/api/reviews", headers={"X-Request-Id": "id-7"})
    finally:
        deep.removeHandler(handler)
    assert '"requestId": "id-7"' in written.getvalue()

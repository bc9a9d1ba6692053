"""The OpenAPI document says what the API does: every answer it promises is provoked here and held against it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.api_app import Api
from werkzeug.test import TestResponse

from api.live.closing import CloseCode
from api.openapi import document
from api.problem_docs import PROBLEM_TYPES, REMEDIES
from api.routes import operations
from codereview import errors
from codereview.application.review_service import Admission
from codereview.domain.events import EventType, json_schema
from codereview.errors import BackendUnavailable, CodeReviewError
from codereview.web import messages
from codereview.web.problems import TYPE_PREFIX

DOCUMENT: dict[str, Any] = document(operations())
HTTP_DOCS = Path(__file__).parents[2] / "docs" / "http.md"
OPTIONAL_HEADERS = {"Link", "Idempotent-Replayed"}
SSE = {"Accept": "text/event-stream"}
CODE = {"code": "danger\n", "filename": "app.py"}

Make = Callable[..., Api]
Provoke = Callable[[Make], TestResponse]


def _promised() -> Iterator[tuple[str, str, int]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for status in operation["responses"]:
                if status != "default":
                    yield method.upper(), path, int(status)


def _address(api: Api, path: str) -> str:
    return path.replace("{review_id}", api.ended()) if "{review_id}" in path else path


# --- how to provoke what any operation can answer ---------------------------------------------------------------


def _unknown_parameter(method: str, path: str) -> Provoke:
    def provoke(make: Make) -> TestResponse:
        api = make()
        return api.client.open(_address(api, path) + "?nonsense=1", method=method)

    return provoke


def _no_key(method: str, path: str) -> Provoke:
    return lambda make: make(keys_required=True).client.open(path.replace("{review_id}", "rv_1"), method=method)


def _unknown_review(method: str, path: str) -> Provoke:
    return lambda make: make().client.open(path.replace("{review_id}", "rv_unknown"), method=method)


def _backend_away(method: str, path: str) -> Provoke:
    def provoke(make: Make) -> TestResponse:
        api = make()
        address = _address(api, path)

        def away(*_: object, **__: object) -> None:
            raise BackendUnavailable("Redis is not available")

        for part, names in (
            (api.service, ("get", "page", "submit", "cancel", "estimate")),
            (api.bus, ("read", "last_id")),
        ):
            for name in names:
                setattr(part, name, away)
        api.app.extensions["codereview"].surface.ownership.check = away
        return api.client.open(
            address, method=method, json=CODE if path in ("/api/review", "/api/review/estimate") else None
        )

    return provoke


# --- and what only some can -------------------------------------------------------------------------------------


def _plain(method: str, path: str, **arguments: Any) -> Provoke:
    def provoke(make: Make) -> TestResponse:
        api = make()
        return api.client.open(_address(api, path), method=method, **arguments)

    return provoke


def _of_running(method: str, path: str) -> Provoke:
    def provoke(make: Make) -> TestResponse:
        api = make()
        return api.client.open(path.replace("{review_id}", api.submit()), method=method)

    return provoke


def _not_modified(path: str) -> Provoke:
    def provoke(make: Make) -> TestResponse:
        api = make()
        address = _address(api, path)
        return api.client.get(address, headers={"If-None-Match": api.client.get(address).headers["ETag"]})

    return provoke


def _key_in_use(make: Make) -> TestResponse:
    api = make()
    api.service.submit, inner = _resubmit(api, api.service.submit)
    api.post(CODE, headers={"Idempotency-Key": "j"})
    return inner[0]


def _resubmit(api: Api, submit: Callable[..., Any]) -> tuple[Callable[..., Any], list[TestResponse]]:
    inner: list[TestResponse] = []

    def again(*arguments: Any, **named: Any) -> Any:
        inner.append(api.post(CODE, headers={"Idempotency-Key": "j"}))
        return submit(*arguments, **named)

    return again, inner


def _second(make: Make) -> TestResponse:
    api = make(admission=Admission(max_waiting=1))
    api.submit()
    return api.post(CODE)


def _expired_events(make: Make) -> TestResponse:
    api = make()
    review_id = api.ended()
    api.assembly.clock.advance(10 * 86_400)
    return api.client.get(f"/api/review/{review_id}/events")


def _other_ticket(make: Make) -> TestResponse:
    api = make()
    ticket = api.client.post(f"/api/review/{api.submit()}/ticket").json["ticket"]
    return api.client.get(f"/api/review/{api.submit()}/events?ticket={ticket}")


def _all_seen(make: Make) -> TestResponse:
    api = make()
    return api.client.get(_address(api, "/api/review/{review_id}/events?after=1000"), headers=SSE)


def _no_workers(make: Make) -> TestResponse:
    api = make()
    api.board.statuses = []
    return api.client.get("/api/ready")


def _measured(make: Make) -> TestResponse:
    api = make()
    api.exposition = lambda: b""
    return api.client.get("/metrics")


REVIEW = "/api/review/{review_id}"
SPECIAL: dict[tuple[str, str, int], Provoke] = {
    ("POST", "/api/review", 202): _plain("POST", "/api/review", json=CODE),
    ("POST", "/api/review", 409): _key_in_use,
    ("POST", "/api/review", 413): lambda make: make(max_request_bytes=10).post(CODE),
    ("POST", "/api/review", 415): _plain("POST", "/api/review", data="x"),
    ("POST", "/api/review", 422): _plain("POST", "/api/review", json={}),
    ("POST", "/api/review", 429): _second,
    ("POST", "/api/review/estimate", 200): _plain("POST", "/api/review/estimate", json=CODE),
    ("POST", "/api/review/estimate", 413): lambda make: make(max_request_bytes=10).client.post(
        "/api/review/estimate", json=CODE
    ),
    ("POST", "/api/review/estimate", 415): _plain("POST", "/api/review/estimate", data="x"),
    ("POST", "/api/review/estimate", 422): _plain("POST", "/api/review/estimate", json={}),
    ("GET", REVIEW, 304): _not_modified(REVIEW),
    ("POST", f"{REVIEW}/cancel", 200): _of_running("POST", f"{REVIEW}/cancel"),
    ("POST", f"{REVIEW}/cancel", 409): _plain("POST", f"{REVIEW}/cancel"),
    ("DELETE", REVIEW, 200): _of_running("DELETE", REVIEW),
    ("DELETE", REVIEW, 409): _plain("DELETE", REVIEW),
    ("POST", f"{REVIEW}/ticket", 201): _plain("POST", f"{REVIEW}/ticket"),
    ("GET", f"{REVIEW}/events", 204): _all_seen,
    ("GET", f"{REVIEW}/events", 403): _other_ticket,
    ("GET", f"{REVIEW}/events", 410): _expired_events,
    ("GET", f"{REVIEW}/report", 304): _not_modified(f"{REVIEW}/report"),
    ("GET", f"{REVIEW}/report", 409): _of_running("GET", f"{REVIEW}/report"),
    ("GET", f"{REVIEW}/source", 200): _plain("GET", f"{REVIEW}/source?path=app.py"),
    ("GET", f"{REVIEW}/source", 410): _plain("GET", f"{REVIEW}/source"),
    ("GET", "/api/ready", 503): _no_workers,
    ("GET", "/metrics", 200): _measured,
    ("GET", "/metrics", 404): _plain("GET", "/metrics"),
}
COMMON: dict[int, Callable[[str, str], Provoke]] = {
    200: _plain,
    400: _unknown_parameter,
    401: _no_key,
    404: _unknown_review,
    503: _backend_away,
}


@pytest.mark.parametrize(("method", "path", "status"), sorted(_promised()))
def test_every_promised_answer_is_given_as_promised(make_api: Make, method: str, path: str, status: int) -> None:
    """The status, the media type, the headers and a body that fits the schema."""
    provoke = SPECIAL.get((method, path, status)) or COMMON[status](method, path)
    answer = provoke(make_api)
    assert answer.status_code == status, answer.text
    promised = DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]
    content = promised.get("content", {})
    assert answer.mimetype in content or (not content and not answer.data)
    schema = content.get(answer.mimetype, {}).get("schema")
    if schema is not None:
        _validate(answer.json, schema)
    assert set(promised.get("headers", {})) - OPTIONAL_HEADERS <= set(answer.headers.keys())
    assert answer.status_code < 400 or answer.json["type"].removeprefix(TYPE_PREFIX) in promised["description"]


def _validate(body: object, schema: dict[str, Any]) -> None:
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(body)


def test_every_route_is_documented() -> None:
    """And nothing is documented that is not a route."""
    documented = {
        (method.upper(), re.sub(r"{(\w+)}", r"<\1>", path))
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    undocumented = {operation.rule for operation in operations() if not operation.documented}
    assert undocumented == {"/", "/history", "/compare", "/review/<review_id>", "/problems", "/problems/<slug>"}
    assert documented == {(o.method, o.rule) for o in operations() if o.documented}


def test_the_application_has_no_other_routes(api: Api) -> None:
    """But the WebSocket and the static files."""
    served = {str(rule.rule) for rule in api.app.url_map.iter_rules()}
    assert served == {operation.rule for operation in operations()} | {"/ws", "/static/<path:filename>"}


def test_the_document_is_served_and_its_schemas_are_valid(api: Api) -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 says; every reference leads somewhere."""
    served = api.client.get("/api/openapi.json").json
    assert served == DOCUMENT
    assert served["openapi"].startswith("3.1.")
    for schema in served["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(served)))
    assert references <= set(served["components"]["schemas"])


def test_the_request_body_schema_takes_what_the_route_takes(api: Api) -> None:
    """And refuses an unknown field, as the route does."""
    schema = {"$ref": "#/components/schemas/Submission"}
    _validate(CODE, schema)
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    assert not validator.is_valid({**CODE, "colour": "red"})


def test_the_events_schema_fits_the_events(api: Api) -> None:
    """Clients in other languages generate their types from it."""
    served = api.client.get("/api/schema/events.json").json
    assert served == json_schema()
    validator = Draft202012Validator(served)
    for event in api.client.get(f"/api/review/{api.ended()}/events").json["events"]:
        validator.validate(event)


# --- the documentation for people -------------------------------------------------------------------------------


def test_every_problem_has_a_page() -> None:
    """What the service raises and has no remedy for is never an answer: two errors of start-up and workers."""
    raised = {
        kind.slug
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CodeReviewError) and kind is not CodeReviewError
    }
    assert raised - set(PROBLEM_TYPES) == {"configuration", "lease-lost"}
    assert set(PROBLEM_TYPES) == set(REMEDIES)


@pytest.mark.parametrize("slug", sorted(PROBLEM_TYPES))
def test_every_problem_page_is_served_and_documented(api: Api, slug: str) -> None:
    """Under the address its type is."""
    page = api.client.get(f"{TYPE_PREFIX}{slug}")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert str(PROBLEM_TYPES[slug].status) in page.text
    assert f"{TYPE_PREFIX}{slug}" in api.client.get("/problems").text
    assert f"`{slug}`" in HTTP_DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("operation", [o for o in operations() if o.documented], ids=lambda o: o.id)
def test_every_route_is_in_the_documentation(operation: Any) -> None:
    """With its method, and each of its parameters."""
    text = HTTP_DOCS.read_text(encoding="utf-8")
    rule = re.sub(r"<(\w+)>", "{id}", operation.rule)
    assert re.search(rf"`{operation.method} {re.escape(rule)}(\?[^`]*)?`", text), rule
    for name in operation.query.model_fields if operation.query is not None else ():
        assert f"`{name}`" in text


def test_every_message_and_close_code_of_the_web_socket_is_in_the_documentation() -> None:
    """A client is written from it."""
    text = HTTP_DOCS.read_text(encoding="utf-8")
    said = [model.model_fields["type"].default for model in messages.SERVER_MESSAGES]
    assert said
    assert all(f"`{name}`" in text for name in said)
    assert all(f'"action": "{action}"' in text for action in messages.ACTIONS)
    assert all(re.search(rf"^\| {code.value} \|", text, re.MULTILINE) for code in CloseCode)
    assert all(f"`{event}`" in text for event in EventType)

"""What the API says of itself: version, OpenAPI, event schema, problem types."""

from flask import Response, json

from api.answers import answer, conditional
from api.operations import Answer, Routes
from api.problem_docs import PROBLEM_TYPES, page_of, page_of_all
from api.schemas import Version
from api.state import state
from codereview import __version__
from codereview.domain.events import json_schema
from codereview.web.problems import NotFound

routes = Routes()


@routes.get("/api/version", answers={200: Answer("The version.", Version)}, secured=False, standalone=True)
def get_version() -> Response:
    """What is running."""
    return answer(Version(version=__version__))


@routes.get(
    "/api/openapi.json",
    answers={200: Answer("OpenAPI 3.1.", media_types=("application/json",))},
    secured=False,
    standalone=True,
)
def get_openapi() -> Response:
    """This API, for programs."""
    return _document(state().openapi)


@routes.get(
    "/api/schema/events.json",
    answers={200: Answer("JSON Schema 2020-12.", media_types=("application/schema+json",))},
    secured=False,
    standalone=True,
)
def get_event_schema() -> Response:
    """The JSON Schema of an event, as the log, the WebSocket and server-sent events carry it."""
    return _document(json_schema(), "application/schema+json")


@routes.get("/problems", answers={}, secured=False, standalone=True, documented=False)
def list_problems() -> Response:
    """Every problem type, for people."""
    return Response(page_of_all(), mimetype="text/html")


@routes.get("/problems/<slug>", answers={}, secured=False, standalone=True, documented=False)
def get_problem(slug: str) -> Response:
    """One problem type, for people."""
    if slug not in PROBLEM_TYPES:
        raise NotFound(f"there is no problem type {slug!r}; /problems lists them")
    return Response(page_of(slug), mimetype="text/html")


def _document(document: object, media_type: str = "application/json") -> Response:
    return conditional(Response(json.dumps(document), content_type=media_type))

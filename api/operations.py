"""Routes as a table: what each takes, what it answers, and which problems it can have; the documentation reads it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TypeVar

from flask import Flask, Response, g, request
from pydantic import BaseModel

from api.auth import authenticate
from api.state import state
from codereview.errors import BackendUnavailable, CodeReviewError, Unauthenticated, UnknownReview
from codereview.web.callers import Caller
from codereview.web.decoding import parse_query
from codereview.web.ownership import checked_id
from codereview.web.problems import InvalidParameter, UnknownParameter
from codereview.web.schemas import Query

View = Callable[..., Response]
Problems = Sequence[type[CodeReviewError]]
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its body (a model, or a media type), and the headers that matter."""

    meaning: str
    model: type[BaseModel] | None = None
    media_types: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route. Flask's rule syntax; ``id`` names it in the documentation."""

    id: str
    method: str
    rule: str
    view: View
    answers: Mapping[int, Answer]
    problems: Problems = ()
    query: type[Query] | None = None
    body: type[BaseModel] | None = None
    #: Request headers that matter: name and meaning.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether it needs a key, where keys are asked for.
    secured: bool = True
    #: Whether it belongs to the API; a page does not, and takes any query string: its script reads it.
    documented: bool = True
    #: Whether it can be had without any part of the service but the process itself.
    standalone: bool = False

    @property
    def summary(self) -> str:
        """The first sentence of the view's docstring."""
        return (self.view.__doc__ or "").strip().partition("\n")[0]

    @property
    def description(self) -> str:
        """The rest of it."""
        return (self.view.__doc__ or "").strip().partition("\n")[2].strip()

    @property
    def all_problems(self) -> list[type[CodeReviewError]]:
        """Its own problems, and those it has by what it is."""
        common: list[type[CodeReviewError]] = [UnknownParameter]
        if self.query is not None:
            common.append(InvalidParameter)
        if self.secured:
            common.append(Unauthenticated)
        if "<review_id>" in self.rule:
            common.append(UnknownReview)
        if not self.standalone:
            common.append(BackendUnavailable)
        return [*common, *self.problems]


class Routes:
    """The operations of one module."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def get(self, rule: str, **described: object) -> Callable[[View], View]:
        """Serve GET (and HEAD)."""
        return self._add("GET", rule, described)

    def post(self, rule: str, **described: object) -> Callable[[View], View]:
        """Serve POST."""
        return self._add("POST", rule, described)

    def delete(self, rule: str, **described: object) -> Callable[[View], View]:
        """Serve DELETE."""
        return self._add("DELETE", rule, described)

    def register(self, app: Flask) -> None:
        """Add them to an application."""
        for operation in self.operations:
            app.add_url_rule(
                operation.rule, endpoint=operation.id, view_func=_served(operation), methods=[operation.method]
            )

    def _add(self, method: str, rule: str, described: dict[str, object]) -> Callable[[View], View]:
        def add(view: View) -> View:
            name = str(described.pop("id", view.__name__))
            self.operations.append(Operation(name, method, rule, view, **described))  # type: ignore[arg-type]
            return view

        return add


def caller() -> Caller:
    """Who is calling."""
    found: Caller = g.caller
    return found


def query(kind: type[Q]) -> Q:
    """The query string of this request, as the operation declares it."""
    assert isinstance(g.query, kind)  # noqa: S101  the table and the view disagree
    return g.query


def _served(operation: Operation) -> View:
    """The view behind its checks: query string, then credentials, then the form of the id."""

    @wraps(operation.view)
    def serve(**arguments: str) -> Response:
        parsed = parse_query(operation.query, dict(request.args.lists())) if operation.documented else None
        g.query = parsed
        if operation.secured:
            who = authenticate(request, state(), ticket=getattr(parsed, "ticket", ""))
            if "review_id" in arguments:
                who.check(arguments["review_id"])
        elif "review_id" in arguments:
            checked_id(arguments["review_id"])
        return operation.view(**arguments)

    return serve

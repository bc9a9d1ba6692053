"""Requests of the REST API as the functions get them, and answers as the API's own server gives them."""

import base64
import binascii
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from codereview.errors import CodeReviewError, TooLarge
from codereview.logs import logged_with
from codereview.web.addresses import Addresses
from codereview.web.callers import Caller
from codereview.web.decoding import check_json, decode, parse_query
from codereview.web.headers import SECURITY_HEADERS
from codereview.web.problems import BadRequest, Internal, MethodNotAllowed, NotFound, headers_of, problem_document
from lambdas._principals import caller_of
from lambdas._settings import settings

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POLICY = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Request:
    """A request by way of API Gateway (REST, proxy integration, payload 1.0). Header names are lower-case."""

    method: str
    path: str
    resource: str
    headers: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    arguments: Mapping[str, str]
    caller: Caller
    request_id: str
    _event: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read an event. Raises BadRequest for one that is none."""
        context = event.get("requestContext")
        if not isinstance(context, dict) or not isinstance(event.get("httpMethod"), str):
            raise BadRequest("this is no request by way of API Gateway: it has no httpMethod and requestContext")
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        given = headers.get("x-request-id", "")
        return cls(
            method=event["httpMethod"],
            path=str(event.get("path", "")),
            resource=str(event.get("resource", "")),
            headers=headers,
            query=event.get("multiValueQueryStringParameters") or {},
            arguments=event.get("pathParameters") or {},
            caller=caller_of(context),
            request_id=given if _REQUEST_ID.fullmatch(given) else str(context.get("requestId", ""))[:64],
            _event=event,
        )

    @cached_property
    def body(self) -> bytes:
        """The body. Raises TooLarge, BadRequest."""
        text = self._event.get("body") or ""
        try:
            body = base64.b64decode(text, validate=True) if self._event.get("isBase64Encoded") else str(text).encode()
        except (binascii.Error, UnicodeEncodeError) as error:
            raise BadRequest(f"the body cannot be read: {error}") from error
        limit = settings().max_request_bytes
        if len(body) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes", limit=limit)
        return body

    @property
    def addresses(self) -> Addresses:
        """What the client may be told: where it asked, and the WebSocket beside it."""
        context: Mapping[str, Any] = self._event["requestContext"]
        whole = str(context.get("path", self.path))
        stage = whole[: -len(self.path)] if self.path and whole.endswith(self.path) else ""
        scheme = self.headers.get("x-forwarded-proto", "https")
        host = context.get("domainName") or self.headers.get("host", "")
        base = settings().public_url.rstrip("/") or f"{scheme}://{host}{stage}"
        return Addresses(base, settings().websocket_url, whole=False)

    def read_json(self, model: type[M]) -> M:
        """The body as the model. Raises UnsupportedMediaType, and what `decode` does."""
        check_json(self.headers.get("content-type", ""), self.headers.get("content-encoding", ""))
        return decode(model, self.body)

    def read_query(self, model: type[M]) -> M:
        """The query string as the model. Raises UnknownParameter, InvalidParameter."""
        asked = parse_query(model, self.query)
        assert asked is not None  # noqa: S101  there is a model
        return asked

    def expect_no_query(self) -> None:
        """Raises UnknownParameter when there is one."""
        parse_query(None, self.query)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether it has an ETag, and becomes 304 for a client that has it already.
    conditional: bool = False


View = Callable[[Request], Answer]


def serve(event: Mapping[str, Any], routes: Mapping[tuple[str, str], View]) -> dict[str, Any]:
    """Answer a request by the view of its method and path, a template such as ``/api/review/{reviewId}``; every error
    is a problem document (RFC 9457).
    """
    began = time.monotonic()
    settings()
    request_id, problem = "", ""
    request = None
    try:
        request = Request.of(event)
        request_id = request.request_id
        with logged_with(requestId=request_id):
            response = _succeeded(request, _view(request, routes)(request))
    except CodeReviewError as error:
        problem = error.slug
        response = _refused(error, request)
    except Exception:
        log.exception("unexpected_error", extra={"requestId": request_id})
        problem = Internal.slug
        said = f"something failed here; the log has it under request id {request_id}"
        response = _refused(Internal(said), request)
    _log(request, response["statusCode"], problem, began)
    return response


def _view(request: Request, routes: Mapping[tuple[str, str], View]) -> View:
    """The view of a request, its path parameters filled in. Raises NotFound, MethodNotAllowed."""
    path = request.resource
    for name, value in request.arguments.items():
        # One resource of the template stands for several routes.
        if name == "action":
            path = path.replace("{action}", value)
    view = routes.get((request.method, path))
    if view is not None:
        return view
    allowed = sorted(method for method, known in routes if known == path)
    if allowed:
        raise MethodNotAllowed(f"{request.path[:200]} does not take {request.method}; it takes {', '.join(allowed)}")
    raise NotFound(f"there is nothing at {request.path[:200]}; /api/openapi.json lists what there is")


def _succeeded(request: Request, answer: Answer) -> dict[str, Any]:
    body = answer.body.model_dump_json(by_alias=True)
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **answer.headers}
    if not answer.conditional:
        return _response(request, answer.status, headers, body)
    tag = f'"{hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()}"'
    headers |= {"Cache-Control": "private, no-cache", "ETag": tag}
    had = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in had or "*" in had:
        del headers["Content-Type"]
        return _response(request, 304, headers, "")
    return _response(request, answer.status, headers, body)


def _refused(error: CodeReviewError, request: Request | None) -> dict[str, Any]:
    if error.status == 503:
        log.warning("request_not_served", extra={"problem": error.slug, "detail": error.detail})
    path, request_id = (request.path, request.request_id) if request is not None else ("", "")
    document = problem_document(error, instance=path, request_id=request_id)
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store", **headers_of(error)}
    return _response(request, error.status, headers, json.dumps(document, ensure_ascii=False, default=str))


def _response(request: Request | None, status: int, headers: Mapping[str, str], body: str) -> dict[str, Any]:
    told = {**headers, **SECURITY_HEADERS, "Content-Security-Policy": _POLICY}
    if request is not None:
        told["X-Request-Id"] = request.request_id
        if urlsplit(request.addresses.base).scheme == "https":
            told["Strict-Transport-Security"] = "max-age=31536000"
    return {"statusCode": status, "headers": told, "body": body, "isBase64Encoded": False}


def _log(request: Request | None, status: int, problem: str, began: float) -> None:
    """One line that says it all; the template of the path, not the path, and no query string."""
    fields: dict[str, object] = {"status": status, "problem": problem}
    fields["duration_ms"] = round((time.monotonic() - began) * 1000, 1)
    if request is not None:
        fields |= {
            "request_id": request.request_id,
            "method": request.method,
            "route": request.resource,
            "review_id": request.arguments.get("reviewId", ""),
            "owner": request.caller.owner,
        }
    log.info("http_request", extra=fields)

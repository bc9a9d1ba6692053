"""Every error as a problem document."""

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing.exceptions import RequestRedirect, WebsocketMismatch

from api.answers import problem_response
from codereview.errors import CodeReviewError, TooLarge
from codereview.web.problems import (
    BadRequest,
    Internal,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
    UpgradeRequired,
    headers_of,
    problem_document,
)

log = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[CodeReviewError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
}


def install(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(CodeReviewError, respond)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def respond(error: CodeReviewError) -> Response:
    """The problem an error is, with the headers that belong to it."""
    g.problem = error.slug
    document = problem_document(error, instance=request.path, request_id=g.get("request_id", ""))
    if error.status == 503:
        log.warning("request_not_served", extra={"problem": error.slug, "detail": error.detail})
    return problem_response(document, headers_of(error))


def _http_error(error: HTTPException) -> Response:
    """What Flask and Werkzeug raise themselves."""
    if isinstance(error, RequestRedirect) or error.response is not None:
        original = error.get_response(request.environ)
        return Response(original.get_data(), original.status, original.headers)
    if isinstance(error, WebsocketMismatch):
        return respond(UpgradeRequired("this address speaks WebSocket: ask for an upgrade, version 13"))
    if isinstance(error, RequestEntityTooLarge):
        limit = request.max_content_length
        return respond(TooLarge(f"the body is larger than {limit} bytes", limit=limit))
    kind = _BY_STATUS.get(error.code or 500, BadRequest if (error.code or 500) < 500 else Internal)
    response = respond(kind(_said(kind, error)))
    # Allow, and whatever else the error brings.
    kept = [(name, value) for name, value in error.get_headers(request.environ) if name.lower() != "content-type"]
    response.headers.extend(kept)
    return response


def _said(kind: type[CodeReviewError], error: HTTPException) -> str:
    if kind is NotFound:
        return f"there is nothing at {request.path[:200]}; /api/openapi.json lists what there is"
    if kind is MethodNotAllowed:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return f"{request.path[:200]} does not take {request.method}; it takes {allowed}"
    return error.description or ""


def _unexpected(error: Exception) -> Response:
    """A mistake of ours: the log has the stack, the client the request id."""
    log.error("unexpected_error", exc_info=error)
    return respond(Internal(f"something failed here; the log has it under request id {g.get('request_id', '')}"))

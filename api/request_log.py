"""A request id in every log line, and one line per request that says it all."""

import logging
import re
import secrets
import time
from contextvars import ContextVar

from flask import Flask, Request, Response, g, request

from api.state import state
from codereview.domain.metrics import HTTP_REQUEST_DURATION
from codereview.web.callers import Caller

log = logging.getLogger("codereview.api")

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served, "" outside of one."""
    return _request_id.get()


class RequestIdFilter(logging.Filter):
    """Adds ``request_id`` to the records logged while a request is served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        if request_id := _request_id.get():
            record.request_id = request_id
        return True


def install_filter() -> None:
    """Add the request id to everything the root logger's handlers write."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(RequestIdFilter())


def begin() -> None:
    """Take the client's request id, or make one, and start the clock. Runs before everything else."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _ACCEPTED.fullmatch(given) else secrets.token_hex(8)
    g.began = time.monotonic()
    _request_id.set(g.request_id)


def finish(response: Response) -> Response:
    """Tell the client the request id, and log the request when its answer was sent."""
    response.headers[HEADER] = g.request_id
    began = g.began
    fields = summary(request, began) | {
        "status": response.status_code,
        "problem": g.get("problem", ""),
        # Counting the bytes of a stream would read it to its end.
        "bytes_out": None if response.is_streamed else response.calculate_content_length(),
    }

    metrics = state().product.telemetry.metrics
    labels = {"Method": request.method, "Route": str(fields["route"]) or "none", "Status": str(response.status_code)}

    def write() -> None:
        took = _since(began)
        log.info("http_request", extra=fields | {"duration_ms": took})
        metrics.record(HTTP_REQUEST_DURATION.of(took, **labels))

    response.call_on_close(write)
    return response


def summary(request: Request, began: float) -> dict[str, object]:
    """What a log line says of a request: the rule, not the path, and no query string; both may hold secrets."""
    caller: Caller | None = g.get("caller")
    arguments = request.view_args or {}
    return {
        "request_id": g.request_id,
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule is not None else "",
        "review_id": arguments.get("review_id", g.get("review_id", "")),
        "bytes_in": request.content_length or 0,
        "owner": caller.owner if caller is not None else "",
        "key_id": caller.key_id if caller is not None else "",
        "duration_ms": _since(began),
    }


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


def install(app: Flask) -> None:
    """Number and log the requests of an application."""
    app.before_request(begin)
    app.after_request(finish)

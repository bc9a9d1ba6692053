"""A span around every request, within the caller's trace where it names one."""

from contextlib import ExitStack

from flask import Flask, Response, g, request

from api.state import state
from codereview.ports import SpanKind


def install(app: Flask) -> None:
    """Trace the requests of an application."""
    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def begin() -> None:
    """Open the span. Its name is the rule, not the path, which may hold secrets."""
    rule = request.url_rule.rule if request.url_rule is not None else ""
    about = {"http.request.method": request.method, "http.route": rule, "codereview.request.id": g.request_id}
    parent = {name: request.headers[name] for name in ("traceparent", "tracestate") if name in request.headers}
    span = state().product.telemetry.tracer.span(
        f"{request.method} {rule}".strip(), about, kind=SpanKind.SERVER, parent=parent
    )
    g.trace = ExitStack()
    g.span = g.trace.enter_context(span)


def finish(response: Response) -> Response:
    """Say how the request was answered."""
    if "span" in g:
        g.span.set({"http.response.status_code": response.status_code})
    return response


def end(error: BaseException | None) -> None:  # noqa: ARG001  Flask's signature; errors are answers here
    """Close the span."""
    if "trace" in g:
        g.pop("trace").close()

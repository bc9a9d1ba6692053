"""Security headers of every answer."""

import re
from urllib.parse import urlsplit

from flask import Flask, Response, request

from api.links import base_url
from api.origins import add_cors
from api.state import state
from codereview.web.headers import SECURITY_HEADERS

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' {socket}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def install(app: Flask) -> None:
    """Add the headers to every answer of an application."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    parts = urlsplit(base_url(state()))
    secure = parts.scheme == "https"
    # 'self' does not cover the WebSocket in every browser.
    socket = f"{'wss' if secure else 'ws'}://{parts.netloc}" if _HOST.fullmatch(parts.netloc) else ""
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(socket=socket))
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    add_cors(response, request, state().config)
    return response

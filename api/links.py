"""The addresses the API tells its clients."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import request

from api.schemas import Links
from api.state import State


def base_url(state: State) -> str:
    """The address of the service, as configured or as asked for, without a trailing slash."""
    return state.config.public_url or request.host_url.rstrip("/")


def links(state: State, review_id: str) -> Links:
    """Everything around one review."""
    base = base_url(state)
    review = f"{base}/api/review/{review_id}"
    return Links(
        review=review,
        events=f"{review}/events",
        findings=f"{review}/findings",
        report=f"{review}/report",
        cancel=f"{review}/cancel",
        ticket=f"{review}/ticket",
        page=f"{base}/review/{review_id}",
    )


def web_socket_url(state: State, ticket: str) -> str:
    """Where to follow the review the ticket is for."""
    parts = urlsplit(base_url(state))
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit(parts._replace(scheme=scheme, path=f"{parts.path}/ws", query=urlencode({"ticket": ticket})))

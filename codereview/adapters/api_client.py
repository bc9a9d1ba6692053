"""A client of the HTTP API and its WebSocket, as the terminal uses it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import websocket

from codereview.domain.events import Event
from codereview.domain.reviews import Review
from codereview.errors import BackendUnavailable, CodeReviewError, Unauthenticated, UnknownReview

_TIMEOUT_S = 30.0
#: Longer than the server's heartbeat: silence beyond it means the connection is dead.
_SILENCE_S = 75.0
_MAX_BACKOFF_S = 10.0


class ApiProblem(CodeReviewError):
    """The server refused the request."""

    title = "Refused by the server"


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Talks to ``base_url`` (scheme, host, optional path prefix), with an API key where one is needed."""

    base_url: str
    api_key: str = ""

    def submit(self, submission: dict[str, Any]) -> dict[str, Any]:
        """``POST /api/review``; its answer. Raises ApiProblem, BackendUnavailable, Unauthenticated."""
        return self._call("POST", "/api/review", submission)

    def review(self, review_id: str) -> Review:
        """``GET /api/review/{id}``. Raises UnknownReview, BackendUnavailable, Unauthenticated."""
        body = self._call("GET", f"/api/review/{review_id}")
        return Review.model_validate({key: value for key, value in body.items() if key in _REVIEW_FIELDS})

    def ready(self) -> bool:
        """Whether ``GET /api/ready`` says so."""
        try:
            self._call("GET", "/api/ready")
        except CodeReviewError:
            return False
        return True

    def follow(self, review_id: str, *, after: int = 0, patience_s: float = 120.0) -> Iterator[Event]:
        """Events with id > after until the terminal one, over the WebSocket.

        A lost connection is made again and goes on after the last event seen; after ``patience_s`` seconds without
        one, raises BackendUnavailable. Raises UnknownReview, Unauthenticated.
        """
        backoff, lost_at = 0.25, 0.0
        while True:
            try:
                for event in self._listen(review_id, after):
                    after, backoff, lost_at = event.id, 0.25, 0.0
                    yield event
                    if event.type.terminal:
                        return
            except (OSError, websocket.WebSocketException, BackendUnavailable) as error:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > patience_s:
                    raise BackendUnavailable(f"{self.base_url} cannot be reached any more") from error
            time.sleep(backoff)
            backoff = min(_MAX_BACKOFF_S, backoff * 2)

    def _listen(self, review_id: str, after: int) -> Iterator[Event]:
        ticket = self._call("POST", f"/api/review/{review_id}/ticket")["ticket"]
        socket = websocket.create_connection(f"{self._socket_url}?ticket={ticket}", timeout=_SILENCE_S)
        try:
            socket.send(json.dumps({"action": "subscribe", "reviewId": review_id, "lastEventId": after}))
            while message := socket.recv():
                document = json.loads(message)
                if document.get("type") == "error":
                    raise ApiProblem(str(document.get("problem", {}).get("detail", "refused")))
                if "id" in document:
                    yield Event.model_validate(document)
        finally:
            socket.close()

    @property
    def _socket_url(self) -> str:
        parts = urlsplit(self.base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return urlunsplit(parts._replace(scheme=scheme, path=f"{parts.path.rstrip('/')}/ws"))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": "codereview"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  the caller's own server
            self.base_url.rstrip("/") + path, data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                document: dict[str, Any] = json.load(answer)
                return document
        except urllib.error.HTTPError as error:
            raise _problem(error) from error
        except OSError as error:
            raise BackendUnavailable(f"{self.base_url} cannot be reached: {error}") from error


_REVIEW_FIELDS = frozenset(
    field.serialization_alias or field.alias or name for name, field in Review.model_fields.items()
)


def _problem(error: urllib.error.HTTPError) -> CodeReviewError:
    try:
        document = json.load(error)
    except ValueError:
        document = {}
    detail = str(document.get("detail") or document.get("title") or error.reason)
    match error.code:
        case 401 | 403:
            return Unauthenticated(detail)
        case 404:
            return UnknownReview(detail)
        case 502 | 503 | 504:
            return BackendUnavailable(detail)
        case _:
            return ApiProblem(detail)

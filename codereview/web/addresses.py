"""The addresses clients are told."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from codereview.web.schemas import Links


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of one deployment, as one client sees it: ``base`` of the API without a trailing slash, ``socket`` of the
    WebSocket. ``whole``: whether reports and the page are there too."""

    base: str
    socket: str
    whole: bool = True

    @classmethod
    def of_server(cls, base: str) -> Self:
        """Where one server has both: the WebSocket is at /ws."""
        parts = urlsplit(base)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return cls(base, urlunsplit(parts._replace(scheme=scheme, path=f"{parts.path}/ws")))

    def links(self, review_id: str) -> Links:
        """Everything around one review."""
        review = f"{self.base}/api/review/{review_id}"
        return Links(
            review=review,
            events=f"{review}/events",
            findings=f"{review}/findings",
            report=f"{review}/report" if self.whole else None,
            cancel=f"{review}/cancel",
            ticket=f"{review}/ticket",
            page=f"{self.base}/review/{review_id}" if self.whole else None,
        )

    def web_socket_url(self, ticket: str) -> str:
        """Where to follow the review the ticket is for."""
        return f"{self.socket}?{urlencode({'ticket': ticket})}"

"""startReview: submits a review over the socket, as POST /api/review does, and lets the connection follow it."""

from typing import Any

from lambdas._conversations import hear
from lambdas._settings import settings


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """Raises InvalidMessage, BackendUnavailable."""
    settings()
    return hear(event)

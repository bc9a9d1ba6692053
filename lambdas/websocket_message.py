"""$default: subscribe, unsubscribe, cancel, ping; and an answer for everything else."""

from typing import Any

from lambdas._conversations import hear
from lambdas._settings import settings


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """Raises InvalidMessage, BackendUnavailable."""
    settings()
    return hear(event)

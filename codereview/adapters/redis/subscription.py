"""One pub/sub connection to one channel."""

import time
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.client import PubSub

from codereview.adapters.redis.client import translated_errors
from codereview.errors import BackendUnavailable

#: Seconds within which the server must acknowledge a subscription.
_ACKNOWLEDGE_S = 5.0


class Subscription:
    """A subscription the server has acknowledged: what is published from now on arrives, or `get` raises.

    It does not reconnect: whoever holds it knows what was missed and how to fetch it, so a lost connection is told,
    not hidden. ``client`` should be one that does not retry. The constructor and `get` raise BackendUnavailable.
    """

    def __init__(self, client: Redis, channel: str) -> None:
        self._pubsub: PubSub = client.pubsub()  # type: ignore[no-untyped-call]
        try:
            with translated_errors():
                self._pubsub.subscribe(channel)
            self._await_acknowledgement(channel)
        except BaseException:
            self.close()
            raise

    def get(self, timeout_s: float) -> bytes | None:
        """The next message, or None when none came in time."""
        until = time.monotonic() + timeout_s
        while True:
            message = self._next(max(0.0, until - time.monotonic()))
            if message is not None and message["type"] == "message":
                return bytes(message["data"])
            if message is not None and message["type"] == "subscribe":
                raise BackendUnavailable("the subscription was made anew: messages may be missing")
            if time.monotonic() >= until:
                return None

    def close(self) -> None:
        """Leave the channel and close the connection."""
        self._pubsub.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _await_acknowledgement(self, channel: str) -> None:
        until = time.monotonic() + _ACKNOWLEDGE_S
        while (left := until - time.monotonic()) > 0:
            message = self._next(left)
            if message is not None and message["type"] == "subscribe":
                return
        raise BackendUnavailable(f"Redis did not acknowledge the subscription to {channel}")

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        with translated_errors():
            message: dict[str, Any] | None = self._pubsub.get_message(timeout=timeout_s)
            return message

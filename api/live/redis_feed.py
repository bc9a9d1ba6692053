"""The event logs in Redis: one pub/sub connection for any number of reviews."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from api.live.feed import Published, Subscribed, Tail
from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors, without_retries
from codereview.adapters.redis.scripts import Scripts
from codereview.errors import BackendUnavailable

#: Seconds `signals` waits for a message before it says that there was none.
_IDLE_S = 1.0


class RedisFeed:
    """`api.live.feed.LogFeed` on Redis.

    One thread iterates over `signals`; the others may call everything else. Nothing is retried here: the hub knows
    what was missed and asks for it.
    """

    def __init__(self, client: Redis) -> None:
        self._client = without_retries(client)
        self._scripts = Scripts(self._client)
        self._lock = threading.Lock()
        self._wanted: dict[str, str] = {}  # channel -> review id
        self._wanted_any = threading.Event()
        self._pubsub: PubSub | None = None
        self._closed = False

    def watch(self, review_id: str) -> None:
        """See `LogFeed.watch`. SUBSCRIBE is sent from here; its acknowledgement arrives in `signals`."""
        channel = keys.event_channel(review_id)
        with self._lock:
            self._wanted[channel] = review_id
            self._wanted_any.set()
            self._send("subscribe", channel)

    def unwatch(self, review_id: str) -> None:
        """See `LogFeed.unwatch`."""
        channel = keys.event_channel(review_id)
        with self._lock:
            if self._wanted.pop(channel, None) is not None:
                self._send("unsubscribe", channel)
            if not self._wanted:
                self._wanted_any.clear()

    def signals(self) -> Iterator[Subscribed | Published | None]:
        """See `LogFeed.signals`. There is a connection while any review is watched; ends when none is."""
        while not self._wanted_any.wait(_IDLE_S):
            yield None
        try:
            with translated_errors():
                pubsub = self._subscribe()
            while self._wanted_any.is_set() and not self._closed:
                yield self._next(pubsub)
        finally:
            self._drop()

    def reconnect(self) -> None:
        """See `LogFeed.reconnect`."""
        pubsub = self._pubsub
        connection: Any = pubsub.connection if pubsub is not None else None
        if connection is not None:
            # The reader finds the connection closed and raises; it alone replaces it.
            connection.disconnect()

    def tail(self, review_id: str, after: int, limit: int) -> Tail | None:
        """See `LogFeed.tail`: one round trip."""
        reply = self._scripts.run("tail", keys.of_review(review_id), after, limit)
        return None if reply is None else Tail(length=reply[0], over=bool(reply[1]), payloads=reply[2])

    def lengths(self, review_ids: Sequence[str]) -> list[int]:
        """See `LogFeed.lengths`: one round trip."""
        with translated_errors(), self._client.pipeline(transaction=False) as pipe:
            for review_id in review_ids:
                pipe.llen(keys.of_review(review_id).events)
            return [int(length) for length in pipe.execute()]

    def close(self) -> None:
        """See `LogFeed.close`."""
        self._closed = True
        self._wanted_any.set()
        self._client.close()

    def _subscribe(self) -> PubSub:
        """A connection subscribed to everything wanted so far; from then on `watch` sends for itself."""
        pubsub: PubSub = self._client.pubsub()  # type: ignore[no-untyped-call]
        with self._lock:
            first = list(self._wanted)
        if first:
            pubsub.subscribe(*first)
        with self._lock:
            self._pubsub = pubsub
            since = [channel for channel in self._wanted if channel not in first]
            if since:
                pubsub.subscribe(*since)
        return pubsub

    def _send(self, command: str, channel: str) -> None:
        """Send over the shared connection. Where that fails its reader notices, and subscribes to all anew."""
        if self._pubsub is not None:
            with suppress(RedisError, OSError):
                getattr(self._pubsub, command)(channel)

    def _next(self, pubsub: PubSub) -> Subscribed | Published | None:
        with translated_errors():
            message: dict[str, object] | None = pubsub.get_message(timeout=_IDLE_S)
        if message is None:
            return None
        channel = message["channel"]
        review_id = self._wanted.get(channel.decode() if isinstance(channel, bytes) else str(channel))
        data = message["data"]
        if review_id is None:
            return None
        if message["type"] == "subscribe":
            return Subscribed(review_id)
        return Published(review_id, data) if message["type"] == "message" and isinstance(data, bytes) else None

    def _drop(self) -> None:
        with self._lock:
            pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            with suppress(RedisError, OSError, BackendUnavailable):
                pubsub.close()

"""The events of one review as messages, the newest of them in memory."""

import threading
from dataclasses import dataclass
from typing import Any, Self

from pydantic_core import from_json, to_json

from codereview.domain.events import Event
from codereview.ports import EventBus

#: Messages kept in memory; who wants older ones has them read again.
_KEPT = 2_000
#: Bytes of a message that API Gateway takes.
MAX_MESSAGE = 128 * 1024
#: Bytes of a member of an event's data that still goes with a notice.
_SMALL = 1_000


class EventWindow:
    """The log of one review from some event on, as it is sent. One thread appends, any may read."""

    def __init__(self, bus: EventBus, review_id: str, after: int, *, kept: int = _KEPT) -> None:
        self._bus = bus
        self._review_id = review_id
        self._kept = kept
        self._lock = threading.Lock()
        self._before = after  # id of the last event before the first that is kept
        self._messages: list[Message] = []
        self._cut: int | None = None
        #: Whether the last event is the terminal one.
        self.over = False

    @property
    def last_id(self) -> int:
        """Id of the last event there is."""
        with self._lock:
            return self._before + len(self._messages)

    def append(self, event: Event) -> None:
        """Take the next event. One with an id that was there before follows on a log that lost its end."""
        with self._lock:
            before = event.id - 1
            if before < self._before + len(self._messages):
                self._cut = before if self._cut is None else min(self._cut, before)
                del self._messages[max(0, before - self._before) :]
                self._before = min(self._before, before)
            elif before > self._before + len(self._messages):
                self._messages.clear()
                self._before = before
            self._messages.append(Message.of(event))
            if len(self._messages) > self._kept:
                self._before += len(self._messages) - self._kept
                del self._messages[: -self._kept]
            self.over = event.type.terminal

    def take_cut(self) -> int | None:
        """The id of the last event that is left of what was here, if the log lost its end since this was asked."""
        with self._lock:
            cut, self._cut = self._cut, None
            return cut

    def after(self, position: int, limit: int) -> "list[Message]":
        """The messages of the events with id > ``position``, at most ``limit``.

        Raises BackendUnavailable when they have to be read again and cannot be.
        """
        with self._lock:
            skip = position - self._before
            if skip >= 0:
                return self._messages[skip : skip + limit]
            missing = min(limit, -skip)
        events = self._bus.read(self._review_id, after=position, limit=missing)
        return list(map(Message.of, events))


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is sent: JSON, or where that is too large for one message a notice in its place."""

    event_id: int
    #: When the event was emitted (ms since the epoch).
    at: int
    text: bytes

    @classmethod
    def of(cls, event: Event) -> Self:
        """The message of an event."""
        text = event.to_json().encode()
        return cls(event.id, event.at, text if len(text) <= MAX_MESSAGE else notice_of(text))


def notice_of(message: bytes) -> bytes:
    """What stands in for an event that is too large: the same event, without the large members of its data, which
    ``omitted`` names; ``fetch`` says where they are.
    """
    event: dict[str, Any] = from_json(message)
    data = event["data"]
    small = {name: value for name, value in data.items() if len(to_json(value)) <= _SMALL}
    omitted = sorted(data.keys() - small.keys())
    fetch = f"/api/review/{event['reviewId']}/events?after={event['id'] - 1}&limit=1"
    return to_json(event | {"data": {**small, "omitted": omitted, "fetch": fetch}})

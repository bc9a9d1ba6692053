"""A `LogFeed` over any event bus, whose faults a test can command."""

import threading
import time
from collections.abc import Iterator, Sequence

from api.live.feed import Published, Subscribed, Tail
from codereview.errors import BackendUnavailable
from codereview.ports import EventBus, ReviewLedger

_LOOK_S = 0.005


class BusFeed:
    """Looks at the logs it watches every few milliseconds."""

    def __init__(self, bus: EventBus, ledger: ReviewLedger) -> None:
        self._bus = bus
        self._ledger = ledger
        self._told: dict[str, int] = {}  # up to which event `signals` has told
        self._new: list[str] = []
        self._lock = threading.Lock()
        self._closed = False
        self._cut = False
        #: Ids of events whose message is lost.
        self.lost: set[int] = set()
        #: Nothing is heard, and no error either.
        self.deaf = False
        self.away = False
        self.reconnects = 0
        self.subscriptions: list[str] = []

    def watch(self, review_id: str) -> None:
        with self._lock:
            self._new.append(review_id)

    def unwatch(self, review_id: str) -> None:
        with self._lock:
            self._told.pop(review_id, None)

    def signals(self) -> Iterator[Subscribed | Published | None]:
        with self._lock:
            self._new = [*self._told, *self._new]
        while not self._closed:
            if self._cut or self.away:
                self._cut = False
                raise BackendUnavailable("cut")
            yield from self._look()
            time.sleep(_LOOK_S)
            yield None

    def reconnect(self) -> None:
        self.reconnects += 1
        self.deaf = False
        self._cut = True

    cut = reconnect

    def tail(self, review_id: str, after: int, limit: int) -> Tail | None:
        self._check()
        if self._ledger.read(review_id) is None:
            return None
        length = self._bus.last_id(review_id)
        events = self._bus.read(review_id, after=after, limit=limit)
        over = any(event.type.terminal for event in self._bus.read(review_id, after=length - 1))
        return Tail(length, over, [event.to_json().encode() for event in events])

    def lengths(self, review_ids: Sequence[str]) -> list[int]:
        self._check()
        return [self._bus.last_id(review_id) for review_id in review_ids]

    def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self.away:
            raise BackendUnavailable("away")

    def _look(self) -> Iterator[Subscribed | Published]:
        with self._lock:
            new, self._new = self._new, []
        for review_id in new:
            with self._lock:
                self._told[review_id] = self._bus.last_id(review_id)
            self.subscriptions.append(review_id)
            yield Subscribed(review_id)
        for review_id, told in list(self._told.items()):
            for event in self._bus.read(review_id, after=told):
                with self._lock:
                    self._told[review_id] = event.id
                if event.id not in self.lost and not self.deaf:
                    yield Published(review_id, event.to_json().encode())

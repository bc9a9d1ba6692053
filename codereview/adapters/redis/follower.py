"""Following the event log of one review, live."""

import time
from collections.abc import Iterator

from redis import Redis

from codereview.adapters.redis import keys
from codereview.adapters.redis.scripts import Scripts
from codereview.adapters.redis.subscription import Subscription
from codereview.domain.events import Event
from codereview.errors import BackendUnavailable, UnknownReview

#: Seconds of silence after which the log is looked at: a message may have been lost unseen.
_CHECK_S = 2.0
#: Events fetched from the log at a time.
_PAGE = 500
#: Failures in a row after which Redis counts as away, when it was never reached before.
_FIRST_TRIES = 3


class Follower:
    """A cursor into one review's log. The list is the truth; a message only says that, and what, it grew.

    Subscribe, then read the list from the cursor on the acknowledgement, then take messages: one that is the next is
    passed on, an older one dropped, a later one shows a hole, which the list fills.
    """

    def __init__(self, review_id: str, after: int, *, scripts: Scripts, subscriber: Redis) -> None:
        self._review_id = review_id
        self._keys = keys.of_review(review_id)
        self._cursor = max(0, after)
        self._scripts = scripts
        self._subscriber = subscriber
        self._subscription: Subscription | None = None
        self._behind = True
        self._over = False

    def events(self, idle_s: float) -> Iterator[Event | None]:
        """See `codereview.ports.EventBus.follow`. The first contact may raise BackendUnavailable; later outages are
        waited out."""
        idle_at = time.monotonic() + idle_s
        reached, failures = False, 0
        while True:
            try:
                batch = self._next(min(_CHECK_S, max(0.0, idle_at - time.monotonic())))
                reached, failures = True, 0
            except BackendUnavailable:
                failures += 1
                if not reached and failures == _FIRST_TRIES:
                    raise
                self.close()
                time.sleep(min(_pause_s(failures), max(0.0, idle_at - time.monotonic())))
                batch = []
            for event in batch:
                yield event
                idle_at = time.monotonic() + idle_s
            if self._over:
                return
            if time.monotonic() >= idle_at:
                yield None
                idle_at = time.monotonic() + idle_s

    def close(self) -> None:
        """Drop the subscription; the next step makes a new one."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _next(self, timeout_s: float) -> list[Event]:
        if self._subscription is None:
            self._subscription = Subscription(self._subscriber, self._keys.channel)
            self._behind = True
        if self._behind:
            return self._refill()
        message = self._subscription.get(timeout_s)
        if message is None:
            return self._check()
        event = Event.model_validate_json(message)
        if event.id <= self._cursor:
            return []
        if event.id > self._cursor + 1:
            return self._refill()
        self._cursor = event.id
        self._over = event.type.terminal
        return [event]

    def _check(self) -> list[Event]:
        """After a silence: what the log holds beyond the cursor was published and did not arrive."""
        missed = self._refill()
        if missed:
            self.close()
        return missed

    def _refill(self) -> list[Event]:
        reply = self._scripts.run("tail", self._keys, self._cursor, _PAGE)
        if reply is None:
            raise UnknownReview(f"nothing is known of review {self._review_id!r}", reviewId=self._review_id)
        length, over, payloads = reply
        # A server that lost the end of its log in a crash numbers on from what is left.
        self._cursor = min(self._cursor, length) + len(payloads)
        self._behind = self._cursor < length
        self._over = bool(over) and not self._behind
        return [Event.model_validate_json(payload) for payload in payloads]


def _pause_s(failures: int) -> float:
    """How long to wait before the next try: not at all at first, then longer and longer, a second at most."""
    return min(1.0, 0.025 * 2 ** min(failures, 6)) if failures > 1 else 0.0

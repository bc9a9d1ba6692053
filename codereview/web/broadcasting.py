"""Carrying the events of one review from the bus to its connections at API Gateway.

Whoever does it holds a lease, so that one at a time does. What each connection was sent stands in Redis, not in the
process: the next one goes on from there, after a hand-over or a crash. After a crash some messages may be sent a
second time; a client knows them by their ids.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from codereview.domain.reviews import ReviewStatus
from codereview.errors import BackendUnavailable, UnknownReview
from codereview.live_connections import (
    LIFETIME_MS,
    Audience,
    BroadcastStarter,
    ConnectionStore,
    SocketGateway,
)
from codereview.ports import Clock, EventBus
from codereview.web.event_window import EventWindow
from codereview.web.listeners import Listener, Sender, SendingTerms, Sent
from codereview.web.messages import Beat, Refused, Reset
from codereview.web.problems import EventsExpired, problem_document

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BroadcastTerms:
    """How long things take, in seconds unless said otherwise, and how much is done at once."""

    #: Between two looks at who follows.
    look_s: float = 0.25
    heartbeat_s: float = 30.0
    lease_s: float = 6.0
    #: Without anybody who follows.
    patience_s: float = 20.0
    #: Time left at which the next one takes over.
    reserve_s: float = 60.0
    #: For clients to leave by themselves once they have everything.
    farewell_s: float = 2.0
    #: Before API Gateway ends a connection, its client is sent to make a new one.
    before_end_of_life_s: float = 300.0
    #: Hand-overs in a chain. Lambda ends a function that starts itself about sixteen times.
    max_hops: int = 10
    senders: int = 32
    sending: SendingTerms = field(default_factory=SendingTerms)


class Reason(StrEnum):
    """Why a broadcast ended."""

    BUSY = "busy"  # another has the lease
    LOST = "lost"  # another took it
    ENDED = "ended"  # the review has, and everybody knows
    EXPIRED = "expired"  # its events are not kept any more
    NOBODY = "nobody"  # follows
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class BroadcastResult:
    """What became of it."""

    reason: Reason
    sent: Sent


@dataclass(frozen=True, slots=True)
class BroadcastParts:
    """What it takes. ``now``: seconds that only grow."""

    bus: EventBus
    audience: Audience
    store: ConnectionStore
    gateway: SocketGateway
    starter: BroadcastStarter
    clock: Clock
    terms: BroadcastTerms = BroadcastTerms()
    now: Callable[[], float] = time.monotonic


class Broadcaster:
    """Carries the events of reviews, one review for each call of `run`."""

    def __init__(self, parts: BroadcastParts) -> None:
        self._parts = parts
        self._lease_ms = int(parts.terms.lease_s * 1000)

    def run(self, review_id: str, remaining_s: Callable[[], float], *, hop: int = 0) -> BroadcastResult:
        """Carry the review's events until there is a reason to end, at the latest when the next must take over.

        Raises BackendUnavailable when it cannot begin, or cannot hand over.
        """
        audience, token = self._parts.audience, secrets.token_hex(8)
        if not self._take(review_id, token):
            return BroadcastResult(Reason.BUSY, Sent())
        while True:
            run = _Run(self._parts, review_id, token, remaining_s)
            try:
                reason = run.carry()
            finally:
                run.stop()
                if not run.lost:
                    audience.release(review_id, token)
            if reason is Reason.HANDED_OVER:
                self._hand_over(run, review_id, hop)
            elif (
                # Who came between the last look and the release was told that somebody is sending.
                reason in (Reason.ENDED, Reason.NOBODY)
                and audience.positions(review_id)
                and audience.take(review_id, token, ttl_ms=self._lease_ms)
            ):
                continue
            return BroadcastResult(reason, run.sender.sent)

    def _take(self, review_id: str, token: str) -> bool:
        """The lease, at the latest when one that nobody keeps has run out."""
        parts = self._parts
        until = parts.now() + parts.terms.lease_s * 1.1
        while not parts.audience.take(review_id, token, ttl_ms=self._lease_ms):
            if parts.now() > until:
                return False
            time.sleep(min(0.25, parts.terms.lease_s / 4))
        return True

    def _hand_over(self, run: "_Run", review_id: str, hop: int) -> None:
        if hop >= self._parts.terms.max_hops:
            # Clients that come back begin a new chain.
            run.close_all()
            return
        for pause in (0.5, 2.0, None):
            try:
                self._parts.starter.start(review_id, hop + 1)
            except BackendUnavailable:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                return


class _Run:
    """One stretch of work under the lease, in the thread of who called; the messages go out by others."""

    def __init__(self, parts: BroadcastParts, review_id: str, token: str, remaining_s: Callable[[], float]) -> None:
        self._parts = parts
        self._terms, self._audience, self._now = parts.terms, parts.audience, parts.now
        self._review_id = review_id
        self._token = token
        self._remaining_s = remaining_s
        positions = self._audience.positions(review_id)
        start = min([*positions.values(), parts.bus.last_id(review_id)])
        self._window = EventWindow(parts.bus, review_id, start)
        self.sender = Sender(
            review_id,
            window=self._window,
            gateway=parts.gateway,
            audience=parts.audience,
            store=parts.store,
            clock=parts.clock,
            terms=self._terms.sending,
            now=self._now,
        )
        self.listeners: dict[str, Listener] = {}
        self.lost = False
        self._pool = ThreadPoolExecutor(self._terms.senders, thread_name_prefix="send")
        self._nobody_since = self._looked_at = self._renewed_at = self._now()

    def carry(self) -> Reason:
        """Until there is a reason to end."""
        self._look()
        try:
            for _ in self._wakes():
                if self._now() - self._looked_at >= self._terms.look_s and (reason := self._look()):
                    return reason
                self._send_all()
        except UnknownReview as error:
            self._tell_expired(EventsExpired(error.detail, reviewId=self._review_id))
            return Reason.EXPIRED
        raise AssertionError("the wakes never end by themselves")

    def stop(self) -> None:
        """Let nothing more be sent, and wait for what is on its way."""
        self.sender.stopping.set()
        self._pool.shutdown(wait=True)

    def close_all(self) -> None:
        """End every connection that follows; nothing is sent any more."""
        for connection_id, position in self._audience.positions(self._review_id).items():
            self.sender.close(Listener(connection_id, 0, position, position, self._now()))

    def _wakes(self) -> Iterator[None]:
        """Whenever there is something to do, and every few moments in any case."""
        follow = self._parts.bus.follow(self._review_id, after=self._window.last_id, idle_s=self._terms.look_s)
        for event in follow:
            if event is not None:
                self._window.append(event)
            yield
        while True:
            self.sender.stopping.wait(min(0.05, self._terms.look_s))
            yield

    # --- looking around

    def _look(self) -> Reason | None:
        """See who is there, and whether to go on. What cannot be seen now is seen the next time."""
        self._looked_at = self._now()
        if self._remaining_s() <= self._terms.reserve_s:
            return Reason.ENDED if self._seen_off() else Reason.HANDED_OVER
        try:
            if not self._keep_lease():
                self.lost = True
                return Reason.LOST
            self._count()
            self._reset_those_ahead()
        except BackendUnavailable as error:
            log.warning("audience_not_seen", extra={"reviewId": self._review_id, "detail": error.detail})
            return None
        self._greet()
        self._bid_farewell()
        if self.listeners:
            self._nobody_since = self._now()
        elif self._window.over:
            return Reason.ENDED
        elif self._now() - self._nobody_since > self._terms.patience_s:
            return Reason.NOBODY
        return None

    def _keep_lease(self) -> bool:
        if self._now() - self._renewed_at < self._terms.lease_s / 4:
            return True
        self._renewed_at = self._now()
        return self._audience.take(self._review_id, self._token, ttl_ms=int(self._terms.lease_s * 1000))

    def _count(self) -> None:
        """Who is there, and who asked for other events than we believe."""
        # Those who are sent to just now write down where they are while we read.
        idle = [each for each in self.listeners.values() if not each.busy]
        positions = self._audience.positions(self._review_id)
        for listener in idle:
            position = positions.get(listener.id)
            if listener.gone or position is None:
                del self.listeners[listener.id]
            elif position != listener.written:
                listener.position = listener.written = position
        for connection_id in positions.keys() - self.listeners.keys():
            self._admit(connection_id, positions[connection_id])

    def _admit(self, connection_id: str, position: int) -> None:
        connection = self._parts.store.get(connection_id)
        if connection is None:  # it left, or is too old, and was not taken out of the audience
            self._audience.leave(self._review_id, connection_id)
            return
        connected_at = connection.connected_at
        self.listeners[connection_id] = Listener(connection_id, connected_at, position, position, self._now())

    def _reset_those_ahead(self) -> None:
        """Tell those who have events that are not in the log (any more) to forget them."""
        if (cut := self._window.take_cut()) is not None:
            for listener in self.listeners.values():
                listener.cut = cut if listener.cut is None else min(listener.cut, cut)
        last = self._window.last_id
        if any(each.position > last for each in self.listeners.values()):
            # They may be ahead of us only.
            last = max(last, self._parts.bus.last_id(self._review_id))
        for listener in self.listeners.values():
            if listener.busy:
                continue
            end = last if listener.cut is None else min(last, listener.cut)
            listener.cut = None
            if listener.position > end:
                listener.position = end
                listener.notes.append(Reset(review_id=self._review_id, last_event_id=end).to_json().encode())

    def _greet(self) -> None:
        """A heartbeat for who has heard nothing for a while; good-bye to who must connect anew."""
        oldest = self._parts.clock.now_ms() - LIFETIME_MS + int(self._terms.before_end_of_life_s * 1000)
        for listener in self.listeners.values():
            if listener.busy or listener.gone:
                continue
            if listener.connected_at < oldest:
                self.sender.close(listener)
            elif self._now() - listener.last_sent >= self._terms.heartbeat_s and not listener.notes:
                listener.notes.append(self._beat())

    def _beat(self) -> bytes:
        status = ReviewStatus.RUNNING if self._window.last_id > 1 else ReviewStatus.PENDING
        beat = Beat(review_id=self._review_id, at=self._parts.clock.now_ms(), data={"status": str(status)})
        return beat.to_json().encode()

    def _bid_farewell(self) -> None:
        """Close the connections that have everything and do not leave by themselves."""
        if not self._window.over:
            return
        for listener in self.listeners.values():
            if listener.busy or listener.gone or listener.position < self._window.last_id:
                continue
            listener.farewell_at = listener.farewell_at or self._now() + self._terms.farewell_s
            if self._now() >= listener.farewell_at:
                self.sender.close(listener)

    def _seen_off(self) -> bool:
        """Whether there is nothing left to take over: everybody has everything, and is closed now."""
        waiting = [each for each in self.listeners.values() if not each.gone]
        last = self._window.last_id
        if not (self._window.over and waiting) or any(each.busy or each.position < last for each in waiting):
            return False
        for listener in waiting:
            self.sender.close(listener)
        return True

    # --- sending

    def _send_all(self) -> None:
        last = self._window.last_id
        for listener in self.listeners.values():
            if not listener.busy and not listener.gone and (listener.notes or listener.position < last):
                listener.busy = True
                self._pool.submit(self._send_to, listener)

    def _send_to(self, listener: Listener) -> None:
        """Everything there is for a listener, in bursts, as long as each brings it forward."""
        try:
            while not listener.gone and not self.sender.stopping.is_set():
                before = listener.position
                self.sender.burst(listener)
                if listener.position in (before, self._window.last_id) or listener.position != listener.written:
                    break
        except Exception:  # the end of a thread: nobody else would hear of it
            log.exception("sending_failed", extra={"reviewId": self._review_id})
        finally:
            listener.busy = False

    def _tell_expired(self, problem: EventsExpired) -> None:
        refused = Refused(review_id=self._review_id, problem=problem_document(problem, instance="/ws"))
        for connection_id, position in self._audience.positions(self._review_id).items():
            listener = Listener(connection_id, 0, position, position, self._now())
            listener.notes.append(refused.to_json().encode())
            self.sender.burst(listener)
            if not listener.gone:
                self._audience.leave(self._review_id, connection_id)
                self._parts.store.follow(connection_id, "")

"""Connections that follow one review, and sending to each in order, one message at a time."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from codereview.errors import BackendUnavailable
from codereview.live_connections import Audience, ConnectionGone, ConnectionStore, FrameTooLarge, SocketGateway
from codereview.ports import Clock
from codereview.web.event_window import EventWindow, Message, notice_of

log = logging.getLogger(__name__)

#: Messages sent before a connection's position is written down, and its place given to another.
BURST = 20


@dataclass(eq=False, slots=True)
class Listener:
    """A connection as who broadcasts sees it. Only the thread that sends to it changes its position while ``busy``."""

    id: str
    connected_at: int
    #: The last event sent, and the last that is written down.
    position: int
    written: int
    last_sent: float
    busy: bool = False
    gone: bool = False
    #: The last event that is left of what it may have, after the log lost its end.
    cut: int | None = None
    #: When it may be closed, once it has everything.
    farewell_at: float = 0.0
    #: What is not an event, before the next event.
    notes: deque[bytes] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class SendingTerms:
    """Seconds between two tries: the first, the longest; and after how many a connection is given up."""

    first_pause_s: float = 0.05
    longest_pause_s: float = 2.0
    patience_s: float = 30.0


@dataclass(slots=True)
class Sent:
    """What was sent, for the log."""

    messages: int = 0
    retries: int = 0
    gone: int = 0
    #: Milliseconds from the emit of an event to its delivery, of the latest events.
    delays: deque[int] = field(default_factory=lambda: deque(maxlen=10_000))

    def summary(self) -> dict[str, int]:
        """For the log: counts, and how late half and nearly all of the events were (ms)."""
        told = {"messages": self.messages, "retries": self.retries, "gone": self.gone}
        late = sorted(self.delays)
        if late:
            told |= {"delayP50": late[len(late) // 2], "delayP99": late[len(late) * 99 // 100]}
        return told


class Sender:
    """Sends what listeners have not had yet. Its methods may be called by many threads, for a listener by one."""

    def __init__(
        self,
        review_id: str,
        *,
        window: EventWindow,
        gateway: SocketGateway,
        audience: Audience,
        store: ConnectionStore,
        clock: Clock,
        terms: SendingTerms = SendingTerms(),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._review_id = review_id
        self._window = window
        self._gateway = gateway
        self._audience = audience
        self._store = store
        self._clock = clock
        self._began_at = clock.now_ms()
        self._terms = terms
        self._now = now
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self.sent = Sent()

    def burst(self, listener: Listener) -> None:
        """Send the next few messages to a listener and write down how far it got. Raises nothing but bugs."""
        try:
            self._send_notes(listener)
            for message in self._window.after(listener.position, BURST):
                self._send(listener, message.text)
                listener.position = message.event_id
                self._measure(message)
        except _Left:
            self.forget(listener)
            return
        except _Stopped:
            pass
        except BackendUnavailable as error:
            log.warning("events_not_read", extra={"reviewId": self._review_id, "detail": error.detail})
            self.stopping.wait(self._terms.first_pause_s)
        self._write_down(listener)

    def forget(self, listener: Listener) -> None:
        """Its client has left, or was asked to."""
        listener.gone = True
        with self._lock:
            self.sent.gone += 1
        try:
            self._audience.leave(self._review_id, listener.id)
            self._store.remove(listener.id)
        except BackendUnavailable as error:
            # Both expire by themselves; the next one who sends finds out that it is gone.
            log.warning("connection_not_forgotten", extra={"connectionId": listener.id, "detail": error.detail})

    def close(self, listener: Listener) -> None:
        """End the connection; the client comes back if it wants more."""
        self._end(listener)
        self.forget(listener)

    def _end(self, listener: Listener) -> None:
        try:
            self._gateway.close(listener.id)
        except BackendUnavailable as error:
            log.warning("connection_not_closed", extra={"connectionId": listener.id, "detail": error.detail})

    def _measure(self, message: Message) -> None:
        """How late it is; a replay of what was there before says nothing of that."""
        if message.at >= self._began_at:
            with self._lock:
                self.sent.delays.append(self._clock.now_ms() - message.at)

    def _send_notes(self, listener: Listener) -> None:
        while listener.notes:
            self._send(listener, listener.notes[0])
            listener.notes.popleft()

    def _send(self, listener: Listener, message: bytes) -> None:
        """Send one message, however often that has to be tried. Raises _Left, _Stopped."""
        pause, since = self._terms.first_pause_s, self._now()
        while True:
            if self.stopping.is_set():
                raise _Stopped
            try:
                self._gateway.post(listener.id, message)
            except ConnectionGone as error:
                raise _Left from error
            except FrameTooLarge:
                # Counted differently there; a notice fits in any case.
                message = notice_of(message)
                continue
            except BackendUnavailable as error:
                if self._now() - since > self._terms.patience_s:
                    log.warning("connection_given_up", extra={"connectionId": listener.id, "detail": error.detail})
                    self._end(listener)
                    raise _Left from error
                with self._lock:
                    self.sent.retries += 1
                # Apart from each other, since all were refused at once.
                self.stopping.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311  no secret
                pause = min(self._terms.longest_pause_s, pause * 2)
                continue
            listener.last_sent = self._now()
            with self._lock:
                self.sent.messages += 1
            return

    def _write_down(self, listener: Listener) -> None:
        if listener.position == listener.written:
            return
        try:
            moved = self._audience.advance(self._review_id, listener.id, listener.written, listener.position)
        except BackendUnavailable:
            return  # after the next burst, then
        if moved:
            listener.written = listener.position
        # Otherwise the client asked for other events, or left: the next look at the audience tells which.


class _Left(Exception):
    """The client of a connection is not there any more."""


class _Stopped(Exception):
    """Whoever broadcasts is about to end."""

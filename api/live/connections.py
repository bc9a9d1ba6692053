"""The live connections of this process: how many there may be, which are stuck, and when all must go."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from codereview.web.problems import TooManyConnections

log = logging.getLogger(__name__)

_TICK_S = 0.5
#: Bytes the system may hold for a client (Linux doubles it).
_SEND_BUFFER = 128 * 1024
#: A peer that acknowledges nothing for so long is gone.
_UNACKNOWLEDGED_MS = 60_000


@dataclass(eq=False)
class Connection:
    """One WebSocket or SSE stream."""

    #: Called when the connection should look up: the process is about to stop.
    wake: Callable[[], None]
    #: None where the server does not show it.
    peer: socket.socket | None = None
    #: When the write under way began (monotonic seconds).
    writing_since: float | None = None
    opened_at: float = field(default_factory=time.monotonic)
    aborted: bool = False

    def __post_init__(self) -> None:
        if self.peer is None:
            return
        with suppress(OSError):  # what a socket of another kind does not know, it does without
            # What a client does not read waits in the hub, where it is shared, not in the system.
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            # One that vanished without a word is noticed by the heartbeat it does not acknowledge.
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Mark a write, so that one that does not end is noticed."""
        self.writing_since = time.monotonic()
        try:
            yield
        finally:
            self.writing_since = None

    def abort(self) -> None:
        """Cut it: a write blocked on it fails at once."""
        self.aborted = True
        if self.peer is not None:
            with suppress(OSError):
                self.peer.shutdown(socket.SHUT_RDWR)


class Connections:
    """All of them. Safe to share between threads."""

    def __init__(
        self, limit: int, *, write_limit_s: float = 10.0, changed: Callable[[int], None] = lambda _: None
    ) -> None:
        self.limit = limit
        #: Told how many there are, whenever that changes.
        self._changed = changed
        self._write_limit_s = write_limit_s
        self._open: set[Connection] = set()
        self._lock = threading.Lock()
        self._watch: threading.Thread | None = None
        self._draining = False
        self._stopping: Callable[[], bool] = lambda: False

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def draining(self) -> bool:
        """Whether every connection is to close, for its client to come back to another process."""
        return self._draining

    def check_room(self) -> None:
        """Raise TooManyConnections when no further one can be opened."""
        if self._draining or self.count >= self.limit:
            raise TooManyConnections(
                f"{self.count} live connections are open here; the limit is {self.limit}", limit=self.limit
            )

    def add(self, connection: Connection) -> None:
        """Register a connection. Raises TooManyConnections."""
        with self._lock:
            self.check_room()
            self._open.add(connection)
            self._start()
        self._changed(self.count)

    def remove(self, connection: Connection) -> None:
        """It is closed."""
        with self._lock:
            self._open.discard(connection)
        self._changed(self.count)

    def look_after(self, stopping: Callable[[], bool]) -> None:
        """Ask regularly whether the process is about to stop, and drain when it is."""
        with self._lock:
            self._stopping = stopping
            self._start()

    def drain(self) -> None:
        """Have every connection closed."""
        self._draining = True
        for connection in list(self._open):
            connection.wake()

    def _start(self) -> None:
        if self._watch is None:
            self._watch = threading.Thread(target=self._watch_over, name="live-connections", daemon=True)
            self._watch.start()

    def _watch_over(self) -> None:
        while True:
            time.sleep(_TICK_S)
            if self._stopping():
                self.drain()
            late = time.monotonic() - self._write_limit_s
            for connection in list(self._open):
                if connection.writing_since is not None and connection.writing_since < late:
                    log.warning("live_connection_stuck", extra={"limit_s": self._write_limit_s})
                    connection.abort()

"""One bell for everything a WebSocket's handler waits for."""

import threading
from collections.abc import Sequence

#: Messages a client may be ahead of us before its socket is no longer read.
MAX_UNREAD = 16
_LOOK_S = 1.0


class Doorbell:
    """Takes the place of the event `simple_websocket` sets when a message has come in; the hub rings it too.

    Setting it blocks while too many messages are unread, so that a client that floods us is held up, not memory.
    """

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._room = threading.Event()
        self._inbox: Sequence[object] = ()

    def watch(self, inbox: Sequence[object]) -> None:
        """The messages that are unread."""
        self._inbox = inbox

    def ring(self) -> None:
        """Wake the handler."""
        self._rung.set()

    def set(self) -> None:
        """Wake the handler, and wait while it is behind."""
        self._rung.set()
        while len(self._inbox) >= MAX_UNREAD:
            self._room.clear()
            self._rung.set()
            self._room.wait(_LOOK_S)

    def clear(self) -> None:
        """Wait for the next ring."""
        self._rung.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is rung."""
        return self._rung.wait(timeout)

    def make_room(self) -> None:
        """Some messages were read."""
        self._room.set()

    def retire(self) -> None:
        """Nobody reads any more; nobody shall wait."""
        self._inbox = ()
        self._room.set()

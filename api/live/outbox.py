"""Writing to a WebSocket from two threads without their frames mixing."""

import os
import socket
import ssl
import threading

from api.lingering import linger
from api.live.connections import Connection

_LINGER_S = 1.0


class Outbox:
    """Stands in for the socket of a `simple_websocket.Server`, whose receiver answers pings while we send events.

    Unlike a bare ``socket.send`` it sends all of what it is given, and lets the watch over connections see how long
    that takes.
    """

    def __init__(self, peer: socket.socket, connection: Connection) -> None:
        self._peer = peer
        self._connection = connection
        self._lock = threading.Lock()
        #: What `offer` could not send to its end.
        self._rest = b""
        # Under gevent every socket is non-blocking below; with threads, or TLS, there are no short cuts.
        self._direct = not os.get_blocking(peer.fileno()) and not isinstance(peer, ssl.SSLSocket)

    def send(self, data: bytes) -> int:
        """Send all of it. Raises OSError when the peer is gone, or was cut off because it does not read."""
        with self._lock, self._connection.writing():
            rest, self._rest = self._rest, b""
            self._peer.sendall(rest + data if rest else data)
        return len(data)

    def offer(self, data: bytes) -> bool:
        """Send it if the system takes it now; never waits. False: nothing was sent.

        What did not fit of data that was begun goes out with the next `send`, which `unfinished` asks for.
        """
        if not self._direct or self._rest or self._lock.locked():
            return False
        try:
            sent = os.write(self._peer.fileno(), data)
        except OSError:
            return False  # full, or gone: who sends in earnest finds out
        self._rest = data[sent:]
        return True

    @property
    def unfinished(self) -> bool:
        """Whether a frame was begun and not ended."""
        return bool(self._rest)

    def recv(self, size: int) -> bytes:
        """Receive."""
        return self._peer.recv(size)

    def fileno(self) -> int:
        """The descriptor."""
        return self._peer.fileno()

    def close(self) -> None:
        """Close, when the client has read our last words; the handler, which may wait for more, is told at once."""
        self._connection.wake()
        linger(self._peer, _LINGER_S)
        self._peer.close()

"""Writing to a WebSocket from two threads without their frames mixing."""

import socket
import threading

from api.live.connections import Connection


class Outbox:
    """Stands in for the socket of a `simple_websocket.Server`, whose receiver answers pings while we send events.

    Unlike a bare ``socket.send`` it sends all of what it is given, and lets the watch over connections see how long
    that takes.
    """

    def __init__(self, peer: socket.socket, connection: Connection) -> None:
        self._peer = peer
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, data: bytes) -> int:
        """Send all of it. Raises OSError when the peer is gone, or was cut off because it does not read."""
        with self._lock, self._connection.writing():
            self._peer.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        """Receive."""
        return self._peer.recv(size)

    def fileno(self) -> int:
        """The descriptor."""
        return self._peer.fileno()

    def close(self) -> None:
        """Close."""
        self._peer.close()

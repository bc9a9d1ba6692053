"""Closing a connection whose peer may still be sending.

Closing with unread data resets the connection, which may destroy what was sent last on its way: the peer never
learns why. Imports nothing but the standard library: gunicorn's configuration uses it before anything is patched.
"""

import socket
from contextlib import suppress

#: Bytes read on at most.
_ENOUGH = 64 * 1024 * 1024


def linger(peer: socket.socket, seconds: float) -> None:
    """Say that nothing more comes, and read on until the peer is done, or has had ``seconds`` of silence."""
    left = _ENOUGH
    with suppress(OSError):
        peer.shutdown(socket.SHUT_WR)
        peer.settimeout(seconds)
        while left > 0 and (data := peer.recv(65_536)):
            left -= len(data)

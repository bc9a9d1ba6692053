"""The thread that reads a WebSocket."""

import threading


class Receiver(threading.Thread):
    """Starts when its handler is ready, not when the library says so.

    `simple_websocket.Server` starts reading as soon as it has shaken hands. A client that is quick enough to send, and
    to be refused, before the handler has put its `Outbox` in place would be answered past it: the connection closed
    with unread data, and the close frame destroyed on its way.
    """

    def start(self) -> None:
        """Wait for `begin`."""

    def begin(self) -> None:
        """Start reading."""
        super().start()

"""A TCP proxy before a server, which loses replies and lets connections go dead on command."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class BadNetwork:
    """Forwards connections of ``port`` to a local server until told otherwise."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._links: list[_Link] = []
        self._lose_reply_to: bytes | None = None
        self.replies_lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the Redis behind it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def lose_next_reply(self, command: bytes) -> None:
        """Let the next request that contains ``command`` through, and cut its connection before the reply."""
        self._lose_reply_to = command

    def stall(self) -> None:
        """Let every open connection go dead: nothing passes, nothing is closed. New ones work."""
        for link in self._links:
            link.stalled = True

    def loses_reply_to(self, request: bytes) -> bool:
        """Whether the reply to this request is the one to lose."""
        if self._lose_reply_to is None or self._lose_reply_to not in request:
            return False
        self._lose_reply_to = None
        self.replies_lost += 1
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Shut down first: a close alone does not wake the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            link = _Link(self, client, socket.create_connection(("127.0.0.1", self._server_port)))
            self._links.append(link)
            link.start()  # known before anything passes


class _Link:
    def __init__(self, network: BadNetwork, client: socket.socket, server: socket.socket) -> None:
        self.stalled = False
        self._network = network
        self._client, self._server = client, server
        self._cut_at_reply = False

    def start(self) -> None:
        threading.Thread(target=self._forward_requests, daemon=True).start()
        threading.Thread(target=self._forward_replies, daemon=True).start()

    def close(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _forward_requests(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65_536):
                if self._network.loses_reply_to(data):
                    self._cut_at_reply = True
                if not self.stalled:
                    self._server.sendall(data)
        if not self.stalled:
            self.close()

    def _forward_replies(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(65_536):
                if self._cut_at_reply:
                    break
                if not self.stalled:
                    self._client.sendall(data)
        if not self.stalled:
            self.close()

"""A reverse proxy before the API, as there is one in production: under a path, and cutting or refusing on command."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_HEAD_END = b"\r\n\r\n"
_REFUSED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class PageProxy:
    """Forwards what is under ``prefix`` ("/tools/review") to a local server, without the prefix."""

    def __init__(self, server_port: int, prefix: str = "") -> None:
        self._server_port = server_port
        self._prefix = prefix
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._live: list[tuple[socket.socket, socket.socket]] = []
        #: What is refused: "socket", "sse".
        self.refuse: set[str] = set()
        #: Live streams that were let through, by kind.
        self.opened: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where a browser finds the page; without a slash at the end."""
        return f"http://127.0.0.1:{self.port}{self._prefix}"

    def cut(self) -> int:
        """Cut every live stream that is open; how many."""
        with self._lock:
            cut, self._live = self._live, []
        for pair in cut:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(cut)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Shut down first: a close alone does not wake the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head, body = _read_head(client)
            if not head:
                return
            kind = _kind(head)
            if kind in self.refuse or not head.split(b" ", 2)[1].startswith(self._prefix.encode()):
                client.sendall(_REFUSED)
                return
            with socket.create_connection(("127.0.0.1", self._server_port)) as server:
                self._forward(client, server, self._rewritten(head, kind) + body, kind)

    def _forward(self, client: socket.socket, server: socket.socket, request: bytes, kind: str) -> None:
        pair = (client, server)
        if kind:
            with self._lock:
                self._live.append(pair)
                self.opened.append(kind)
        server.sendall(request)
        threading.Thread(target=_pump, args=pair, daemon=True).start()
        _pump(server, client)
        with self._lock:
            if pair in self._live:
                self._live.remove(pair)

    def _rewritten(self, head: bytes, kind: str) -> bytes:
        method, target, rest = head.split(b" ", 2)
        target = target[len(self._prefix) :] or b"/"
        head = b" ".join((method, target, rest))
        if kind == "socket":
            return head
        # One request per connection: then nothing has to be parsed but its head.
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while _HEAD_END not in data:
        more = client.recv(65_536)
        if not more:
            return b"", b""
        data += more
    head, _, body = data.partition(_HEAD_END)
    return head + _HEAD_END, body


def _kind(head: bytes) -> str:
    lowered = head.lower()
    if b"upgrade: websocket" in lowered:
        return "socket"
    return "sse" if b"text/event-stream" in lowered else ""


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)

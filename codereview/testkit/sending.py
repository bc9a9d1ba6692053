"""Sending answers over HTTP: whole, streamed, slow, or broken off in the middle."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from codereview.testkit.exchange import Reply


class Broken(Exception):
    """The connection is to end here."""


class Sender(BaseHTTPRequestHandler):
    """The half of a handler that sends."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send_whole(self, reply: Reply, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """A message in one piece; broken off where the reply says so."""
        data = json.dumps(body).encode()
        cut = reply.cut_at_byte if reply.cut_at is None else reply.cut_at
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers})
        for part in _trickled(data[:cut], reply.byte_delay_s):
            self.wfile.write(part)
        if cut is not None:
            raise Broken

    def send_stream(self, reply: Reply, pieces: Iterable[bytes], kind: str, headers: Mapping[str, str]) -> None:
        """Pieces as they come, in HTTP chunks, so that a break is a break to the client too."""
        self.close_connection = True  # so that a client that nobody closes leaves no open socket behind
        # A client that is not told would send its next call on a connection that is being closed.
        framing = {"Transfer-Encoding": "chunked", "Connection": "close"}
        self._head(200, {"Content-Type": kind, "Cache-Control": "no-cache", **framing, **headers})
        for piece in _until(pieces, reply.cut_at_byte):
            time.sleep(reply.piece_delay_s)
            for part in _trickled(piece, reply.byte_delay_s):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
        if (reply.cut_at is not None and not reply.stream_error) or reply.cut_at_byte is not None:
            raise Broken
        self.wfile.write(b"0\r\n\r\n")

    def send_json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] = {}) -> None:
        """Any other answer, or an error."""
        self.send_data(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    def send_data(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        """Bytes as they are."""
        self._head(status, {**headers, "Content-Length": str(len(data))})
        self.wfile.write(data)

    def drain(self, length: int) -> None:
        """Read a body away: a client that is still sending would not see the answer."""
        while length > 0 and (piece := self.rfile.read(min(length, 1 << 20))):
            length -= len(piece)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _until(pieces: Iterable[bytes], end: int | None) -> Iterator[bytes]:
    """The pieces up to so many bytes."""
    left = end
    for piece in pieces:
        if left is None:
            yield piece
            continue
        if left > 0:
            yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def _trickled(piece: bytes, delay_s: float) -> Iterator[bytes]:
    if not delay_s:
        yield piece
        return
    for at in range(len(piece)):
        time.sleep(delay_s)
        yield piece[at : at + 1]

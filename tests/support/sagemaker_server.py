"""A loopback HTTP server that answers as SageMaker does: AWS event streams, errors by header, whatever a test says."""

import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zlib import crc32


@dataclass
class Answer:
    """What the server says: a body in pieces (each sent at once), or an error."""

    pieces: list[bytes] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: The connection is cut after the pieces.
    cut: bool = False


def message(payload: bytes, **headers: str) -> bytes:
    """One message of AWS's event stream encoding."""
    named = b"".join(
        struct.pack("!B", len(name)) + name + b"\x07" + struct.pack("!H", len(value)) + value
        for name, value in ((key.replace("_", "-").encode(), text.encode()) for key, text in headers.items())
        for name in [b":" + name]
    )
    prelude = struct.pack("!II", 16 + len(named) + len(payload), len(named))
    head = prelude + struct.pack("!I", crc32(prelude))
    return head + named + payload + struct.pack("!I", crc32(head + named + payload))


def part(data: bytes) -> bytes:
    """A part of the container's answer."""
    return message(data, event_type="PayloadPart", content_type="application/octet-stream", message_type="event")


def failure(kind: str, said: str) -> bytes:
    """An error within the stream."""
    body = json.dumps({"Message": said, "ErrorCode": kind}).encode()
    return message(body, exception_type=kind, content_type="application/json", message_type="exception")


def refusal(status: int, code: str, **body: Any) -> Answer:
    """An error instead of a stream."""
    return Answer([json.dumps(body).encode()], status, {"x-amzn-ErrorType": code, "Content-Type": "application/json"})


class SageMakerServer:
    """Gives ``answer`` to every request; ``requests`` are their paths and bodies."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                outer.requests.append((self.path, body))
                said = outer.answer
                self.send_response(said.status)
                defaults = {"Content-Type": "application/vnd.amazon.eventstream", "x-amzn-RequestId": "req-1"}
                # A client that is not told would send its next call on a connection that is being closed.
                framing = {"Transfer-Encoding": "chunked", "Connection": "close"}
                for name, value in {**defaults, **said.headers, **framing}.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in said.pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                if not said.cut:
                    self.wfile.write(b"0\r\n\r\n")
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["SageMakerServer"]:
        """Serve within it."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

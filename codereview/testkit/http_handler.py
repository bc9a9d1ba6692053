"""HTTP for the messages server: paths, bodies, streams, and the ways in which a connection breaks."""

import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from codereview.testkit import clouds, wire
from codereview.testkit.batches import Batches
from codereview.testkit.exchange import Surface
from codereview.testkit.prompt_cache import prompt_tokens
from codereview.testkit.service import MessagesService, Turn
from codereview.testkit.validation import ERROR_TYPES, MAX_BODY, Refused

_BEDROCK = re.compile(r"/model/(?P<model>[^/]+)/(?P<how>invoke|invoke-with-response-stream)$")
_SAGEMAKER = re.compile(r"/endpoints/(?P<endpoint>[^/]+)/(?P<how>invocations|invocations-response-stream)$")
#: The id of a request that was not taken.
_NO_ID = "req_refused"
_BATCH = re.compile(r"/v1/messages/batches/(?P<id>[^/]+)(?P<what>/results|/cancel)?$")


class _Broken(Exception):
    """The connection is to end here."""


class Handler(BaseHTTPRequestHandler):
    """One connection. `service` and `batches` are set by a subclass of each server's own."""

    protocol_version = "HTTP/1.1"
    service: MessagesService
    batches: Batches

    def do_GET(self) -> None:
        """Models and batches."""
        self._routed(self._get, b"")

    def do_POST(self) -> None:
        """Messages, counting, batches, and the ways of the clouds."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self._drain(length)
            self._refuse(Refused(413, "Request exceeds the maximum size"))
            return
        self._routed(self._post, self.rfile.read(length))

    def do_DELETE(self) -> None:
        """Batches."""
        self._routed(self._delete, b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    # --- routes

    def _routed(self, route: Callable[[str, bytes], None], raw: bytes) -> None:
        try:
            route(self.path.partition("?")[0], raw)
        except Refused as refused:
            self._refuse(refused)
        except _Broken:
            self.close_connection = True
        except OSError:
            self.close_connection = True  # whoever listened has gone

    def _get(self, path: str, _: bytes) -> None:
        self.service.authorise(self.headers.get("Authorization") or self.headers.get("x-api-key") or "")
        found = _BATCH.fullmatch(path)
        if found is not None and found["what"] == "/results":
            self._send(200, self.batches.results(found["id"]), {"Content-Type": "application/x-jsonl"})
        elif found is not None:
            self._json(200, self.batches.get(found["id"]))
        elif path == "/v1/messages/batches":
            self._json(200, self.batches.listed())
        elif path == "/v1/models":
            self._json(200, _page([_model(spec) for spec in self.service.models]))
        elif path.startswith("/v1/models/"):
            self._json(200, _model(self.service.spec(urllib.parse.unquote(path.removeprefix("/v1/models/")))))
        else:
            raise Refused(404, f"there is no {path}")

    def _post(self, path: str, raw: bytes) -> None:
        if (cloud := _BEDROCK.search(path)) is not None:
            self._bedrock(urllib.parse.unquote(cloud["model"]), raw, stream=cloud["how"] != "invoke")
            return
        if (cloud := _SAGEMAKER.search(path)) is not None:
            self._sagemaker(raw, stream=cloud["how"] != "invocations")
            return
        key = self.service.authorise(self.headers.get("Authorization") or self.headers.get("x-api-key") or "")
        if not self.headers.get("anthropic-version"):
            raise Refused(400, "anthropic-version: header is required")
        found = _BATCH.fullmatch(path)
        if found is not None and found["what"] == "/cancel":
            self._json(200, self.batches.cancel(found["id"]))
            return
        body = _parsed(raw)
        if path == "/v1/messages":
            self._turn(body, key, "messages", self._native)
        elif path == "/v1/messages/count_tokens":
            self.service.check(body, "messages", counting=True)
            self._json(200, {"input_tokens": prompt_tokens(body)})
        elif path == "/v1/messages/batches":
            self._json(200, self.batches.create(body, self._lowered(), key))
        else:
            raise Refused(404, f"there is no {path}")

    def _delete(self, path: str, _: bytes) -> None:
        self.service.authorise(self.headers.get("Authorization") or self.headers.get("x-api-key") or "")
        found = _BATCH.fullmatch(path)
        if found is None or found["what"]:
            raise Refused(404, f"there is no {path}")
        self._json(200, self.batches.delete(found["id"]))

    # --- one message

    def _turn(self, body: Mapping[str, Any], key: str, surface: Surface, send: Callable[[Turn], None]) -> None:
        try:
            with self.service.turn(body, self._lowered(), key, surface) as turn:
                self._wait(turn)
                send(turn)
        except (Refused, _Broken, OSError):
            raise
        except Exception as failed:  # the rule is the test's own: let its client hear of it, and its console
            self._refuse(Refused(500, f"the rule failed: {failed!r}"))
            raise

    def _wait(self, turn: Turn) -> None:
        time.sleep(turn.reply.delay_s)
        if turn.reply.hang_up:
            raise _Broken

    def _native(self, turn: Turn) -> None:
        reply = turn.reply
        headers = {**self.service.limiter.headers(), "request-id": turn.request_id, **reply.headers}
        if not reply.answers:
            self._fail(turn, headers)
            return
        self.service.begin(turn)
        if turn.asked.body.get("stream"):
            events = wire.events(turn.asked, reply, turn.tokens)
            self._stream(turn, (wire.sse(event) for event in events), "text/event-stream", headers)
        else:
            self._whole(turn, wire.message(turn.asked, reply, turn.tokens), headers)

    def _bedrock(self, model: str, raw: bytes, *, stream: bool) -> None:
        self._signed()
        body = _parsed(raw)
        if "anthropic_version" not in body:
            raise Refused(400, "anthropic_version: Field required")

        def send(turn: Turn) -> None:
            headers = {"x-amzn-requestid": turn.request_id, **turn.reply.headers}
            if not turn.reply.answers:
                self._fail(turn, headers)
                return
            self.service.begin(turn)
            if stream:
                frames = clouds.bedrock_frames(turn.asked, turn.reply, turn.tokens)
                self._stream(turn, frames, clouds.EVENT_STREAM, headers)
            else:
                self._whole(turn, wire.message(turn.asked, turn.reply, turn.tokens), headers)

        self._turn({**body, "model": model}, self.headers["Authorization"].partition("/")[0], "bedrock", send)

    def _sagemaker(self, raw: bytes, *, stream: bool) -> None:
        self._signed()

        def send(turn: Turn) -> None:
            headers = {"x-amzn-requestid": turn.request_id, **turn.reply.headers}
            if not turn.reply.answers:
                self._fail(turn, headers)
                return
            self.service.begin(turn)
            if stream:
                frames = clouds.sagemaker_frames(turn.asked, turn.reply, turn.tokens)
                self._stream(turn, frames, clouds.EVENT_STREAM, headers)
            else:
                self._whole(turn, wire.message(turn.asked, turn.reply, turn.tokens), headers)

        self._turn(_parsed(raw), self.headers["Authorization"].partition("/")[0], "sagemaker", send)

    # --- bodies

    def _whole(self, turn: Turn, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """A message in one piece; broken off where the reply says so."""
        data = json.dumps(body).encode()
        cut = turn.reply.cut_at_byte if turn.reply.cut_at is None else turn.reply.cut_at
        if cut is None:
            self._send(200, data, {"Content-Type": "application/json", **headers})
            return
        self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers})
        self.wfile.write(data[:cut])
        raise _Broken

    def _stream(self, turn: Turn, pieces: Iterable[bytes], kind: str, headers: Mapping[str, str]) -> None:
        """Pieces as they come, in HTTP chunks, so that a break is a break to the client too."""
        reply = turn.reply
        self.close_connection = True  # so that a client that nobody closes leaves no open socket behind
        self._head(200, {"Content-Type": kind, "Transfer-Encoding": "chunked", "Cache-Control": "no-cache", **headers})
        for piece in _until(pieces, reply.cut_at_byte):
            time.sleep(reply.piece_delay_s)
            for part in _trickled(piece, reply.byte_delay_s):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
        if (reply.cut_at is not None and not reply.stream_error) or reply.cut_at_byte is not None:
            raise _Broken
        self.wfile.write(b"0\r\n\r\n")

    def _fail(self, turn: Turn, headers: Mapping[str, str]) -> None:
        """The error, or the nonsense, that the rule asks for."""
        reply = turn.reply
        if reply.raw is not None:
            self._send(reply.status, reply.raw.encode(), {"Content-Type": "application/json", **headers})
            return
        if turn.asked.surface in ("bedrock", "sagemaker"):
            status, told, body = clouds.failure(turn.asked.surface, reply)
            self._json(status, body, {**told, **headers})
            return
        kind = reply.error or ERROR_TYPES.get(reply.status, "api_error")
        self._json(reply.status, wire.error(kind, reply.message, turn.request_id), headers)

    def _refuse(self, refused: Refused) -> None:
        if self.path.startswith("/v1/"):
            body = wire.error(refused.type, refused.message, _NO_ID)
            self._json(refused.status, body, {"request-id": _NO_ID})
            return
        status, headers, told = clouds.refused(refused)
        self._json(status, told, headers)

    def _json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] = {}) -> None:
        self._send(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self._head(status, {**headers, "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drain(self, length: int) -> None:
        """Read the body away: a client that is still sending would not see the answer."""
        while length > 0 and (piece := self.rfile.read(min(length, 1 << 20))):
            length -= len(piece)

    def _signed(self) -> None:
        """Whether a cloud's request was signed. Raises Refused; the signature itself is not checked."""
        if not (self.headers.get("Authorization") or "").startswith(("AWS4-HMAC-SHA256 Credential=", "Bearer ")):
            raise Refused(403, "Missing Authentication Token")

    def _lowered(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "The request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, "The request body is not a JSON object")
    return body


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


def _page(data: list[dict[str, Any]]) -> dict[str, Any]:
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return {"data": data, "has_more": False, **ends}


def _model(spec: Any) -> dict[str, Any]:
    return {
        "id": spec.id,
        "type": "model",
        "display_name": spec.id.replace("-", " ").title(),
        "lifecycle": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": spec.context_tokens,
        "max_tokens": spec.max_output_tokens,
    }

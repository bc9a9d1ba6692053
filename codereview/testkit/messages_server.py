"""A local HTTP server that speaks Anthropic's Messages API: the real client talks to it, and its answers are a test's.

It streams as the service does, bills prompts by a simulated prefix cache, refuses what the service refuses, breaks
when told to, and keeps a ledger of every request, so that a bill can be compared with it to the cent::

    with MessagesServer(lambda asked: answer(findings=[…])) as server:
        client = anthropic.Anthropic(api_key="k", base_url=server.url)
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from codereview.domain.tokens import Spend, Tokens
from codereview.model_catalogue import ModelCatalogue
from codereview.testkit.exchange import Asked, Reply, Rule
from codereview.testkit.prompt_cache import Admission, PromptCache, count

_STATUS_ERRORS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
_SAMPLING = ("temperature", "top_p", "top_k")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what it was billed. ``tokens`` is empty for one that failed before its answer began."""

    asked: Asked
    reply: Reply
    tokens: Tokens
    nano_usd: int


class MessagesServer:
    """The server. ``rule`` decides what each request gets; it may be replaced while it runs.

    ``catalogue`` prices the requests and names the models there are. ``minimum`` is the shortest prefix, in tokens,
    that is cached; ``clock`` (seconds) drives its expiry.
    """

    def __init__(
        self,
        rule: Rule,
        catalogue: ModelCatalogue,
        *,
        keys: tuple[str, ...] = (),
        minimum: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rule = rule
        self.entries: list[Entry] = []
        self.most_at_once = 0
        self._catalogue = catalogue
        self._keys = keys
        self._cache = PromptCache(clock, minimum=minimum)
        self._lock = threading.Lock()
        self._now = self._asked = 0
        server = self

        class Handler(_Handler):
            kit = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def spend(self) -> Spend:
        """Everything that was billed."""
        billed = [entry for entry in self.entries if entry.tokens.total]
        return Spend(len(billed), sum((e.tokens for e in billed), Tokens()), sum(entry.nano_usd for entry in billed))

    @property
    def asked(self) -> list[Asked]:
        """Every request to messages."""
        return [entry.asked for entry in self.entries]

    # --- what the handler calls

    def authorised(self, header: str) -> bool:
        """Whether the header carries a key the server knows; any key when it was told none."""
        key = header.removeprefix("Bearer ").strip()
        return bool(key) and (not self._keys or key in self._keys)

    def known(self, model: str) -> bool:
        """Whether there is such a model."""
        return model in self._catalogue.specs

    def begin(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[Asked, Reply]:
        """Take a request in and decide on it."""
        with self._lock:
            self._asked += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            asked = Asked(body, headers, self._asked)
        return asked, self.rule(asked)

    def admit(self, asked: Asked) -> Admission:
        """Price its prompt."""
        return self._cache.admit(asked.body, asked.headers.get("authorization", ""))

    def begun(self, admission: Admission) -> None:
        """Its answer begins."""
        self._cache.begun(admission)

    def end(self, asked: Asked, reply: Reply, tokens: Tokens = Tokens()) -> None:  # noqa: B008  frozen
        """It is over, and was billed this."""
        cost = self._catalogue.spec(asked.model).nano_usd(tokens) if tokens.total else 0
        with self._lock:
            self._now -= 1
            self.entries.append(Entry(asked, reply, tokens, cost))


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kit: MessagesServer

    def do_GET(self) -> None:
        model = self.path.partition("?")[0].rpartition("/")[2]
        if not self.path.startswith("/v1/models/") or not self.kit.known(model):
            self._error(404, "not_found_error", f"model: {model}")
            return
        facts = {"id": model, "type": "model", "display_name": model, "lifecycle": "active"}
        self._json(200, {**facts, "created_at": "2026-01-01T00:00:00Z", "max_input_tokens": 1_000_000})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        try:
            body = self._checked(raw)
        except _Refused as refused:
            self._error(refused.status, _STATUS_ERRORS[refused.status], str(refused))
            return
        if path == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": count(Asked(body, {}, 0).text)})
        elif path == "/v1/messages":
            self._messages(body)
        else:
            self._error(404, "not_found_error", f"there is no {path}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _checked(self, raw: bytes) -> dict[str, Any]:
        """The request's body. Raises _Refused for what the service refuses."""
        if not self.kit.authorised(self.headers.get("Authorization") or ""):
            raise _Refused(401, "invalid x-api-key")
        try:
            body: dict[str, Any] = json.loads(raw)
        except ValueError as error:
            raise _Refused(400, "the body is not JSON") from error
        if not self.kit.known(str(body.get("model"))):
            raise _Refused(404, f"model: {body.get('model')}")
        for name in _SAMPLING:
            if name in body:
                raise _Refused(400, f"{name}: no longer supported by this model")
        if not body.get("messages") or body["messages"][0].get("role") != "user":
            raise _Refused(400, "messages: the first message must be the user's")
        if "max_tokens" not in body and "count_tokens" not in self.path:
            raise _Refused(400, "max_tokens: Field required")
        return body

    def _messages(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked, reply = self.kit.begin(body, headers)
        time.sleep(reply.delay_s)
        if reply.raw is not None:
            self.kit.end(asked, reply)
            self._send(reply.status, reply.raw.encode(), reply.headers)
        elif reply.status != 200:
            self.kit.end(asked, reply)
            self._error(reply.status, reply.error, reply.message, reply.headers)
        else:
            self._answer(asked, _fitted(reply, int(body["max_tokens"])), stream=bool(body.get("stream")))

    def _answer(self, asked: Asked, reply: Reply, *, stream: bool) -> None:
        try:
            admission = self.kit.admit(asked)
        except ValueError as error:
            self.kit.end(asked, reply)
            self._error(400, "invalid_request_error", str(error))
            return
        shown = reply.text if reply.cut_at is None else reply.text[: reply.cut_at]
        output = count(shown) + reply.thinking_tokens + (reply.cut_at is None)
        tokens = replace(admission.tokens, output=output)
        self.kit.begun(admission)
        try:
            if stream:
                self._stream(asked, reply, shown, tokens)
            else:
                self._json(200, _message(asked, reply, tokens), reply.headers)
        finally:
            self.kit.end(asked, reply, tokens)

    def _stream(self, asked: Asked, reply: Reply, shown: str, tokens: Tokens) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Connection": "close", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("request-id", f"req_{asked.number:06}")
        self.end_headers()
        self.close_connection = True
        start = _message(asked, reply, replace(tokens, output=1)) | {"content": [], "stop_reason": None}
        try:
            self._event("message_start", {"message": start})
            self._event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
            self._event("ping", {})
            for at in range(0, len(shown), reply.piece):
                time.sleep(reply.piece_delay_s)
                delta = {"type": "text_delta", "text": shown[at : at + reply.piece]}
                self._event("content_block_delta", {"index": 0, "delta": delta})
            if reply.stream_error:
                self._event("error", {"error": {"type": reply.stream_error, "message": reply.message}})
            elif reply.cut_at is None:
                self._event("content_block_stop", {"index": 0})
                self._event("message_delta", {"delta": _stopped(reply), "usage": {"output_tokens": tokens.output}})
                self._event("message_stop", {})
        except OSError:
            return  # whoever listened has gone

    def _event(self, kind: str, data: Mapping[str, Any]) -> None:
        self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
        self.wfile.flush()

    def _error(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_error"}
        self._json(status, body, headers)

    def _json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers or {})

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _fitted(reply: Reply, max_tokens: int) -> Reply:
    """The reply cut to the request's limit, as the service cuts it."""
    room = max(0, max_tokens - reply.thinking_tokens)
    if count(reply.text) <= room:
        return reply
    return replace(reply, text=reply.text.encode()[: room * 4].decode(errors="ignore"), stop_reason="max_tokens")


def _message(asked: Asked, reply: Reply, tokens: Tokens) -> dict[str, Any]:
    return {
        "id": f"msg_{asked.number:06}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [{"type": "text", "text": reply.text}],
        **_stopped(reply),
        "usage": {
            "input_tokens": tokens.input,
            "cache_creation_input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
            "cache_creation": {
                "ephemeral_5m_input_tokens": tokens.cache_write_5m,
                "ephemeral_1h_input_tokens": tokens.cache_write_1h,
            },
            "cache_read_input_tokens": tokens.cache_read,
            "output_tokens": tokens.output,
            "output_tokens_details": {"thinking_tokens": reply.thinking_tokens},
        },
    }


def _stopped(reply: Reply) -> dict[str, Any]:
    details = {"type": "refusal", "category": reply.category or None} if reply.stop_reason == "refusal" else None
    return {"stop_reason": reply.stop_reason, "stop_sequence": None, "stop_details": details}

"""HTTP for the messages server: which path leads where, and how errors are told there."""

import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from codereview.domain.pricing import ModelSpec
from codereview.domain.tokens import Tokens
from codereview.testkit import clouds, wire
from codereview.testkit.batches import Batches
from codereview.testkit.exchange import Asked, Reply, Surface
from codereview.testkit.prompt_cache import prompt_tokens
from codereview.testkit.sending import Broken, Sender
from codereview.testkit.service import MessagesService, Turn
from codereview.testkit.validation import ERROR_TYPES, MAX_BODY, Refused

_BEDROCK = re.compile(r"/model/(?P<model>[^/]+)/(?P<how>invoke|invoke-with-response-stream)$")
_SAGEMAKER = re.compile(r"/endpoints/(?P<endpoint>[^/]+)/(?P<how>invocations|invocations-response-stream)$")
#: The id of a request that was not taken.
_NO_ID = "req_refused"
_BATCH = re.compile(r"/v1/messages/batches/(?P<id>[^/]+)(?P<what>/results|/cancel)?$")

#: How each surface frames a stream, and what it calls that.
_FRAMES: dict[Surface, tuple[str, Callable[[Asked, Reply, Tokens], Iterator[bytes]]]] = {
    "messages": ("text/event-stream", wire.sse_frames),
    "bedrock": (clouds.EVENT_STREAM, clouds.bedrock_frames),
    "sagemaker": (clouds.EVENT_STREAM, clouds.sagemaker_frames),
}


class Handler(Sender):
    """One connection. `service` and `batches` are set by a subclass of each server's own."""

    service: MessagesService
    batches: Batches

    def do_GET(self) -> None:  # noqa: N802  as http.server names it
        """Models and batches."""
        self._routed(self._get, b"")

    def do_POST(self) -> None:  # noqa: N802  as http.server names it
        """Messages, counting, batches, and the ways of the clouds."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.drain(length)
            self._refuse(Refused(413, "Request exceeds the maximum size"))
            return
        self._routed(self._post, self.rfile.read(length))

    def do_DELETE(self) -> None:  # noqa: N802  as http.server names it
        """Batches."""
        self._routed(self._delete, b"")

    # --- routes

    def _routed(self, route: Callable[[str, bytes], None], raw: bytes) -> None:
        try:
            route(self.path.partition("?")[0], raw)
        except Refused as refused:
            self._refuse(refused)
        except (Broken, OSError):  # as the reply wants it, or whoever listened has gone
            self.close_connection = True

    def _get(self, path: str, _: bytes) -> None:
        self._key()
        found = _BATCH.fullmatch(path)
        if found is not None and found["what"] == "/results":
            self.send_data(200, self.batches.results(found["id"]), {"Content-Type": "application/x-jsonl"})
        elif found is not None:
            self.send_json(200, self.batches.get(found["id"]))
        elif path == "/v1/messages/batches":
            self.send_json(200, self.batches.listed())
        elif path == "/v1/models":
            self.send_json(200, _page([_model(spec) for spec in self.service.models]))
        elif path.startswith("/v1/models/"):
            self.send_json(200, _model(self.service.spec(urllib.parse.unquote(path.removeprefix("/v1/models/")))))
        else:
            raise Refused(404, f"there is no {path}")

    def _post(self, path: str, raw: bytes) -> None:
        if (cloud := _BEDROCK.search(path)) is not None:
            model = urllib.parse.unquote(cloud["model"])
            self._cloud(model, raw, "bedrock", stream=cloud["how"] != "invoke")
            return
        if (cloud := _SAGEMAKER.search(path)) is not None:
            self._cloud(None, raw, "sagemaker", stream=cloud["how"] != "invocations")
            return
        key = self._key()
        if not self.headers.get("anthropic-version"):
            raise Refused(400, "anthropic-version: header is required")
        found = _BATCH.fullmatch(path)
        if found is not None and found["what"] == "/cancel":
            self.send_json(200, self.batches.cancel(found["id"]))
            return
        body = _parsed(raw)
        if path == "/v1/messages":
            self._turn(body, key, "messages", stream=bool(body.get("stream")))
        elif path == "/v1/messages/count_tokens":
            self.service.check(body, "messages", counting=True)
            self.send_json(200, {"input_tokens": prompt_tokens(body)})
        elif path == "/v1/messages/batches":
            self.send_json(200, self.batches.create(body, self._lowered(), key))
        else:
            raise Refused(404, f"there is no {path}")

    def _delete(self, path: str, _: bytes) -> None:
        self._key()
        found = _BATCH.fullmatch(path)
        if found is None or found["what"]:
            raise Refused(404, f"there is no {path}")
        self.send_json(200, self.batches.delete(found["id"]))

    # --- one message

    def _cloud(self, model: str | None, raw: bytes, surface: Surface, *, stream: bool) -> None:
        """A cloud says by its path whether to stream, and Bedrock which model to ask, too."""
        signed = self.headers.get("Authorization") or ""
        if not signed.startswith(("AWS4-HMAC-SHA256 Credential=", "Bearer ")):  # the signature itself is not checked
            raise Refused(403, "Missing Authentication Token")
        body = _parsed(raw)
        if surface == "bedrock" and "anthropic_version" not in body:
            raise Refused(400, "anthropic_version: Field required")
        named = body if model is None else {**body, "model": model}
        self._turn(named, signed.partition("/")[0], surface, stream=stream)

    def _turn(self, body: Mapping[str, Any], key: str, surface: Surface, *, stream: bool) -> None:
        try:
            with self.service.turn(body, self._lowered(), key, surface) as turn:
                time.sleep(turn.reply.delay_s)
                self._answer(turn, stream=stream)
        except (Refused, Broken, OSError):
            raise
        except Exception as failed:  # the rule is the test's own: let its client hear of it, and its console
            self._refuse(Refused(500, f"the rule failed: {failed!r}"))
            raise

    def _answer(self, turn: Turn, *, stream: bool) -> None:
        asked, reply = turn.asked, turn.reply
        if reply.hang_up:
            raise Broken
        headers = {"x-amzn-requestid": turn.request_id, **reply.headers}
        if asked.surface == "messages":
            headers = {**self.service.limiter.headers(), "request-id": turn.request_id, **reply.headers}
        if not reply.answers:
            self._fail(turn, headers)
            return
        self.service.begin(turn)
        if stream:
            kind, frames = _FRAMES[asked.surface]
            self.send_stream(reply, frames(asked, reply, turn.tokens), kind, headers)
        else:
            self.send_whole(reply, wire.message(asked, reply, turn.tokens), headers)

    def _fail(self, turn: Turn, headers: Mapping[str, str]) -> None:
        """The error, or the nonsense, that the rule asks for."""
        reply = turn.reply
        if reply.raw is not None:
            self.send_data(reply.status, reply.raw.encode(), {"Content-Type": "application/json", **headers})
            return
        if turn.asked.surface in ("bedrock", "sagemaker"):
            status, told, body = clouds.failure(turn.asked.surface, reply)
            self.send_json(status, body, {**told, **headers})
            return
        kind = reply.error or ERROR_TYPES.get(reply.status, "api_error")
        self.send_json(reply.status, wire.error(kind, reply.message, turn.request_id), headers)

    def _refuse(self, refused: Refused) -> None:
        if self.path.startswith("/v1/"):
            body = wire.error(refused.type, refused.message, _NO_ID)
            self.send_json(refused.status, body, {"request-id": _NO_ID})
            return
        status, headers, told = clouds.refused(refused)
        self.send_json(status, told, headers)

    def _key(self) -> str:
        return self.service.authorise(self.headers.get("Authorization") or self.headers.get("x-api-key") or "")

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


def _page(data: list[dict[str, Any]]) -> dict[str, Any]:
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return {"data": data, "has_more": False, **ends}


def _model(spec: ModelSpec) -> dict[str, Any]:
    return {
        "id": spec.id,
        "type": "model",
        "display_name": spec.id.replace("-", " ").title(),
        "lifecycle": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": spec.context_tokens,
        "max_tokens": spec.max_output_tokens,
    }

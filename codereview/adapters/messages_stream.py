"""An answer in the Messages format as it arrives over a wire, cut anywhere: server-sent events or one JSON a line."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from codereview.domain.tokens import Tokens
from codereview.language_model import (
    ModelCall,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    Stop,
    StreamBroken,
)

_STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "max_tokens": Stop.TRUNCATED,
    "model_context_window_exceeded": Stop.CONTEXT_EXCEEDED,
    "refusal": Stop.REFUSED,
}
_REJECTIONS = {"invalid_request_error", "authentication_error", "permission_error", "not_found_error", "billing_error"}


class MessageStream:
    """Feed it the chunks; it hands text on as it comes, and has the reply at the end.

    Where the server does not say how many tokens it used they are estimated, and the reply says so.
    """

    def __init__(self, call: ModelCall, on_text: Callable[[str], None], *, estimate: Callable[[str], int]) -> None:
        self._call = call
        self._on_text = on_text
        self._estimate = estimate
        self._ends_at = time.monotonic() + call.timeout_s
        self._pieces: list[str] = []
        self._prompt: Tokens | None = None
        self._output: int | None = None
        self._stop: str | None = None
        self._category = ""
        self._model = call.model
        self._id = ""
        self._ended = False

    def read(self, chunks: Iterable[bytes]) -> None:
        """Take in the whole stream. Raises StreamBroken when it ends, or takes too long, before its end."""
        rest = b""
        for chunk in chunks:
            if time.monotonic() > self._ends_at:
                raise StreamBroken(
                    f"no whole answer in {self._call.timeout_s:.0f} s", tokens=self.tokens(), request_id=self._id
                )
            # Lines are decoded whole: a chunk may end within a character.
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._line(line)
        self._line(rest)
        if not self._ended:
            raise StreamBroken("the answer broke off", tokens=self.tokens(), request_id=self._id)

    def take(self, event: dict[str, Any]) -> None:
        """Take in one event. Raises ModelError for an event that tells of one."""
        match event:
            case {"type": "message_start", "message": dict(message)}:
                self._begin(message)
            case {"type": "content_block_start", "content_block": {"type": "text", "text": str(text)}}:
                self._text(text)
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
                self._text(text)
            case {"type": "message_delta", "delta": dict(delta)}:
                self._finish(delta, event.get("usage"))
            case {"type": "message_stop"}:
                self._ended = True
            case {"type": "error", "error": dict(error)}:
                raise self._failure(str(error.get("type", "")), str(error.get("message", "")))
            case {"type": "message", "content": list(content)}:  # a server that does not stream
                self._begin(event)
                for block in content:
                    if isinstance(block, dict) and block.get("type") == "text":
                        self._text(str(block.get("text", "")))
                self._finish(event, event.get("usage"))
                self._ended = True

    def reply(self) -> ModelReply:
        """The answer. Raises ModelUnavailable when it stopped for a reason that none of our calls can have."""
        stop = _STOPS.get(self._stop or "")
        if stop is None:
            raise ModelUnavailable(f"the model stopped for an unknown reason ({self._stop})", tokens=self.tokens())
        return ModelReply(
            "".join(self._pieces),
            stop,
            self.tokens(),
            self._model,
            self._category,
            self._id,
            estimated=self._prompt is None or self._output is None,
        )

    def tokens(self) -> Tokens:
        """What was used so far; of a stream that broke off at least what arrived."""
        if not (self._id or self._pieces or self._prompt or self._ended):
            return Tokens()
        prompt = self._prompt if self._prompt is not None else Tokens(input=self._estimate(prompt_text(self._call)))
        if self._ended and self._output is not None:
            return replace(prompt, output=self._output)
        return replace(prompt, output=max(self._output or 0, self._estimate("".join(self._pieces))))

    def _line(self, line: bytes) -> None:
        line = line.strip()
        if line.startswith(b"data:"):
            line = line[5:].strip()
        elif not line.startswith(b"{"):
            return  # an event's name, a comment, or the empty line between two
        if not line or line == b"[DONE]":
            return
        try:
            event = json.loads(line)
        except ValueError as error:
            raise StreamBroken("the answer cannot be read", tokens=self.tokens(), request_id=self._id) from error
        if isinstance(event, dict):
            self.take(event)

    def _begin(self, message: dict[str, Any]) -> None:
        self._id, self._model = str(message.get("id") or ""), str(message.get("model") or self._call.model)
        usage = message.get("usage")
        if isinstance(usage, dict) and isinstance(usage.get("input_tokens"), int):
            self._prompt = _prompt_tokens(usage)

    def _finish(self, delta: dict[str, Any], usage: object) -> None:
        self._stop = delta.get("stop_reason") or self._stop
        match delta.get("stop_details"):
            case {"category": str(category)}:
                self._category = category
        match usage:
            case {"output_tokens": int(count)}:
                self._output = count

    def _failure(self, kind: str, message: str) -> Exception:
        said = f"the answer failed: {message[:300] or kind}"
        if kind == "rate_limit_error":
            return ModelThrottled(said, tokens=self.tokens(), request_id=self._id)
        error = ModelRejected if kind in _REJECTIONS else StreamBroken
        return error(said, tokens=self.tokens(), request_id=self._id)

    def _text(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._on_text(piece)


def whole_reply(call: ModelCall, message: dict[str, Any], *, estimate: Callable[[str], int]) -> ModelReply:
    """The reply that a whole message of the API is. Raises ModelUnavailable as `MessageStream.reply` does."""
    stream = MessageStream(call, lambda _: None, estimate=estimate)
    stream.take({**message, "type": "message"})
    return stream.reply()


def prompt_text(call: ModelCall) -> str:
    """The whole prompt of a call, its schema too, as it is counted."""
    blocks = "\n".join(block.text for block in (*call.system, *call.content))
    return f"{blocks}\n{json.dumps(dict(call.schema))}"


def _prompt_tokens(usage: dict[str, Any]) -> Tokens:
    written = usage.get("cache_creation_input_tokens") or 0
    for_an_hour = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
    return Tokens(
        input=usage["input_tokens"],
        cache_read=usage.get("cache_read_input_tokens") or 0,
        cache_write_5m=written - for_an_hour,
        cache_write_1h=for_an_hour,
    )

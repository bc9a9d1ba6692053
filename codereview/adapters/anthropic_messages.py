"""Claude by the Messages API: Anthropic's own service, Amazon Bedrock, or any compatible base URL.

The only importer of the anthropic package. Written against its version 2.12, where answers are constrained by
``output_config.format`` and sampling parameters no longer exist.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, assert_never

from codereview.adapters.anthropic_errors import explained
from codereview.domain.tokens import Tokens
from codereview.language_model import Block, ModelCall, ModelReply, ModelUnavailable, Stop, StreamBroken

if TYPE_CHECKING:
    from anthropic import Anthropic, AnthropicBedrock
    from anthropic.types import RawMessageStreamEvent, Usage

Provider = Literal["anthropic", "bedrock"]

#: Seconds to connect, and between two pieces of an answer (the service pings more often than that).
_CONNECT_S, _SILENCE_S = 5.0, 90.0


class AnthropicModel:
    """One provider of Claude. Threads share its client; a forked child makes its own.

    ``api_key`` "" leaves the credentials to Anthropic's client (environment, profile, workload identity) or to
    boto3's. ``resolve`` turns a model's name into the provider's id for it.
    """

    def __init__(
        self,
        *,
        provider: Provider = "anthropic",
        api_key: str = "",
        base_url: str = "",
        region: str = "",
        resolve: Callable[[str], str] = str,
    ) -> None:
        self._provider: Provider = provider
        self._api_key = api_key or None
        self._base_url = base_url or None
        self._region = region or None
        self._resolve = resolve
        self._lock = threading.Lock()
        self._pid = 0
        self._client_of_process: Anthropic | AnthropicBedrock | None = None

    @property
    def name(self) -> str:
        """The provider."""
        return self._provider

    def client(self) -> "Anthropic | AnthropicBedrock":
        """The client of this process, made when first used. Raises ModelRejected when it cannot be made."""
        with self._lock:
            if self._client_of_process is None or self._pid != os.getpid():
                self._client_of_process, self._pid = self._make(), os.getpid()
            return self._client_of_process

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = lambda _: None) -> ModelReply:
        """Ask once, streaming: see `codereview.language_model.LanguageModel.complete`."""
        self.client()  # made before the clock of the call starts: loading the package takes its time
        answer = _Answer(call, on_text)
        with explained(answer.tokens), self._stream(call) as events:
            answer.read(events)
        return answer.reply()

    def count_tokens(self, call: ModelCall) -> int | None:
        """Tokens of the prompt; None on Bedrock, whose client has no such call."""
        if self._provider == "bedrock":
            return None
        params = self.params(call)
        wanted = ("model", "system", "messages", "output_config", "thinking")
        with explained():
            counted = self.client().messages.count_tokens(**{name: params[name] for name in wanted if name in params})
        return counted.input_tokens

    def describe(self, model: str) -> Mapping[str, str]:
        """Lifecycle and limits of a model; on Bedrock, which lists none here, only its id."""
        client, resolved = self.client(), self._resolve(model)
        if self._provider == "bedrock":
            return {"id": resolved}
        with explained():
            info = client.models.retrieve(resolved)  # type: ignore[union-attr]  # Bedrock returned above
        facts = {"id": info.id, "name": info.display_name, "lifecycle": info.lifecycle}
        if info.retires_at is not None:
            facts["retires"] = info.retires_at.date().isoformat()
        if info.max_input_tokens:
            facts["input tokens"] = str(info.max_input_tokens)
        return facts

    def params(self, call: ModelCall) -> dict[str, Any]:
        """The call in the API's words, without ``stream``."""
        import anthropic  # noqa: PLC0415  it takes a second to import, which no review without a model pays

        schema = anthropic.transform_schema(dict(call.schema))
        return {
            "model": self._resolve(call.model),
            "max_tokens": call.max_output_tokens,
            "system": [_block(block) for block in call.system],
            "messages": [{"role": "user", "content": [_block(block) for block in call.content]}],
            "output_config": {"effort": call.effort, "format": {"type": "json_schema", "schema": schema}},
            "thinking": {"type": "adaptive", "display": "omitted"},
        }

    @contextmanager
    def _stream(self, call: ModelCall) -> "Iterator[Iterator[RawMessageStreamEvent]]":
        import httpx2  # noqa: PLC0415  as anthropic

        patience = httpx2.Timeout(min(_SILENCE_S, call.timeout_s), connect=_CONNECT_S)
        with self.client().messages.create(**self.params(call), stream=True, timeout=patience) as stream:
            yield iter(stream)

    def _make(self) -> "Anthropic | AnthropicBedrock":
        import anthropic  # noqa: PLC0415  as above

        with explained():
            if self._provider == "bedrock":
                return anthropic.AnthropicBedrock(aws_region=self._region, base_url=self._base_url, max_retries=0)
            if self._provider == "anthropic":
                return anthropic.Anthropic(api_key=self._api_key, base_url=self._base_url, max_retries=0)
        assert_never(self._provider)


class _Answer:
    """An answer as it streams in."""

    def __init__(self, call: ModelCall, on_text: Callable[[str], None]) -> None:
        self._call = call
        self._on_text = on_text
        self._ends_at = time.monotonic() + call.timeout_s
        self._pieces: list[str] = []
        self._billed = Tokens()
        self._stop: str | None = None
        self._category = ""
        self._model = call.model
        self._id = ""
        self._ended = False

    def tokens(self) -> Tokens:
        """What was billed so far, as far as one can tell: of an answer that broke off the provider never says how
        many tokens it wrote, so what arrived is counted, at three bytes a token and never less."""
        if self._ended:
            return self._billed
        arrived = -(-sum(len(piece.encode()) for piece in self._pieces) // 3)
        return Tokens(
            input=self._billed.input,
            cache_read=self._billed.cache_read,
            cache_write_5m=self._billed.cache_write_5m,
            cache_write_1h=self._billed.cache_write_1h,
            output=max(self._billed.output, arrived),
        )

    def read(self, events: "Iterator[RawMessageStreamEvent]") -> None:
        """Take in the whole stream. Raises StreamBroken when it ends, or takes too long, before its end."""
        for event in events:
            if time.monotonic() > self._ends_at:
                raise StreamBroken(f"no whole answer in {self._call.timeout_s:.0f} s", tokens=self.tokens())
            self._take(event)
        if not self._ended:
            raise StreamBroken("the answer broke off", tokens=self.tokens(), request_id=self._id)

    def reply(self) -> ModelReply:
        """The answer. Raises ModelUnavailable when it stopped for a reason that none of our calls can have."""
        text = "".join(self._pieces)
        match self._stop:
            case "end_turn" | "stop_sequence":
                stop = Stop.END
            case "max_tokens":
                stop = Stop.TRUNCATED
            case "model_context_window_exceeded":
                stop = Stop.CONTEXT_EXCEEDED
            case "refusal":
                stop = Stop.REFUSED
            case other:
                raise ModelUnavailable(f"the model stopped for an unknown reason ({other})", tokens=self._billed)
        return ModelReply(text, stop, self._billed, self._model, self._category, self._id)

    def _take(self, event: "RawMessageStreamEvent") -> None:
        match event.type:
            case "message_start":
                self._id, self._model = event.message.id, event.message.model or self._call.model
                self._billed = _tokens(event.message.usage)
                self._on_text("")
            case "content_block_start" if event.content_block.type == "text" and event.content_block.text:
                self._text(event.content_block.text)
            case "content_block_delta" if event.delta.type == "text_delta":
                self._text(event.delta.text)
            case "message_delta":
                self._stop = event.delta.stop_reason or self._stop
                if event.delta.stop_details is not None:
                    self._category = event.delta.stop_details.category or ""
                self._billed = Tokens(
                    input=self._billed.input,
                    cache_read=self._billed.cache_read,
                    cache_write_5m=self._billed.cache_write_5m,
                    cache_write_1h=self._billed.cache_write_1h,
                    output=event.usage.output_tokens,
                )
            case "message_stop":
                self._ended = True

    def _text(self, piece: str) -> None:
        self._pieces.append(piece)
        self._on_text(piece)


def _block(block: Block) -> dict[str, Any]:
    param: dict[str, Any] = {"type": "text", "text": block.text}
    if block.cached:
        param["cache_control"] = {"type": "ephemeral", "ttl": "1h"} if block.long_lived else {"type": "ephemeral"}
    return param


def _tokens(usage: "Usage") -> Tokens:
    written = usage.cache_creation_input_tokens or 0
    for_an_hour = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation is not None else 0
    return Tokens(
        input=usage.input_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write_5m=written - for_an_hour,
        cache_write_1h=for_an_hour,
        output=usage.output_tokens,
    )

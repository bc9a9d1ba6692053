"""Anthropic's Message Batches, for `codereview.adapters.batched_model`."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from codereview.adapters.anthropic_errors import explained
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.messages_stream import whole_reply
from codereview.domain.estimating import estimate_tokens
from codereview.language_model import (
    ModelCall,
    ModelError,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
)

if TYPE_CHECKING:
    from anthropic.types.messages.message_batch_result import MessageBatchResult

_TOO_LONG = re.compile(r"too long|context (?:window|length|limit)|too many (?:input )?tokens", re.IGNORECASE)
_PASSING = frozenset({"api_error", "overloaded_error", "timeout_error"})


class AnthropicBatches:
    """`codereview.adapters.batched_model.BatchApi` of the Anthropic API; Bedrock has none in this form."""

    def __init__(self, model: AnthropicModel) -> None:
        self._model = model
        #: The calls of batches under way, whose results name them.
        self._calls: dict[str, Mapping[str, ModelCall]] = {}

    def create(self, calls: Mapping[str, ModelCall]) -> str:
        """Begin a batch of calls; its id."""
        requests = [{"custom_id": name, "params": self._model.params(call)} for name, call in calls.items()]
        with explained():
            batch = self._batches().create(requests=requests)
        self._calls[batch.id] = calls
        return str(batch.id)

    def ended(self, batch_id: str) -> bool:
        """Whether every call of it has its result."""
        with explained():
            return bool(self._batches().retrieve(batch_id).processing_status == "ended")

    def results(self, batch_id: str) -> Iterable[tuple[str, ModelReply | ModelError]]:
        """The result of each call of an ended batch."""
        calls = self._calls[batch_id]
        with explained():
            lines = list(self._batches().results(batch_id))
        self._calls.pop(batch_id, None)
        return [(line.custom_id, _result(calls[line.custom_id], line.result)) for line in lines]

    def cancel(self, batch_id: str) -> None:
        """End it soon."""
        with explained():
            self._batches().cancel(batch_id)

    def _batches(self) -> Any:
        return self._model.client().messages.batches


def _result(call: ModelCall, result: "MessageBatchResult") -> ModelReply | ModelError:
    if result.type == "succeeded":
        try:
            return whole_reply(call, result.message.model_dump(mode="json"), estimate=estimate_tokens)
        except ModelError as error:
            return error
    if result.type != "errored":
        return ModelUnavailable(f"the batch was {result.type} before the call was made")
    kind, said = str(result.error.error.type), result.error.error.message
    request_id = result.error.request_id or ""
    if kind == "rate_limit_error":
        return ModelThrottled(f"the provider's rate limit was reached: {said}", request_id=request_id)
    if kind in _PASSING:
        return ModelUnavailable(f"the provider failed: {said}", request_id=request_id)
    refusal = PromptTooLong if kind == "request_too_large" or _TOO_LONG.search(said) else ModelRejected
    return refusal(f"the provider refused ({kind}): {said}", request_id=request_id)

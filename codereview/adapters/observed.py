"""Ports with a tracer around them, where somebody watches."""

from collections.abc import Callable, Iterator, Mapping

from codereview.domain.events import Event, EventDraft
from codereview.domain.findings import Finding
from codereview.language_model import LanguageModel, ModelCall, ModelError, ModelReply
from codereview.ports import Attributes, Emitted, EventBus, Lease, SpanKind, Tracer


class TracedBus:
    """An event bus whose emits are spans."""

    def __init__(self, bus: EventBus, tracer: Tracer) -> None:
        self._bus = bus
        self._tracer = tracer

    def emit(self, draft: EventDraft, *, lease: Lease | None = None, finding: Finding | None = None) -> Emitted:
        """See `codereview.ports.EventBus`."""
        about = {"codereview.review.id": draft.review_id, "messaging.destination.name": f"events:{draft.review_id}"}
        with self._tracer.span(f"emit {draft.type}", about, kind=SpanKind.PRODUCER) as span:
            emitted = self._bus.emit(draft, lease=lease, finding=finding)
            span.set({"codereview.emitted": str(emitted)})
            return emitted

    def read(self, review_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """See `codereview.ports.EventBus`."""
        return self._bus.read(review_id, after=after, limit=limit)

    def last_id(self, review_id: str) -> int:
        """See `codereview.ports.EventBus`."""
        return self._bus.last_id(review_id)

    def findings(self, review_id: str) -> list[Finding]:
        """See `codereview.ports.EventBus`."""
        return self._bus.findings(review_id)

    def follow(self, review_id: str, *, after: int = 0, idle_s: float = 15.0) -> Iterator[Event | None]:
        """See `codereview.ports.EventBus`."""
        return self._bus.follow(review_id, after=after, idle_s=idle_s)


class TracedModel:
    """A language model whose calls are spans, by the conventions for generative AI; nothing of a prompt is in them."""

    def __init__(self, model: LanguageModel, tracer: Tracer) -> None:
        self._model = model
        self._tracer = tracer

    @property
    def name(self) -> str:
        """The provider."""
        return self._model.name

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = lambda _: None) -> ModelReply:
        """See `codereview.language_model.LanguageModel`."""
        about: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self.name,
            "gen_ai.request.model": call.model,
            "gen_ai.request.max_tokens": call.max_output_tokens,
            "codereview.purpose": call.purpose,
        }
        with self._tracer.span(f"chat {call.model}", about, kind=SpanKind.CLIENT) as span:
            try:
                reply = self._model.complete(call, on_text)
            except ModelError as error:
                span.set({"gen_ai.usage.input_tokens": error.tokens.prompt})
                raise
            span.set(
                {
                    "gen_ai.response.model": reply.model,
                    "gen_ai.response.id": reply.request_id,
                    "gen_ai.usage.input_tokens": reply.tokens.prompt,
                    "gen_ai.usage.output_tokens": reply.tokens.output,
                    "codereview.stop": str(reply.stop),
                }
            )
            return reply

    def count_tokens(self, call: ModelCall) -> int | None:
        """See `codereview.language_model.LanguageModel`."""
        return self._model.count_tokens(call)

    def describe(self, model: str) -> Mapping[str, str]:
        """See `codereview.language_model.LanguageModel`."""
        return self._model.describe(model)

"""The port to language models: what a call asks, what comes back, and the ways in which it fails.

A model only reads and answers: it has no tools. Adapters are in `codereview.adapters`; each makes one attempt per call
and retries nothing, because the layer above owns retries, fallback, budgets and the circuit breaker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from codereview.domain.tokens import Tokens
from codereview.errors import CodeReviewError

NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a prompt. ``cached`` ends a prefix that later calls repeat: a cache breakpoint stands behind it;
    ``long_lived`` asks to keep that prefix for an hour instead of minutes."""

    text: str
    cached: bool = False
    long_lived: bool = False


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One question to one model. ``system`` then ``content`` (the user's turn) make the prompt, in this order."""

    model: str
    system: tuple[Block, ...]
    content: tuple[Block, ...]
    #: JSON Schema of the answer, an object at its root.
    schema: Mapping[str, Any]
    max_output_tokens: int
    #: "low", "medium" or "high".
    effort: str = "medium"
    #: What the call is for, e.g. "find:injection"; for metrics and logs.
    purpose: str = ""
    timeout_s: float = 300.0


class Stop(StrEnum):
    """Why the model stopped."""

    END = "end"
    TRUNCATED = "truncated"  # the output limit was reached
    CONTEXT_EXCEEDED = "context exceeded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A whole answer. ``model`` is the one that answered, which a provider may name more exactly than it was asked."""

    text: str
    stop: Stop
    tokens: Tokens
    model: str
    refusal_category: str = ""
    request_id: str = ""
    #: The provider did not say how many tokens it used: they are estimated here.
    estimated: bool = False


class LanguageModel(Protocol):
    """A provider of models."""

    @property
    def name(self) -> str:
        """The provider, e.g. "anthropic", "bedrock", "sagemaker"."""
        ...

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = ...) -> ModelReply:
        """Ask once. ``on_text`` gets "" when the answer begins, and then the answer piece by piece as it streams; what
        it raises stops the call.

        Raises ModelError of one kind or another, never an exception of the provider's own package.
        """
        ...

    def count_tokens(self, call: ModelCall) -> int | None:
        """Tokens of the prompt as the provider counts them, or None where it cannot tell."""
        ...

    def describe(self, model: str) -> Mapping[str, str]:
        """What the provider says of a model, for `codereview doctor`. Raises ModelError when it cannot be used."""
        ...


class ModelError(CodeReviewError):
    """The model did not answer."""

    slug = "model-error"
    status = 502
    title = "The model did not answer"

    def __init__(self, detail: str = "", *, tokens: Tokens = NO_TOKENS, request_id: str = "", **fields: object) -> None:
        super().__init__(detail, **fields)
        #: What the provider billed, as far as it was told, before the call failed.
        self.tokens = tokens
        self.request_id = request_id


class ModelUnavailable(ModelError):
    """The provider cannot be reached, is overloaded, or failed on its side: worth another try, or another model."""


class StreamBroken(ModelUnavailable):
    """The answer broke off. What came before was handed to ``on_text``; ``tokens`` holds what is known of the bill."""


class ModelThrottled(ModelError):
    """The provider's rate limit: it holds for the key, so another model would not help."""

    slug = "model-throttled"
    status = 429

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None, **fields: Any) -> None:
        super().__init__(detail, **fields)
        self.retry_after_s = retry_after_s


class PromptTooLong(ModelError):
    """The prompt is larger than the model, or the provider, takes: split it."""


class ModelRejected(ModelError):
    """The provider will not serve this: wrong credentials, no permission, no such model, no credit, a bad request.
    Trying again is no use."""


class UnknownModelPrice(ModelError):
    """There is no price for this model, so that no budget could be kept."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which models do what. The fallbacks are tried in order when a model refuses or cannot be had."""

    main: str
    cheap: str
    fallbacks: tuple[str, ...] = field(default=())

"""What a model can take and what it costs."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from codereview.domain.tokens import Tokens

#: A dollar per million tokens, in nano-dollars per token.
_NANO_PER_TOKEN = 1_000


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """US dollars per million tokens. Of a prompt longer than ``long_prompt.above_tokens`` every token of the call,
    output included, costs what ``long_prompt.price`` says."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    long_prompt: "LongPrompt | None" = None

    def nano_usd(self, tokens: Tokens, *, share: Decimal = Decimal(1)) -> int:
        """What ONE call costs: exact, then rounded up to a whole nano-dollar. ``share`` of the price is paid, e.g.
        Decimal("0.5") in a batch.

        The sum of several calls has another price where there is one for long prompts: price each by itself.
        """
        price = self
        if self.long_prompt is not None and tokens.prompt > self.long_prompt.above_tokens:
            price = self.long_prompt.price
        usd_per_million = (
            Fraction(price.input) * tokens.input
            + Fraction(price.output) * tokens.output
            + Fraction(price.cache_read) * tokens.cache_read
            + Fraction(price.cache_write_5m) * tokens.cache_write_5m
            + Fraction(price.cache_write_1h) * tokens.cache_write_1h
        )
        return ceil(usd_per_million * _NANO_PER_TOKEN * Fraction(share))


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """Another price for calls whose prompt, cached parts included, has more tokens than ``above_tokens``."""

    above_tokens: int
    price: ModelPrice


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model: its limits in tokens and its price."""

    #: The provider's own name, e.g. "claude-sonnet-5-5".
    id: str
    context_tokens: int
    max_output_tokens: int
    #: A shorter prefix is not cached, whatever is asked.
    min_cache_tokens: int
    price: ModelPrice
    #: Its name on Amazon Bedrock; "" where it has none.
    bedrock_id: str = ""
    #: Further names it is asked for by.
    aliases: tuple[str, ...] = ()
    #: What a batch takes off the price, e.g. Decimal("0.5").
    batch_discount: Decimal = Decimal(0)

    def nano_usd(self, tokens: Tokens, *, batch: bool = False) -> int:
        """What one call costs, in nano-dollars, rounded up."""
        return self.price.nano_usd(tokens, share=1 - self.batch_discount if batch else Decimal(1))

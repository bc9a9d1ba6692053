"""What a review used: time, tokens, money."""

from pydantic import NonNegativeFloat, NonNegativeInt

from codereview.domain.model import Model
from codereview.domain.tokens import NANO, Spend


class Usage(Model):
    """Tokens and US dollars; zero everywhere when no model ran."""

    requests: NonNegativeInt = 0
    input_tokens: NonNegativeInt = 0
    cache_read_tokens: NonNegativeInt = 0
    cache_write_tokens: NonNegativeInt = 0
    output_tokens: NonNegativeInt = 0
    cost_usd: NonNegativeFloat = 0.0

    @property
    def tokens(self) -> int:
        """Tokens in and out, cached or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens + self.output_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


def usage_of(spend: Spend) -> Usage:
    """A bill as it is shown; exact in whole nano-dollars, which a float holds up to millions of dollars."""
    tokens = spend.tokens
    return Usage(
        requests=spend.requests,
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
        output_tokens=tokens.output,
        cost_usd=spend.nano_usd / NANO,
    )


class Metrics(Model):
    """Figures of one finished review. Durations in milliseconds."""

    duration_ms: NonNegativeInt = 0
    queue_ms: NonNegativeInt = 0
    files: NonNegativeInt = 0
    lines: NonNegativeInt = 0
    finding_count: NonNegativeInt = 0
    units: NonNegativeInt = 0
    units_failed: NonNegativeInt = 0
    attempts: NonNegativeInt = 0
    usage: Usage = Usage()

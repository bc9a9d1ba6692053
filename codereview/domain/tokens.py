"""Counting tokens of model calls, and money in whole nano-dollars so that sums are exact."""

from dataclasses import dataclass, fields

#: Nano-dollars in a US dollar. The cheapest token there is costs a few of them, so integers lose nothing.
NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one or several calls, by how they are billed. No token is counted twice: the whole prompt of a call
    is ``input + cache_read + cache_write_5m + cache_write_1h``. ``output`` includes thinking."""

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0

    @property
    def prompt(self) -> int:
        """Tokens that went in, cached or not."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def total(self) -> int:
        """Tokens that went in and came out."""
        return self.prompt + self.output

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tokens)))


@dataclass(frozen=True, slots=True)
class Spend:
    """What was used and what it cost."""

    requests: int = 0
    tokens: Tokens = Tokens()
    nano_usd: int = 0

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(self.requests + other.requests, self.tokens + other.tokens, self.nano_usd + other.nano_usd)

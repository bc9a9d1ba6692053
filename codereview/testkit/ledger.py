"""What a server was asked and what it billed, with prices worked out by arithmetic of its own.

That the arithmetic is not the product's is the point: a bill compared with this ledger is compared with something else
than itself.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from codereview.domain.pricing import ModelPrice, ModelSpec
from codereview.domain.tokens import NANO, Spend, Tokens
from codereview.testkit.exchange import Asked, Reply

_MILLION = Decimal(1_000_000)


def cost_usd(price: ModelPrice, tokens: Tokens, *, share: Decimal = Decimal(1)) -> Decimal:
    """US dollars, exact, of one call. ``share`` of the price is paid."""
    if price.long_prompt is not None:
        whole = tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h
        if whole > price.long_prompt.above_tokens:
            return cost_usd(price.long_prompt.price, tokens, share=share)
    lines = (
        (tokens.input, price.input),
        (tokens.output, price.output),
        (tokens.cache_read, price.cache_read),
        (tokens.cache_write_5m, price.cache_write_5m),
        (tokens.cache_write_1h, price.cache_write_1h),
    )
    return sum((rate * number for number, rate in lines), Decimal(0)) / _MILLION * share


def bill(spec: ModelSpec, tokens: Tokens, *, batch: bool) -> int:
    """Nano-dollars of one call, a begun one counting whole."""
    share = 1 - spec.batch_discount if batch else Decimal(1)
    return int((cost_usd(spec.price, tokens, share=share) * NANO).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what it was billed. ``tokens`` is empty for one that failed before its answer began."""

    asked: Asked
    reply: Reply
    tokens: Tokens
    nano_usd: int

    @property
    def usd(self) -> Decimal:
        """What it cost."""
        return Decimal(self.nano_usd) / NANO

    def line(self) -> dict[str, Any]:
        """The entry as a ledger file has it, without prompt and answer."""
        return {
            "number": self.asked.number,
            "attempt": self.asked.attempt,
            "surface": self.asked.surface,
            "model": self.asked.model,
            "status": self.reply.status,
            "stopReason": self.reply.stop_reason if self.reply.answers else None,
            "tokens": asdict(self.tokens),
            "nanoUsd": self.nano_usd,
            "usd": str(self.usd),
        }


class Ledger:
    """Every request, in the order they were answered. Safe to share between threads.

    ``file`` gets a line of JSON for each; `read_file` adds one up again, e.g. in another process.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._file = file
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Write it down."""
        with self._lock:
            self.entries.append(entry)
            if self._file is not None:
                with self._file.open("a") as lines:
                    lines.write(json.dumps(entry.line()) + "\n")

    def spend(self, wanted: Callable[[Entry], bool] = lambda _: True) -> Spend:
        """What was billed, of all entries or of those wanted."""
        billed = [entry for entry in list(self.entries) if entry.tokens.total and wanted(entry)]
        return Spend(len(billed), sum((e.tokens for e in billed), Tokens()), sum(entry.nano_usd for entry in billed))


def read_file(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a ledger's file."""
    for line in file.read_text().splitlines():
        yield json.loads(line)


def spend_in(file: Path) -> Spend:
    """What a ledger's file adds up to."""
    lines = [line for line in read_file(file) if line["nanoUsd"]]
    tokens = sum((Tokens(**line["tokens"]) for line in lines), Tokens())
    return Spend(len(lines), tokens, sum(line["nanoUsd"] for line in lines))

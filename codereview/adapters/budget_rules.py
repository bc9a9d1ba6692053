"""Rules of budgets, circuit breakers, prompt prefixes and cached answers that every adapter follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from codereview.spending import CapName, Caps, Refusal

#: A call that is not settled after this long is taken for dead, its worker with it.
RESERVATION_TTL_S = 900.0
#: An hour's budget is kept this long after its last change.
HOUR_TTL_S = 7_200.0

#: Failures in a row within the window that open a breaker, and how long it stays open.
FAILURES, WINDOW_S, COOL_DOWN_S = 5, 60.0, 30.0
#: How long others wait for the call that tries an open model again, before another one may.
PROBE_S = 60.0

#: A provider keeps a prefix for five minutes after its last use; this is within them.
PREFIX_TTL_S = 270.0
#: A leader that neither opened nor abandoned its prefix is taken for dead after this long.
LEAD_TTL_S = 60.0

#: Cached answers: kept this long after their last use, this much of them, and none larger than that.
ANSWER_TTL_S = 7 * 86_400.0
ANSWERS_BYTES = 64_000_000
ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a budget is gone: spent (calls of dead workers too), and held by calls under way."""

    spent_nano_usd: int = 0
    spent_tokens: int = 0
    held_nano_usd: int = 0
    held_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call wants set aside, and the least it can do with."""

    want_nano_usd: int
    want_tokens: int
    least_nano_usd: int
    least_tokens: int

    def __post_init__(self) -> None:
        if not (0 <= self.least_nano_usd <= self.want_nano_usd and 0 <= self.least_tokens <= self.want_tokens):
            raise ValueError("the least must be between nothing and what is wanted")


def grant(wish: Wish, caps: Caps, review: Used, hour: Used) -> tuple[int, int] | Refusal:
    """Nano-dollars and tokens to set aside, or why not. Of several caps in the way the one that no wait cures is
    named, else the first."""
    nano_usd, tokens = wish.want_nano_usd, wish.want_tokens
    refusals: list[Refusal] = []
    for name, spent, held, least in _each(wish, review, hour):
        limit = caps.limit(name)
        if limit is None:
            continue
        left = limit - spent - held
        if left < least:
            refusals.append(Refusal(name, limit, spent, held, least, wait=limit - spent >= least))
        if name in (CapName.REVIEW_USD, CapName.HOUR_USD):
            nano_usd = min(nano_usd, left)
        else:
            tokens = min(tokens, left)
    return min(refusals, key=lambda refusal: refusal.wait) if refusals else (nano_usd, tokens)


def hour_of(now_ms: int) -> str:
    """The hour whose budget a call burdens, e.g. "2026-11-22T14" (UTC)."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%dT%H")


def _each(wish: Wish, review: Used, hour: Used) -> Iterable[tuple[CapName, int, int, int]]:
    yield CapName.REVIEW_USD, review.spent_nano_usd, review.held_nano_usd, wish.least_nano_usd
    yield CapName.REVIEW_TOKENS, review.spent_tokens, review.held_tokens, wish.least_tokens
    yield CapName.HOUR_USD, hour.spent_nano_usd, hour.held_nano_usd, wish.least_nano_usd
    yield CapName.HOUR_TOKENS, hour.spent_tokens, hour.held_tokens, wish.least_tokens

"""The ports through which every worker keeps to the same budgets, leaves a failing model alone, and shares the
provider's prompt cache and earlier answers. `codereview.adapters` has them in memory and on Redis."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Protocol

from codereview.domain.tokens import NANO, Spend


class CapName(StrEnum):
    """Which limit it is."""

    REVIEW_USD = "review_usd"
    REVIEW_TOKENS = "review_tokens"
    HOUR_USD = "hour_usd"
    HOUR_TOKENS = "hour_tokens"


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of one review, and of the whole deployment in an hour of the clock (UTC). None: no limit."""

    review_nano_usd: int | None = None
    review_tokens: int | None = None
    hour_nano_usd: int | None = None
    hour_tokens: int | None = None

    @classmethod
    def of_dollars(
        cls,
        *,
        review_usd: Decimal | None = None,
        review_tokens: int | None = None,
        hour_usd: Decimal | None = None,
        hour_tokens: int | None = None,
    ) -> "Caps":
        """The caps with their money in US dollars; a part of a nano-dollar is cut off."""
        return cls(
            review_nano_usd=None if review_usd is None else int(review_usd * NANO),
            review_tokens=review_tokens,
            hour_nano_usd=None if hour_usd is None else int(hour_usd * NANO),
            hour_tokens=hour_tokens,
        )

    def limit(self, name: CapName) -> int | None:
        """One of them, in nano-dollars or tokens."""
        match name:
            case CapName.REVIEW_USD:
                return self.review_nano_usd
            case CapName.REVIEW_TOKENS:
                return self.review_tokens
            case CapName.HOUR_USD:
                return self.hour_nano_usd
            case CapName.HOUR_TOKENS:
                return self.hour_tokens


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money and tokens set aside for one call: no other call can have them until it is settled or released."""

    id: str
    review_id: str
    #: The hour whose budget it burdens, e.g. "2026-11-22T14".
    hour: str
    nano_usd: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that would exceed a budget. Amounts are in nano-dollars or tokens, as the cap is."""

    cap: CapName
    limit: int
    spent: int
    #: Set aside for calls under way.
    held: int
    #: The least the call needs.
    least: int
    #: Whether only calls under way stand in the way, so that waiting for them may help.
    wait: bool

    @property
    def reason(self) -> str:
        """A sentence for a person: which budget, how much of it is used, and what was needed."""
        whose = "the review" if self.cap in (CapName.REVIEW_USD, CapName.REVIEW_TOKENS) else "this hour"
        held = f" and {self._amount(self.held)} set aside for calls under way" if self.held else ""
        return (
            f"the budget of {whose}, {self._amount(self.limit)}, does not allow another call:"
            f" {self._amount(self.spent)} spent{held}; the call needs {self._amount(self.least)}"
        )

    def _amount(self, number: int) -> str:
        if self.cap in (CapName.REVIEW_TOKENS, CapName.HOUR_TOKENS):
            return f"{number:,} tokens"
        usd = (Decimal(number) / NANO).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        dollars, _, fraction = f"{usd:,.4f}".partition(".")
        return f"${dollars}.{fraction[:2]}{fraction[2:].rstrip('0')}"


class SpendLedger(Protocol):
    """What reviews spend and may spend. Every operation is atomic, whatever the number of workers.

    A reservation that is not settled within the ledger's time for it (its worker died) can no longer be waited for:
    all of it counts as spent until it is settled or released after all.
    """

    def reserve(
        self,
        review_id: str,
        *,
        want_nano_usd: int,
        want_tokens: int,
        least_nano_usd: int,
        least_tokens: int,
        caps: Caps,
    ) -> Reservation | Refusal:
        """Set aside what a call may cost: as much as is wanted, or what is left within every cap, but never less
        than the least. Raises BackendUnavailable."""
        ...

    def settle(self, reservation: Reservation, spend: Spend) -> None:
        """Book what the call really cost, more or less than was reserved, and free the rest. Of several settlements
        of one reservation the first counts. Raises BackendUnavailable."""
        ...

    def release(self, reservation: Reservation) -> None:
        """Free it: there was no call, or one that cost nothing. Raises BackendUnavailable."""
        ...

    def spent(self, review_id: str) -> Spend:
        """The bill of a review so far. A call whose worker died stands in it with all that was reserved for it, its
        tokens as input. Raises BackendUnavailable."""
        ...


class CircuitBreaker(Protocol):
    """Stops calls to a model that failed several times in a row within a while, by any worker; after a cool-down one
    call may try whether it is back."""

    def allow(self, model: str) -> bool:
        """Whether to call it now. True commits the caller to report how that went. Raises BackendUnavailable."""
        ...

    def succeeded(self, model: str) -> None:
        """It answered: calls are free again. Raises BackendUnavailable."""
        ...

    def failed(self, model: str) -> None:
        """It did not answer, for a reason on its own side. Raises BackendUnavailable."""
        ...


class PrefixGate(Protocol):
    """Lets one of several calls with the same beginning go first, so that the others find it in the provider's cache
    instead of paying for writing it again.

    The first to enter leads: it calls at once, and says `opened` when its answer begins, or `abandon` when it
    failed. The others wait, then enter again unless the wait says that the prefix is open: one of them may lead now.
    """

    def enter(self, prefix: str) -> bool:
        """Whether to go first. False: somebody leads, or the prefix is cached. Raises BackendUnavailable."""
        ...

    def opened(self, prefix: str) -> None:
        """The provider has the prefix in its cache; true for as long as that keeps it. Raises BackendUnavailable."""
        ...

    def abandon(self, prefix: str) -> None:
        """The leader failed before the cache was written. Raises BackendUnavailable."""
        ...

    def wait(self, prefix: str, timeout_s: float) -> bool:
        """Block until the prefix is open (True), or its leader is gone or the time is up (False).
        Raises BackendUnavailable."""
        ...


class AnswerCache(Protocol):
    """Answers by a hash of everything they depend on. Any of them may be gone at any time."""

    def get(self, key: str) -> str | None:
        """The answer, or None when there is none (any more). Raises BackendUnavailable."""
        ...

    def put(self, key: str, value: str) -> None:
        """Keep an answer; one that is too large is not kept. Raises BackendUnavailable."""
        ...

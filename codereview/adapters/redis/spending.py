"""Budgets in Redis."""

import secrets
from collections.abc import Iterable
from dataclasses import fields

from redis import Redis

from codereview.adapters.budget_rules import HOUR_TTL_S, RESERVATION_TTL_S, Used, Wish, grant, hour_of
from codereview.adapters.live_rules import TTL_S
from codereview.adapters.redis import keys
from codereview.adapters.redis.scripts import Argument, Scripts
from codereview.adapters.system import SystemClock
from codereview.domain.tokens import Spend, Tokens
from codereview.ports import Clock
from codereview.spending import Caps, Refusal, Reservation

#: The fields of a budget's hash that hold tokens, in the order of `Tokens`.
_KINDS = ("input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "output")
assert len(_KINDS) == len(fields(Tokens))  # noqa: S101  a mistake of ours, seen at import


class RedisSpendLedger:
    """`codereview.spending.SpendLedger` on Redis: one script, one round trip per operation.

    The clock only picks the hour a call burdens; reservations run out in the server's time. A command sent twice
    because its reply was lost does its work once.
    """

    def __init__(
        self,
        client: Redis,
        clock: Clock | None = None,
        *,
        reservation_ttl_s: float = RESERVATION_TTL_S,
        ttl_s: float = TTL_S,
    ) -> None:
        self._scripts = Scripts(client)
        self._clock = clock or SystemClock()
        self._reservation_ms = int(reservation_ttl_s * 1000)
        self._ttls_ms = int(ttl_s * 1000), int(HOUR_TTL_S * 1000)

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
        """Set aside what a call may cost: what is wanted or what is left, never less than the least."""
        wish = Wish(want_nano_usd, want_tokens, least_nano_usd, least_tokens)
        name, hour = secrets.token_hex(8), hour_of(self._clock.now_ms())
        answer, *numbers = self._scripts.run(
            "budget_reserve",
            self._keys(review_id, hour),
            *(name, want_nano_usd, want_tokens, least_nano_usd, least_tokens),
            *_limits(caps),
            *(self._reservation_ms, *self._ttls_ms),
        )
        amounts = [int(number) for number in numbers]
        if answer == b"granted":
            return Reservation(name, review_id, hour, *amounts)
        refusal = grant(wish, caps, Used(*amounts[:4]), Used(*amounts[4:]))
        assert isinstance(refusal, Refusal), "the script and the rules disagree"  # noqa: S101
        return refusal

    def settle(self, reservation: Reservation, spend: Spend) -> None:
        """Book what the call really cost, and free the rest."""
        tokens = (getattr(spend.tokens, field.name) for field in fields(Tokens))
        booked = {"nano": spend.nano_usd, "requests": spend.requests, **dict(zip(_KINDS, tokens, strict=True))}
        pairs: list[Argument] = [part for name, amount in booked.items() if amount for part in (name, amount)]
        names = self._keys(reservation.review_id, reservation.hour)
        self._scripts.run("budget_settle", names, reservation.id, *self._ttls_ms, *pairs)

    def release(self, reservation: Reservation) -> None:
        """Free it: there was no call, or one that cost nothing."""
        self.settle(reservation, Spend())

    def spent(self, review_id: str) -> Spend:
        """The bill of a review so far."""
        now, flat = self._scripts.run("budget_read", [keys.review_budget(review_id)])
        held = {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
        booked = Spend(
            requests=int(held.get("requests", 0)),
            tokens=Tokens(*(int(held.get(kind, 0)) for kind in _KINDS)),
            nano_usd=int(held.get("nano", 0)),
        )
        return sum(_lapsed(held, int(now)), booked)

    def _keys(self, review_id: str, hour: str) -> list[str]:
        return [keys.review_budget(review_id), keys.token_budget(hour)]


def _limits(caps: Caps) -> list[Argument]:
    limits = (caps.review_nano_usd, caps.review_tokens, caps.hour_nano_usd, caps.hour_tokens)
    return ["" if limit is None else limit for limit in limits]


def _lapsed(held: dict[str, str], now: int) -> Iterable[Spend]:
    """What the calls of dead workers are taken to have cost."""
    for name, value in held.items():
        if name.startswith("r:"):
            nano_usd, tokens, till = (int(part) for part in value.split(":"))
            if till <= now:
                yield Spend(1, Tokens(input=tokens), nano_usd)

"""Budgets, in this process."""

import secrets
import threading
from dataclasses import dataclass, field

from codereview.adapters.budget_rules import HOUR_TTL_S, RESERVATION_TTL_S, Used, Wish, grant, hour_of
from codereview.adapters.live_rules import TTL_S
from codereview.adapters.system import SystemClock
from codereview.domain.tokens import Spend, Tokens
from codereview.ports import Clock
from codereview.spending import Caps, Refusal, Reservation


@dataclass(slots=True)
class _Budget:
    expires_at: int = 0
    spent: Spend = field(default_factory=Spend)
    #: Reservations not settled, and until when their calls are waited for.
    open: dict[str, tuple[Reservation, int]] = field(default_factory=dict)

    def lapsed(self, now: int) -> Spend:
        """What the calls of dead workers are taken to have cost."""
        return sum(
            (Spend(1, Tokens(input=r.tokens), r.nano_usd) for r, till in self.open.values() if till <= now), Spend()
        )

    def used(self, now: int) -> Used:
        """What of it is gone."""
        gone = self.spent + self.lapsed(now)
        live = [reservation for reservation, till in self.open.values() if till > now]
        return Used(gone.nano_usd, gone.tokens.total, sum(r.nano_usd for r in live), sum(r.tokens for r in live))


class MemorySpendLedger:
    """`codereview.spending.SpendLedger` in memory. Safe to share between threads."""

    def __init__(
        self, clock: Clock | None = None, *, reservation_ttl_s: float = RESERVATION_TTL_S, ttl_s: float = TTL_S
    ) -> None:
        self._clock = clock or SystemClock()
        self._reservation_ms = int(reservation_ttl_s * 1000)
        self._ttl_ms = int(ttl_s * 1000)
        self._lock = threading.Lock()
        self._reviews: dict[str, _Budget] = {}
        self._hours: dict[str, _Budget] = {}

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
        with self._lock:
            now = self._clock.now_ms()
            hour = hour_of(now)
            self._forget(now)
            budgets = self._budgets(review_id, hour)
            granted = grant(wish, caps, *(budget.used(now) for budget in budgets))
            if isinstance(granted, Refusal):
                return granted
            reservation = Reservation(secrets.token_hex(8), review_id, hour, *granted)
            for budget in budgets:
                budget.open[reservation.id] = reservation, now + self._reservation_ms
            self._keep(review_id, hour, now)
            return reservation

    def settle(self, reservation: Reservation, spend: Spend) -> None:
        """Book what the call really cost, and free the rest."""
        with self._lock:
            now = self._clock.now_ms()
            self._forget(now)
            for budgets, name in ((self._reviews, reservation.review_id), (self._hours, reservation.hour)):
                budget = budgets.get(name)
                if budget is not None and budget.open.pop(reservation.id, None) is not None:
                    budget.spent += spend
                    self._keep(reservation.review_id, reservation.hour, now)

    def release(self, reservation: Reservation) -> None:
        """Free it: there was no call, or one that cost nothing."""
        self.settle(reservation, Spend())

    def spent(self, review_id: str) -> Spend:
        """The bill of a review so far."""
        with self._lock:
            now = self._clock.now_ms()
            self._forget(now)
            budget = self._reviews.get(review_id, _Budget())
            return budget.spent + budget.lapsed(now)

    def _budgets(self, review_id: str, hour: str) -> tuple[_Budget, _Budget]:
        return self._reviews.setdefault(review_id, _Budget()), self._hours.setdefault(hour, _Budget())

    def _keep(self, review_id: str, hour: str, now: int) -> None:
        review, of_hour = self._budgets(review_id, hour)
        review.expires_at = now + self._ttl_ms
        of_hour.expires_at = now + int(HOUR_TTL_S * 1000)

    def _forget(self, now: int) -> None:
        for budgets in (self._reviews, self._hours):
            for name in [name for name, budget in budgets.items() if budget.expires_at <= now]:
                del budgets[name]

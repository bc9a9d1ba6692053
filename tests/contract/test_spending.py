"""Budgets: what is reserved, booked and refused; the same in memory and on Redis."""

import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from support.live import at_once

from codereview.adapters.memory import MemorySpendLedger
from codereview.adapters.redis import RedisSpendLedger
from codereview.domain.tokens import NANO, Spend, Tokens
from codereview.spending import CapName, Caps, Refusal, Reservation, SpendLedger

MakeLedger = Callable[..., SpendLedger]
NO_CAPS = Caps()


class Hands:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture(params=["memory", "redis"])
def make_ledger(request: pytest.FixtureRequest) -> MakeLedger:
    """Makes a ledger on other terms than usual."""
    if request.param == "memory":
        return MemorySpendLedger
    return partial(RedisSpendLedger, request.getfixturevalue("redis_client"))


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> SpendLedger:
    return make_ledger()


def ask(
    ledger: SpendLedger,
    caps: Caps = NO_CAPS,
    *,
    review_id: str = "rv_1",
    usd: tuple[int, int] = (100, 100),
    tokens: tuple[int, int] = (10, 10),
) -> Reservation | Refusal:
    """Reserve; amounts as (wanted, least)."""
    return ledger.reserve(
        review_id,
        want_nano_usd=usd[0],
        least_nano_usd=usd[1],
        want_tokens=tokens[0],
        least_tokens=tokens[1],
        caps=caps,
    )


def reserved(ledger: SpendLedger, caps: Caps = NO_CAPS, **wish: object) -> Reservation:
    """Reserve what must be granted."""
    answer = ask(ledger, caps, **wish)  # type: ignore[arg-type]
    assert isinstance(answer, Reservation), answer
    return answer


def refused(ledger: SpendLedger, caps: Caps, **wish: object) -> Refusal:
    """Reserve what must be refused."""
    answer = ask(ledger, caps, **wish)  # type: ignore[arg-type]
    assert isinstance(answer, Refusal), answer
    return answer


def cost(nano_usd: int, tokens: int = 1) -> Spend:
    return Spend(1, Tokens(output=tokens), nano_usd)


class TestReserving:
    def test_without_caps_all_that_is_wanted_is_granted(self, ledger: SpendLedger) -> None:
        """However much was spent before."""
        ledger.settle(reserved(ledger), cost(10**15))
        granted = reserved(ledger, usd=(10**14, 0), tokens=(10**9, 0))
        assert (granted.nano_usd, granted.tokens, granted.review_id) == (10**14, 10**9, "rv_1")

    def test_near_a_cap_what_is_left_is_granted(self, ledger: SpendLedger) -> None:
        """A call can do with less: its answer is shorter then."""
        caps = Caps(review_nano_usd=150, review_tokens=15)
        ledger.settle(reserved(ledger, caps), cost(90, 6))
        granted = reserved(ledger, caps, usd=(100, 60), tokens=(10, 9))
        assert (granted.nano_usd, granted.tokens) == (60, 9)

    @pytest.mark.parametrize("name", list(CapName))
    def test_every_cap_refuses(self, ledger: SpendLedger, name: CapName) -> None:
        """And is named, with what is used of it and what the call needs."""
        limit = 150 if name in (CapName.REVIEW_USD, CapName.HOUR_USD) else 15
        caps = Caps(
            **{
                {
                    CapName.REVIEW_USD: "review_nano_usd",
                    CapName.REVIEW_TOKENS: "review_tokens",
                    CapName.HOUR_USD: "hour_nano_usd",
                    CapName.HOUR_TOKENS: "hour_tokens",
                }[name]: limit
            }
        )
        ledger.settle(reserved(ledger, caps), cost(100, 10))
        refusal = refused(ledger, caps, usd=(100, 51), tokens=(10, 6))
        assert (refusal.cap, refusal.limit, refusal.held, refusal.wait) == (name, limit, 0, False)
        assert (refusal.spent, refusal.least) in ((100, 51), (10, 6))
        reserved(ledger, caps, usd=(100, 50), tokens=(10, 5))

    def test_calls_under_way_hold_what_was_reserved_for_them(self, ledger: SpendLedger) -> None:
        """Waiting for them may help, and the refusal says so."""
        caps = Caps(review_nano_usd=150)
        under_way = reserved(ledger, caps)
        refusal = refused(ledger, caps)
        assert (refusal.held, refusal.spent, refusal.wait) == (100, 0, True)
        ledger.settle(under_way, cost(20))
        assert reserved(ledger, caps).nano_usd == 100

    def test_waiting_is_no_use_once_another_cap_is_spent(self, ledger: SpendLedger) -> None:
        """The cap that no wait cures is the one named."""
        ledger.settle(reserved(ledger, Caps()), cost(1, 10))
        caps = Caps(review_nano_usd=150, review_tokens=25)
        reserved(ledger, caps)
        refusal = refused(ledger, caps)
        assert (refusal.cap, refusal.wait) == (CapName.REVIEW_USD, True)
        ledger.settle(reserved(ledger, Caps(), usd=(0, 0)), cost(1, 10))
        refusal = refused(ledger, caps)
        assert (refusal.cap, refusal.wait) == (CapName.REVIEW_TOKENS, False)

    def test_reviews_share_the_hour_and_not_their_own_budgets(self, ledger: SpendLedger) -> None:
        """One review cannot spend another's, all together not more than the hour's."""
        caps = Caps(review_nano_usd=100, hour_nano_usd=250)
        reserved(ledger, caps)
        reserved(ledger, caps, review_id="rv_2")
        assert refused(ledger, caps, review_id="rv_2").cap is CapName.REVIEW_USD
        assert refused(ledger, caps, review_id="rv_3").cap is CapName.HOUR_USD
        assert reserved(ledger, caps, review_id="rv_3", usd=(100, 50)).nano_usd == 50

    def test_the_next_hour_has_a_budget_of_its_own(self, make_ledger: MakeLedger) -> None:
        """A review goes on, its own budget still burdened."""
        clock = Hands()
        ledger = make_ledger(clock)
        caps = Caps(hour_nano_usd=100, review_nano_usd=150)
        early = reserved(ledger, caps)
        refused(ledger, caps)
        clock.ms += 3_600_000
        late = reserved(ledger, caps, usd=(100, 0))
        assert (late.nano_usd, early.hour < late.hour) == (50, True)

    def test_a_cap_of_nothing_allows_nothing_that_costs(self, ledger: SpendLedger) -> None:
        """A call that is free may be made."""
        refused(ledger, Caps(review_nano_usd=0))
        reserved(ledger, Caps(review_nano_usd=0), usd=(0, 0))

    def test_the_least_cannot_be_more_than_is_wanted(self, ledger: SpendLedger) -> None:
        """A mistake of the caller."""
        with pytest.raises(ValueError, match="least"):
            ask(ledger, usd=(1, 2))


class TestSettling:
    def test_the_bill_is_what_calls_cost_by_kind_of_token(self, ledger: SpendLedger) -> None:
        """To the nano-dollar, and never what was reserved."""
        first = Spend(1, Tokens(1, 20, 300, 4_000, 50_000), 123_456_789_012)
        second = Spend(2, Tokens(5, 4, 3, 2, 1), 1)
        ledger.settle(reserved(ledger), first)
        ledger.settle(reserved(ledger), second)
        assert ledger.spent("rv_1") == first + second
        assert ledger.spent("rv_2") == Spend()

    def test_a_reservation_is_settled_once(self, ledger: SpendLedger) -> None:
        """Whoever settles it again changes nothing."""
        reservation = reserved(ledger)
        ledger.settle(reservation, cost(30))
        ledger.settle(reservation, cost(40))
        ledger.release(reservation)
        assert ledger.spent("rv_1") == cost(30)

    def test_a_released_reservation_leaves_nothing(self, ledger: SpendLedger) -> None:
        """Neither a cost nor a request."""
        caps = Caps(review_nano_usd=100, hour_nano_usd=100)
        ledger.release(reserved(ledger, caps))
        assert ledger.spent("rv_1") == Spend()
        reserved(ledger, caps)

    def test_a_call_that_cost_more_than_was_reserved_is_booked_in_full(self, ledger: SpendLedger) -> None:
        """The cap then is exceeded by that call, and no other is allowed."""
        caps = Caps(review_nano_usd=150)
        ledger.settle(reserved(ledger, caps), cost(400))
        assert ledger.spent("rv_1").nano_usd == 400
        assert refused(ledger, caps, usd=(1, 1)).spent == 400

    def test_a_call_that_ends_in_the_next_hour_burdens_the_one_it_began_in(self, make_ledger: MakeLedger) -> None:
        """Where its reservation was."""
        clock = Hands()
        ledger = make_ledger(clock)
        caps = Caps(hour_nano_usd=100)
        reservation = reserved(ledger, caps)
        clock.ms += 3_600_000
        ledger.settle(reservation, cost(100))
        reserved(ledger, caps, usd=(100, 100))


class TestDeadWorkers:
    def test_what_a_dead_worker_reserved_counts_as_spent(self, make_ledger: MakeLedger) -> None:
        """Its call may have been billed: the budget is kept, and nobody waits for it."""
        ledger = make_ledger(reservation_ttl_s=0.2)
        caps = Caps(review_nano_usd=150)
        reserved(ledger, caps)
        assert ledger.spent("rv_1") == Spend()
        assert refused(ledger, caps).wait
        time.sleep(0.21)
        refusal = refused(ledger, caps)
        assert (refusal.spent, refusal.held, refusal.wait) == (100, 0, False)
        assert ledger.spent("rv_1") == Spend(1, Tokens(input=10), 100)

    def test_a_late_settlement_still_counts(self, make_ledger: MakeLedger) -> None:
        """The worker was only slow: its bill takes the place of the guess."""
        ledger = make_ledger(reservation_ttl_s=0.02)
        reservation = reserved(ledger)
        time.sleep(0.03)
        ledger.settle(reservation, cost(7))
        assert ledger.spent("rv_1") == cost(7)

    def test_budgets_of_reviews_expire(self, make_ledger: MakeLedger) -> None:
        """Nothing is kept for ever."""
        ledger = make_ledger(ttl_s=0.15)
        ledger.settle(reserved(ledger), cost(7))
        assert ledger.spent("rv_1") == cost(7)
        time.sleep(0.16)
        assert ledger.spent("rv_1") == Spend()


class TestManyAtOnce:
    def test_reservations_never_exceed_a_cap(self, ledger: SpendLedger) -> None:
        """Sixteen ask for a hundred each of a thousand and fifty: ten get all, one the rest."""
        caps = Caps(review_nano_usd=1_050)
        answers = at_once([partial(ask, ledger, caps, usd=(100, 1)) for _ in range(16)])
        granted = [answer.nano_usd for answer in answers if isinstance(answer, Reservation)]
        assert sorted(granted) == [50] + [100] * 10

    def test_bills_add_up(self, ledger: SpendLedger) -> None:
        """Of whoever settles at the same time."""
        reservations = [reserved(ledger) for _ in range(16)]
        at_once([partial(ledger.settle, r, cost(n + 1, n)) for n, r in enumerate(reservations)])
        assert ledger.spent("rv_1") == Spend(16, Tokens(output=120), 136)


class TestSentences:
    @pytest.mark.parametrize(
        ("refusal", "sentence"),
        [
            (
                Refusal(CapName.REVIEW_USD, 5 * NANO, 4_970_000_000, 20_000_000, 50_400_000, wait=True),
                (
                    "the budget of the review, $5.00, does not allow another call: $4.97 spent and $0.02 set aside for"
                    " calls under way; the call needs $0.0504"
                ),
            ),
            (
                Refusal(CapName.HOUR_TOKENS, 1_000_000, 999_999, 0, 12_000, wait=False),
                (
                    "the budget of this hour, 1,000,000 tokens, does not allow another call: 999,999 tokens spent;"
                    " the call needs 12,000 tokens"
                ),
            ),
        ],
    )
    def test_a_refusal_says_why(self, refusal: Refusal, sentence: str) -> None:
        """For the coverage of the review."""
        assert refusal.reason == sentence

    def test_caps_are_given_in_dollars(self) -> None:
        """And kept exactly."""
        caps = Caps.of_dollars(review_usd=Decimal("0.1"), hour_tokens=5)
        assert caps == Caps(review_nano_usd=100_000_000, hour_tokens=5)

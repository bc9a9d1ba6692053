"""Whatever is asked of a budget, memory and Redis answer the same, and no cap is exceeded by what is reserved."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from codereview.adapters.memory import MemorySpendLedger
from codereview.adapters.redis import RedisSpendLedger
from codereview.domain.tokens import Spend, Tokens
from codereview.spending import Caps, Refusal, Reservation

caps = st.builds(Caps, *[st.none() | st.integers(0, 300)] * 4)
amounts = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)
reserves = st.tuples(st.just("reserve"), st.sampled_from(["rv_1", "rv_2"]), amounts, amounts)
settles = st.tuples(
    st.just("settle"),
    st.integers(0, 20),
    st.builds(Spend, st.integers(0, 1), st.builds(Tokens, *[st.integers(0, 30)] * 5), st.integers(0, 150)),
)
operations = st.lists(reserves | settles, max_size=15)


class Standing:
    """A clock that stands."""

    def now_ms(self) -> int:
        return 1_790_000_000_000


def _apply(ledger: MemorySpendLedger | RedisSpendLedger, limits: Caps, steps: list[tuple[object, ...]]) -> list[object]:
    """What each step answers, and the bills at the end."""
    made: list[Reservation] = []
    answers: list[object] = []
    for kind, what, first, *rest in steps:
        if kind == "reserve":
            (least_nano, nano), (least_tokens, tokens) = first, rest[0]
            answer = ledger.reserve(
                str(what),
                want_nano_usd=nano,
                least_nano_usd=least_nano,
                want_tokens=tokens,
                least_tokens=least_tokens,
                caps=limits,
            )
            if isinstance(answer, Reservation):
                made.append(answer)
                answers.append((answer.nano_usd, answer.tokens, answer.hour))
            else:
                answers.append(answer)
        elif made:
            ledger.settle(made[what % len(made)], first)
    return [*answers, ledger.spent("rv_1"), ledger.spent("rv_2")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=caps, steps=operations)
def test_memory_and_redis_answer_the_same(redis_client: Redis, limits: Caps, steps: list[tuple[object, ...]]) -> None:
    """To the last amount and reason; whatever is reserved is between the least and what was wanted."""
    redis_client.flushdb()
    on_redis = _apply(RedisSpendLedger(redis_client, Standing()), limits, steps)
    assert on_redis == _apply(MemorySpendLedger(Standing()), limits, steps)


@settings(max_examples=100, deadline=None)
@given(limits=caps, wishes=st.lists(st.tuples(amounts, amounts), max_size=20))
def test_reservations_alone_never_exceed_a_cap(limits: Caps, wishes: list[tuple[list[int], list[int]]]) -> None:
    """Each between the least and what was wanted."""
    ledger = MemorySpendLedger(Standing())
    nano_usd = tokens = 0
    for (least_nano, nano), (least_tokens, wanted) in wishes:
        answer = ledger.reserve(
            "rv_1",
            want_nano_usd=nano,
            least_nano_usd=least_nano,
            want_tokens=wanted,
            least_tokens=least_tokens,
            caps=limits,
        )
        if isinstance(answer, Refusal):
            continue
        assert least_nano <= answer.nano_usd <= nano
        assert least_tokens <= answer.tokens <= wanted
        nano_usd, tokens = nano_usd + answer.nano_usd, tokens + answer.tokens
    for total, limit in [
        (nano_usd, limits.review_nano_usd),
        (nano_usd, limits.hour_nano_usd),
        (tokens, limits.review_tokens),
        (tokens, limits.hour_tokens),
    ]:
        assert limit is None or total <= limit

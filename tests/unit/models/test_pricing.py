"""What calls cost, to the nano-dollar."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.domain.pricing import LongPrompt, ModelPrice, ModelSpec
from codereview.domain.tokens import NANO, Tokens

PRICE = ModelPrice(Decimal(2), Decimal(10), Decimal("0.10"), Decimal("2.50"), Decimal(4))
DEARER = ModelPrice(Decimal(20), Decimal(100), Decimal(1), Decimal(25), Decimal(40))
TIERED = replace(PRICE, long_prompt=LongPrompt(100_000, DEARER))
some_tokens = st.builds(Tokens, *[st.integers(0, 3_000_000)] * 5)


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        (Tokens(input=1_000_000), "2"),
        (Tokens(cache_read=1_000_000), "0.10"),
        (Tokens(cache_write_5m=1_000_000), "2.50"),
        (Tokens(cache_write_1h=1_000_000), "4"),
        (Tokens(output=1_000_000), "10"),
        (Tokens(1, 1, 1, 1, 1), "0.0000186"),
        (Tokens(), "0"),
    ],
)
def test_each_kind_of_token_has_its_price(tokens: Tokens, usd: str) -> None:
    """A million of each costs what the price list says."""
    assert PRICE.nano_usd(tokens) == Decimal(usd) * NANO


def test_a_broken_nano_dollar_is_rounded_up_once_per_call() -> None:
    """What a budget is charged is never less than what it is billed."""
    odd = replace(PRICE, input=Decimal("0.0003"), output=Decimal("0.0003"))
    assert odd.nano_usd(Tokens(input=1)) == 1
    assert odd.nano_usd(Tokens(input=1, output=2)) == 1
    assert odd.nano_usd(Tokens(input=10, output=1)) == 4


@given(some_tokens)
def test_the_price_is_exact(tokens: Tokens) -> None:
    """Against the sum in fractions, whatever the size."""
    exact = sum(
        Fraction(rate) * count
        for rate, count in [
            ("2", tokens.input),
            ("0.10", tokens.cache_read),
            ("2.50", tokens.cache_write_5m),
            ("4", tokens.cache_write_1h),
            ("10", tokens.output),
        ]
    )
    assert 0 <= PRICE.nano_usd(tokens) - exact * 1000 < 1


@given(some_tokens, some_tokens)
def test_more_tokens_never_cost_less(some: Tokens, more: Tokens) -> None:
    """Also across the border to long prompts."""
    assert TIERED.nano_usd(some + more) >= TIERED.nano_usd(some)


@pytest.mark.parametrize(
    "at_the_border",
    [Tokens(input=100_000), Tokens(input=1, cache_read=99_999), Tokens(cache_write_5m=50_000, cache_write_1h=50_000)],
)
def test_a_long_prompt_makes_the_whole_call_dearer(at_the_border: Tokens) -> None:
    """Cached parts count as prompt; the border itself is still the lower price; the answer costs more too."""
    over = at_the_border + Tokens(input=1, output=10)
    assert TIERED.nano_usd(at_the_border) == PRICE.nano_usd(at_the_border)
    assert TIERED.nano_usd(over) == DEARER.nano_usd(over) == 10 * PRICE.nano_usd(over)


def test_a_long_answer_is_no_long_prompt() -> None:
    """Only what goes in decides."""
    assert TIERED.nano_usd(Tokens(output=500_000)) == PRICE.nano_usd(Tokens(output=500_000))


def test_a_batch_costs_less_by_its_discount() -> None:
    """Rounded up after the discount."""
    spec = ModelSpec("m", 1000, 100, 0, PRICE, batch_discount=Decimal("0.5"))
    assert spec.nano_usd(Tokens(input=3, output=1), batch=True) == 8_000
    assert spec.nano_usd(Tokens(input=3, output=1)) == 16_000
    assert replace(spec, price=replace(PRICE, input=Decimal("0.001"))).nano_usd(Tokens(input=1), batch=True) == 1

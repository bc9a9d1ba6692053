"""Idempotency keys: the same request twice makes one review."""

import time
from collections.abc import Callable
from functools import partial

import pytest
from support.live import Live, at_once

from codereview.ports import IdempotencyRecord

MakeLive = Callable[..., Live]


def test_a_free_key_is_reserved_for_the_first_who_asks(live: Live) -> None:
    """The second learns that the first is still running, and for which body."""
    assert live.idempotency.begin("ann", "k", "digest") is None
    assert live.idempotency.begin("ann", "k", "other") == IdempotencyRecord("digest", "")


def test_a_finished_key_stands_for_its_review(live: Live) -> None:
    """As often as it is asked for."""
    live.idempotency.begin("ann", "k", "digest")
    live.idempotency.finish("ann", "k", "rv_1")
    for _ in range(2):
        assert live.idempotency.begin("ann", "k", "digest") == IdempotencyRecord("digest", "rv_1")


def test_an_abandoned_key_is_free_again(live: Live) -> None:
    """A request that failed may be repeated, with another body too."""
    live.idempotency.begin("ann", "k", "digest")
    live.idempotency.abandon("ann", "k")
    assert live.idempotency.begin("ann", "k", "other") is None


def test_a_finished_key_cannot_be_abandoned_nor_finished_again(live: Live) -> None:
    """The review was made; that stands."""
    live.idempotency.begin("ann", "k", "digest")
    live.idempotency.finish("ann", "k", "rv_1")
    live.idempotency.abandon("ann", "k")
    live.idempotency.finish("ann", "k", "rv_2")
    assert live.idempotency.begin("ann", "k", "digest") == IdempotencyRecord("digest", "rv_1")


def test_only_a_reserved_key_can_be_finished_or_abandoned(live: Live) -> None:
    """Nothing comes into being otherwise."""
    live.idempotency.finish("ann", "k", "rv_1")
    live.idempotency.abandon("ann", "k")
    assert live.idempotency.begin("ann", "k", "digest") is None


@pytest.mark.parametrize(
    ("one", "other"), [(("ann", "k"), ("bob", "k")), (("a:b", "c"), ("a", "b:c")), (("", "a:b"), ("a", "b"))]
)
def test_keys_of_different_owners_are_different_keys(live: Live, one: tuple[str, str], other: tuple[str, str]) -> None:
    """However they are written: one owner never meets another's review."""
    live.idempotency.begin(*one, "digest")
    live.idempotency.finish(*one, "rv_1")
    assert live.idempotency.begin(*other, "digest") is None


def test_of_many_at_once_one_gets_the_key(live: Live) -> None:
    """A client that retries too soon makes no second review."""
    answers = at_once([partial(live.idempotency.begin, "ann", "k", f"digest {n}") for n in range(16)])
    assert answers.count(None) == 1
    assert len(set(answers)) == 2


def test_a_reservation_ends_by_itself(make_live: MakeLive) -> None:
    """A process that died must not block the key for a day."""
    live = make_live(reservation_s=0.03)
    live.idempotency.begin("ann", "k", "digest")
    time.sleep(0.04)
    assert live.idempotency.begin("ann", "k", "digest") is None


def test_a_finished_key_is_kept_longer_than_a_reservation(make_live: MakeLive) -> None:
    """It is remembered for its whole time, and then forgotten."""
    live = make_live(reservation_s=0.2, ttl_s=0.5)
    live.idempotency.begin("ann", "k", "digest")
    live.idempotency.finish("ann", "k", "rv_1")
    time.sleep(0.25)
    assert live.idempotency.begin("ann", "k", "digest") == IdempotencyRecord("digest", "rv_1")
    time.sleep(0.3)
    assert live.idempotency.begin("ann", "k", "digest") is None

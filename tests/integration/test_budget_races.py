"""Eight processes race for one budget through a real Redis: the cap holds and every cent is found again."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

from redis import Redis

from codereview.adapters.redis import RedisSpendLedger, connect
from codereview.domain.tokens import Spend, Tokens
from codereview.spending import Caps, Refusal

WORKERS = 8
REVIEWS = ("rv_1", "rv_2")
CAPS = Caps(review_nano_usd=60_000_000, hour_nano_usd=100_000_000, hour_tokens=1_000_000)
WANT, LEAST = 2_000_000, 400_000


class OneHour:
    """A clock that stands, so that the test may run across the end of an hour."""

    def now_ms(self) -> int:
        return 1_790_000_000_000


def race(url: str, seed: int) -> None:
    """One worker: calls until nothing is left, each costing something within what was reserved; prints what it
    paid, and the most it ever saw reserved and spent at once."""
    random, paid = Random(seed), {review: Spend() for review in REVIEWS}
    print("ready", flush=True)
    sys.stdin.readline()
    with connect(url) as client:
        ledger = RedisSpendLedger(client, OneHour())
        for call in range(10_000):
            review = REVIEWS[(call + seed) % 2]
            answer = ledger.reserve(
                review, want_nano_usd=WANT, least_nano_usd=LEAST, want_tokens=9_000, least_tokens=100, caps=CAPS
            )
            if isinstance(answer, Refusal):
                if answer.wait:
                    time.sleep(0.001)
                    continue
                if all_spent(ledger):
                    break
                continue
            if random.random() < 0.1:
                ledger.release(answer)
                continue
            time.sleep(random.random() * 0.002)
            spend = Spend(
                1, Tokens(random.randint(0, 20), 7, 1, 2, random.randint(0, 70)), random.randint(1, answer.nano_usd)
            )
            ledger.settle(answer, spend)
            ledger.settle(answer, spend)
            paid[review] += spend
    print(json.dumps({review: asdict(spend) for review, spend in paid.items()}))


def all_spent(ledger: RedisSpendLedger) -> bool:
    """Whether no review can make another call."""
    return all(
        isinstance(answer, Refusal) and not answer.wait for review in REVIEWS for answer in [_try(ledger, review)]
    )


def _try(ledger: RedisSpendLedger, review: str) -> object:
    answer = ledger.reserve(
        review, want_nano_usd=LEAST, least_nano_usd=LEAST, want_tokens=100, least_tokens=100, caps=CAPS
    )
    if not isinstance(answer, Refusal):
        ledger.release(answer)
    return answer


def test_eight_workers_racing_for_one_budget_keep_to_it_to_the_nano_dollar(redis_client: Redis, redis_url: str) -> None:
    """Every call costs at most what was reserved, so no cap may ever be exceeded; and the ledger's bill is the sum of
    what the workers paid."""
    racers = [_worker(redis_url, seed) for seed in range(WORKERS)]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        outputs = _start_together(racers)
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    ledger = RedisSpendLedger(redis_client, OneHour())
    bills = {review: ledger.spent(review) for review in REVIEWS}
    for review in REVIEWS:
        paid = sum((_spend(output[review]) for output in outputs), Spend())
        assert bills[review] == paid
        assert paid.nano_usd <= (CAPS.review_nano_usd or 0)
    together = sum(bill.nano_usd for bill in bills.values())
    assert (CAPS.hour_nano_usd or 0) - LEAST < together <= (CAPS.hour_nano_usd or 0)
    assert all(sum(_spend(spend).requests for spend in output.values()) for output in outputs)


def _worker(url: str, seed: int) -> "subprocess.Popen[str]":
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})"
    code = f"{start}; import test_budget_races as races; races.race({url!r}, {seed})"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _start_together(racers: "list[subprocess.Popen[str]]") -> list[dict[str, dict[str, object]]]:
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]


def _spend(raw: dict[str, object]) -> Spend:
    tokens = raw["tokens"]
    assert isinstance(tokens, dict)
    return Spend(int(str(raw["requests"])), Tokens(**tokens), int(str(raw["nano_usd"])))

"""The ledger of running reviews in Redis: one script, one round trip per operation."""

import secrets
from collections.abc import Sequence
from typing import Any, cast

from redis import Redis

from codereview.adapters.live_rules import REQUEUE_GUARD_MS, TTL_S, lost_outcome
from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors
from codereview.adapters.redis.scripts import Argument, Scripts
from codereview.adapters.redis.snapshots import live_review
from codereview.domain.reviews import Review, ReviewStatus
from codereview.domain.units import UnitOutcome, UnitSpec
from codereview.ports import Claim, ClaimResult, Lease, LiveReview


class RedisLedger:
    """`codereview.ports.ReviewLedger` on Redis.

    Every method raises BackendUnavailable when Redis cannot be reached. Leases are counted in the server's time and
    lost the moment they run out. A command sent twice because its reply was lost gives the same answer twice.
    """

    def __init__(self, client: Redis, *, ttl_s: float = TTL_S, requeue_guard_ms: int = REQUEUE_GUARD_MS) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._ttl_ms = int(ttl_s * 1000)
        self._requeue_guard_ms = requeue_guard_ms

    def create(self, review: Review, units: Sequence[UnitSpec], *, deadline_ms: int) -> None:
        """Open a review with all its units queued; nothing happens when it was opened before."""
        specs: list[Argument] = [field for unit in units for field in (unit.id, unit.agent, unit.to_json())]
        self._run("create", review.id, review.id, review.owner, deadline_ms, *specs)

    def read(self, review_id: str) -> LiveReview | None:
        """The snapshot, or None when nothing is known (never created, or expired)."""
        reply = self._scripts.run("read", keys.of_review(review_id))
        return None if reply is None else live_review(review_id, reply)

    def claim(self, review_id: str, unit_id: str, *, worker: str, lease_ms: int, max_attempts: int) -> Claim:
        """Ask for a unit. A queued unit, or one whose lease ran out, is granted with attempt + 1."""
        token = secrets.token_hex(8)
        lost = lost_outcome(unit_id, max_attempts).to_json()
        answer, *rest = self._run("claim", review_id, unit_id, worker, lease_ms, max_attempts, token, lost)
        result = ClaimResult(answer.decode())
        if result is ClaimResult.GRANTED:
            attempt, first_of_review, first_of_agent = rest
            return Claim(
                result,
                lease=Lease(review_id, unit_id, attempt, token),
                first_of_review=bool(first_of_review),
                first_of_agent=bool(first_of_agent),
            )
        outcome = UnitOutcome.model_validate_json(rest[0]) if rest and rest[0] is not None else None
        return Claim(result, outcome=outcome)

    def renew(self, lease: Lease, *, lease_ms: int) -> bool:
        """Keep the lease. False when it was lost, or the review was decided or cancelled: stop working."""
        return bool(self._run("renew", lease.review_id, lease.unit_id, lease.token, lease_ms))

    def complete(self, lease: Lease, outcome: UnitOutcome) -> LiveReview | None:
        """Store the outcome and end the unit. The new snapshot, or None when the lease was lost."""
        used = outcome.usage
        reply = self._run(
            "complete",
            lease.review_id,
            lease.unit_id,
            lease.token,
            outcome.to_json(),
            used.input_tokens + used.cache_read_tokens + used.cache_write_tokens,
            used.output_tokens,
            f"{used.cost_usd:.6f}",
        )
        return None if reply is None else live_review(lease.review_id, reply)

    def release(self, lease: Lease, *, delay_ms: int = 0) -> None:
        """Give the unit back to the queue, its attempt not counted; it counts as enqueued after the delay."""
        self._run("release", lease.review_id, lease.unit_id, lease.token, delay_ms)

    def give_up(self, review_id: str, unit_id: str, outcome: UnitOutcome) -> bool:
        """End a unit that has no live lease, with this outcome. False when it has one or ended already."""
        return bool(self._run("give_up", review_id, unit_id, outcome.to_json(), secrets.token_hex(8)))

    def requeue(self, review_id: str, unit_id: str) -> bool:
        """Mark a unit as just enqueued again. False when another sweep did so, or it has a live lease."""
        return bool(self._run("requeue", review_id, unit_id, secrets.token_hex(8), self._requeue_guard_ms))

    def request_cancel(self, review_id: str) -> bool:
        """Ask the units to stop. False when the review is unknown or decided."""
        return bool(self._run("request_cancel", review_id))

    def decide(self, review_id: str, status: ReviewStatus, reason: str = "") -> tuple[ReviewStatus, int] | None:
        """Settle the end: the first decision stands, and units still open end with it (cancelled, or given up).

        Raises ValueError for a status that is no end.
        """
        if not status.terminal:
            raise ValueError(f"{status} is not an end")
        reply = self._run("decide", review_id, status, reason)
        return None if reply is None else (ReviewStatus(reply[0].decode()), int(reply[1]))

    def active(self) -> list[str]:
        """Ids of the reviews without a terminal event, the oldest deadline first."""
        with translated_errors():
            members = cast("list[bytes]", self._client.zrange(keys.DEADLINES, 0, -1))
            ids = [member.decode() for member in members]
            pipeline = self._client.pipeline(transaction=False)
            for review_id in ids:
                pipeline.exists(keys.of_review(review_id).state)
            known = pipeline.execute() if ids else []
        for review_id, exists in zip(ids, known, strict=True):
            if not exists:  # it expired before its end came
                self._scripts.run("forget", keys.of_review(review_id), review_id)
        return [review_id for review_id, exists in zip(ids, known, strict=True) if exists]

    def waiting(self, owner: str | None = None) -> int:
        """How many reviews are not ended; of one owner, or of all."""
        with translated_errors():
            if owner is None:
                return int(self._client.zcard(keys.DEADLINES))
            return int(self._client.hget(keys.WAITING, f"count:{owner}") or 0)

    def hold(self, name: str, *, ttl_ms: int) -> bool:
        """Take a named lock for a while (the reaper's). False when somebody has it."""
        return bool(self._scripts.run("hold", [keys.lock(name)], ttl_ms, secrets.token_hex(8)))

    def _run(self, script: str, review_id: str, *args: Argument) -> Any:
        return self._scripts.run(script, keys.of_review(review_id), self._ttl_ms, *args)

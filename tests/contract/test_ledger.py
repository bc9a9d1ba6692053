"""The ledger of running reviews: who works on what, and how a review ends."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from support.live import LONG_MS, Live, a_review, an_outcome, at_once, progress, some_units, the_end

from codereview.domain.reviews import ReviewStatus
from codereview.domain.units import OutcomeStatus, UnitStatus
from codereview.ports import ClaimResult, Emitted

MakeLive = Callable[..., Live]


class TestCreating:
    def test_a_new_review_has_all_its_units_queued_in_the_order_planned(self, live: Live) -> None:
        """Summaries name the agents in the order of the plan."""
        live.open(owner="ann", units=5)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert (seen.review_id, seen.owner, seen.status) == ("rv_1", "ann", ReviewStatus.PENDING)
        assert [unit.spec for unit in seen.units.values()] == some_units(5)
        assert {unit.status for unit in seen.units.values()} == {UnitStatus.QUEUED}
        assert {unit.attempt for unit in seen.units.values()} == {0}
        assert (seen.started_at, seen.decision, seen.cancel_requested, seen.last_event_id) == (None, None, False, 0)

    def test_the_deadline_counts_from_now_by_the_ledgers_clock(self, live: Live) -> None:
        """The clocks of other machines do not enter."""
        live.open(deadline_ms=5_000)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.deadline_at - seen.created_at == 5_000
        assert 0 <= seen.now - seen.created_at < 5_000
        assert seen.units["security-b0"].enqueued_at == seen.created_at

    def test_creating_again_changes_nothing(self, live: Live) -> None:
        """The command may be repeated when its reply was lost."""
        live.open(owner="ann", units=2)
        live.claim()
        before = live.ledger.read("rv_1")
        live.ledger.create(a_review("rv_1", "bob"), some_units(7), deadline_ms=1)
        after = live.ledger.read("rv_1")
        assert before is not None
        assert after is not None
        assert (after.owner, after.units, after.deadline_at) == ("ann", before.units, before.deadline_at)
        assert (live.ledger.waiting("ann"), live.ledger.waiting("bob"), live.ledger.waiting()) == (1, 0, 1)

    def test_a_review_never_created_is_unknown(self, live: Live) -> None:
        """Nothing is made up."""
        assert live.ledger.read("rv_none") is None

    def test_a_review_expires(self, make_live: MakeLive) -> None:
        """Live state is not kept for ever, and what expired is not waited for."""
        live = make_live(ttl_s=0.05)
        live.open(owner="ann", deadline_ms=1)
        time.sleep(0.06)
        assert live.ledger.read("rv_1") is None
        assert live.ledger.active() == []
        assert (live.ledger.waiting(), live.ledger.waiting("ann")) == (0, 0)

    def test_a_large_review_is_created_and_read_whole(self, live: Live) -> None:
        """A repository may have a thousand units."""
        live.open(units=1000)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert [unit.spec for unit in seen.units.values()] == some_units(1000)


class TestClaiming:
    def test_a_queued_unit_is_granted(self, live: Live) -> None:
        """The worker gets a lease that names the attempt."""
        live.open(units=2)
        claim = live.ledger.claim("rv_1", "security-b0", worker="w7", lease_ms=LONG_MS, max_attempts=3)
        assert claim.result is ClaimResult.GRANTED
        assert claim.lease is not None
        assert (claim.lease.review_id, claim.lease.unit_id, claim.lease.attempt) == ("rv_1", "security-b0", 1)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        unit = seen.units["security-b0"]
        assert (unit.status, unit.attempt, unit.worker, unit.token) == (
            UnitStatus.RUNNING,
            1,
            "w7",
            claim.lease.token,
        )
        assert 0 < unit.lease_until - seen.now <= LONG_MS
        assert seen.units["bug-b0"].status is UnitStatus.QUEUED

    def test_the_first_claim_starts_the_review(self, live: Live) -> None:
        """Pending becomes running, once, and the moment is kept."""
        live.open(units=2)
        live.claim()
        first = live.ledger.read("rv_1")
        time.sleep(0.01)
        live.claim(unit_id="bug-b0")
        second = live.ledger.read("rv_1")
        assert first is not None
        assert second is not None
        assert first.status is ReviewStatus.RUNNING
        assert first.started_at is not None
        assert first.created_at <= first.started_at <= first.now
        assert second.started_at == first.started_at

    def test_the_first_of_the_review_and_of_each_agent_are_told(self, live: Live) -> None:
        """Whoever is first announces the start; a second attempt is not first."""
        live.open(units=4)
        first = live.claim()
        bug = live.claim(unit_id="bug-b0")
        later = [live.claim(unit_id="security-b1"), live.claim(unit_id="bug-b1")]
        assert (first.first_of_review, first.first_of_agent) == (True, True)
        assert (bug.first_of_review, bug.first_of_agent) == (False, True)
        assert [(c.first_of_review, c.first_of_agent) for c in later] == [(False, False)] * 2
        assert first.lease is not None
        live.ledger.release(first.lease)
        again = live.claim()
        assert (again.first_of_review, again.first_of_agent) == (False, False)

    def test_a_leased_unit_is_busy_even_for_the_same_worker(self, live: Live) -> None:
        """A message delivered twice to one worker must not be worked on twice."""
        live.open()
        live.claim()
        assert live.claim().result is ClaimResult.BUSY

    def test_a_unit_whose_lease_ran_out_is_granted_anew(self, live: Live) -> None:
        """With the next attempt and another token."""
        live.open()
        lost = live.lost_lease()
        lease = live.lease()
        assert lease.attempt == 2
        assert lease.token != lost.token

    def test_a_unit_that_is_done_returns_its_outcome(self, live: Live) -> None:
        """A late delivery gets what the unit came to, to the last digit."""
        live.open()
        outcome = an_outcome()
        live.ledger.complete(live.lease(), outcome)
        claim = live.claim()
        assert (claim.result, claim.outcome, claim.lease) == (ClaimResult.DONE, outcome, None)

    def test_nothing_is_granted_where_nothing_is_known(self, live: Live) -> None:
        """An unknown review, and an unit that is not in the plan."""
        assert live.claim().result is ClaimResult.OVER
        live.open()
        assert live.claim(unit_id="bug-b9").result is ClaimResult.OVER

    def test_nothing_is_granted_once_the_review_is_cancelled_or_decided(self, live: Live) -> None:
        """Not even a stored outcome: nobody waits for it any more."""
        live.open("rv_1", units=2)
        live.ledger.complete(live.lease(), an_outcome())
        live.ledger.request_cancel("rv_1")
        live.open("rv_2", units=2)
        live.ledger.decide("rv_2", ReviewStatus.COMPLETED)
        for review_id in ("rv_1", "rv_2"):
            assert live.claim(review_id).result is ClaimResult.OVER
            assert live.claim(review_id, "bug-b0").result is ClaimResult.OVER

    def test_after_the_last_attempt_the_unit_is_given_up(self, live: Live) -> None:
        """With an outcome that says so, which later claims get too."""
        live.open(units=2)
        for _ in range(3):
            live.lost_lease()
        claim = live.claim(max_attempts=3)
        assert claim.result is ClaimResult.EXHAUSTED
        assert claim.outcome is not None
        assert (claim.outcome.unit_id, claim.outcome.agent) == ("security-b0", "security")
        assert claim.outcome.status is OutcomeStatus.FAILED
        assert "3 attempts" in claim.outcome.reasons[0]
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.units["security-b0"].status is UnitStatus.GIVEN_UP
        assert seen.units["security-b0"].outcome == claim.outcome
        again = live.claim(max_attempts=3)
        assert (again.result, again.outcome) == (ClaimResult.DONE, claim.outcome)

    def test_a_requeued_unit_without_attempts_left_is_given_up(self, live: Live) -> None:
        """Being in the queue again is not another chance."""
        live.open()
        live.lost_lease()
        assert live.ledger.requeue("rv_1", "security-b0")
        assert live.claim(max_attempts=1).result is ClaimResult.EXHAUSTED

    def test_the_last_attempt_is_not_given_up_while_it_runs(self, live: Live) -> None:
        """A duplicate delivery must not end the attempt that is under way."""
        live.open()
        live.claim(max_attempts=1)
        assert live.claim(max_attempts=1).result is ClaimResult.BUSY

    def test_of_sixteen_claims_at_once_one_is_granted(self, live: Live) -> None:
        """The race that duplicate deliveries run."""
        for n in range(10):
            review_id = live.open(f"rv_{n}")
            results = Counter(claim.result for claim in at_once([partial(live.claim, review_id)] * 16))
            assert results == {ClaimResult.GRANTED: 1, ClaimResult.BUSY: 15}

    def test_every_unit_is_granted_once_and_one_claim_is_the_first(self, live: Live) -> None:
        """Sixteen workers over twelve units, each trying all of them."""
        live.open(units=12)
        names = [unit.id for unit in some_units(12)]
        orders = [names[n % 12 :] + names[: n % 12] for n in range(16)]
        granted = [
            claim
            for claims in at_once([partial(lambda order: [live.claim(unit_id=u) for u in order], o) for o in orders])
            for claim in claims
            if claim.lease is not None
        ]
        assert sorted(claim.lease.unit_id for claim in granted if claim.lease) == sorted(names)
        assert sum(claim.first_of_review for claim in granted) == 1
        assert sum(claim.first_of_agent for claim in granted) == 2


class TestKeeping:
    def test_renewing_lengthens_the_lease(self, live: Live) -> None:
        """A worker that lives keeps its unit."""
        live.open()
        lease = live.lease(lease_ms=30_000)
        assert live.ledger.renew(lease, lease_ms=90_000)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.units["security-b0"].lease_until - seen.now > 60_000
        assert live.claim().result is ClaimResult.BUSY

    def test_a_lease_that_ran_out_cannot_be_renewed(self, live: Live) -> None:
        """The unit may be anybody's by now: stop working."""
        live.open()
        assert not live.ledger.renew(live.lost_lease(), lease_ms=LONG_MS)

    def test_a_lease_taken_by_another_cannot_be_renewed(self, live: Live) -> None:
        """And the other's is not disturbed."""
        live.open()
        lost, held = live.lost_lease(), live.lease()
        assert not live.ledger.renew(lost, lease_ms=1)
        assert live.ledger.renew(held, lease_ms=LONG_MS)

    @pytest.mark.parametrize("end", ["decided", "cancelled", "completed", "released"])
    def test_renewing_tells_the_holder_to_stop(self, live: Live, end: str) -> None:
        """The renewal is the checkpoint at which a worker learns that it should stop."""
        live.open(units=2)
        lease = live.lease()
        match end:
            case "decided":
                live.ledger.decide("rv_1", ReviewStatus.FAILED)
            case "cancelled":
                live.ledger.request_cancel("rv_1")
            case "completed":
                live.ledger.complete(lease, an_outcome())
            case _:
                live.ledger.release(lease)
        assert not live.ledger.renew(lease, lease_ms=LONG_MS)

    def test_a_lease_of_an_unknown_review_cannot_be_renewed(self, make_live: MakeLive) -> None:
        """It expired, or Redis lost it."""
        live = make_live(ttl_s=0.05)
        live.open()
        lease = live.lease()
        time.sleep(0.06)
        assert not live.ledger.renew(lease, lease_ms=LONG_MS)
        assert live.ledger.complete(lease, an_outcome()) is None


class TestCompleting:
    def test_completing_stores_the_outcome_and_returns_the_new_state(self, live: Live) -> None:
        """The worker needs the counts of its agent next."""
        live.open(units=2)
        outcome = an_outcome()
        seen = live.ledger.complete(live.lease(), outcome)
        assert seen is not None
        assert seen.units["security-b0"].status is UnitStatus.DONE
        assert seen.units["security-b0"].outcome == outcome
        assert not seen.units_terminal
        seen = live.ledger.complete(live.lease(unit_id="bug-b0"), an_outcome("bug-b0"))
        assert seen is not None
        assert seen.units_terminal
        stored = live.ledger.read("rv_1")
        assert stored is not None
        assert stored.units == seen.units

    def test_an_outcome_after_the_lease_ran_out_is_refused(self, live: Live) -> None:
        """Whether or not another worker took the unit."""
        live.open()
        lost = live.lost_lease()
        assert live.ledger.complete(lost, an_outcome()) is None
        held = live.lease()
        assert live.ledger.complete(lost, an_outcome(status=OutcomeStatus.FAILED)) is None
        seen = live.ledger.complete(held, an_outcome())
        assert seen is not None
        assert seen.units["security-b0"].outcome == an_outcome()

    def test_completing_again_is_answered_as_before_and_changes_nothing(self, live: Live) -> None:
        """The reply may have been lost; the first outcome stands."""
        live.open()
        lease = live.lease()
        first = live.ledger.complete(lease, an_outcome())
        again = live.ledger.complete(lease, an_outcome(status=OutcomeStatus.FAILED))
        assert first is not None
        assert again is not None
        assert again.units == first.units

    def test_an_outcome_after_the_decision_is_refused(self, live: Live) -> None:
        """What was decided was computed from the units as they were."""
        live.open()
        lease = live.lease()
        live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
        assert live.ledger.complete(lease, an_outcome()) is None
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.units["security-b0"].outcome is None

    def test_a_unit_under_way_may_end_though_cancelling_was_asked_for(self, live: Live) -> None:
        """What was found so far belongs to the report."""
        live.open()
        lease = live.lease()
        live.ledger.request_cancel("rv_1")
        assert live.ledger.complete(lease, an_outcome()) is not None

    def test_the_outcome_of_a_race_at_the_end_of_a_lease_is_one(self, live: Live) -> None:
        """The old holder completes while the new one claims and completes: one of them is refused."""
        for n in range(30):
            review_id = live.open(f"rv_{n}")
            old = live.lease(review_id, lease_ms=n % 4 + 1)
            time.sleep(0.001 * (n % 5))

            def take(review_id: str = review_id) -> bool:
                claim = live.claim(review_id)
                return claim.lease is not None and live.ledger.complete(claim.lease, an_outcome()) is not None

            def keep(lease: object = old) -> bool:
                return live.ledger.complete(lease, an_outcome()) is not None  # type: ignore[arg-type]

            assert sum(at_once([take, keep])) <= 1


class TestReleasing:
    def test_a_released_unit_is_free_at_once_and_its_attempt_not_counted(self, live: Live) -> None:
        """A deployment must not use up attempts."""
        live.open()
        for _ in range(5):
            lease = live.lease()
            assert lease.attempt == 1
            live.ledger.release(lease)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        unit = seen.units["security-b0"]
        assert (unit.status, unit.attempt, unit.worker, unit.token) == (UnitStatus.QUEUED, 0, "", "")

    def test_a_released_lease_is_lost(self, live: Live) -> None:
        """Its holder writes nothing more."""
        live.open()
        lease = live.lease()
        live.ledger.release(lease)
        assert live.ledger.complete(lease, an_outcome()) is None
        assert live.bus.emit(progress(), lease=lease) is Emitted.REFUSED

    def test_releasing_a_lost_lease_does_not_disturb_the_new_holder(self, live: Live) -> None:
        """A worker shutting down late."""
        live.open()
        lost, held = live.lost_lease(), live.lease()
        live.ledger.release(lost)
        assert live.claim().result is ClaimResult.BUSY
        assert live.ledger.renew(held, lease_ms=LONG_MS)

    def test_releasing_after_the_end_changes_nothing(self, live: Live) -> None:
        """A unit that ended with its review is not queued again."""
        live.open()
        lease = live.lease()
        live.ledger.decide("rv_1", ReviewStatus.FAILED)
        live.ledger.release(lease)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.units["security-b0"].status is UnitStatus.GIVEN_UP


class TestGivingUp:
    def test_a_unit_nobody_has_is_ended_with_the_outcome(self, live: Live) -> None:
        """Queued, or its lease gone; the second time it has ended already."""
        live.open(units=2)
        live.lost_lease()
        for unit_id in ("security-b0", "bug-b0"):
            outcome = an_outcome(unit_id, OutcomeStatus.FAILED)
            assert live.ledger.give_up("rv_1", unit_id, outcome)
            assert not live.ledger.give_up("rv_1", unit_id, outcome)
            seen = live.ledger.read("rv_1")
            assert seen is not None
            assert (seen.units[unit_id].status, seen.units[unit_id].outcome) == (UnitStatus.GIVEN_UP, outcome)

    def test_a_unit_somebody_has_is_not_given_up(self, live: Live) -> None:
        """The holder's outcome will come."""
        live.open()
        lease = live.lease()
        assert not live.ledger.give_up("rv_1", "security-b0", an_outcome(status=OutcomeStatus.FAILED))
        assert live.ledger.complete(lease, an_outcome()) is not None

    def test_the_old_holder_of_a_unit_given_up_is_refused(self, live: Live) -> None:
        """One unit has one outcome."""
        live.open()
        lost = live.lost_lease()
        live.ledger.give_up("rv_1", "security-b0", an_outcome(status=OutcomeStatus.FAILED))
        assert live.ledger.complete(lost, an_outcome()) is None

    def test_there_is_nothing_to_give_up_where_nothing_is_known_or_all_is_decided(self, live: Live) -> None:
        """From the decision on, units can write nothing."""
        assert not live.ledger.give_up("rv_1", "security-b0", an_outcome())
        live.open()
        assert not live.ledger.give_up("rv_1", "bug-b7", an_outcome())
        live.ledger.decide("rv_1", ReviewStatus.FAILED)
        assert not live.ledger.give_up("rv_1", "security-b0", an_outcome())

    def test_of_eight_at_once_one_gives_the_unit_up(self, live: Live) -> None:
        """Sweeps may overlap."""
        live.open()
        assert sum(at_once([partial(live.ledger.give_up, "rv_1", "security-b0", an_outcome())] * 8)) == 1


class TestRequeueing:
    def test_a_unit_whose_lease_ran_out_is_queued_again_keeping_its_attempts(self, live: Live) -> None:
        """And the old holder is fenced off."""
        live.open()
        lost = live.lost_lease()
        before = live.ledger.read("rv_1")
        assert live.ledger.requeue("rv_1", "security-b0")
        seen = live.ledger.read("rv_1")
        assert before is not None
        assert seen is not None
        unit = seen.units["security-b0"]
        assert (unit.status, unit.attempt) == (UnitStatus.QUEUED, 1)
        assert unit.enqueued_at >= before.now
        assert live.ledger.complete(lost, an_outcome()) is None
        assert live.lease().attempt == 2

    def test_a_unit_never_claimed_is_marked_as_enqueued_again(self, live: Live) -> None:
        """Its message was lost; the wait counts anew."""
        live.open()
        before = live.ledger.read("rv_1")
        time.sleep(0.01)
        assert live.ledger.requeue("rv_1", "security-b0")
        seen = live.ledger.read("rv_1")
        assert before is not None
        assert seen is not None
        assert seen.units["security-b0"].enqueued_at > before.units["security-b0"].enqueued_at

    def test_another_sweep_shortly_after_is_told_that_it_was_done(self, live: Live) -> None:
        """Of eight at once, one enqueues."""
        live.open()
        live.lost_lease()
        assert sum(at_once([partial(live.ledger.requeue, "rv_1", "security-b0")] * 8)) == 1
        assert not live.ledger.requeue("rv_1", "security-b0")

    def test_a_message_lost_twice_is_enqueued_a_third_time(self, make_live: MakeLive) -> None:
        """The guard against another sweep ends."""
        live = make_live(requeue_guard_ms=30)
        live.open()
        assert live.ledger.requeue("rv_1", "security-b0")
        time.sleep(0.04)
        assert live.ledger.requeue("rv_1", "security-b0")

    def test_a_claim_ends_the_guard(self, live: Live) -> None:
        """Requeued, claimed, lost again: the next sweep acts at once."""
        live.open()
        assert live.ledger.requeue("rv_1", "security-b0")
        live.lost_lease()
        assert live.ledger.requeue("rv_1", "security-b0")

    def test_a_unit_somebody_has_or_that_ended_is_not_queued(self, live: Live) -> None:
        """Nor one of a review that is over or unknown."""
        assert not live.ledger.requeue("rv_1", "security-b0")
        live.open(units=2)
        lease = live.lease()
        assert not live.ledger.requeue("rv_1", "security-b0")
        live.ledger.complete(lease, an_outcome())
        assert not live.ledger.requeue("rv_1", "security-b0")
        assert not live.ledger.requeue("rv_1", "bug-b9")
        live.ledger.request_cancel("rv_1")
        assert not live.ledger.requeue("rv_1", "bug-b0")
        live.ledger.decide("rv_1", ReviewStatus.CANCELLED)
        assert not live.ledger.requeue("rv_1", "bug-b0")


class TestEnding:
    def test_cancelling_is_a_request_that_is_seen(self, live: Live) -> None:
        """It may be repeated; the end is decided by the finalizer."""
        live.open()
        assert live.ledger.request_cancel("rv_1")
        assert live.ledger.request_cancel("rv_1")
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert (seen.cancel_requested, seen.decision, seen.status) == (True, None, ReviewStatus.PENDING)

    def test_what_is_unknown_or_decided_cannot_be_cancelled(self, live: Live) -> None:
        """The caller learns that it came too late."""
        assert not live.ledger.request_cancel("rv_1")
        live.open()
        live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
        assert not live.ledger.request_cancel("rv_1")
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert not seen.cancel_requested

    def test_the_first_decision_stands(self, live: Live) -> None:
        """Later ones are told which, and when it was made."""
        live.open()
        first = live.ledger.decide("rv_1", ReviewStatus.FAILED, "every agent failed: ☃")
        time.sleep(0.01)
        assert live.ledger.decide("rv_1", ReviewStatus.COMPLETED, "other") == first
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert (seen.decision, seen.decided_at) == first
        assert seen.reason == "every agent failed: ☃"

    def test_of_racing_decisions_all_are_told_the_same(self, live: Live) -> None:
        """Two finalizers write the same end."""
        ends = [ReviewStatus.COMPLETED, ReviewStatus.FAILED, ReviewStatus.CANCELLED]
        live.open()
        assert len(set(at_once([partial(live.ledger.decide, "rv_1", ends[n % 3]) for n in range(12)]))) == 1

    def test_an_unknown_review_cannot_be_decided(self, live: Live) -> None:
        """And none comes into being."""
        assert live.ledger.decide("rv_1", ReviewStatus.FAILED) is None
        assert live.ledger.read("rv_1") is None

    def test_only_an_end_can_be_decided(self, live: Live) -> None:
        """Running is no decision."""
        live.open()
        with pytest.raises(ValueError, match="running is not an end"):
            live.ledger.decide("rv_1", ReviewStatus.RUNNING)

    def test_the_status_waits_for_the_terminal_event(self, live: Live) -> None:
        """Who sees the status of an ended review finds the end in the log."""
        live.open()
        live.claim()
        live.ledger.decide("rv_1", ReviewStatus.FAILED)
        decided = live.ledger.read("rv_1")
        live.bus.emit(the_end("rv_1", ReviewStatus.FAILED))
        ended = live.ledger.read("rv_1")
        assert decided is not None
        assert ended is not None
        assert (decided.status, ended.status) == (ReviewStatus.RUNNING, ReviewStatus.FAILED)

    @pytest.mark.parametrize(
        ("status", "fate"),
        [
            (ReviewStatus.CANCELLED, UnitStatus.CANCELLED),
            (ReviewStatus.COMPLETED, UnitStatus.GIVEN_UP),
            (ReviewStatus.FAILED, UnitStatus.GIVEN_UP),
        ],
    )
    def test_units_still_open_end_with_the_review(self, live: Live, status: ReviewStatus, fate: UnitStatus) -> None:
        """An ended review shows no unit at work; units that ended before stay as they are."""
        live.open(units=3)
        live.ledger.complete(live.lease(), an_outcome())
        live.lease(unit_id="bug-b0")
        live.ledger.decide("rv_1", status)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert [unit.status for unit in seen.units.values()] == [UnitStatus.DONE, fate, fate]
        assert seen.units["security-b0"].outcome == an_outcome()
        assert seen.units_terminal


class TestLists:
    def test_active_reviews_come_with_the_oldest_deadline_first(self, live: Live) -> None:
        """The sweep helps the most urgent first."""
        live.open("rv_late", deadline_ms=30_000)
        live.open("rv_soon", deadline_ms=10_000)
        live.open("rv_next", deadline_ms=20_000)
        assert live.ledger.active() == ["rv_soon", "rv_next", "rv_late"]

    def test_a_review_is_active_until_its_terminal_event(self, live: Live) -> None:
        """A decision that was never announced is found by the sweep."""
        live.open("rv_1")
        live.open("rv_2")
        live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
        assert sorted(live.ledger.active()) == ["rv_1", "rv_2"]
        live.bus.emit(the_end("rv_1"))
        assert live.ledger.active() == ["rv_2"]

    def test_waiting_counts_the_reviews_not_ended_of_one_owner_or_of_all(self, live: Live) -> None:
        """Admission asks before every submission; odd owners are owners too."""
        owners = ["", "ann", "a:b", "a", "ünï", "owner:x"]
        for n, owner in enumerate(owners):
            live.open(f"rv_{n}a", owner=owner)
            live.open(f"rv_{n}b", owner=owner)
        assert [live.ledger.waiting(owner) for owner in owners] == [2] * len(owners)
        assert live.ledger.waiting() == 2 * len(owners)
        for n in range(len(owners)):
            live.end(f"rv_{n}a")
            live.end(f"rv_{n}a")
        assert [live.ledger.waiting(owner) for owner in owners] == [1] * len(owners)
        assert live.ledger.waiting() == len(owners)
        assert live.ledger.waiting("nobody") == 0

    def test_counts_are_exact_after_many_ends_at_once(self, live: Live) -> None:
        """However many announce the same end."""
        for n in range(6):
            live.open(f"rv_{n}", owner="ann")
        at_once([partial(live.end, f"rv_{n % 5}") for n in range(15)])
        assert (live.ledger.waiting("ann"), live.ledger.active()) == (1, ["rv_5"])


class TestLocks:
    def test_a_lock_is_held_by_one_until_its_time_is_up(self, live: Live) -> None:
        """One sweep at a time; a sweeper that died does not stop the next."""
        assert sum(at_once([partial(live.ledger.hold, "reaper", ttl_ms=LONG_MS)] * 8)) == 1
        assert live.ledger.hold("other", ttl_ms=20)
        time.sleep(0.03)
        assert live.ledger.hold("other", ttl_ms=20)

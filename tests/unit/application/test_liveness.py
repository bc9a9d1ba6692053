"""What keeps a review alive: duplicates, lost workers, lost messages, deadlines, lost state."""

import pytest
from support.assembly import Assembly

from codereview.adapters.memory import MemoryEventBus, MemoryLedger
from codereview.application.reviewing import UnitBusy
from codereview.domain.reviews import Outcome, ReviewStatus, Verdict
from codereview.ports import ClaimResult, Workspace
from codereview.testing import PatternAnalyser


def _claim(it: Assembly, review_id: str, unit_id: str) -> ClaimResult:
    """Take a unit as a worker that then dies."""
    return it.ledger.claim(review_id, unit_id, worker="doomed", lease_ms=12_000, max_attempts=3).result


def test_a_duplicate_delivery_neither_runs_nor_answers() -> None:
    """Answering would count as the unit's completion while another worker still has it."""
    it = Assembly()
    review_id = it.submit()
    unit = it.dispatcher.launched[0][1].id
    assert _claim(it, review_id, unit) is ClaimResult.GRANTED
    with pytest.raises(UnitBusy):
        it.service.review_unit(review_id, unit)


def test_a_unit_done_before_gives_its_stored_outcome_and_says_nothing_new() -> None:
    """Tasks are delivered at least once; findings are emitted once."""
    it = Assembly()
    review_id = it.submit()
    unit = it.dispatcher.launched[0][1].id
    first = it.service.review_unit(review_id, unit)
    said = it.types(review_id)
    assert it.service.review_unit(review_id, unit) == first
    assert it.types(review_id) == said


def test_a_unit_whose_worker_died_is_started_again_and_says_nothing_twice() -> None:
    """The lease runs out, the reaper sends the unit again, the second attempt completes it."""

    def die(_: Workspace) -> None:
        if len(second.runs) == 1:
            raise SystemExit

    second = PatternAnalyser(name="second", pattern="danger", before=die, cwe=89)
    it = Assembly(security=[PatternAnalyser(), second])
    review_id = it.submit("danger\n")
    for _, unit in list(it.dispatcher.launched):
        if unit.agent == "security":
            with pytest.raises(SystemExit):
                it.service.review_unit(review_id, unit.id)
        else:
            it.service.review_unit(review_id, unit.id)
    it.dispatcher.launched.clear()
    it.clock.advance(5)
    it.service.sweep()
    assert it.dispatcher.relaunched == []
    it.clock.advance(15)
    it.service.sweep()
    assert [unit for _, unit in it.dispatcher.relaunched] == ["security-b001"]
    it.run(review_id)
    review = it.service.get(review_id)
    assert (review.outcome, len(review.findings)) == (Outcome.COMPLETE, 2)
    assert it.types(review_id).count("finding") == 2
    assert it.types(review_id).count("agent_started") == 2
    assert it.types(review_id).count("review_completed") == 1


def test_a_unit_that_kills_every_worker_is_given_up_and_reported() -> None:
    """A poison batch must not circle for ever; the other agent's findings survive."""
    it = Assembly()
    review_id = it.submit("danger\noops\n")
    it.service.review_unit(review_id, "bug-b001")
    for _ in range(3):
        assert _claim(it, review_id, "security-b001") is ClaimResult.GRANTED
        it.clock.advance(60)
        it.service.sweep()
    it.clock.advance(60)
    it.service.sweep()
    review = it.service.get(review_id)
    assert (review.status, review.verdict) == (ReviewStatus.COMPLETED, Verdict.INCOMPLETE)
    assert [f.agent for f in review.findings] == ["bug"]
    assert any("given up after 3 attempts" in reason for a in review.agents for reason in a.reasons)


def test_a_lost_message_is_sent_again_but_a_waiting_one_is_not() -> None:
    """A unit behind a long queue is not lost; one nobody took from an empty queue is."""
    it = Assembly()
    review_id = it.submit()
    it.dispatcher.waiting = 7
    it.clock.advance(60)
    it.service.sweep()
    assert it.dispatcher.relaunched == []
    it.dispatcher.waiting = 0
    it.clock.advance(1)
    it.service.sweep()
    assert sorted(unit for _, unit in it.dispatcher.relaunched) == ["bug-b001", "security-b001"]
    it.clock.advance(1)
    it.service.sweep()
    assert len(it.dispatcher.relaunched) == 2
    it.run(review_id)
    assert it.service.get(review_id).verdict is Verdict.FINDINGS


def test_a_chord_that_lost_its_body_is_finalized_by_the_reaper() -> None:
    """Every unit ended and nobody came to finalize."""
    it = Assembly()
    review_id = it.submit()
    for _, unit in it.dispatcher.launched:
        it.service.review_unit(review_id, unit.id)
    assert it.service.get(review_id).status is ReviewStatus.RUNNING
    it.service.sweep()
    assert it.types(review_id)[-1] == "review_completed"


def test_a_body_that_comes_too_early_does_not_end_the_review() -> None:
    """The ledger decides, not the chord."""
    it = Assembly()
    review_id = it.submit()
    assert it.service.finalize(review_id) is None
    assert it.service.get(review_id).status is ReviewStatus.PENDING


def test_finalizing_again_changes_nothing() -> None:
    """The body may be delivered twice, and race with the reaper."""
    it = Assembly()
    review_id = it.submit()
    it.run(review_id)
    first, said = it.service.get(review_id), it.types(review_id)
    it.clock.advance(60)
    it.service.finalize(review_id)
    it.service.sweep()
    assert it.service.get(review_id) == first
    assert it.types(review_id) == said


@pytest.mark.parametrize(("finished", "status"), [(["bug-b001"], ReviewStatus.COMPLETED), ([], ReviewStatus.FAILED)])
def test_at_its_deadline_a_review_ends_with_what_it_has(finished: list[str], status: ReviewStatus) -> None:
    """However much is lost, there is an end, and it says why."""
    it = Assembly(deadline_ms=30_000)
    review_id = it.submit("oops\n")
    for unit in finished:
        it.service.review_unit(review_id, unit)
    it.dispatcher.waiting = 1
    it.clock.advance(31)
    it.service.sweep()
    review = it.service.get(review_id)
    assert review.status is status
    assert review.verdict in (Verdict.INCOMPLETE, Verdict.FAILED)
    assert "the deadline of 30 s passed" in review.notices[0]


def test_a_review_whose_live_state_vanished_is_buried_with_a_reason() -> None:
    """Redis without a disk was restarted: the durable record must not say "running" for ever."""
    it = Assembly(deadline_ms=30_000)
    review_id = it.submit()
    ledger = MemoryLedger(it.clock)
    it.service._ledger = it.service._sweeper._ledger = it.service._finalizer._ledger = ledger  # type: ignore[misc]
    it.service._bus = it.service._finalizer._bus = MemoryEventBus(ledger)  # type: ignore[misc]
    it.clock.advance(200)
    it.service.sweep()
    review = it.service.get(review_id)
    assert review.status is ReviewStatus.FAILED
    assert "its live state was lost" in review.notices[0]

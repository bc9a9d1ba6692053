"""The event log: numbered without gaps, each fact once, one end; and followers who miss nothing."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from support.live import (
    LONG_MS,
    Live,
    a_finding,
    an_outcome,
    at_once,
    follow_until_idle,
    found,
    progress,
    the_end,
    updated,
)

from codereview.domain.events import Event, EventDraft, EventType, FindingEvent
from codereview.domain.findings import Severity
from codereview.domain.reviews import ReviewStatus
from codereview.errors import UnknownReview
from codereview.ports import Emitted, Lease

MakeLive = Callable[..., Live]
Following = Iterator[Event | None]


def next_event(following: Following, *, within_s: float = 10.0) -> Event:
    """The next event; waiting answers are passed over."""
    until = time.monotonic() + within_s
    for event in following:
        if event is not None:
            return event
        assert time.monotonic() < until, "no event came"
    raise AssertionError("the log has ended")


class TestTheLog:
    def test_events_are_numbered_from_one_in_the_order_emitted(self, live: Live) -> None:
        """The id is the place in the log."""
        live.open()
        assert [live.bus.emit(progress(fact=n)) for n in range(5)] == [Emitted.APPENDED] * 5
        events = live.bus.read("rv_1")
        assert [event.id for event in events] == [1, 2, 3, 4, 5]
        assert [event.data["step"] for event in events] == ["0", "1", "2", "3", "4"]
        assert live.bus.last_id("rv_1") == 5

    def test_an_event_carries_the_ledgers_time(self, live: Live) -> None:
        """One clock for all events of a review."""
        live.open()
        live.bus.emit(progress())
        (event,) = live.bus.read("rv_1")
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.created_at <= event.at <= seen.now
        assert seen.last_event_id == 1

    def test_what_was_emitted_comes_back_to_the_last_digit(self, live: Live) -> None:
        """Empty collections, large and small numbers, and every kind of text."""
        live.open('rv_"odd"\\id')
        data = {
            "emptyList": [],
            "emptyObject": {},
            "nested": [[], {}, [{"a": []}]],
            "large": 2**63 + 1,
            "float": 0.1 + 0.2,
            "whole": 3.0,
            "tiny": 1e-300,
            "null": None,
            "text": 'q"uote \\ back\\slash\n\t\u0000\u001f\u2028 ☃ 𝄞 ]]> %s %d',
        }
        sent = EventDraft(
            review_id='rv_"odd"\\id', type=EventType.USAGE, agent='se"c', data=data, dedupe='odd "name" \\ \n☃'
        )
        assert live.bus.emit(sent) is Emitted.APPENDED
        assert live.bus.emit(sent) is Emitted.DUPLICATE
        (event,) = live.bus.read('rv_"odd"\\id')
        assert (event.review_id, event.type, event.agent, event.data) == (sent.review_id, sent.type, sent.agent, data)

    def test_reading_goes_on_where_it_stopped(self, live: Live) -> None:
        """By the id of the last event seen, as much at a time as asked for."""
        live.open()
        for n in range(10):
            live.bus.emit(progress(fact=n))
        assert [e.id for e in live.bus.read("rv_1", after=4)] == [5, 6, 7, 8, 9, 10]
        assert [e.id for e in live.bus.read("rv_1", after=4, limit=2)] == [5, 6]
        assert live.bus.read("rv_1", after=10) == []
        assert live.bus.read("rv_1", after=99) == []
        assert live.bus.read("rv_1", limit=0) == []
        assert len(live.bus.read("rv_1", after=-3)) == 10

    def test_of_an_unknown_review_there_is_nothing(self, live: Live) -> None:
        """And nothing can be said."""
        assert live.bus.read("rv_1") == []
        assert live.bus.last_id("rv_1") == 0
        assert live.bus.findings("rv_1") == []
        assert live.bus.emit(progress()) is Emitted.UNKNOWN
        assert live.bus.emit(found(a_finding()), finding=a_finding()) is Emitted.UNKNOWN
        assert live.bus.emit(the_end()) is Emitted.UNKNOWN
        assert live.bus.read("rv_1") == []

    def test_reviews_do_not_mix(self, live: Live) -> None:
        """Each has its own log, numbers and facts."""
        live.open("rv_1")
        live.open("rv_2")
        assert live.bus.emit(progress("rv_1")) is Emitted.APPENDED
        assert live.bus.emit(progress("rv_2")) is Emitted.APPENDED
        assert [(e.review_id, e.id) for e in live.bus.read("rv_2")] == [("rv_2", 1)]


class TestOnce:
    def test_a_fact_is_stated_once(self, live: Live) -> None:
        """A command repeated after a lost reply adds nothing, whatever else it carries."""
        live.open()
        assert live.bus.emit(progress(fact="a")) is Emitted.APPENDED
        assert live.bus.emit(progress(fact="a")) is Emitted.DUPLICATE
        assert live.bus.emit(progress(fact="a").model_copy(update={"data": {}})) is Emitted.DUPLICATE
        assert live.bus.last_id("rv_1") == 1

    def test_facts_stated_by_many_at_once_are_in_the_log_once(self, live: Live) -> None:
        """Eight workers, the same hundred facts in different orders."""
        live.open()
        orders = [random.Random(seed).sample(range(100), 100) for seed in range(8)]

        def emit_all(order: list[int]) -> list[Emitted]:
            return [live.bus.emit(progress(fact=n)) for n in order]

        answers = Counter(answer for answers in at_once([partial(emit_all, o) for o in orders]) for answer in answers)
        assert answers == {Emitted.APPENDED: 100, Emitted.DUPLICATE: 700}
        events = live.bus.read("rv_1")
        assert [event.id for event in events] == list(range(1, 101))
        assert len({event.data["step"] for event in events}) == 100


class TestLeases:
    def test_the_holder_of_a_lease_is_heard(self, live: Live) -> None:
        """Also when cancelling was asked for: what was found so far counts."""
        live.open()
        lease = live.lease()
        assert live.bus.emit(progress(fact=1), lease=lease) is Emitted.APPENDED
        live.ledger.request_cancel("rv_1")
        assert live.bus.emit(progress(fact=2), lease=lease) is Emitted.APPENDED

    @pytest.mark.parametrize("how", ["ran out", "taken", "done", "given up", "requeued", "of another unit"])
    def test_who_lost_the_lease_is_refused(self, live: Live, how: str) -> None:
        """A worker thought dead comes back; nothing it says is written."""
        live.open(units=2)
        lease = live.lease() if how in ("done", "of another unit") else live.lost_lease()
        match how:
            case "taken":
                live.lease()
            case "done":
                live.ledger.complete(lease, an_outcome())
            case "given up":
                live.ledger.give_up("rv_1", "security-b0", an_outcome())
            case "requeued":
                live.ledger.requeue("rv_1", "security-b0")
            case "of another unit":
                lease = Lease("rv_1", "bug-b0", 1, lease.token)
        assert live.bus.emit(progress(), lease=lease) is Emitted.REFUSED
        assert live.bus.emit(found(a_finding()), lease=lease, finding=a_finding()) is Emitted.REFUSED
        assert (live.bus.last_id("rv_1"), live.bus.findings("rv_1")) == (0, [])

    def test_what_was_refused_can_still_be_said_by_the_new_holder(self, live: Live) -> None:
        """A refusal leaves no trace."""
        live.open()
        lost, held = live.lost_lease(), live.lease()
        assert live.bus.emit(found(a_finding()), lease=lost, finding=a_finding()) is Emitted.REFUSED
        assert live.bus.emit(found(a_finding()), lease=held, finding=a_finding()) is Emitted.APPENDED


class TestFindings:
    def test_a_finding_is_stored_with_its_event(self, live: Live) -> None:
        """The report and the stream tell the same."""
        live.open()
        finding = a_finding()
        assert live.bus.emit(found(finding), finding=finding) is Emitted.APPENDED
        assert live.bus.findings("rv_1") == [finding]
        (event,) = live.bus.read("rv_1")
        assert FindingEvent.model_validate(event.data).finding == finding

    def test_a_fingerprint_is_found_once(self, live: Live) -> None:
        """A redelivered unit finds the same again; the first one stands."""
        live.open()
        finding = a_finding()
        again = a_finding(title="Other words", severity=Severity.LOW)
        live.bus.emit(found(finding), finding=finding)
        assert live.bus.emit(found(again, fact="another"), finding=again) is Emitted.DUPLICATE
        assert live.bus.findings("rv_1") == [finding]
        assert live.bus.last_id("rv_1") == 1

    def test_findings_come_in_report_order(self, live: Live) -> None:
        """By path, then line, then the gravest first; not as they were found."""
        live.open()
        there = [
            a_finding(5, path="b.py"),
            a_finding(9, path="a.py"),
            a_finding(2, path="a.py"),
            a_finding(1, path="b.py", start_line=None),
        ]
        for finding in there:
            live.bus.emit(found(finding), finding=finding)
        assert live.bus.findings("rv_1") == sorted(there, key=lambda f: f.sort_key)

    @pytest.mark.parametrize("type_", [EventType.FINDING_UPDATED, EventType.FIX_PROPOSED])
    def test_an_update_replaces_the_stored_finding(self, live: Live, type_: EventType) -> None:
        """Once for each state; stating an older state again does not bring it back."""
        live.open()
        first, second, third = (a_finding(title=title) for title in ("one", "two", "three"))
        live.bus.emit(found(first), finding=first)
        for state in (second, third, second):
            event = updated(state, fact=f"state {state.title}").model_copy(update={"type": type_})
            live.bus.emit(event, finding=state)
        assert live.bus.findings("rv_1") == [third]
        assert [event.type for event in live.bus.read("rv_1")] == [EventType.FINDING, type_, type_]

    def test_an_update_of_what_was_not_found_is_refused(self, live: Live) -> None:
        """A client would not know what it is about."""
        live.open()
        assert live.bus.emit(updated(a_finding()), finding=a_finding()) is Emitted.REFUSED
        assert (live.bus.last_id("rv_1"), live.bus.findings("rv_1")) == (0, [])

    def test_only_events_about_findings_carry_one(self, live: Live) -> None:
        """Anything else is a mistake of the caller."""
        live.open()
        with pytest.raises(ValueError, match="agent_progress carries no finding"):
            live.bus.emit(progress(), finding=a_finding())

    def test_findings_reported_by_many_at_once_are_stored_and_told_once(self, live: Live) -> None:
        """Under names of their own, so that only the fingerprint tells them apart."""
        live.open()
        findings = [a_finding(n) for n in range(1, 31)]

        def report(worker: int) -> int:
            return sum(
                live.bus.emit(found(f, fact=f"{worker}:{f.id}"), finding=f) is Emitted.APPENDED for f in findings
            )

        assert sum(at_once([partial(report, worker) for worker in range(8)])) == 30
        assert live.bus.findings("rv_1") == findings
        assert sorted(str(e.data["finding"]["id"]) for e in live.bus.read("rv_1")) == sorted(  # type: ignore[index,call-overload]
            f.id for f in findings
        )


class TestTheEnd:
    def test_a_terminal_event_needs_a_decision(self, live: Live) -> None:
        """The end is announced by whoever decided it."""
        live.open()
        assert live.bus.emit(the_end()) is Emitted.REFUSED
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert not seen.status.terminal

    def test_a_terminal_event_tells_the_decision_that_stands(self, live: Live) -> None:
        """Another end is refused."""
        live.open()
        live.ledger.decide("rv_1", ReviewStatus.CANCELLED)
        assert live.bus.emit(the_end("rv_1", ReviewStatus.COMPLETED)) is Emitted.REFUSED
        assert live.bus.emit(the_end("rv_1", ReviewStatus.FAILED)) is Emitted.REFUSED
        assert live.bus.emit(the_end("rv_1", ReviewStatus.CANCELLED)) is Emitted.APPENDED

    @pytest.mark.parametrize("status", [ReviewStatus.COMPLETED, ReviewStatus.FAILED, ReviewStatus.CANCELLED])
    def test_a_terminal_event_sets_the_status(self, live: Live, status: ReviewStatus) -> None:
        """In the same moment."""
        live.open()
        live.end("rv_1", status)
        seen = live.ledger.read("rv_1")
        assert seen is not None
        assert seen.status is status

    def test_of_racing_ends_one_is_in_the_log(self, live: Live) -> None:
        """Two finalizers, each with a name of its own for the fact, and their retries."""
        for n in range(10):
            review_id = live.open(f"rv_{n}")
            live.ledger.decide(review_id, ReviewStatus.COMPLETED)
            ends = [partial(live.bus.emit, the_end(review_id, fact=f"end {racer % 4}")) for racer in range(8)]
            assert Counter(at_once(ends)) == {Emitted.APPENDED: 1, Emitted.DUPLICATE: 7}
            assert [event.type for event in live.bus.read(review_id)] == [EventType.REVIEW_COMPLETED]

    def test_once_decided_nothing_is_said_but_the_end(self, live: Live) -> None:
        """Before the terminal event and after it."""
        live.open()
        lease = live.lease()
        live.bus.emit(found(a_finding()), finding=a_finding())
        live.ledger.decide("rv_1", ReviewStatus.COMPLETED)

        def try_all(name: str) -> set[Emitted]:
            return {
                live.bus.emit(progress(fact=name)),
                live.bus.emit(progress(fact=f"{name} leased"), lease=lease),
                live.bus.emit(found(a_finding(7), fact=f"{name} found"), finding=a_finding(7)),
                live.bus.emit(updated(a_finding(title="new"), fact=f"{name} updated"), finding=a_finding(title="new")),
            }

        assert try_all("before") == {Emitted.REFUSED}
        assert live.bus.emit(the_end()) is Emitted.APPENDED
        assert try_all("after") == {Emitted.REFUSED}
        assert [event.type for event in live.bus.read("rv_1")] == [EventType.FINDING, EventType.REVIEW_COMPLETED]
        assert live.bus.findings("rv_1") == [a_finding()]

    def test_nothing_is_written_after_a_decision_that_races_with_workers(self, make_live: MakeLive) -> None:
        """What the finalizer reads after its decision is all there will ever be."""
        live = make_live(max_events=10_000_000)
        live.open(units=4)

        def work(unit_id: str) -> Emitted:
            lease = live.lease(unit_id=unit_id)
            n, answer = 0, Emitted.APPENDED
            while answer is Emitted.APPENDED:
                n += 1
                answer = live.bus.emit(progress(fact=f"{unit_id} {n}"), lease=lease)
            return answer

        def decide() -> int:
            time.sleep(0.1)
            live.ledger.decide("rv_1", ReviewStatus.FAILED)
            last = live.bus.last_id("rv_1")
            time.sleep(0.05)
            assert live.bus.last_id("rv_1") == last
            live.bus.emit(the_end("rv_1", ReviewStatus.FAILED))
            return last

        units = ("security-b0", "bug-b0", "security-b1", "bug-b1")
        *answers, last = at_once([*(partial(work, unit_id) for unit_id in units), decide])
        assert answers == [Emitted.REFUSED] * 4
        events = live.bus.read("rv_1", limit=10_000_000)
        assert [event.id for event in events] == list(range(1, int(last) + 2))
        assert events[-1].type is EventType.REVIEW_FAILED


class TestTheBound:
    def test_a_full_log_takes_the_end_and_nothing_else(self, make_live: MakeLive) -> None:
        """A runaway unit must not fill the memory, nor keep its review from ending."""
        live = make_live(max_events=5)
        live.open()
        answers = [live.bus.emit(progress(fact=n)) for n in range(8)]
        assert answers == [Emitted.APPENDED] * 5 + [Emitted.FULL] * 3
        live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
        assert live.bus.emit(the_end()) is Emitted.APPENDED
        assert [event.id for event in live.bus.read("rv_1")] == [1, 2, 3, 4, 5, 6]

    def test_findings_are_kept_though_their_events_are_left_out(self, make_live: MakeLive) -> None:
        """The report at the end is whole."""
        live = make_live(max_events=1)
        live.open()
        live.bus.emit(progress())
        assert live.bus.emit(found(a_finding()), finding=a_finding()) is Emitted.FULL
        assert live.bus.emit(updated(a_finding(title="new")), finding=a_finding(title="new")) is Emitted.FULL
        assert live.bus.findings("rv_1") == [a_finding(title="new")]


class TestFollowing:
    def test_a_follower_gets_the_past_and_then_what_comes(self, live: Live) -> None:
        """In one sequence, to the end."""
        live.open()
        for n in range(3):
            live.bus.emit(progress(fact=n))
        following = live.bus.follow("rv_1", idle_s=5)
        got = [next_event(following) for _ in range(3)]
        live.bus.emit(progress(fact="live"))
        got.append(next_event(following))
        live.end()
        got.append(next_event(following))
        assert next(following, "over") == "over"
        assert got == live.bus.read("rv_1")

    def test_following_goes_on_after_the_last_event_seen(self, live: Live) -> None:
        """A client that comes back sees nothing twice."""
        live.open()
        for n in range(6):
            live.bus.emit(progress(fact=n))
        assert [event.id for event in follow_until_idle(live.bus, after=4)] == [5, 6]
        assert [event.id for event in follow_until_idle(live.bus, after=6)] == []

    @pytest.mark.parametrize("status", [ReviewStatus.COMPLETED, ReviewStatus.FAILED, ReviewStatus.CANCELLED])
    def test_an_ended_review_is_replayed_to_its_end(self, live: Live, status: ReviewStatus) -> None:
        """And following stops by itself, also when everything was seen."""
        live.open()
        live.bus.emit(progress())
        live.end("rv_1", status)
        assert [event.id for event in live.bus.follow("rv_1") if event] == [1, 2]
        assert [event.id for event in live.bus.follow("rv_1", after=1) if event] == [2]
        assert list(live.bus.follow("rv_1", after=2)) == []

    def test_a_cursor_beyond_the_log_counts_as_its_end(self, live: Live) -> None:
        """The log may have lost its tail in a crash; who followed it then must still see the end."""
        live.open()
        live.bus.emit(progress())
        following = live.bus.follow("rv_1", after=50, idle_s=0.05)
        assert next(following) is None
        live.bus.emit(progress(fact="next"))
        assert next_event(following).id == 2
        live.end()
        assert [event.id for event in following if event] == [3]
        assert list(live.bus.follow("rv_1", after=50)) == []

    def test_silence_is_told_again_and_again(self, live: Live) -> None:
        """So that the caller can send a heartbeat, or leave."""
        live.open()
        following = live.bus.follow("rv_1", idle_s=0.05)
        began = time.monotonic()
        assert [next(following) for _ in range(4)] == [None] * 4
        assert time.monotonic() - began >= 0.2
        live.bus.emit(progress())
        assert next_event(following).id == 1

    def test_an_unknown_review_cannot_be_followed(self, live: Live) -> None:
        """Waiting for it would last for ever."""
        with pytest.raises(UnknownReview):
            next(live.bus.follow("rv_none"))

    def test_following_a_review_that_expires_is_told(self, make_live: MakeLive) -> None:
        """No terminal event will come."""
        live = make_live(ttl_s=0.2)
        live.open()
        with pytest.raises(UnknownReview):
            list(live.bus.follow("rv_1", idle_s=0.05))

    def test_a_long_log_is_followed_from_its_beginning(self, live: Live) -> None:
        """More than fits into one reading."""
        live.open()
        for n in range(1250):
            live.bus.emit(progress(fact=n))
        live.end()
        assert [event.id for event in live.bus.follow("rv_1") if event] == list(range(1, 1252))

    def test_leaving_early_is_allowed(self, live: Live) -> None:
        """Browsers close."""
        live.open()
        live.bus.emit(progress())
        following = live.bus.follow("rv_1")
        next(following)
        following.close()  # type: ignore[attr-defined]
        assert next(following, "over") == "over"

    def test_followers_who_join_and_leave_among_many_emitters_miss_nothing(self, live: Live) -> None:
        """Every sequence is whole, in order and without repetition, wherever it began."""
        live.open()
        emitters, each, followers = 6, 120, 12

        def emit_all(emitter: int) -> list[int]:
            for n in range(each):
                live.bus.emit(progress(fact=f"{emitter}:{n}"))
                if n % 3 == 0:  # redelivered
                    live.bus.emit(progress(fact=f"{emitter}:{n}"))
                time.sleep(0.001)
            return []

        def follow(seed: int) -> list[int]:
            dice = random.Random(seed)
            cursor, seen = 0, list[int]()
            time.sleep(dice.random() * 0.3)
            while True:
                stay = dice.randrange(5, 200)
                for event in live.bus.follow("rv_1", after=cursor, idle_s=0.2):
                    if event is not None:
                        seen.append(event.id)
                        cursor, stay = event.id, stay - 1
                        if event.type.terminal:
                            return seen
                    if stay <= 0:
                        break

        def end() -> list[int]:
            while live.bus.last_id("rv_1") < emitters * each:
                time.sleep(0.01)
            live.end()
            return []

        actions = [partial(emit_all, n) for n in range(emitters)]
        results = at_once([*actions, *(partial(follow, seed) for seed in range(followers)), end])
        sequences = results[emitters : emitters + followers]
        assert sequences == [list(range(1, emitters * each + 2))] * followers


def test_a_unit_worked_on_to_its_end_leaves_one_story(live: Live) -> None:
    """Claim, findings, loss of the worker, the same again by another, the end: each fact once."""
    live.open()

    def work(lease: Lease, findings: int) -> list[Emitted]:
        reports = [a_finding(n) for n in range(1, findings + 1)]
        return [
            live.bus.emit(progress(fact="started"), lease=lease),
            *(live.bus.emit(found(report), lease=lease, finding=report) for report in reports),
        ]

    assert set(work(live.lease(lease_ms=LONG_MS), 3)) == {Emitted.APPENDED}
    crashed = live.ledger.read("rv_1")
    assert crashed is not None
    unit = crashed.units["security-b0"]
    live.ledger.renew(Lease("rv_1", "security-b0", unit.attempt, unit.token), lease_ms=1)
    time.sleep(0.01)
    second = live.lease()
    assert work(second, 5) == [Emitted.DUPLICATE] * 4 + [Emitted.APPENDED] * 2
    assert live.ledger.complete(second, an_outcome()) is not None
    live.end()
    assert live.bus.findings("rv_1") == [a_finding(n) for n in range(1, 6)]
    assert [event.id for event in live.bus.follow("rv_1") if event] == [1, 2, 3, 4, 5, 6, 7]

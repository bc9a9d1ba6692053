"""The broadcast: every connection gets every event once, in order, whatever happens around it."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.live import LONG_MS, VERDICTS, a_review, some_units

from codereview.adapters.memory import MemoryEventBus, MemoryLedger
from codereview.adapters.memory.connections import MemoryAudience, MemoryConnectionStore
from codereview.adapters.system import SystemClock
from codereview.domain.events import AgentProgress, Event, EventType, ReviewEnded, draft
from codereview.domain.reviews import ReviewStatus, Verdict
from codereview.errors import BackendUnavailable
from codereview.live_connections import LIFETIME_MS, ConnectionGone, FrameTooLarge, SocketConnection
from codereview.web.broadcasting import Broadcaster, BroadcastParts, BroadcastResult, BroadcastTerms, Reason
from codereview.web.event_window import MAX_MESSAGE, EventWindow
from codereview.web.listeners import SendingTerms

HASTY = BroadcastTerms(
    look_s=0.02,
    lease_s=0.4,
    patience_s=0.15,
    farewell_s=0.05,
    senders=4,
    sending=SendingTerms(first_pause_s=0.005, longest_pause_s=0.02, patience_s=0.3),
)
AN_HOUR = 3600.0


class FakeGateway:
    """API Gateway with connections that note what they get; some trouble may be asked for."""

    def __init__(self) -> None:
        self.got: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.gone: set[str] = set()
        self.closed: list[str] = []
        self.trouble: Callable[[str, int], Exception | None] = lambda connection_id, attempt: None
        self.attempts: dict[str, int] = defaultdict(int)
        self.slow_s = 0.0
        self._sending: set[str] = set()
        self.overlapped = False

    def post(self, connection_id: str, message: bytes) -> None:
        self.overlapped |= connection_id in self._sending
        self._sending.add(connection_id)
        try:
            self.attempts[connection_id] += 1
            if connection_id in self.gone or connection_id in self.closed:
                raise ConnectionGone(connection_id)
            if (error := self.trouble(connection_id, self.attempts[connection_id])) is not None:
                raise error
            if len(message) > MAX_MESSAGE:
                raise FrameTooLarge(connection_id)
            time.sleep(self.slow_s)
            self.got[connection_id].append(json.loads(message))
        finally:
            self._sending.discard(connection_id)

    def close(self, connection_id: str) -> None:
        self.closed.append(connection_id)

    def ids(self, connection_id: str) -> list[int]:
        """The ids of the events a connection got."""
        return [message["id"] for message in self.got[connection_id] if "id" in message]

    def types(self, connection_id: str) -> list[str]:
        """The types of everything a connection got."""
        return [message["type"] for message in self.got[connection_id]]


class Stage:
    """One review, its connections, and broadcasts over them."""

    def __init__(self, terms: BroadcastTerms = HASTY) -> None:
        self.ledger = MemoryLedger()
        self.bus = MemoryEventBus(self.ledger)
        self.ledger.create(a_review(), some_units(1), deadline_ms=LONG_MS)
        self.audience, self.store, self.gateway = MemoryAudience(), MemoryConnectionStore(), FakeGateway()
        self.started: list[tuple[str, int]] = []
        self.terms = terms
        self._threads: list[threading.Thread] = []

    def start(self, review_id: str, hop: int = 0) -> None:
        """What starts a broadcast is noted."""
        self.started.append((review_id, hop))

    def emit(self, count: int = 1, **data: Any) -> None:
        """Add events to the log."""
        for _ in range(count):
            name = f"p{self.bus.last_id('rv_1')}"
            payload = AgentProgress(unit_id="security-b0", step=data.get("step", name))
            self.bus.emit(draft("rv_1", EventType.AGENT_PROGRESS, payload, dedupe=name, agent="security"))

    def end(self) -> None:
        """End the review."""
        self.ledger.decide("rv_1", ReviewStatus.COMPLETED)
        ended = ReviewEnded(status=ReviewStatus.COMPLETED, verdict=VERDICTS.get(ReviewStatus.COMPLETED, Verdict.PASS))
        self.bus.emit(draft("rv_1", EventType.REVIEW_COMPLETED, ended, dedupe="end"))

    def follow(self, connection_id: str = "c1", after: int = 0, *, connected_at: int | None = None) -> None:
        """A connection subscribes."""
        at = SystemClock().now_ms() if connected_at is None else connected_at
        self.store.add(SocketConnection(connection_id, at, review_id="rv_1"))
        self.audience.join("rv_1", connection_id, after)

    def parts(self, **over: Any) -> BroadcastParts:
        """What a broadcaster works with."""
        parts = BroadcastParts(
            bus=self.bus,
            audience=self.audience,
            store=self.store,
            gateway=self.gateway,
            starter=self,
            clock=SystemClock(),
            terms=self.terms,
        )
        return replace(parts, **over)

    def run(self, *, remaining_s: Callable[[], float] = lambda: AN_HOUR, hop: int = 0, **over: Any) -> BroadcastResult:
        """Broadcast here and now."""
        return Broadcaster(self.parts(**over)).run("rv_1", remaining_s, hop=hop)

    def begin(self, **over: Any) -> list[BroadcastResult]:
        """Broadcast meanwhile; the result will be in the list."""
        results: list[BroadcastResult] = []
        thread = threading.Thread(target=lambda: results.append(self.run(**over)))
        thread.start()
        self._threads.append(thread)
        return results

    def join(self) -> None:
        """Wait for all that began."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Everything in memory."""
    made = Stage()
    yield made
    made.join()


def until(happened: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- events ------------------------------------------------------------------------------------------------------


def test_what_was_there_before_and_what_comes_are_sent_in_order(stage: Stage) -> None:
    """The list first, then the channel, one message at a time for each connection."""
    stage.emit(30)
    stage.follow("c1")
    stage.follow("c2", after=10)
    stage.gateway.slow_s = 0.001
    result = stage.begin()
    until(lambda: len(stage.gateway.ids("c1")) >= 5)
    stage.emit(30)
    stage.end()
    stage.join()
    assert stage.gateway.ids("c1") == list(range(1, 62))
    assert stage.gateway.ids("c2") == list(range(11, 62))
    assert not stage.gateway.overlapped
    assert result[0].reason is Reason.ENDED
    assert result[0].sent.messages == 61 + 51


def test_who_comes_later_gets_everything_too(stage: Stage) -> None:
    """From where it asked, also from before what is in memory."""
    stage.emit(100)
    stage.follow("c1", after=90)
    stage.begin()
    until(lambda: stage.gateway.ids("c1"))
    stage.follow("c2", after=0)
    until(lambda: len(stage.gateway.ids("c2")) == 100)
    stage.end()
    stage.join()
    assert stage.gateway.ids("c2") == list(range(1, 102))


def test_who_asks_anew_goes_on_from_there(stage: Stage) -> None:
    """A client that lost its memory, on a connection that it kept."""
    stage.emit(10)
    stage.follow("c1")
    stage.begin()
    until(lambda: len(stage.gateway.ids("c1")) == 10 and stage.audience.positions("rv_1") == {"c1": 10})
    stage.audience.join("rv_1", "c1", 7)
    until(lambda: len(stage.gateway.ids("c1")) == 13)
    stage.end()
    stage.join()
    assert stage.gateway.ids("c1") == [*range(1, 11), 8, 9, 10, 11]


def test_looking_around_while_messages_go_out_sends_nothing_twice(stage: Stage) -> None:
    """What was written down is read while it is being written: an old position is not taken for a wish."""
    positions = stage.audience.positions

    def slowly(review_id: str) -> Any:
        seen = positions(review_id)
        time.sleep(0.01)
        return seen

    stage.audience.positions = slowly  # type: ignore[method-assign]
    stage.terms = replace(HASTY, look_s=0.0)
    stage.gateway.slow_s = 0.0005
    stage.emit(5)
    for number in range(4):
        stage.follow(f"c{number}")
    stage.begin()
    for _ in range(60):
        stage.emit(5)
        time.sleep(0.003)
    stage.end()
    stage.join()
    for number in range(4):
        assert stage.gateway.ids(f"c{number}") == list(range(1, 307))


def test_who_follows_no_longer_gets_no_more(stage: Stage) -> None:
    """Though the connection stays."""
    stage.emit(1)
    stage.follow("c1")
    stage.follow("c2")
    stage.begin()
    until(lambda: stage.gateway.ids("c1") and stage.gateway.ids("c2"))
    stage.audience.leave("rv_1", "c1")
    time.sleep(0.1)
    stage.emit(1)
    stage.end()
    stage.join()
    assert stage.gateway.ids("c1") == [1]
    assert stage.gateway.ids("c2") == [1, 2, 3]
    assert "c1" not in stage.gateway.closed


def test_an_event_too_large_for_a_message_is_replaced_by_a_notice(stage: Stage) -> None:
    """It keeps its number and type, and says what is missing and where it is."""
    stage.emit(1, step="x" * (MAX_MESSAGE + 1))
    stage.follow("c1")
    stage.end()
    stage.run()
    large, terminal = stage.gateway.got["c1"]
    assert (large["id"], large["type"], terminal["type"]) == (1, "agent_progress", "review_completed")
    assert large["data"]["unitId"] == "security-b0"
    assert large["data"]["omitted"] == ["step"]
    assert large["data"]["fetch"] == "/api/review/rv_1/events?after=0&limit=1"


def test_a_message_refused_for_its_size_is_replaced_too(stage: Stage) -> None:
    """API Gateway may count otherwise than we do."""
    stage.emit(1, step="x" * 5000)
    stage.follow("c1")
    stage.end()
    stage.gateway.trouble = lambda connection_id, attempt: FrameTooLarge("c1") if attempt == 1 else None
    stage.run()
    assert stage.gateway.got["c1"][0]["data"]["omitted"] == ["step"]
    assert stage.gateway.ids("c1") == [1, 2]


# --- connections that come and go ----------------------------------------------------------------------------------


def test_a_connection_that_is_gone_is_forgotten_everywhere(stage: Stage) -> None:
    """410: out of the table and out of the audience; the others do not notice."""
    stage.emit(5)
    stage.follow("c1")
    stage.follow("c2")
    stage.gateway.gone.add("c1")
    stage.end()
    result = stage.run()
    assert stage.store.get("c1") is None
    assert stage.audience.positions("rv_1") == {}
    assert stage.gateway.ids("c2") == list(range(1, 7))
    assert result.sent.gone == 2  # the other one was seen off at the end


def test_what_is_throttled_is_sent_again(stage: Stage) -> None:
    """In order still, and nobody is given up for it."""
    stage.emit(20)
    stage.follow("c1")
    stage.end()
    stage.gateway.trouble = lambda connection_id, attempt: BackendUnavailable("slow down") if attempt % 3 == 0 else None
    result = stage.run()
    assert stage.gateway.ids("c1") == list(range(1, 22))
    assert result.sent.retries >= 7


def test_a_connection_that_cannot_be_reached_for_long_is_closed(stage: Stage) -> None:
    """Its client comes back and goes on where it was; the others wait for nobody."""
    stage.emit(3)
    stage.follow("c1")
    stage.follow("c2")
    stage.end()
    stage.gateway.trouble = lambda connection_id, _: BackendUnavailable("stuck") if connection_id == "c1" else None
    stage.run()
    assert "c1" in stage.gateway.closed
    assert stage.store.get("c1") is None
    assert stage.gateway.ids("c2") == [1, 2, 3, 4]


def test_a_slow_connection_holds_up_no_other(stage: Stage) -> None:
    """Each is sent to by itself."""
    stage.follow("slow")
    stage.follow("quick")
    waiting = threading.Event()

    def stall(connection_id: str, _: int) -> Exception | None:
        if connection_id == "slow":
            waiting.wait(5)
        return None

    stage.gateway.trouble = stall
    stage.begin()
    stage.emit(50)
    until(lambda: len(stage.gateway.ids("quick")) == 50)
    assert stage.gateway.ids("slow") == []
    waiting.set()
    stage.end()
    stage.join()
    assert stage.gateway.ids("slow") == stage.gateway.ids("quick") == list(range(1, 52))


def test_one_in_the_audience_that_is_not_in_the_table_is_taken_out(stage: Stage) -> None:
    """It left while nobody could write that down, or is older than a connection gets."""
    stage.emit(1)
    stage.audience.join("rv_1", "ghost", 0)
    stage.follow("old", connected_at=SystemClock().now_ms() - LIFETIME_MS)
    stage.follow("c1")
    stage.end()
    stage.run()
    assert stage.gateway.attempts.keys() == {"c1"}


def test_before_a_connection_grows_too_old_its_client_is_sent_to_make_a_new_one(stage: Stage) -> None:
    """API Gateway would end it in the middle of something."""
    stage.emit(1)
    stage.follow("c1", connected_at=SystemClock().now_ms() - LIFETIME_MS + 4 * 60_000)
    stage.follow("c2")
    stage.begin()
    until(lambda: "c1" in stage.gateway.closed)
    assert stage.store.get("c1") is None
    stage.end()
    stage.join()
    assert stage.gateway.ids("c2") == [1, 2]


def test_silence_is_broken_by_heartbeats(stage: Stage) -> None:
    """A client that hears nothing for longer knows that the connection is dead."""
    stage.terms = replace(HASTY, heartbeat_s=0.05)
    stage.emit(2)
    stage.follow("c1")
    stage.begin()
    until(lambda: stage.gateway.types("c1").count("heartbeat") >= 2)
    stage.end()
    stage.join()
    beat = next(message for message in stage.gateway.got["c1"] if message["type"] == "heartbeat")
    assert (beat["reviewId"], beat["data"]) == ("rv_1", {"status": "running"})
    assert stage.gateway.ids("c1") == [1, 2, 3]


# --- beginnings and ends -------------------------------------------------------------------------------------------


def test_at_the_end_connections_are_closed_once_they_have_everything(stage: Stage) -> None:
    """As the API's own server does."""
    stage.emit(1)
    stage.follow("c1")
    stage.end()
    assert stage.run().reason is Reason.ENDED
    assert stage.gateway.types("c1")[-1] == "review_completed"
    assert stage.gateway.closed == ["c1"]
    assert stage.audience.positions("rv_1") == {}


def test_without_anybody_who_follows_it_ends_after_a_while(stage: Stage) -> None:
    """It costs as long as it runs; who comes later starts another."""
    stage.emit(1)
    began = time.monotonic()
    assert stage.run().reason is Reason.NOBODY
    assert time.monotonic() - began >= HASTY.patience_s
    assert stage.audience.take("rv_1", "next", ttl_ms=1000)


def test_two_at_once_send_nothing_twice(stage: Stage) -> None:
    """The second finds the lease taken, and ends."""
    stage.emit(10)
    stage.follow("c1")
    first = stage.begin()
    until(lambda: stage.gateway.ids("c1"))
    second = stage.run()
    assert second.reason is Reason.BUSY
    stage.emit(10)
    stage.end()
    stage.join()
    assert first[0].reason is Reason.ENDED
    assert stage.gateway.ids("c1") == list(range(1, 22))


def test_one_that_lost_its_lease_stops(stage: Stage) -> None:
    """Somebody else took over, believing it dead."""
    stage.emit(1)
    stage.follow("c1")
    result = stage.begin()
    until(lambda: stage.gateway.ids("c1"))
    stage.audience._leases["rv_1"] = ("other", SystemClock().now_ms() + 10_000)
    stage.join()
    assert result[0].reason is Reason.LOST
    assert not stage.audience.take("rv_1", "third", ttl_ms=1000), "the lease of the other was given back"


def test_after_a_crash_the_next_goes_on_where_it_was_written_down(stage: Stage) -> None:
    """The lease of the dead runs out; what each connection has stands in the audience."""
    stage.emit(40)
    stage.audience.take("rv_1", "dead", ttl_ms=150)
    stage.follow("c1", after=25)
    stage.end()
    assert stage.run().reason is Reason.ENDED
    assert stage.gateway.ids("c1") == list(range(26, 42))


def test_before_time_is_over_the_next_takes_over_and_nothing_is_missing(stage: Stage) -> None:
    """Lambda stops a function after a quarter of an hour, wherever it is."""
    stage.emit(50)
    stage.follow("c1")
    stage.follow("c2", after=20)
    stage.gateway.slow_s = 0.002
    ends_at = time.monotonic() + 60.05
    result = stage.run(remaining_s=lambda: ends_at - time.monotonic())
    assert result.reason is Reason.HANDED_OVER
    assert stage.started == [("rv_1", 1)]
    sent = len(stage.gateway.ids("c1"))
    assert sent < 50
    stage.end()
    assert stage.run(hop=1).reason is Reason.ENDED
    assert stage.gateway.ids("c1") == list(range(1, 52))
    assert stage.gateway.ids("c2") == list(range(21, 52))


def test_what_is_finished_is_not_handed_over(stage: Stage) -> None:
    """Everybody has everything: there is nothing to take over but good-byes."""
    stage.terms = replace(HASTY, farewell_s=60)
    stage.emit(3)
    stage.end()
    stage.follow("c1")
    ends_at = time.monotonic() + 60.2
    assert stage.run(remaining_s=lambda: ends_at - time.monotonic()).reason is Reason.ENDED
    assert stage.gateway.ids("c1") == [1, 2, 3, 4]
    assert stage.gateway.closed == ["c1"]
    assert stage.started == []


def test_a_hand_over_that_fails_is_tried_again_and_then_told(stage: Stage) -> None:
    """A failed invocation is tried again by Lambda."""
    tries = []

    class Away:
        def start(self, review_id: str, hop: int = 0) -> None:
            tries.append(hop)
            raise BackendUnavailable("Lambda is not available")

    stage.follow("c1")
    with pytest.raises(BackendUnavailable):
        stage.run(remaining_s=lambda: 1.0, starter=Away())
    assert tries == [1, 1, 1]
    assert stage.audience.take("rv_1", "next", ttl_ms=1000)


def test_a_chain_of_hand_overs_ends_before_lambda_ends_it(stage: Stage) -> None:
    """Lambda takes a function that starts itself too often for a mistake; clients that come back begin anew."""
    stage.emit(1)
    stage.follow("c1")
    stage.run(remaining_s=lambda: 1.0, hop=HASTY.max_hops)
    assert stage.started == []
    assert stage.gateway.closed == ["c1"]


def test_who_came_just_as_it_ended_is_not_forgotten(stage: Stage) -> None:
    """Its own start found the lease taken."""
    stage.emit(3)
    late: list[str] = []
    release = stage.audience.release

    def release_and_meet(review_id: str, token: str) -> None:
        if not late:
            late.append("c1")
            stage.follow("c1")
        release(review_id, token)

    stage.audience.release = release_and_meet  # type: ignore[method-assign]
    stage.begin()
    until(lambda: len(stage.gateway.ids("c1")) == 3)
    stage.end()
    stage.join()
    assert stage.gateway.ids("c1") == [1, 2, 3, 4]


def test_events_that_are_not_kept_any_more_are_told_as_such(stage: Stage) -> None:
    """The result may still be there; the connection stays."""
    stage.store.add(SocketConnection("c1", SystemClock().now_ms(), review_id="rv_old"))
    stage.audience.join("rv_old", "c1", 0)
    result = Broadcaster(stage.parts()).run("rv_old", lambda: AN_HOUR)
    assert result.reason is Reason.EXPIRED
    (told,) = stage.gateway.got["c1"]
    assert (told["type"], told["problem"]["type"]) == ("error", "/problems/events-expired")
    connection = stage.store.get("c1")
    assert connection is not None
    assert connection.review_id == ""
    assert stage.gateway.closed == []


def test_a_position_beyond_the_log_is_set_back(stage: Stage) -> None:
    """The server lost the end of its log; the client forgets what came after."""
    stage.emit(5)
    stage.follow("c1", after=9)
    stage.begin()
    until(lambda: stage.gateway.types("c1") == ["reset"])
    stage.emit(1)
    stage.end()
    stage.join()
    assert stage.gateway.got["c1"][0] == {"type": "reset", "reviewId": "rv_1", "lastEventId": 5}
    assert stage.gateway.ids("c1") == [6, 7]


def test_a_log_that_lost_its_end_and_grew_again_is_told(stage: Stage) -> None:
    """Numbers come anew; what was heard under them is to be forgotten first."""
    stage.emit(6)
    stage.follow("c1")
    before = stage.bus.read("rv_1")

    class Shrunk:
        """The log after a crash that lost its last three events, and two events later."""

        def follow(self, review_id: str, *, after: int = 0, idle_s: float = 0.0) -> Iterator[Event | None]:
            yield from before
            while len(stage.gateway.ids("c1")) < 6:
                time.sleep(idle_s)
                yield None
            yield before[3].model_copy(update={"data": {"step": "again"}})
            yield before[4].model_copy(update={"type": EventType.REVIEW_COMPLETED, "data": {}})

        def last_id(self, review_id: str) -> int:
            return 0

        def read(self, review_id: str, *, after: int = 0, limit: int = 0) -> list[Event]:
            raise AssertionError("everything is in memory")

    stage.run(bus=Shrunk())
    got = [(message["type"], message.get("id", message.get("lastEventId"))) for message in stage.gateway.got["c1"]]
    assert got[:6] == [("agent_progress", number) for number in range(1, 7)]
    assert got[6:] == [("reset", 3), ("agent_progress", 4), ("review_completed", 5)]


def test_an_audience_that_cannot_be_seen_for_a_while_is_seen_later(stage: Stage) -> None:
    """Events go on to those who are known."""
    stage.emit(1)
    stage.follow("c1")
    positions, away = stage.audience.positions, threading.Event()

    def sometimes(review_id: str) -> Any:
        if away.is_set():
            raise BackendUnavailable("Redis is not available")
        return positions(review_id)

    stage.audience.positions = sometimes  # type: ignore[method-assign]
    stage.begin()
    until(lambda: stage.gateway.ids("c1") == [1])
    away.set()
    stage.emit(2)
    until(lambda: stage.gateway.ids("c1") == [1, 2, 3])
    away.clear()
    stage.end()
    stage.join()
    assert stage.gateway.ids("c1") == [1, 2, 3, 4]


def test_many_connections_get_everything(stage: Stage) -> None:
    """More than there are senders."""
    stage.emit(20)
    for number in range(40):
        stage.follow(f"c{number}", after=number % 20)
    stage.begin()
    stage.emit(20)
    stage.end()
    stage.join()
    for number in range(40):
        assert stage.gateway.ids(f"c{number}") == list(range(number % 20 + 1, 42)), number


# --- the window ----------------------------------------------------------------------------------------------------


def test_the_window_reads_again_what_it_no_longer_keeps(stage: Stage) -> None:
    """It holds the newest; memory is bounded."""
    stage.emit(30)
    window = EventWindow(stage.bus, "rv_1", 0, kept=10)
    for event in stage.bus.read("rv_1"):
        window.append(event)
    assert window.last_id == 30
    assert [message.event_id for message in window.after(0, 15)] == list(range(1, 16))
    assert [message.event_id for message in window.after(18, 15)] == [19, 20]
    assert [message.event_id for message in window.after(20, 15)] == list(range(21, 31))
    assert window.after(30, 15) == []


def test_the_window_notices_a_log_that_lost_its_end(stage: Stage) -> None:
    """Events come with numbers that were there before."""
    stage.emit(9)
    events = stage.bus.read("rv_1")
    window = EventWindow(stage.bus, "rv_1", 2)
    for event in events[2:8]:
        window.append(event)
    window.append(events[5])
    assert (window.last_id, window.take_cut(), window.take_cut()) == (6, 5, None)
    assert [message.event_id for message in window.after(2, 10)] == [3, 4, 5, 6]
    window.append(events[0])
    assert (window.last_id, window.take_cut()) == (1, 0)

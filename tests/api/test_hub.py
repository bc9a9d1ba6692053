"""The hub: whatever is lost, repeated or cut, each reader gets every event once, in order."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from support.bus_feed import BusFeed
from support.live import Live, progress, the_end

from api.live.frames import payload_of, text_frame
from api.live.hub import BATCH, Hub, HubSettings
from api.live.log import Reader
from codereview.adapters.memory import (
    MemoryEventBus,
    MemoryIdempotencyStore,
    MemoryLedger,
    MemorySourceStore,
)
from codereview.domain.events import Event
from codereview.domain.reviews import ReviewStatus

QUICK = HubSettings(sweep_s=0.03, grace_s=0.15)


@dataclass
class Follower:
    """Takes events as a socket does, in a thread of its own."""

    hub: Hub
    review_id: str = "rv_1"
    after: int = 0
    pause_s: float = 0.0
    seen: list[Event] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    gone: bool = False
    left: bool = False

    def start(self) -> "Follower":
        self._bell = threading.Event()
        self.reader = self.hub.join(self.review_id, self.after, self._bell.set)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def leave(self) -> None:
        """Go, wherever it is."""
        self.left = True
        self._bell.set()
        self._thread.join(10)

    def await_end(self) -> list[int]:
        """The ids seen, when it has ended."""
        self._thread.join(20)
        assert not self._thread.is_alive(), f"seen up to {self.seen[-1:]}, resets {self.resets}"
        return [event.id for event in self.seen]

    def _run(self) -> None:
        try:
            while not self.left:
                self._bell.clear()
                batch = self.hub.take(self.reader)
                if batch.reset_to is not None:
                    self.resets.append(batch.reset_to)
                for frame in batch.frames:
                    self.seen.append(Event.model_validate_json(payload_of(frame)))
                if batch.over or batch.gone:
                    self.gone = batch.gone
                    return
                time.sleep(self.pause_s)
                if not batch.frames:
                    self._bell.wait(0.5)
        finally:
            self.hub.leave(self.reader)


@pytest.fixture
def live() -> Live:
    """Live state in memory with one open review."""
    ledger = MemoryLedger()
    live = Live(ledger, MemoryEventBus(ledger), MemorySourceStore(), MemoryIdempotencyStore())
    live.open()
    return live


@pytest.fixture
def feed(live: Live) -> BusFeed:
    """What the hub listens to."""
    return BusFeed(live.bus, live.ledger)


@pytest.fixture
def make_hub(feed: BusFeed) -> Iterator[Callable[..., Hub]]:
    """A hub over the feed."""
    made: list[Hub] = []

    def make(settings: HubSettings = QUICK) -> Hub:
        made.append(Hub(feed, settings))
        return made[-1]

    yield make
    for hub in made:
        hub.stop()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A quick one."""
    return make_hub()


def emit(live: Live, count: int, *, start: int = 0) -> None:
    """Append events."""
    for number in range(start, start + count):
        live.bus.emit(progress(fact=number))


def eventually(happened: Callable[[], bool]) -> None:
    """Wait until it is true."""
    until = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_reader_gets_what_was_and_what_comes(hub: Hub, live: Live) -> None:
    """From the event it names, to the terminal one."""
    emit(live, 5)
    early, late = Follower(hub).start(), Follower(hub, after=3).start()
    emit(live, 5, start=5)
    live.end()
    assert early.await_end() == list(range(1, 12))
    assert late.await_end() == list(range(4, 12))


def test_one_subscription_serves_every_reader(hub: Hub, live: Live, feed: BusFeed) -> None:
    """However many there are."""
    emit(live, 1)
    followers = [Follower(hub).start() for _ in range(30)]
    emit(live, 20, start=1)
    live.end()
    assert all(follower.await_end() == list(range(1, 23)) for follower in followers)
    assert feed.subscriptions == ["rv_1"]


def test_a_lost_message_is_read_from_the_log(hub: Hub, live: Live, feed: BusFeed) -> None:
    """A hole in the middle shows when the next message comes; one at the end is found by the sweep."""
    feed.lost = {3, 4, 7}
    follower = Follower(hub).start()
    emit(live, 7)
    eventually(lambda: len(follower.seen) == 7)
    live.end()
    assert follower.await_end() == list(range(1, 9))


def test_a_lost_terminal_message_does_not_leave_a_reader_waiting(hub: Hub, live: Live, feed: BusFeed) -> None:
    """It is the last message there is."""
    feed.lost = {4}
    follower = Follower(hub).start()
    emit(live, 3)
    live.end()
    assert follower.await_end() == [1, 2, 3, 4]


def test_a_cut_subscription_is_made_again_and_loses_nothing(hub: Hub, live: Live, feed: BusFeed) -> None:
    """Again and again, while events come."""
    followers = [Follower(hub).start() for _ in range(5)]
    for number in range(0, 200, 10):
        emit(live, 10, start=number)
        feed.cut()
        time.sleep(0.002)
    live.end()
    assert all(follower.await_end() == list(range(1, 202)) for follower in followers)


def test_a_subscription_that_is_dead_and_does_not_know_it_is_replaced(hub: Hub, live: Live, feed: BusFeed) -> None:
    """Events are in the log that nobody heard of."""
    follower = Follower(hub).start()
    emit(live, 1)
    eventually(lambda: len(follower.seen) == 1)
    feed.deaf = True
    emit(live, 1, start=1)
    eventually(lambda: feed.reconnects >= 1)
    live.end()
    assert follower.await_end() == [1, 2, 3]


def test_an_outage_is_waited_out(hub: Hub, live: Live, feed: BusFeed) -> None:
    """Also one at the very start."""
    emit(live, 2)
    feed.away = True
    follower = Follower(hub).start()
    time.sleep(0.2)
    assert follower.seen == []
    feed.away = False
    live.end()
    assert follower.await_end() == [1, 2, 3]


def test_leaving_at_random_and_coming_back_is_never_having_left(hub: Hub, live: Live, feed: BusFeed) -> None:
    """Under lost messages and cuts: the pieces of each reader together are the whole log."""
    luck = random.Random(7)
    feed.lost = {number for number in range(1, 400) if luck.random() < 0.1}
    done = threading.Event()

    def publish() -> None:
        for number in range(400):
            live.bus.emit(progress(fact=number))
            if luck.random() < 0.02:
                feed.cut()
            time.sleep(0.001)
        live.end()
        done.set()

    def come_and_go(seen: list[Event], mine: random.Random) -> None:
        while not seen or not seen[-1].type.terminal:
            follower = Follower(hub, after=seen[-1].id if seen else 0).start()
            if not done.is_set():
                time.sleep(mine.random() * 0.05)
                follower.leave()
            else:
                follower.await_end()
            seen.extend(follower.seen)

    logs: list[list[Event]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=come_and_go, args=(log, random.Random(i))) for i, log in enumerate(logs)]
    threads.append(threading.Thread(target=publish))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    whole = live.bus.read("rv_1")
    assert [[event.id for event in log] for log in logs] == [[event.id for event in whole]] * 8
    assert all(log == whole for log in logs)


def test_a_slow_reader_costs_no_memory_and_holds_nobody_up(hub: Hub, live: Live) -> None:
    """It is a cursor: the frames are there once, and how far it is behind is known."""
    slow, fast = hub.join("rv_1", 0, lambda: None), Follower(hub).start()
    eventually(lambda: slow.log.synced)
    hub.take(slow)
    emit(live, 500)
    eventually(lambda: len(fast.seen) == 500)
    assert slow.log is fast.reader.log
    assert len(slow.log.frames) == 500
    assert hub.take(slow).lag == 500 - BATCH


def test_what_is_before_the_window_is_read_from_the_log(make_hub: Callable[..., Hub], live: Live) -> None:
    """The memory of the hub is bounded; the log in the store is the truth."""
    hub = make_hub(HubSettings(sweep_s=0.03, grace_s=10, budget=4_000))
    first = Follower(hub).start()
    emit(live, 300)
    eventually(lambda: len(first.seen) == 300)
    eventually(lambda: first.reader.log.size <= 4_000)
    late = Follower(hub).start()
    live.end()
    assert first.await_end() == list(range(1, 302))
    assert late.await_end() == list(range(1, 302))
    assert late.reader.log.base > 0


def test_a_reader_of_a_long_log_gets_it_in_pieces(hub: Hub, live: Live) -> None:
    """And is not taken for slow while it catches up."""
    emit(live, 1_200)
    reader = hub.join("rv_1", 0, lambda: None)
    eventually(lambda: reader.log.synced)
    sizes, lags = [], []
    while batch := hub.take(reader):
        sizes.append(len(batch.frames))
        lags.append(batch.lag)
        if not batch.frames:
            break
    assert sizes == [BATCH] * 6 + [0]
    assert set(lags) == {0}


def test_a_log_that_lost_its_end_sends_its_readers_back(hub: Hub, live: Live) -> None:
    """A store that crashed may have lost the last second; what was seen of it is void, and said to be."""
    follower = Follower(hub).start()
    emit(live, 10)
    eventually(lambda: len(follower.seen) == 10)
    with live.ledger.state.changed:
        del live.ledger.state.find("rv_1").events[6:]
    eventually(lambda: follower.resets == [6])
    emit(live, 2, start=100)
    live.end()
    assert follower.await_end() == [*range(1, 11), 7, 8, 9]
    assert follower.seen[:6] + follower.seen[10:] == live.bus.read("rv_1")


def test_a_log_that_lost_its_end_and_grew_on_is_noticed_too(hub: Hub, live: Live, feed: BusFeed) -> None:
    """By the events: they are others than those under the same ids before."""
    follower = Follower(hub).start()
    emit(live, 10)
    eventually(lambda: len(follower.seen) == 10)
    with live.ledger.state.changed:
        del live.ledger.state.find("rv_1").events[6:]
        emit(live, 8, start=100)
    feed.cut()
    eventually(lambda: follower.resets == [6])
    live.end()
    follower.await_end()
    assert follower.seen[:6] + follower.seen[10:] == live.bus.read("rv_1")


def test_an_event_id_from_the_future_is_corrected(hub: Hub, live: Live) -> None:
    """The reader is told where the log really ends, and goes on from there."""
    emit(live, 2)
    follower = Follower(hub, after=1000).start()
    eventually(lambda: follower.resets == [2])
    live.end()
    assert follower.await_end() == [3]


def test_a_reader_that_saw_more_than_this_process_is_not_sent_back(hub: Hub, live: Live, feed: BusFeed) -> None:
    """It comes from another process, which heard of an event first."""
    first = Follower(hub).start()
    emit(live, 2)
    eventually(lambda: len(first.seen) == 2)
    feed.lost = {3}
    emit(live, 1, start=2)
    second = Follower(hub, after=3).start()
    live.end()
    assert second.await_end() == [4]
    assert second.resets == []
    assert first.await_end() == [1, 2, 3, 4]


def test_a_review_nothing_is_known_of_is_gone(hub: Hub, live: Live) -> None:
    """Not a wait for ever; and when it comes to be known, a new reader gets it."""
    follower = Follower(hub, review_id="rv_2").start()
    follower.await_end()
    assert follower.gone
    live.open("rv_2")
    live.bus.emit(progress("rv_2"))
    again = Follower(hub, review_id="rv_2").start()
    live.end("rv_2")
    assert again.await_end() == [1, 2]


def test_the_log_is_let_go_after_a_while_without_readers(hub: Hub, live: Live, feed: BusFeed) -> None:
    """Not at once: a page that is reloaded comes back in a second."""
    emit(live, 3)
    first = Follower(hub).start()
    eventually(lambda: len(first.seen) == 3)
    first.leave()
    second = Follower(hub, after=2).start()
    eventually(lambda: len(second.seen) == 1)
    assert feed.subscriptions == ["rv_1"]
    second.leave()
    eventually(lambda: not hub.watched)
    third = Follower(hub).start()
    live.end()
    assert third.await_end() == [1, 2, 3, 4]
    assert feed.subscriptions == ["rv_1", "rv_1"]


def test_a_message_that_is_none_harms_nobody(
    hub: Hub, live: Live, feed: BusFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is published on the channel, the listener lives on."""
    follower = Follower(hub).start()
    emit(live, 1)
    eventually(lambda: len(follower.seen) == 1)
    look, spoiled = feed._look, []

    def spoil() -> Iterator[object]:
        for signal in look():
            if not spoiled:
                spoiled.append(signal)
                yield type(signal)(signal.review_id, b"not json")
            yield signal

    monkeypatch.setattr(feed, "_look", spoil)
    emit(live, 3, start=1)
    live.end()
    assert follower.await_end() == [1, 2, 3, 4, 5]


def test_the_status_follows_the_log(hub: Hub, live: Live) -> None:
    """For heartbeats: pending, running, ended."""
    live.bus.emit(progress(fact="queued"))
    reader = hub.join("rv_1", 0, lambda: None)
    eventually(lambda: reader.log.end == 1)
    assert hub.status(reader) is ReviewStatus.PENDING
    emit(live, 1)
    eventually(lambda: hub.status(reader) is ReviewStatus.RUNNING)
    live.ledger.decide("rv_1", ReviewStatus.CANCELLED)
    live.bus.emit(the_end(status=ReviewStatus.CANCELLED))
    eventually(lambda: hub.status(reader) is ReviewStatus.CANCELLED)


def test_a_reader_that_takes_frames_at_once_is_not_woken(hub: Hub, live: Live) -> None:
    """Once it has everything; until then, and when it cannot, it is woken as any other."""
    taken: list[bytes] = []
    woken = threading.Event()
    accepts = True

    def deliver(frame: bytes) -> bool:
        if accepts:
            taken.append(frame)
        return accepts

    reader: Reader = hub.join("rv_1", 0, woken.set, deliver)
    emit(live, 1)
    eventually(lambda: bool(hub.take(reader).frames))
    eventually(lambda: reader.caught_up)
    woken.clear()
    emit(live, 2, start=1)
    eventually(lambda: len(taken) == 2)
    assert not woken.is_set()
    accepts = False
    emit(live, 1, start=3)
    assert woken.wait(5)
    assert [Event.model_validate_json(payload_of(f)).id for f in [*taken, *hub.take(reader).frames]] == [2, 3, 4]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_frames_are_those_of_the_protocol(size: int) -> None:
    """Read back by another implementation of RFC 6455."""
    from wsproto import ConnectionType
    from wsproto.connection import Connection
    from wsproto.events import TextMessage

    payload = b"x" * size
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame(payload) * 2)
    texts, text = [], ""
    for event in client.events():
        assert isinstance(event, TextMessage)
        text += event.data
        if event.message_finished:
            texts.append(text)
            text = ""
    assert texts == [payload.decode()] * 2
    assert payload_of(text_frame(payload)) == payload

"""Following a review while the network and the server fail: nothing is missed, nothing is seen twice."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest
from redis import Redis
from support.bad_network import BadNetwork
from support.live import Live, at_once, progress, the_end
from support.redis_process import RedisProcess

from codereview.adapters.redis import (
    RedisEventBus,
    RedisIdempotencyStore,
    RedisLedger,
    RedisSourceStore,
    connect,
    keys,
)
from codereview.domain.events import Event
from codereview.domain.reviews import ReviewStatus
from codereview.errors import BackendUnavailable, UnknownReview
from codereview.ports import Emitted

Following = Iterator[Event | None]


def live_on(client: Redis) -> Live:
    """The live state on a client."""
    return Live(RedisLedger(client), RedisEventBus(client), RedisSourceStore(client), RedisIdempotencyStore(client))


@pytest.fixture
def live(redis_client: Redis) -> Live:
    """The live state."""
    return live_on(redis_client)


def ids_to_the_end(following: Following, *, within_s: float = 30.0) -> list[int]:
    """The ids of all events up to the terminal one."""
    until = time.monotonic() + within_s
    ids = []
    for event in following:
        if event is not None:
            ids.append(event.id)
        assert time.monotonic() < until, f"the end did not come; the last id was {ids[-1:]}"
    return ids


def in_background(action: Callable[[], object]) -> threading.Thread:
    """A thread that runs it."""
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def emit_until_done(live: Live, facts: Iterator[int], pause_s: float) -> None:
    """Emit each fact, again and again until it is in the log, through whatever outage."""
    for fact in facts:
        while True:
            try:
                if live.bus.emit(progress(fact=fact)) in (Emitted.APPENDED, Emitted.DUPLICATE):
                    break
            except BackendUnavailable:
                time.sleep(0.05)
        time.sleep(pause_s)


def test_followers_whose_subscriptions_are_cut_all_the_time_miss_nothing(live: Live, redis_client: Redis) -> None:
    """Six emitters, a tenth of the events twice; twenty followers join and leave; a cut every 40 ms."""
    live.open()
    emitters, each, followers = 6, 150, 20
    over = threading.Event()

    def emit(emitter: int) -> list[int]:
        for n in range(each):
            for _ in range(2 if n % 10 == 0 else 1):
                live.bus.emit(progress(fact=f"{emitter}:{n}"))
            time.sleep(0.002)
        return []

    def follow(seed: int) -> list[int]:
        dice = random.Random(seed)
        time.sleep(dice.random() * 0.4)
        seen, cursor = list[int](), 0
        while True:
            stay = dice.randrange(20, 400)
            for event in live.bus.follow("rv_1", after=cursor, idle_s=0.3):
                if event is not None:
                    seen.append(event.id)
                    cursor, stay = event.id, stay - 1
                    if event.type.terminal:
                        return seen
                if stay <= 0:
                    break

    def cut() -> list[int]:
        cuts = 0
        while not over.wait(0.04):
            cuts += int(redis_client.execute_command("CLIENT", "KILL", "TYPE", "pubsub"))
        return [cuts]

    def end() -> list[int]:
        while live.bus.last_id("rv_1") < emitters * each:
            time.sleep(0.02)
        time.sleep(0.1)
        live.end()
        over.set()
        return []

    actions = [*(partial(emit, n) for n in range(emitters)), *(partial(follow, n) for n in range(followers)), cut, end]
    results = at_once(actions)
    assert results[emitters : emitters + followers] == [list(range(1, emitters * each + 2))] * followers
    ((cuts,), _) = results[-2:]
    assert cuts > 20


@pytest.mark.parametrize("crash", [False, True])
def test_a_restart_of_the_server_is_ridden_out(private_redis: RedisProcess, crash: bool) -> None:
    """Its log is on disk; emitters and followers find it again."""
    client = connect(private_redis.url)
    live = live_on(client)
    live.open()
    total = 300
    following = live.bus.follow("rv_1", idle_s=0.2)
    assert next(following) is None
    emitting = in_background(partial(emit_until_done, live, iter(range(total)), 0.003))
    restarting = in_background(partial(private_redis.restart, crash=crash, away_s=0.3))

    def end() -> None:
        emitting.join()
        restarting.join()
        live.end()

    ending = in_background(end)
    assert ids_to_the_end(following) == list(range(1, total + 2))
    ending.join()


def test_silence_is_told_during_an_outage_too(private_redis: RedisProcess) -> None:
    """The caller can keep its own connection alive, or give up."""
    live = live_on(connect(private_redis.url))
    live.open()
    live.bus.emit(progress())
    with closing(live.bus.follow("rv_1", idle_s=0.1)) as following:  # type: ignore[type-var]
        assert next(following).id == 1  # type: ignore[union-attr]
        private_redis.kill()
        began = time.monotonic()
        assert [next(following) for _ in range(5)] == [None] * 5
        assert time.monotonic() - began < 30
        private_redis.start()
        live.bus.emit(progress(fact="two"))
        assert next(event.id for event in following if event) == 2


def test_a_server_that_is_away_at_the_start_is_told_at_once(private_redis: RedisProcess) -> None:
    """A request can be answered with 503; a stream that never begins cannot."""
    live = live_on(connect(private_redis.url))
    private_redis.stop()
    with pytest.raises(BackendUnavailable):
        next(live.bus.follow("rv_1", idle_s=60))


def test_a_server_that_lost_everything_ends_the_following(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing more will come: the caller looks into the durable store."""
    server = RedisProcess(tmp_path_factory.mktemp("forgetful"), persistent=False)
    server.start()
    try:
        live = live_on(connect(server.url))
        live.open()
        following = live.bus.follow("rv_1", idle_s=0.1)
        assert next(following) is None
        server.restart(crash=True)
        with pytest.raises(UnknownReview):
            list(following)
    finally:
        server.stop()


def test_events_whose_messages_were_lost_arrive_within_the_next_look(live: Live, redis_client: Redis) -> None:
    """A message may vanish unseen; the log is looked at after each silence."""
    live.open()
    following = live.bus.follow("rv_1", idle_s=0.1)
    assert next(following) is None
    live.bus.emit(progress(fact=1))
    assert next(event.id for event in following if event) == 1
    lost = redis_client.lrange("review:rv_1:events", 0, 0)[0].replace(b'"id":1', b'"id":2')
    redis_client.rpush("review:rv_1:events", lost)
    assert next(event.id for event in following if event) == 2


def test_a_hole_in_the_messages_is_filled_from_the_log(live: Live, redis_client: Redis) -> None:
    """Before what came after it."""
    live.open()
    following = live.bus.follow("rv_1", idle_s=0.5)
    live.bus.emit(progress(fact=1))
    assert next(event.id for event in following if event) == 1
    logged = redis_client.lrange("review:rv_1:events", 0, 0)[0]
    for number in (b"2", b"3"):
        redis_client.rpush("review:rv_1:events", logged.replace(b'"id":1', b'"id":' + number))
    live.bus.emit(progress(fact=4))
    assert [event.id for event in (next(following) for _ in range(3)) if event] == [2, 3, 4]


def test_a_message_seen_before_is_dropped(live: Live, redis_client: Redis) -> None:
    """What was read from the log may arrive on the channel too."""
    live.open()
    following = live.bus.follow("rv_1", idle_s=0.2)
    live.bus.emit(progress(fact=1))
    live.bus.emit(progress(fact=2))
    assert [event.id for event in (next(following) for _ in range(2)) if event] == [1, 2]
    for payload in redis_client.lrange("review:rv_1:events", 0, -1):
        redis_client.publish(keys.event_channel("rv_1"), payload)
    live.end()
    assert [event.id for event in following if event] == [3]


def test_a_log_that_lost_its_tail_is_followed_from_what_is_left(live: Live, redis_client: Redis) -> None:
    """A crash may cost the last second of the log. The numbers go on from there, and the end is still seen."""
    live.open()
    for n in range(6):
        live.bus.emit(progress(fact=n))
    following = live.bus.follow("rv_1", idle_s=0.1)
    assert [event.id for event in (next(following) for _ in range(6)) if event] == [1, 2, 3, 4, 5, 6]
    redis_client.ltrim("review:rv_1:events", 0, 2)
    assert next(following) is None
    live.bus.emit(progress(fact="after"))
    live.end("rv_1", ReviewStatus.FAILED)
    assert [event.id for event in following if event] == [4, 5]


def test_a_connection_gone_dead_costs_a_delay_and_nothing_else(
    live: Live, redis_server: RedisProcess, redis_client: Redis
) -> None:
    """A failover may leave a subscription open on which nothing ever comes."""
    live.open()
    with BadNetwork(redis_server.port) as network:
        bus = RedisEventBus(connect(network.url, socket_timeout_s=0.3))
        following = bus.follow("rv_1", idle_s=0.2)
        live.bus.emit(progress(fact=1))
        assert next(event.id for event in following if event) == 1
        network.stall()
        live.bus.emit(progress(fact=2))
        began = time.monotonic()
        assert next(event.id for event in following if event) == 2
        assert time.monotonic() - began < 30
        live.end()
        # The subscription was made anew: the end comes as a message, at once.
        assert [event.id for event in following if event] == [3]


def test_who_stops_following_leaves_no_subscription_behind(live: Live, redis_client: Redis) -> None:
    """A server has only so many connections."""
    live.open()
    live.bus.emit(progress())
    followings = [live.bus.follow("rv_1", idle_s=0.1) for _ in range(5)]
    for following in followings:
        next(following)
    assert redis_client.pubsub_numsub("events:rv_1") == [(b"events:rv_1", 5)]
    for following in followings[1:]:
        following.close()  # type: ignore[attr-defined]
    live.ledger.decide("rv_1", ReviewStatus.COMPLETED)
    live.bus.emit(the_end())
    assert len(list(followings[0])) == 1
    until = time.monotonic() + 5
    while redis_client.pubsub_numsub("events:rv_1") != [(b"events:rv_1", 0)]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(redis_client.client_list()) < 5


def test_an_event_reaches_a_follower_in_milliseconds(live: Live) -> None:
    """It comes with the message, not with the next look at the log."""
    live.open()
    following = live.bus.follow("rv_1", idle_s=5)
    live.bus.emit(progress(fact="first"))
    next(following)
    delays = []
    for n in range(50):
        threading.Timer(0.002, live.bus.emit, [progress(fact=n)]).start()
        event = next(following)
        assert event is not None
        delays.append(time.time() * 1000 - event.at)
    assert sorted(delays)[25] < 2_500
    live.end()
    assert next(following) is not None
    began = time.monotonic()
    assert next(following, "over") == "over"
    assert time.monotonic() - began < 4


def test_what_came_while_the_subscription_was_down_is_there_with_the_next(live: Live, redis_client: Redis) -> None:
    """It is read from the log on the acknowledgement, not after a silence."""
    live.open()
    following = live.bus.follow("rv_1", idle_s=5)
    live.bus.emit(progress(fact=1))
    next(following)
    delays = []
    for fact in range(2, 7):
        redis_client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        live.bus.emit(progress(fact=fact))
        began = time.monotonic()
        assert next(event.id for event in following if event) == fact
        delays.append(time.monotonic() - began)
    assert sorted(delays)[2] < 1.0

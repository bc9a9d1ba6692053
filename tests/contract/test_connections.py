"""What every `ConnectionStore` and every `Audience` keeps to."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from redis import Redis
from support.clock import FixedClock
from support.durable_stores import REGION, Aws, furnish, give_credentials

from codereview.adapters.aws import AwsClients
from codereview.adapters.dynamodb.connections import DynamoConnectionStore
from codereview.adapters.memory.connections import MemoryAudience, MemoryConnectionStore
from codereview.adapters.redis.audience import RedisAudience
from codereview.live_connections import LIFETIME_MS, Audience, ConnectionStore, SocketConnection

pytest_plugins = ("support.store_fixtures",)
CONNECTED = 1_790_000_000_000

MakeStore = Callable[[], ConnectionStore]


@pytest.fixture(params=["memory", "moto", pytest.param("ministack", marks=pytest.mark.slow)])
def open_store(request: pytest.FixtureRequest, store_clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> MakeStore:
    """Opens one store, anew each time, as another process would."""
    store_clock.now = CONNECTED
    if request.param == "memory":
        store = MemoryConnectionStore(store_clock)
        return lambda: store
    aws: Aws = request.getfixturevalue("aws") if request.param == "moto" else _of_ministack(request, monkeypatch)
    return lambda: DynamoConnectionStore(aws.connections_table, clients=aws.clients, clock=store_clock)


def _of_ministack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Aws:
    endpoint = request.getfixturevalue("ministack")
    give_credentials(monkeypatch)
    return furnish(AwsClients(region=REGION, endpoint_url=endpoint))


@pytest.fixture(params=["memory", "redis"])
def audience(request: pytest.FixtureRequest) -> Audience:
    """An audience, empty."""
    if request.param == "memory":
        return MemoryAudience()
    client: Redis = request.getfixturevalue("redis_client")
    return RedisAudience(client)


def a_connection(connection_id: str = "c1", **fields: object) -> SocketConnection:
    """A connection of alice's."""
    return SocketConnection(**{"id": connection_id, "connected_at": CONNECTED, "owner": "alice", **fields})  # type: ignore[arg-type]


# --- connections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{}, {"owner": "", "key_id": "k1"}, {"ticket_review": "rv_1"}, {"ticket_review": "rv_1", "review_id": "rv_1"}],
)
def test_a_connection_comes_back_as_it_was_added(open_store: MakeStore, fields: dict[str, object]) -> None:
    """Every field; a ticket for one review is not a key for all."""
    connection = a_connection(**fields)
    open_store().add(connection)
    assert open_store().get("c1") == connection


def test_an_unknown_connection_is_none(open_store: MakeStore) -> None:
    """Also by an id that no store could have."""
    store = open_store()
    assert [store.get(name) for name in ("c1", "", "x" * 5000)] == [None] * 3
    assert [store.remove(name) for name in ("c1", "")] == [None] * 2
    assert store.follow("c1", "rv_1") is False
    assert store.get("c1") is None


def test_who_follows_a_review_is_found_by_it(open_store: MakeStore) -> None:
    """And by no other, and no longer when it follows none."""
    store = open_store()
    for number in range(3):
        store.add(a_connection(f"c{number}", connected_at=CONNECTED + number))
        assert store.follow(f"c{number}", "rv_1")
    store.add(a_connection("idle"))
    assert store.follow("c1", "rv_2")
    assert store.follow("c2", "")
    assert [each.id for each in store.of_review("rv_1")] == ["c0"]
    assert store.of_review("rv_2") == [a_connection("c1", connected_at=CONNECTED + 1, review_id="rv_2")]
    assert store.of_review("") == store.of_review("rv_3") == []
    found = store.get("c2")
    assert found is not None
    assert found.review_id == ""


def test_what_was_removed_is_told_once(open_store: MakeStore) -> None:
    """So that who removes it can tidy up after it; a second one has nothing to do."""
    store = open_store()
    store.add(a_connection(review_id="rv_1"))
    assert store.remove("c1") == a_connection(review_id="rv_1")
    assert store.remove("c1") is None
    assert store.get("c1") is None
    assert store.of_review("rv_1") == []


def test_a_connection_is_kept_as_long_as_api_gateway_keeps_it(open_store: MakeStore, store_clock: FixedClock) -> None:
    """Two hours; DynamoDB deletes what is older some time later, so reads leave it out."""
    store = open_store()
    store.add(a_connection(review_id="rv_1"))
    store_clock.now = CONNECTED + LIFETIME_MS - 1000
    assert store.get("c1") is not None
    store_clock.now = CONNECTED + LIFETIME_MS
    assert store.get("c1") is None
    assert store.of_review("rv_1") == []


def test_many_connections_of_one_review_are_all_found(open_store: MakeStore) -> None:
    """More than one page of an index may hold."""
    store = open_store()
    connections = [a_connection(f"c{number:03}", connected_at=CONNECTED, review_id="rv_1") for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.add, connections))
    assert store.of_review("rv_1") == connections


def test_the_same_connection_again_replaces_it(open_store: MakeStore) -> None:
    """An event may be delivered twice."""
    store = open_store()
    store.add(a_connection())
    store.add(replace(a_connection(), key_id="k2"))
    assert store.get("c1") == a_connection(key_id="k2")


# --- audiences ---------------------------------------------------------------------------------------------------


def test_positions_are_those_of_who_follows(audience: Audience) -> None:
    """Each review has its own."""
    assert audience.positions("rv_1") == {}
    audience.join("rv_1", "c1", 0)
    audience.join("rv_1", "c2", 17)
    audience.join("rv_2", "c3", 1)
    assert audience.positions("rv_1") == {"c1": 0, "c2": 17}
    assert audience.connections() == 3
    audience.leave("rv_1", "c1")
    audience.leave("rv_1", "c1")
    assert audience.positions("rv_1") == {"c2": 17}
    assert audience.connections() == 2


def test_a_position_moves_from_where_it_was_seen(audience: Audience) -> None:
    """Who asked for other events meanwhile gets these, and who left is not brought back."""
    audience.join("rv_1", "c1", 0)
    assert audience.advance("rv_1", "c1", 0, 25)
    assert not audience.advance("rv_1", "c1", 0, 30)
    audience.join("rv_1", "c1", 3)
    assert not audience.advance("rv_1", "c1", 25, 50)
    assert audience.positions("rv_1") == {"c1": 3}
    audience.leave("rv_1", "c1")
    assert not audience.advance("rv_1", "c1", 3, 4)
    assert audience.positions("rv_1") == {}


def test_one_at_a_time_may_send(audience: Audience) -> None:
    """Until the right is given back by who has it, or runs out."""
    assert audience.take("rv_1", "a", ttl_ms=10_000)
    assert not audience.take("rv_1", "b", ttl_ms=10_000)
    assert audience.take("rv_2", "b", ttl_ms=10_000)
    assert audience.take("rv_1", "a", ttl_ms=10_000)
    audience.release("rv_1", "b")
    assert not audience.take("rv_1", "b", ttl_ms=10_000)
    audience.release("rv_1", "a")
    assert audience.take("rv_1", "b", ttl_ms=50)
    time.sleep(0.1)
    assert audience.take("rv_1", "c", ttl_ms=10_000)


def test_of_many_who_want_to_send_at_once_one_may(audience: Audience) -> None:
    """Two functions are started for one review when two clients come at once."""
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda token: audience.take("rv_1", str(token), ttl_ms=10_000), range(8)))
    assert taken.count(True) == 1

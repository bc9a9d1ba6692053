"""What codereview leaves in Redis: the keys of the design, of their types, and none of them for ever."""

import re

import pytest
from redis import Redis
from support.live import Live, a_finding, a_review, an_outcome, found, progress, some_units, the_end

from codereview.adapters.redis import (
    AgentStatus,
    AgentStatusBoard,
    RedisEventBus,
    RedisIdempotencyStore,
    RedisLedger,
    RedisSourceStore,
    keys,
)
from codereview.domain.coverage import CoverageEntry, CoverageState
from codereview.domain.events import Event
from codereview.domain.reviews import ReviewStatus
from codereview.domain.sources import Batch, SourceFile

TYPES = {
    "review:rv_1:state": "hash",
    "review:rv_1:units": "hash",
    "review:rv_1:events": "list",
    "review:rv_1:findings": "hash",
    "review:rv_1:emitted": "set",
    "review:rv_1:source": "hash",
    "reviews:deadlines": "zset",
    "reviews:waiting": "hash",
    "agent:security@host-1:status": "string",
    "idempotency:ann:k1": "hash",
    "reaper:lock": "string",
}


@pytest.fixture
def live(redis_client: Redis) -> Live:
    """The live state with the terms of production."""
    return Live(
        ledger=RedisLedger(redis_client),
        bus=RedisEventBus(redis_client),
        sources=RedisSourceStore(redis_client),
        idempotency=RedisIdempotencyStore(redis_client),
    )


def _run_a_review(live: Live) -> None:
    live.idempotency.begin("ann", "k1", "digest")
    live.sources.put("rv_1", [Batch(id="b0", files=(SourceFile(path="a.py", text="secret_name = 1\n"),))])
    live.sources.put_facts("rv_1", [CoverageEntry(path="b.png", state=CoverageState.SKIPPED)])
    live.ledger.create(a_review("rv_1", "ann"), some_units(3), deadline_ms=60_000)
    live.open("rv_2", owner="bob")
    live.idempotency.finish("ann", "k1", "rv_1")
    live.ledger.hold("reaper", ttl_ms=1000)
    lease = live.lease()
    live.bus.emit(progress(), lease=lease)
    live.bus.emit(found(a_finding()), lease=lease, finding=a_finding())
    live.ledger.complete(lease, an_outcome())
    live.ledger.release(live.lease(unit_id="bug-b0"))
    live.ledger.requeue("rv_1", "bug-b0")
    live.ledger.give_up("rv_1", "bug-b0", an_outcome("bug-b0"))
    live.end()


def test_every_key_is_one_of_the_design_has_its_type_and_expires(live: Live, redis_client: Redis) -> None:
    """A key without an end is a leak; a key of another name is not in the documentation."""
    _run_a_review(live)
    AgentStatusBoard(redis_client).beat(AgentStatus(agent_id="security@host-1", agent="security"))
    there = {key.decode(): key for key in redis_client.scan_iter()}
    mine = {name: redis_client.type(key).decode() for name, key in there.items() if "rv_2" not in name}
    assert mine == TYPES
    assert [name for name, key in there.items() if redis_client.pttl(key) <= 0] == []


def test_a_review_with_a_distant_deadline_is_indexed_until_then(live: Live, redis_client: Redis) -> None:
    """Later reviews with nearer deadlines do not shorten the life of the index."""
    far = 10 * 86_400_000
    live.open("rv_far", deadline_ms=far)
    live.open("rv_near", deadline_ms=1000)
    for index in (keys.DEADLINES, keys.WAITING):
        assert redis_client.pttl(index) > far


def test_every_write_lengthens_the_life_of_all_keys_of_the_review(live: Live, redis_client: Redis) -> None:
    """The source must not expire under a worker, nor the log under a follower."""
    _run_a_review(live)
    live.open("rv_3", units=9)
    live.sources.put("rv_3", [Batch(id="b0", files=())])
    live.bus.emit(found(a_finding(), "rv_3"), finding=a_finding())
    lease = live.lease("rv_3")
    other = live.lease("rv_3", "bug-b0")
    writes = {
        "emit": lambda: live.bus.emit(progress("rv_3")),
        "renew": lambda: live.ledger.renew(lease, lease_ms=60_000),
        "claim": lambda: live.lease("rv_3", "security-b1"),
        "complete": lambda: live.ledger.complete(lease, an_outcome()),
        "release": lambda: live.ledger.release(other),
        "requeue": lambda: live.ledger.requeue("rv_3", "bug-b0"),
        "give up": lambda: live.ledger.give_up("rv_3", "bug-b0", an_outcome()),
        "cancel": lambda: live.ledger.request_cancel("rv_3"),
        "decide": lambda: live.ledger.decide("rv_3", ReviewStatus.CANCELLED),
        "end": lambda: live.bus.emit(the_end("rv_3", ReviewStatus.CANCELLED)),
    }
    names = [key for key in keys.of_review("rv_3") if key.startswith("review:")]
    assert len(names) == 6
    for name, write in writes.items():
        for key in names:
            assert redis_client.pexpire(key, 50_000) == 1
        write()
        assert [key for key in names if redis_client.pttl(key) < 80_000_000] == [], name


def test_an_ended_review_is_kept_for_its_own_time(redis_client: Redis) -> None:
    """Late readers find the end; then the memory is free."""
    ledger, bus = RedisLedger(redis_client), RedisEventBus(redis_client, ended_ttl_s=600)
    live = Live(ledger, bus, RedisSourceStore(redis_client), RedisIdempotencyStore(redis_client))
    live.open()
    live.bus.emit(found(a_finding()), finding=a_finding())
    live.sources.put("rv_1", [Batch(id="b0", files=())])
    live.end()
    ttls = {key: redis_client.pttl(key) for key in redis_client.scan_iter("review:*")}
    assert len(ttls) == 6
    assert all(500_000 < ttl <= 600_000 for ttl in ttls.values()), ttls


def test_a_review_whose_state_is_gone_is_no_longer_active_nor_waited_for(live: Live, redis_client: Redis) -> None:
    """It cannot be helped from here, and must not count against its owner for ever."""
    live.open("rv_1", owner="ann")
    live.open("rv_2", owner="ann")
    redis_client.delete("review:rv_1:state")
    assert live.ledger.active() == ["rv_2"]
    assert (live.ledger.waiting(), live.ledger.waiting("ann")) == (1, 1)


def test_the_indexes_are_empty_when_every_review_has_ended(live: Live, redis_client: Redis) -> None:
    """Nothing is kept of a review but its own keys."""
    for n in range(5):
        live.open(f"rv_{n}", owner=f"owner {n % 2}")
        live.end(f"rv_{n}")
    assert redis_client.exists(keys.DEADLINES, keys.WAITING) == 0


def test_an_event_is_logged_published_and_parsed_as_the_same_bytes(live: Live, redis_client: Redis) -> None:
    """Whoever reads the channel need not read the list, and a frame can be passed on as it is."""
    live.open()
    with redis_client.pubsub() as pubsub:
        pubsub.subscribe(keys.event_channel("rv_1"))
        assert pubsub.get_message(timeout=5)["type"] == "subscribe"
        live.bus.emit(found(a_finding()), finding=a_finding())
        live.end()
        published = [pubsub.get_message(timeout=5)["data"] for _ in range(2)]
    logged = redis_client.lrange("review:rv_1:events", 0, -1)
    assert published == logged
    assert [Event.model_validate_json(payload).to_json().encode() for payload in logged] == logged


def test_source_code_is_stored_compressed(live: Live, redis_client: Redis) -> None:
    """Code repeats itself; memory in Redis is dear."""
    text = "def handler(request):\n    return render(request, 'page.html')\n" * 500
    live.sources.put("rv_1", [Batch(id="b0", files=(SourceFile(path="a.py", text=text),))])
    stored = redis_client.hget("review:rv_1:source", "batch:b0")
    assert stored is not None
    assert len(stored) < len(text) / 20


def test_the_module_of_keys_documents_every_key() -> None:
    """The table at its head is the reference of what is in Redis."""
    documented = re.findall(r"``([^`]+)``", keys.__doc__ or "")
    patterns = [re.sub(r"\{\w+\}", ".+", name) for name in documented]
    others = [keys.ws_connections("rv_1"), *keys.ANALYSES, keys.token_budget("2026-11-22T14")]
    for name in [*TYPES, *others, keys.AGENT_COMMANDS, keys.event_channel("rv_1")]:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name

"""The server-side scripts: one round trip each, known to every server, and never through Lua's JSON."""

from collections.abc import Callable
from importlib import resources

import pytest
from redis import Redis
from support.live import a_finding, an_outcome, found, some_units, the_end
from support.live import a_review as accepted

from codereview.adapters.redis import RedisEventBus, RedisLedger, scripts
from codereview.domain.reviews import ReviewStatus
from codereview.ports import Emitted

SOURCES = {path.name: path.read_text() for path in resources.files(scripts._PACKAGE).iterdir() if ".lua" in path.name}


@pytest.fixture
def commands(redis_client: Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the commands the client sends."""
    sent: list[str] = []
    send = redis_client.execute_command

    def record(*args: object, **options: object) -> object:
        sent.append(str(args[0]))
        return send(*args, **options)

    monkeypatch.setattr(redis_client, "execute_command", record)
    return sent


def test_an_operation_is_one_round_trip(redis_client: Redis, commands: list[str]) -> None:
    """What costs is the way to the server, not what is done there."""
    ledger, bus = RedisLedger(redis_client), RedisEventBus(redis_client)

    def run(review_id: str) -> None:
        ledger.create(accepted(review_id), some_units(50), deadline_ms=1000)
        lease = ledger.claim(review_id, "bug-b3", worker="w", lease_ms=10_000, max_attempts=3).lease
        assert lease is not None
        bus.emit(found(a_finding(), review_id), lease=lease, finding=a_finding())
        ledger.renew(lease, lease_ms=10_000)
        ledger.complete(lease, an_outcome("bug-b3"))
        ledger.read(review_id)
        ledger.decide(review_id, ReviewStatus.COMPLETED)
        bus.emit(the_end(review_id))

    run("rv_1")
    commands.clear()
    run("rv_2")
    assert commands == ["EVALSHA"] * 8


def test_a_server_that_does_not_know_a_script_learns_it(redis_client: Redis, commands: list[str]) -> None:
    """After a restart or a failover its cache of scripts is empty."""
    ledger, bus = RedisLedger(redis_client), RedisEventBus(redis_client)
    ledger.create(accepted(), some_units(1), deadline_ms=1000)
    bus.emit(found(a_finding(1)), finding=a_finding(1))
    redis_client.script_flush()
    commands.clear()
    assert bus.emit(found(a_finding(2)), finding=a_finding(2)) is Emitted.APPENDED
    assert bus.emit(found(a_finding(3)), finding=a_finding(3)) is Emitted.APPENDED
    assert commands == ["EVALSHA", "EVAL", "EVALSHA"]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_payload_passes_through_luas_json(name: str) -> None:
    """It would turn empty lists into objects and round large numbers."""
    assert "cjson" not in SOURCES[name]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_script_makes_up_a_key(name: str) -> None:
    """Every key is handed in, as managed services require."""
    assert "review:" not in SOURCES[name]
    assert "reviews:" not in SOURCES[name]


def test_an_error_in_a_script_is_not_taken_for_an_outage(redis_client: Redis) -> None:
    """A key of another type is a fault to be seen, not a reason to try again later."""
    redis_client.set("review:rv_1:state", "not a hash")
    with pytest.raises(Exception, match="WRONGTYPE"):
        RedisLedger(redis_client).read("rv_1")


def test_every_script_is_used() -> None:
    """A script nobody runs is not tested."""
    package = resources.files("codereview.adapters.redis")
    code = "".join(path.read_text() for path in package.iterdir() if path.name.endswith(".py"))
    used: Callable[[str], bool] = lambda name: f'"{name.removesuffix(".lua")}"' in code  # noqa: E731
    assert [name for name in SOURCES if not used(name)] == []

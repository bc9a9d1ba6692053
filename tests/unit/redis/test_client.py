"""Connecting to Redis: bounded in time, checked, and without leaking secrets."""

import socket
import ssl
import time
from dataclasses import replace

import pytest
from redis import Redis
from redis.connection import SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from support.bad_network import BadNetwork
from support.live import a_finding, a_review, found, progress, some_units
from support.redis_process import RedisProcess

from codereview.adapters.redis import (
    RedisEventBus,
    RedisIdempotencyStore,
    RedisLedger,
    RedisSourceStore,
    connect,
    redact,
)
from codereview.adapters.redis.client import translated_errors
from codereview.domain.sources import Batch
from codereview.errors import BackendUnavailable, ConfigurationError
from codereview.ports import Emitted


def test_tls_checks_the_certificate_and_the_name() -> None:
    """An encrypted connection to somebody else is no protection."""
    pool = connect("rediss://cache.example:6380/2", auth_token="t0ken").connection_pool
    connection = pool.connection_class(**pool.connection_kwargs)
    assert isinstance(connection, SSLConnection)
    assert connection.cert_reqs == ssl.CERT_REQUIRED
    assert connection.check_hostname
    assert (connection.host, connection.port, connection.db, connection.password) == (
        "cache.example",
        6380,
        2,
        "t0ken",
    )


def test_the_password_of_the_url_wins_over_the_token() -> None:
    """Whoever writes one into the URL means it."""
    assert connect("redis://:inurl@h/0", auth_token="t").connection_pool.connection_kwargs["password"] == "inurl"
    assert connect("redis://h/0", auth_token="t").connection_pool.connection_kwargs["password"] == "t"
    assert not connect("redis://h/0").connection_pool.connection_kwargs.get("password")


def test_every_connection_is_bounded_in_time() -> None:
    """Without limits a half-open connection is never noticed."""
    kwargs = connect("redis://h/0").connection_pool.connection_kwargs
    assert kwargs["socket_timeout"] == 5.0
    assert kwargs["socket_connect_timeout"] == 3.0
    assert kwargs["health_check_interval"] == 15
    assert kwargs["socket_keepalive"] is True
    assert kwargs["socket_keepalive_options"][socket.TCP_KEEPCNT] == 3
    assert kwargs["retry"].get_retries() == 2


def test_keepalive_options_are_accepted_by_this_system(redis_server: RedisProcess) -> None:
    """A connection that cannot be made is found at once."""
    assert connect(redis_server.url).ping()


def test_a_unix_socket_works_too(redis_server: RedisProcess) -> None:
    """For a Redis beside the process."""
    client = connect(redis_server.unix_url)
    assert client.connection_pool.connection_class is UnixDomainSocketConnection
    assert client.ping()
    bus, ledger = RedisEventBus(client), RedisLedger(client)
    assert ledger.read("rv_none") is None
    assert bus.last_id("rv_none") == 0


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://h", "redis+socket:///x"])
def test_another_kind_of_address_is_refused_with_what_would_be_right(url: str) -> None:
    """At start, before anything is served."""
    with pytest.raises(ConfigurationError, match="redis://, rediss://, unix://"):
        connect(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("rediss://user:p%40ss@h:6379/1", "rediss://***@h:6379/1"),
        ("redis://:pw@h/0?password=other&ssl_ca_certs=x", "redis://***@h/0"),
        ("unix://user:pw@/run/redis.sock?password=pw", "unix://***@/run/redis.sock"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    """They go to the log."""
    assert redact(url) == shown


@pytest.mark.parametrize(
    "error",
    [RedisConnectionError("away"), RedisTimeoutError("slow"), ReadOnlyError("replica"), OutOfMemoryError("full")],
)
def test_a_server_that_cannot_serve_is_unavailable(error: Exception) -> None:
    """Away, failing over, or full: it may pass."""
    with pytest.raises(BackendUnavailable), translated_errors():
        raise error


@pytest.mark.parametrize("error", [ResponseError("WRONGTYPE Operation"), ConnectionError("of something else")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    """A fault of ours is not to be waited out."""
    with pytest.raises(type(error)), translated_errors():
        raise error


def test_every_port_says_that_redis_is_away() -> None:
    """In the words of the application, quickly, and without the address."""
    deaf = socket.socket()  # bound, and not listening: connections are refused, and nobody else takes the port
    deaf.bind(("127.0.0.1", 0))
    client = connect(f"redis://:hunter2@127.0.0.1:{deaf.getsockname()[1]}/0", retries=1)
    ledger, bus = RedisLedger(client), RedisEventBus(client)
    sources, idempotency = RedisSourceStore(client), RedisIdempotencyStore(client)
    began = time.monotonic()
    for action in (
        lambda: ledger.read("rv_1"),
        ledger.active,
        ledger.waiting,
        lambda: ledger.waiting("ann"),
        lambda: ledger.hold("x", ttl_ms=1),
        lambda: bus.emit(progress()),
        lambda: bus.emit(found(a_finding()), finding=a_finding()),
        lambda: bus.read("rv_1"),
        lambda: bus.last_id("rv_1"),
        lambda: bus.findings("rv_1"),
        lambda: next(bus.follow("rv_1")),
        lambda: sources.put("rv_1", [Batch(id="b", files=())]),
        lambda: sources.get("rv_1", "b"),
        lambda: sources.facts("rv_1"),
        lambda: idempotency.begin("ann", "k", "d"),
    ):
        with pytest.raises(BackendUnavailable) as caught:
            action()
        assert "hunter2" not in str(caught.value)
    assert time.monotonic() - began < 30
    deaf.close()


def test_a_connection_gone_dead_is_replaced(redis_server: RedisProcess) -> None:
    """After the time limit, not after a quarter of an hour."""
    with BadNetwork(redis_server.port) as network:
        client = connect(network.url, socket_timeout_s=0.3)
        client.ping()
        network.stall()
        began = time.monotonic()
        assert RedisLedger(client).read("rv_none") is None
        assert 0.25 < time.monotonic() - began < 30


def test_a_restarted_server_is_found_again(private_redis: RedisProcess) -> None:
    """Without anybody noticing."""
    client: Redis = connect(private_redis.url)
    client.set("kept", "yes")
    private_redis.restart()
    assert client.get("kept") == b"yes"


def test_a_server_that_is_full_is_unavailable_and_nothing_is_half_done(private_redis: RedisProcess) -> None:
    """Memory may come free; what was refused can be done then."""
    client = connect(private_redis.url)
    ledger, bus = RedisLedger(client), RedisEventBus(client)
    ledger.create(a_review(), some_units(1), deadline_ms=60_000)
    before = ledger.read("rv_1")
    client.config_set("maxmemory", 1000)
    for action in (
        lambda: bus.emit(found(a_finding()), finding=a_finding()),
        lambda: ledger.claim("rv_1", "security-b0", worker="w", lease_ms=1, max_attempts=3),
        lambda: ledger.create(a_review("rv_2"), some_units(1), deadline_ms=60_000),
        lambda: RedisSourceStore(client).put("rv_1", [Batch(id="b", files=())]),
    ):
        with pytest.raises(BackendUnavailable):
            action()
    client.config_set("maxmemory", 0)
    after = ledger.read("rv_1")
    assert before is not None
    assert after is not None
    assert replace(after, now=0) == replace(before, now=0)
    assert ledger.active() == ["rv_1"]
    assert bus.emit(found(a_finding()), finding=a_finding()) is Emitted.APPENDED


def test_a_primary_that_became_a_replica_is_unavailable_and_left(private_redis: RedisProcess) -> None:
    """After a failover the connection is made anew: the name leads to the new primary."""
    client = connect(private_redis.url, retries=1)
    ledger = RedisLedger(client)
    ledger.create(a_review(), some_units(1), deadline_ms=60_000)
    ours = client.client_id()
    client.replicaof("127.0.0.1", "1")
    with pytest.raises(BackendUnavailable, match=r"READONLY|ReadOnly"):
        ledger.request_cancel("rv_1")
    client.replicaof("NO", "ONE")
    assert ledger.request_cancel("rv_1")
    assert client.client_id() != ours

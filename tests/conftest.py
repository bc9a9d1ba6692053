"""Fixtures for every test: a real Redis of the session's own."""

from collections.abc import Iterator

import pytest

# Before anything of it is imported, in whatever order tests are named.
pytest.register_assert_rewrite("support")

import redis  # noqa: E402
from support.redis_process import RedisProcess  # noqa: E402

from codereview.adapters.redis import connect  # noqa: E402


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A server for the session. A test that stops it uses `private_redis` instead."""
    server = RedisProcess(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisProcess) -> str:
    """The address of an empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """codereview's own client of an empty Redis."""
    with connect(redis_url) as client:
        yield client


@pytest.fixture
def private_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A running server of one test, which may stop, kill and restart it."""
    server = RedisProcess(tmp_path_factory.mktemp("private-redis"))
    server.start()
    yield server
    server.stop()

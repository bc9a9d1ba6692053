"""What functions stand on, and the secrets it is built with."""

from collections.abc import Iterator

import pytest

import lambdas._product as here
import lambdas._settings as shared
from codereview.adapters.parameter_store import ParameterStore


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As at a cold start; nothing is left for the next test."""
    monkeypatch.setenv("CODEREVIEW_REDIS_URL", "rediss://cache.example:6379/0")
    monkeypatch.setenv("CODEREVIEW_STORE", "dynamodb")
    monkeypatch.setenv("CODEREVIEW_METRICS", "none")
    cached = (shared.settings, shared.clients, shared._secrets)
    for each in cached:
        each.cache_clear()
    yield
    for each in cached:
        each.cache_clear()
    here._instances.clear()


def _password() -> object:
    return here.product().redis.connection_pool.connection_kwargs.get("password")


def test_the_token_of_redis_comes_from_parameter_store_and_is_noticed_when_rotated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing secret is in the environment of a function; and a rotation needs no deployment."""
    monkeypatch.setenv("CODEREVIEW_SECRETS_PATH", "/codereview/prod/")
    tokens = iter(["first", "first", "second"])
    monkeypatch.setattr(ParameterStore, "read", lambda self, *names: dict.fromkeys(names, next(tokens)))
    first = here.product()
    assert here.product() is first
    assert first.redis.connection_pool.connection_kwargs["password"] == "first"
    second = here.product()
    assert second is not first
    assert second.redis.connection_pool.connection_kwargs["password"] == "second"
    assert "second" not in str(second.settings.effective())


def test_without_a_path_there_are_no_secrets_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a stand-in."""
    monkeypatch.delenv("CODEREVIEW_SECRETS_PATH", raising=False)
    assert _password() is None

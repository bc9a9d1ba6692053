"""Settings: read from the environment, documented, starred in logs, and clear about mistakes."""

import json
import logging
from pathlib import Path

import pytest

from codereview.adapters.celery.config import broker_url, celery_config, result_url
from codereview.config import Settings, load_settings
from codereview.errors import ConfigurationError
from codereview.logs import JsonFormatter

_DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    """A knob nobody can find does not exist."""
    assert f"`CODEREVIEW_{name.upper()}`" in _DOCS.read_text(encoding="utf-8")


def test_the_names_of_the_container_specification_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Task definitions say REDIS_URL and AGENT_TYPE; the prefixed name wins."""
    monkeypatch.setenv("REDIS_URL", "redis://spec:6379")
    monkeypatch.setenv("AGENT_TYPE", "bug")
    assert (load_settings().redis_url, load_settings().agent_type) == ("redis://spec:6379", "bug")
    monkeypatch.setenv("CODEREVIEW_REDIS_URL", "redis://own:6379")
    assert load_settings().redis_url == "redis://own:6379"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CODEREVIEW_PORT", "70000"), ("CODEREVIEW_AUTH", "maybe"), ("CODEREVIEW_LEASE_S", "soon")],
)
def test_a_wrong_value_names_the_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says which variable, what was given and what would be right."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=rf"{variable}: input should be .*\(got '{value}'\)"):
        load_settings()


def test_secrets_are_starred_in_the_effective_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole configuration is logged at start; its secrets are not."""
    monkeypatch.setenv("CODEREVIEW_REDIS_URL", "rediss://:hunter22@cache:6379/0")
    monkeypatch.setenv("CODEREVIEW_SECRET_KEY", "hunter22")
    said = load_settings().effective()
    assert "hunter22" not in str(said)
    assert said["redis_url"] == "rediss://***@cache:6379/0"


def test_the_auth_token_is_put_into_the_url() -> None:
    """On AWS the token comes from Parameter Store, apart from the endpoint."""
    settings = load_settings(redis_url="rediss://cache:6379/0", redis_auth_token="token")
    assert broker_url(settings) == "rediss://:token@cache:6379/0"
    assert result_url(settings) == "rediss://:token@cache:6379/1"


@pytest.mark.parametrize("url", ["", "amqp://localhost", "cache:6379"])
def test_a_broker_that_is_no_redis_is_refused(url: str) -> None:
    """Before anything connects."""
    with pytest.raises(ConfigurationError, match="CODEREVIEW_REDIS_URL"):
        broker_url(load_settings(redis_url=url))


def test_celery_is_configured_for_what_was_measured() -> None:
    """The values without which reviews are lost; each is argued where it is set."""
    settings = load_settings(redis_url="rediss://cache:6379/0", unit_hard_limit_s=600)
    config = celery_config(settings)
    assert config["broker_transport_options"]["visibility_timeout"] == 1200
    assert config["broker_transport_options"]["socket_timeout"] is not None
    assert config["task_acks_late"] is True
    assert config["task_reject_on_worker_lost"] is False
    assert config["task_retry_on_worker_lost"] is True
    assert config["worker_cancel_long_running_tasks_on_connection_loss"] is False
    assert config["result_chord_expires"] > settings.review_deadline_s
    assert config["broker_use_ssl"] == config["redis_backend_use_ssl"]


def test_a_log_line_is_one_json_object_with_its_fields() -> None:
    """Fields can be queried; a sentence cannot."""
    record = logging.makeLogRecord({"msg": "unit_requeued", "levelname": "WARNING", "name": "x", "reviewId": "rv_1"})
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line).items() >= {"eventType": "unit_requeued", "level": "WARNING", "reviewId": "rv_1"}.items()

"""A whole deployment of a test's own: Redis, workers, and the service that sends to them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.deployment import Deployment
from support.redis_process import RedisProcess

from codereview.bootstrap import build
from codereview.config import load_settings

#: Impatient, so that a fault is noticed within a test's time; the ratios are those of the defaults.
IMPATIENT = {
    "CODEREVIEW_LEASE_S": "3",
    "CODEREVIEW_REAPER_INTERVAL_S": "0.5",
    "CODEREVIEW_UNCLAIMED_AFTER_S": "3",
}


@pytest.fixture
def deploy(
    private_redis: RedisProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Deployment]]:
    """Make the deployment; ``impatient=False`` for the settings a user has."""
    made: list[Deployment] = []

    def make(*, impatient: bool = True) -> Deployment:
        env = {"CODEREVIEW_REDIS_URL": private_redis.url, "CODEREVIEW_DATA_DIR": str(tmp_path / "data")}
        env |= IMPATIENT if impatient else {}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        deployment = Deployment(private_redis, tmp_path, env, build(load_settings()), [])
        made.append(deployment)
        return deployment

    yield make
    for deployment in made:
        deployment.stop()

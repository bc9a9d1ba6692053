"""A whole deployment of a test's own: Redis, workers, and the service that sends to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.redis_process import RedisProcess
from support.workers import WorkerProcess, eventually

from codereview.bootstrap import Service, build
from codereview.config import load_settings
from codereview.domain.events import Event
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission

#: Impatient, so that a fault is noticed within a test's time; the ratios are those of the defaults.
IMPATIENT = {
    "CODEREVIEW_LEASE_S": "3",
    "CODEREVIEW_REAPER_INTERVAL_S": "0.5",
    "CODEREVIEW_UNCLAIMED_AFTER_S": "3",
}


@dataclass
class Deployment:
    """Workers started on demand against one Redis."""

    redis: RedisProcess
    directory: Path
    env: dict[str, str]
    service: Service
    workers: list[WorkerProcess]

    def worker(self, queue: str, *, scripted: bool = True, concurrency: int = 1) -> WorkerProcess:
        """Start a worker."""
        log = self.directory / f"{queue}-{len(self.workers)}.log"
        worker = WorkerProcess(queue, self.env, log, scripted=scripted, concurrency=concurrency)
        self.workers.append(worker)
        return worker.start()

    def submit(self, code: str) -> str:
        """Submit a Python snippet; the review's id."""
        return self.service.service.submit(Submission(code=code, filename="app.py")).id

    def ended(self, review_id: str, *, within_s: float = 30.0) -> Review:
        """The review, when it has ended."""
        eventually(
            lambda: self.service.service.get(review_id).status.terminal,
            f"review {review_id} ended: {self.service.ledger.read(review_id)}",
            within_s=within_s,
        )
        return self.service.service.get(review_id)

    def events(self, review_id: str) -> list[Event]:
        """The log of a review."""
        return self.service.bus.read(review_id)

    def types(self, review_id: str) -> list[str]:
        """The types of its events."""
        return [str(event.type) for event in self.events(review_id)]


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
        for worker in deployment.workers:
            worker.stop()
        deployment.service.redis.close()

"""Workers and the service that sends to them, over one Redis."""

from dataclasses import dataclass
from pathlib import Path

from support.redis_process import RedisProcess
from support.workers import WorkerProcess, eventually

from codereview.bootstrap import Service
from codereview.domain.events import Event
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission


@dataclass
class Deployment:
    """Workers started on demand against one Redis."""

    redis: RedisProcess
    directory: Path
    env: dict[str, str]
    service: Service
    workers: list[WorkerProcess]

    def start_workers(self, *queues: str, scripted: bool = True, concurrency: int = 1) -> list[WorkerProcess]:
        """Start a worker per queue, side by side."""
        started = []
        for queue in queues:
            log = self.directory / f"{queue}-{len(self.workers)}.log"
            worker = WorkerProcess(queue, self.env, log, scripted=scripted, concurrency=concurrency)
            self.workers.append(worker)
            worker.launch()
            started.append(worker)
        return [worker.await_ready() for worker in started]

    def stop(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.ask_to_stop()
        for worker in self.workers:
            worker.stop()
        self.service.redis.close()

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

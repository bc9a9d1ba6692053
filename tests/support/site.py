"""The whole thing as a person meets it: gunicorn behind a proxy under a path, Celery workers, Redis."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from support.api_server import ApiServer
from support.page_proxy import PageProxy
from support.redis_process import RedisProcess
from support.workers import WorkerProcess, eventually

from bench import samples
from codereview.bootstrap import Service
from codereview.domain.events import EventType, ReviewQueued, draft
from codereview.domain.findings import Finding
from codereview.domain.model import Model
from codereview.domain.reviews import AgentSummary, Review, ReviewStatus
from codereview.domain.submission import Submission
from codereview.domain.units import UnitSpec

PREFIX = "/tools/review"
#: The bug agent reports two lines, sleeps, and reports them again by another rule; the security agent is the real one.
SLOW = 'import os\nos.system(input())  # danger\nx = 1  # danger\n"""\nbug: sleep {seconds}\n"""\n'


@dataclass
class Site:
    """One deployment for all tests of the page."""

    server: ApiServer
    proxy: PageProxy
    redis: RedisProcess
    workers: list[WorkerProcess]
    other_origin: str

    @property
    def url(self) -> str:
        """The page, under its path."""
        return self.proxy.url

    @property
    def service(self) -> Service:
        """The parts the server is made of."""
        return self.server.service

    def page_of(self, review_id: str) -> str:
        """The address of a review's page."""
        return f"{self.url}/review/{review_id}"

    def submit_slow(self, seconds: float = 1.5) -> str:
        """Submit code that takes at least so long; the review's id."""
        code = f"# {secrets.token_hex(4)}\n{SLOW.format(seconds=seconds)}"
        return self.service.service.submit(Submission(code=code, filename="app.py", label="slow.py")).id

    def ended(self, review_id: str) -> Review:
        """The review, when it has ended."""
        eventually(lambda: self.service.service.get(review_id).status.terminal, f"review {review_id} ended")
        return self.service.service.get(review_id)

    def keep(self, findings: Sequence[Finding] = (), *, code: bool = True, **over: object) -> Review:
        """A stored review of the sample file."""
        made = samples.review(f"rv_{secrets.token_hex(6)}", findings, **over)
        samples.keep(self.service, made, *([samples.sample_file()] if code else []))
        return made

    def hold(self) -> str:
        """A review that runs until the test lets it end: nobody works on it; its id."""
        review_id = f"rv_{secrets.token_hex(6)}"
        pending = tuple(AgentSummary(agent=agent, units=1) for agent in ("security", "bug"))
        made = samples.review(
            review_id, (), status=ReviewStatus.PENDING, outcome=None, completed_at=None, agents=pending, coverage=()
        )
        self.service.store.put(made)
        units = [UnitSpec(id=f"{agent}-b001", agent=agent, batch_id="b001") for agent in ("security", "bug")]
        samples.hold(self.service, made, units)
        queued = ReviewQueued(source=made.source, agents=pending, units=len(units))
        self.emit(review_id, EventType.REVIEW_QUEUED, queued)
        return review_id

    def emit(self, review_id: str, type_: EventType, payload: Model, agent: str = "") -> None:
        """One event of a held review."""
        event = draft(review_id, type_, payload, agent=agent, dedupe=secrets.token_hex(8))
        assert self.service.bus.emit(event) is not None

    def restart(self) -> None:
        """The server stops and comes back on the same port."""
        self.server.process.terminate()
        self.server.process.wait(20)
        self.server.start()

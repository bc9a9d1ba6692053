"""The API over a product in memory, whose units run when the test says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from support.assembly import Assembly
from support.bus_feed import BusFeed
from werkzeug.test import TestResponse

from api.app import create_app
from api.config import ApiConfig
from api.live.hub import HubSettings
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.memory import MemoryIdempotencyStore
from codereview.adapters.redis.status import AgentStatus
from codereview.adapters.sqlite import SqliteKeyStore
from codereview.adapters.system import SystemClock
from codereview.application.keys import KeyRing, new_key
from codereview.application.review_service import Admission
from codereview.errors import BackendUnavailable
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.submitted import read_submission
from codereview.telemetry import SILENT, Telemetry

#: Quick about everything that waits.
IMPATIENT = HubSettings(sweep_s=0.05, grace_s=0.2)


@dataclass
class Board:
    """A status board with a worker for every queue, unless the test takes some away."""

    statuses: list[AgentStatus] = field(default_factory=lambda: [AgentStatus(agent_id=q, agent=q) for q in QUEUES])
    away: bool = False

    def all(self) -> Sequence[AgentStatus]:
        if self.away:
            raise BackendUnavailable("Redis is not available")
        return self.statuses


class Api:
    """The application, a client of it, and everything behind it in reach."""

    def __init__(
        self,
        directory: Path,
        *,
        admission: Admission = Admission(),
        limits: Limits = DEFAULT_LIMITS,
        telemetry: Telemetry = SILENT,
        **config: Any,
    ):
        self.assembly = Assembly(admission=admission, telemetry=telemetry)
        self.service, self.bus, self.store = self.assembly.service, self.assembly.bus, self.assembly.store
        # Submissions are read as the product reads them.
        self.service._read = partial(read_submission, limits=limits)
        self.key_store = SqliteKeyStore(directory / "keys.sqlite3")
        self.keys = KeyRing(self.key_store, cache_ttl_s=0)
        self.idempotency = MemoryIdempotencyStore()
        self.board = Board()
        self.telemetry = telemetry
        self.exposition: Callable[[], bytes] | None = getattr(telemetry.metrics, "exposition", None)
        self.feed = BusFeed(self.bus, self.assembly.ledger)
        self.app: Flask = create_app(self, ApiConfig(secret_key="not secret", **config), self.feed, IMPATIENT)
        self.client: FlaskClient = self.app.test_client()

    def key(self, owner: str) -> dict[str, str]:
        """The headers of a new key of an owner."""
        secret, key = new_key(owner, "", SystemClock())
        self.key_store.add(key)
        return {"Authorization": f"Bearer {secret}"}

    def post(self, body: object, **arguments: Any) -> TestResponse:
        """POST /api/review."""
        return self.client.post("/api/review", json=body, **arguments)

    def submit(self, code: str = "danger\n", **arguments: Any) -> str:
        """Submit a Python file; the review's id."""
        answer = self.post({"code": code, "filename": "app.py"}, **arguments)
        assert answer.status_code == 202, answer.text
        return str(answer.json["reviewId"])

    def ended(self, code: str = "danger\n", **arguments: Any) -> str:
        """Submit a Python file and work on it; the review's id."""
        review_id = self.submit(code, **arguments)
        self.assembly.run(review_id)
        return review_id

    def close(self) -> None:
        """Stop its threads."""
        self.app.extensions["codereview"].hub.stop()

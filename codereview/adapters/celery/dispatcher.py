"""Sending reviews to the workers: one chord per review, by task names."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from celery import Celery, chord, signature
from celery.canvas import Signature
from kombu.exceptions import OperationalError

from codereview.adapters.celery.config import celery_config, guard_reconnect, result_url
from codereview.adapters.celery.names import COORDINATOR, FINALIZE, REVIEW_UNIT, TRACE_HEADER
from codereview.adapters.redis.status import AgentCommand, AgentCommands, CommandName
from codereview.config import Settings
from codereview.domain.units import UnitSpec
from codereview.errors import BackendUnavailable
from codereview.ports import Attributes, SpanKind, Tracer
from codereview.telemetry import SILENT


def sender(settings: Settings) -> Celery:
    """A Celery application that only sends: it knows no task, and never reads a result."""
    guard_reconnect()
    app = Celery("codereview-sender", set_as_current=False)
    app.config_from_object(celery_config(settings))
    app.conf.result_backend = f"codereview.adapters.celery.backend:SenderBackend+{result_url(settings)}"
    return app


class CeleryDispatcher:
    """The chord: a unit per agent and batch on the agents' queues, then finalize on the coordinator's."""

    def __init__(
        self, app: Celery, client: "redis.Redis", commands: AgentCommands, tracer: Tracer = SILENT.tracer
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._client = client
        self._commands = commands

    def launch(self, review_id: str, units: Sequence[UnitSpec]) -> None:
        """Send the chord. Raises BackendUnavailable when the broker cannot be reached."""
        about: Attributes = {
            "messaging.system": "celery",
            "codereview.review.id": review_id,
            "codereview.units": len(units),
        }
        with self._tracer.span("send chord", about, kind=SpanKind.PRODUCER), _reachable():
            header = [self._unit(review_id, unit, member=True) for unit in units]
            chord(header, app=self._app)(self._end(review_id))

    def relaunch(self, review_id: str, unit: UnitSpec) -> None:
        """Send one unit again as a plain task; the reaper sees to the end. Raises BackendUnavailable."""
        with _reachable():
            self._unit(review_id, unit).apply_async(ignore_result=True)

    def finalize(self, review_id: str) -> None:
        """Send the end as a plain task. Raises BackendUnavailable."""
        with _reachable():
            self._end(review_id).apply_async()

    def backlog(self, agent: str) -> int:
        """Messages waiting in the agent's queue. Raises BackendUnavailable."""
        with _reachable():
            return int(self._client.llen(agent))

    def revoke(self, review_id: str) -> None:
        """Tell every worker over ``agent:commands``."""
        self._commands.send(AgentCommand(command=CommandName.CANCEL, review_id=review_id))

    def _unit(self, review_id: str, unit: UnitSpec, member: bool = False) -> Signature:
        # A name of its own for the chord's member shows the review in every tool that lists tasks.
        options: dict[str, object] = {"queue": unit.agent, "headers": self._headers()}
        if member:
            options["task_id"] = f"{review_id}.{unit.id}"
        return signature(REVIEW_UNIT, args=(review_id, unit.id), app=self._app, immutable=True, options=options)

    def _end(self, review_id: str) -> Signature:
        return signature(
            FINALIZE,
            args=(review_id,),
            app=self._app,
            immutable=True,
            options={"queue": COORDINATOR, "ignore_result": True, "headers": self._headers()},
        )

    def _headers(self) -> dict[str, dict[str, str]]:
        """The trace the message belongs to, where there is one."""
        carrier = self._tracer.carrier()
        return {TRACE_HEADER: carrier} if carrier else {}


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OperationalError, OSError) as error:
        raise BackendUnavailable("the task queue cannot be reached") from error

"""A worker's life beside its tasks: its name, its heartbeat, its commands, and the reaper."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import signals
from celery.worker import state

from codereview import __version__
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.redis.status import AgentCommand, AgentState, AgentStatus, CommandName
from codereview.adapters.system import SystemClock
from codereview.analysers.workspace import sweep_stale
from codereview.bootstrap import Service, build
from codereview.config import load_settings
from codereview.errors import BackendUnavailable
from codereview.logs import configure_logging
from workers.celery import app

log = logging.getLogger(__name__)

_HEARTBEAT_S = 5.0
_TICK_S = 1.0


@signals.setup_logging.connect
def _configure_logging(**_: object) -> None:
    configure_logging(load_settings().log_level)


@signals.celeryd_init.connect
def _name_worker(instance: Any = None, options: dict[str, Any] | None = None, **_: object) -> None:
    """Name the worker for its agent type, unless it was named on the command line."""
    name, _, host = instance.hostname.partition("@")
    if name == "celery":
        instance.hostname = f"{agent_type((options or {}).get('queues'))}@{host}"


def agent_type(queues: object) -> str:
    """The agent type of a worker that consumes these queues (a comma-separated text or a list), else "all"."""
    names = queues.split(",") if isinstance(queues, str) else list(queues) if isinstance(queues, list | tuple) else []
    known = [name.strip() for name in names if name.strip() in QUEUES]
    return known[0] if len(known) == 1 else load_settings().agent_type or "all"


class Companion:
    """The threads of a worker's parent process. The tasks run in its children."""

    def __init__(self, service: Service, worker: Any) -> None:
        self._service = service
        self._worker = worker
        self._queues = [queue.name for queue in app.amqp.queues.consume_from.values()]
        self._agents = [name for name in self._queues if name in QUEUES]
        self._clock = SystemClock()
        self._doing: tuple[AgentState, tuple[str, str]] | None = None
        self._since = 0
        self._actions: dict[CommandName, Callable[[], object]] = {
            CommandName.DRAIN: self.drain,
            CommandName.RESUME: self.resume,
            CommandName.RELOAD: lambda: app.control.pool_restart(destination=[worker.hostname]),
            CommandName.PING: self._report,
            # Running units see the ledger's flag when they next renew or emit; nothing more to do here.
            CommandName.CANCEL: lambda: None,
        }
        self._stopped = threading.Event()
        self._draining = threading.Event()
        self._threads = [
            threading.Thread(target=loop, name=loop.__name__, daemon=True)
            for loop in (self._beat, self._obey, self._reap)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and take the worker off the board."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=2 * _TICK_S)
        for agent in self._agents:
            self._survive(partial(self._service.board.leave, self._id_as(agent)))

    def drain(self) -> None:
        """Take no new unit; what runs is finished."""
        self._draining.set()
        for queue in self._queues:
            app.control.cancel_consumer(queue, destination=[self._worker.hostname])

    def resume(self) -> None:
        """Take units again."""
        for queue in self._queues:
            app.control.add_consumer(queue, destination=[self._worker.hostname])
        self._draining.clear()

    def _beat(self) -> None:
        while not self._stopped.is_set():
            self._survive(self._report)
            self._stopped.wait(_HEARTBEAT_S)

    def _report(self) -> None:
        requests = list(state.active_requests)
        doing = AgentState.BUSY if requests else AgentState.IDLE
        if self._draining.is_set():
            doing = AgentState.DRAINING
        if (doing, _unit(requests)) != self._doing:
            self._doing, self._since = (doing, _unit(requests)), self._clock.now_ms()
        review_id, unit_id = _unit(requests)
        for agent in self._agents:
            self._service.board.beat(
                AgentStatus(
                    agent_id=self._id_as(agent),
                    agent=agent,
                    state=doing,
                    since=self._since,
                    at=self._clock.now_ms(),
                    review_id=review_id,
                    unit_id=unit_id,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    version=__version__,
                )
            )

    def _id_as(self, agent: str) -> str:
        """The worker's id on the board; one that serves several queues is there once for each."""
        hostname = str(self._worker.hostname)
        return hostname if len(self._agents) == 1 else f"{agent}.{hostname}"

    def _obey(self) -> None:
        for command in self._service.commands.listen(idle_s=_TICK_S):
            if self._stopped.is_set():
                return
            if command is not None and self._is_meant(command):
                log.info("agent_command", extra={"command": command.command, "reviewId": command.review_id})
                self._survive(self._actions[command.command])

    def _is_meant(self, command: AgentCommand) -> bool:
        return any(command.addresses(agent_id=self._id_as(agent), agent=agent) for agent in self._agents)

    def _reap(self) -> None:
        interval = self._service.settings.reaper_interval_s
        while not self._stopped.wait(interval):
            self._survive(self._service.service.sweep)

    def _survive(self, action: Callable[[], object]) -> None:
        """A worker outlives its Redis: what fails now is tried again at the next turn."""
        try:
            action()
        except BackendUnavailable as error:
            log.warning("backend_unavailable", extra={"detail": str(error)})


_companions: list[Companion] = []


@signals.worker_ready.connect
def _start_companion(sender: Any = None, **_: object) -> None:
    worker = sender.controller
    settings = load_settings()
    sweep_stale(2 * settings.unit_hard_limit_s)
    companion = Companion(build(settings), worker)
    _companions.append(companion)
    companion.start()
    log.info("worker_ready", extra={"agentId": worker.hostname})


@signals.worker_shutdown.connect
def _stop_companion(**_: object) -> None:
    while _companions:
        _companions.pop().stop()


def _unit(requests: list[Any]) -> tuple[str, str]:
    """Review and unit of the first task under way, ("", "") when there is none."""
    args = tuple(requests[0].args or ()) if requests else ()
    return (str(args[0]), str(args[1])) if len(args) > 1 else (str(args[0]) if args else "", "")

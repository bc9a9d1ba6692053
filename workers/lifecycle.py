"""A worker's life beside its tasks: its name, its heartbeat, its commands, and the reaper."""

import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

from celery import signals
from celery.worker import state

from codereview.adapters.celery.names import QUEUES
from codereview.adapters.redis.status import AgentStatus, Command
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
        self._survive(lambda: self._service.board.remove(self._worker.hostname))

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
        units = tuple(_unit(request) for request in list(state.active_requests))
        self._service.board.write(
            AgentStatus(
                agent_id=self._worker.hostname,
                agents=tuple(self._agents),
                state="draining" if self._draining.is_set() else "busy" if units else "idle",
                units=units,
                pid=self._worker.pid or 0,
                host=socket.gethostname(),
            )
        )

    def _obey(self) -> None:
        while not self._stopped.is_set():
            self._survive(self._listen)
            self._stopped.wait(_TICK_S)

    def _listen(self) -> None:
        for command in self._service.board.commands(idle_s=_TICK_S):
            if self._stopped.is_set():
                return
            if command is not None and self._is_meant(command):
                self._act(command)

    def _is_meant(self, command: Command) -> bool:
        own = (None, "", self._worker.hostname)
        return command.agent_id in own and (not command.agent or command.agent in self._agents)

    def _act(self, command: Command) -> None:
        actions: dict[str, Callable[[], object]] = {
            "drain": self.drain,
            "resume": self.resume,
            "reload": lambda: app.control.pool_restart(destination=[self._worker.hostname]),
            "ping": self._report,
            # Running units see the ledger's flag when they next renew or emit; nothing more to do here.
            "cancel": lambda: None,
        }
        log.info("agent_command", extra={"command": command.command, "reviewId": command.review_id})
        actions[command.command]()

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
    companion = Companion(build(load_settings()), worker)
    _companions.append(companion)
    companion.start()
    log.info("worker_ready", extra={"agentId": worker.hostname})


@signals.worker_shutdown.connect
def _stop_companion(**_: object) -> None:
    while _companions:
        _companions.pop().stop()


def _unit(request: Any) -> str:
    args = request.args or ()
    return "/".join(str(part) for part in args[:2]) or str(request.name)

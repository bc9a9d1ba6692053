"""gunicorn's configuration: one gevent worker process unless WEB_CONCURRENCY says otherwise.

Read by the arbiter, which must not import what the worker patches: the application is imported in the worker.
"""

import resource
import socket
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from api.lingering import linger
from codereview.config import load_settings

_settings = load_settings()

#: Room for requests besides the live connections.
_REQUESTS = 500
#: Descriptors besides those of clients.
_OTHER_FILES = 200
#: How long a refused body is read on, so that the client gets to see the refusal.
_LINGER_S = 2.0
#: Connections between two requests; forgotten with the connection.
_idle: "WeakSet[socket.socket]" = WeakSet()

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
# Patches the standard library in each worker before it imports the application.
worker_class = "gevent"
worker_connections = _settings.max_live_connections + _REQUESTS
# A worker whose loop stands still for so long is replaced.
timeout = 120
# What is under way when the worker is told to stop has so long.
graceful_timeout = 5
# Longer than load balancers keep an idle connection (60 s), so that it is never us who closes under a request.
keepalive = 75
accesslog = None  # the application writes one line per request itself
# Nothing manages the server through a socket file.
control_socket_disable = True
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "codereview.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"level": _settings.log_level.upper(), "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False}},
}


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Allow as many descriptors as connections are promised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = worker_connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def post_worker_init(worker: Any) -> None:
    """Close the live connections when the worker is told to stop; their clients come back to the next one."""
    from api.state import state_of  # noqa: PLC0415  only now is everything patched

    def stopping() -> bool:
        if not worker.alive:
            _hang_up()
        return not worker.alive

    state_of(worker.wsgi).connections.look_after(stopping)


def pre_request(worker: Any, request: Any) -> None:  # noqa: ARG001  gunicorn's signatures
    """A connection is in use."""
    _idle.discard(request.unreader.sock)


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:  # noqa: ARG001
    """A connection waits for its next request, unless there will be none."""
    refused = response is not None and getattr(response, "status_code", 0) == 413
    if refused or not worker.alive:
        request.force_close()
    if refused:  # its body is unread
        linger(response.sock, _LINGER_S)
    _idle.add(request.unreader.sock)


def _hang_up() -> None:
    """End the connections nothing is asked on: a stop need not wait for them."""
    while _idle:
        with suppress(OSError):
            _idle.pop().shutdown(socket.SHUT_RDWR)

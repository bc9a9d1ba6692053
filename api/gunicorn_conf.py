"""gunicorn's configuration: one gevent worker process unless WEB_CONCURRENCY says otherwise.

Read by the arbiter, which must not import what the worker patches: the application is imported in the worker.
"""

import resource
import socket
from contextlib import suppress
from typing import Any

from codereview.config import load_settings

_settings = load_settings()

#: Room for requests besides the live connections.
_REQUESTS = 500
#: Descriptors besides those of clients.
_OTHER_FILES = 200
#: How long and how much of a refused body is read on, so that the client gets to see the refusal.
_LINGER_S, _LINGER_BYTES = 2.0, 64 * 1024 * 1024

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
# Patches the standard library in each worker before it imports the application.
worker_class = "gevent"
worker_connections = _settings.max_live_connections + _REQUESTS
# A worker whose loop stands still for so long is replaced.
timeout = 120
graceful_timeout = 15
keepalive = 15
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

    state_of(worker.wsgi).connections.stopping = lambda: not worker.alive


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:  # noqa: ARG001
    """After refusing a body unread, end the connection without cutting the answer off."""
    if response is not None and getattr(response, "status_code", 0) == 413:
        request.force_close()
        _linger(response.sock)


def _linger(peer: socket.socket) -> None:
    """Closing with unread data would reset the connection and may destroy the answer on its way."""
    left = _LINGER_BYTES
    with suppress(OSError):
        peer.shutdown(socket.SHUT_WR)
        peer.settimeout(_LINGER_S)
        while left > 0 and (data := peer.recv(65_536)):
            left -= len(data)

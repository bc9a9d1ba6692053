"""Celery's configuration, each value with its reason.

Measured on celery 5.7.0 and kombu 5.7.0; older versions lose messages and bodies in ways these settings do not cure.
"""

import socket
import ssl
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import redis
from kombu.entity import Exchange, Queue
from kombu.transport.redis import Channel

from codereview.adapters.celery.names import COORDINATOR, QUEUES
from codereview.config import Settings
from codereview.errors import ConfigurationError

#: Hours a chord may wait and run; an expired chord dies without a body.
_CHORD_EXPIRES_S = 6 * 3600
_SOCKET_TIMEOUT_S = 10
_KEEPALIVE = {socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
if hasattr(socket, "TCP_KEEPIDLE"):  # macOS names it otherwise
    _KEEPALIVE[socket.TCP_KEEPIDLE] = 15


def broker_url(settings: Settings) -> str:
    """The Redis URL with its AUTH token. Raises ConfigurationError when there is no Redis."""
    if not settings.redis_url:
        raise ConfigurationError("CODEREVIEW_REDIS_URL is not set; give a redis:// or rediss:// URL")
    parts = urlsplit(settings.redis_url)
    if parts.scheme not in ("redis", "rediss"):
        raise ConfigurationError(f"CODEREVIEW_REDIS_URL: {parts.scheme!r} is not a scheme; use redis:// or rediss://")
    token = settings.redis_auth_token.get_secret_value()
    if token and "@" not in parts.netloc:
        parts = parts._replace(netloc=f":{quote(token, safe='')}@{parts.netloc}")
    return urlunsplit(parts)


def result_url(settings: Settings) -> str:
    """Where chords are joined: another database of the same server."""
    return urlunsplit(urlsplit(broker_url(settings))._replace(path=f"/{settings.result_database}"))


def celery_config(settings: Settings) -> dict[str, Any]:
    """The configuration of workers and of everybody who sends to them; the visibility timeout must be one."""
    return {
        **_connections(settings),
        **_transport_security(settings),
        **_results(),
        **_tasks(settings),
        **_worker(settings),
        "timezone": "UTC",
    }


def _connections(settings: Settings) -> dict[str, Any]:
    """To the broker and to the results: how long anything waits, and what becomes of lost messages."""
    visibility_timeout = 2 * settings.unit_hard_limit_s
    return {
        "broker_url": broker_url(settings),
        "result_backend": result_url(settings),
        "broker_transport_options": {
            "visibility_timeout": visibility_timeout,
            # The defaults look for lost messages every 100 s.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # Without a time-out a half-open connection is never noticed.
            "socket_timeout": _SOCKET_TIMEOUT_S,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "socket_keepalive_options": _KEEPALIVE,
            "health_check_interval": 10,
            "client_name": "codereview",
        },
        "result_backend_transport_options": {
            "visibility_timeout": visibility_timeout,
            "retry_policy": {"timeout": 10.0},
        },
        "visibility_timeout": visibility_timeout,
        "redis_socket_timeout": _SOCKET_TIMEOUT_S,
        "redis_socket_connect_timeout": 3,
        "redis_socket_keepalive": True,
        "redis_backend_health_check_interval": 10,
        "broker_pool_acquire_timeout": 5,
        "broker_connection_timeout": 3,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
    }


def _transport_security(settings: Settings) -> dict[str, Any]:
    if urlsplit(settings.redis_url).scheme != "rediss":
        return {}
    tls = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    return {"broker_use_ssl": tls, "redis_backend_use_ssl": tls}


def _results() -> dict[str, Any]:
    return {
        "result_backend_always_retry": True,
        "result_backend_max_retries": 20,
        "result_expires": 3600,
        "result_chord_expires": _CHORD_EXPIRES_S,
        "result_serializer": "json",
        "accept_content": ["json"],
    }


def _tasks(settings: Settings) -> dict[str, Any]:
    """Where tasks go, when they count as done, and how long they may take."""
    return {
        "task_serializer": "json",
        "task_queues": [_queue(name) for name in QUEUES],
        "task_default_queue": COORDINATOR,
        "task_create_missing_queues": False,
        "task_acks_late": True,
        # Rejecting re-queues a task that kills its worker for ever; retrying is capped by the task.
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "task_soft_time_limit": settings.unit_soft_limit_s,
        "task_time_limit": settings.unit_hard_limit_s,
        "task_track_started": False,
        "task_publish_retry_policy": {
            "max_retries": 2,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.3,
        },
    }


def _worker(settings: Settings) -> dict[str, Any]:
    """What one worker takes at a time, when its processes are replaced, and how it ends."""
    return {
        "worker_concurrency": settings.concurrency,
        "worker_prefetch_multiplier": 1,
        # True fails the whole chord on a blip of the broker.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_max_tasks_per_child": 50,
        # KiB at the most a process ever had: an agent stays within 400 MB.
        "worker_max_memory_per_child": 380_000,
        "worker_soft_shutdown_timeout": 20,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        # For the command "reload".
        "worker_pool_restarts": True,
    }


def _queue(name: str) -> Queue:
    # Without an exchange and key of its own, every queue shares the default one's and gets a copy of every task.
    return Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]


def guard_reconnect() -> None:
    """Keep a busy worker alive when Redis goes away.

    kombu 5.7.0 raises AttributeError from a closed channel while it restores unacknowledged messages, and the worker
    process exits; a ConnectionError there makes it reconnect, as it does everywhere else. A test fails without this.
    """
    original = Channel._connparams
    if getattr(original, "guarded", False):
        return

    def connparams(self: Channel, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("the transport is closed")
        return original(self, asynchronous)  # type: ignore[no-untyped-call]

    connparams.guarded = True  # type: ignore[attr-defined]
    Channel._connparams = connparams  # type: ignore[method-assign]

"""The embedded deployment: what runs, in which order, with which settings."""

import fcntl
import ipaddress
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from codereview.adapters.celery.names import QUEUES
from codereview.adapters.embedded.redis_server import PrivateRedis, free_port
from codereview.adapters.embedded.supervisor import Child, Supervisor, command
from codereview.config import Settings
from codereview.errors import BackendUnavailable, ConfigurationError

_START_TIMEOUT_S = 20.0


def refuse_public_without_keys(settings: Settings) -> None:
    """Raise ConfigurationError for a bind that strangers can reach without API keys."""
    if settings.auth == "keys" or settings.allow_public_without_keys or is_loopback(settings.host):
        return
    raise ConfigurationError(
        f"refusing to listen on {settings.host} without API keys: set CODEREVIEW_AUTH=keys and make one with "
        "`codereview keys create`, or listen on 127.0.0.1"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass
class Stack:
    """Redis (unless one is given), a worker per queue, and the API, under one supervisor."""

    settings: Settings
    concurrency: int = 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and return when Redis answers; the rest comes up meanwhile.

        Raises ConfigurationError (a public bind without keys, no Redis to be found, the directory in use).
        """
        refuse_public_without_keys(self.settings)
        directory = self.settings.data_dir
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(directory)
        if self.settings.metrics == "prometheus":
            from codereview.adapters.prometheus import forget  # noqa: PLC0415  only where there is something to forget

            forget(self.settings.metrics_path)
        self.port = self.settings.port or free_port()
        private = None if self.settings.redis_url else PrivateRedis.prepare(directory / "redis")
        self.redis_url = private.url if private is not None else self.settings.redis_url
        self.supervisor = Supervisor(self._children(private), directory / "logs")
        try:
            self.supervisor.start(after={"redis": lambda: _await_redis(self.redis_url)})
        except BackendUnavailable:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, Redis last."""
        self.supervisor.stop()
        os.close(self._lock)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host = self.settings.host
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
        return self.settings.public_url or f"http://{shown}:{self.port}"

    def _children(self, private: PrivateRedis | None) -> list[Child]:
        children = [] if private is None else [Child("redis", private.start, is_foundation=True)]
        env = self._environment()
        for queue in QUEUES:
            # The coordinator only finalizes: one process does.
            processes = 1 if queue == "coordinator" else self.concurrency
            children.append(worker_child(queue, env, processes=processes))
        return [*children, api_child(env)]

    def _environment(self) -> dict[str, str]:
        given = {
            "CODEREVIEW_REDIS_URL": self.redis_url,
            "CODEREVIEW_DATA_DIR": str(self.settings.data_dir),
            "CODEREVIEW_HOST": self.settings.host,
            "CODEREVIEW_PORT": str(self.port),
            "CODEREVIEW_AUTH": self.settings.auth,
        }
        # Tools shipped in wheels stand beside the interpreter.
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        return {**os.environ, **given, "PATH": path, "PYTHONUNBUFFERED": "1"}


def worker_child(queue: str, env: dict[str, str], *, processes: int = 1) -> Child:
    """The worker of one queue."""
    argv = [sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", queue, "-c", str(processes)]
    argv += ["--without-gossip", "--without-mingle"]
    return Child(f"worker-{queue}", command(argv, env), grace_s=15.0)


def api_child(env: dict[str, str]) -> Child:
    """The API, its page and its WebSocket."""
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:api.gunicorn_conf", "api.wsgi:app"]
    return Child("api", command(gunicorn, env))


def _lock(directory: Path) -> int:
    descriptor = os.open(directory / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConfigurationError(
            f"another `codereview serve` uses {directory}; stop it, or set CODEREVIEW_DATA_DIR"
        ) from error
    os.set_inheritable(descriptor, False)
    return descriptor


def _await_redis(url: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    with _closing(client):
        while True:
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    raise BackendUnavailable("the private Redis did not start; see its log") from error
                time.sleep(0.05)


@contextmanager
def _closing(client: "redis.Redis") -> Iterator[None]:
    try:
        yield
    finally:
        client.close()

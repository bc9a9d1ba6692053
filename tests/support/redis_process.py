"""A real redis-server of the tests' own, that can be stopped, killed and started again over the same data."""

import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from codereview.adapters.embedded.redis_server import find_binary

_START_S = 10.0


class RedisProcess:
    """One server with its data (append-only file) in ``directory``, on a loopback port and a Unix socket."""

    def __init__(self, directory: Path, *, persistent: bool = True) -> None:
        self.directory = directory
        self.port = _port_of_its_own()
        self._persistent = persistent
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its TCP address."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def unix_url(self) -> str:
        """Its socket's address."""
        return f"unix://{self.directory}/redis.sock?db=0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._process is None, "the server is running already"
        with (self.directory / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([str(find_binary()), *self._options()], stdout=log, stderr=log)
        # Its input ends when this process does, even when that is killed: the server must not stay behind.
        guard = f"read _; kill -9 {self._process.pid}"
        self._guard = subprocess.Popen(["/bin/sh", "-c", guard], stdin=subprocess.PIPE)
        self._await_answer()

    def stop(self) -> None:
        """Shut it down in order, its data written."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self, *, crash: bool = False, away_s: float = 0.0) -> None:
        """End it and start it again over the same data, ``away_s`` seconds later."""
        self._end(signal.SIGKILL if crash else signal.SIGTERM)
        time.sleep(away_s)
        self.start()

    def _options(self) -> list[str]:
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self.port),
            "--unixsocket": str(self.directory / "redis.sock"),
            "--dir": str(self.directory),
            "--appendonly": "yes" if self._persistent else "no",
            "--save": "",
        }
        return [word for option in options.items() for word in option]

    def _await_answer(self) -> None:
        until = time.monotonic() + _START_S
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert self._process is not None
                    assert self._process.poll() is None, (self.directory / "redis.log").read_text()
                    assert time.monotonic() < until, "the server did not come up"
                    time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
        process.send_signal(how)
        try:
            process.wait(_START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port_of_its_own() -> int:
    """A free port that no outgoing connection is given by the system, so that it is free after a restart too."""
    for port in random.SystemRandom().sample(range(15_000, 30_000), 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port was found")

"""Real Celery workers as processes, to be watched, killed and replaced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from codereview.adapters.redis.client import connect
from codereview.adapters.redis.status import AgentStatus, AgentStatusBoard

TESTS = Path(__file__).parents[1]


def eventually(happened: Callable[[], bool], what: str, *, within_s: float = 30.0) -> float:
    """Wait until it is true; how many seconds that took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < within_s, f"after {within_s:.0f} s still not: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


class WorkerProcess:
    """One ``celery worker`` on one queue, with its output in a file."""

    def __init__(self, queue: str, env: Mapping[str, str], log: Path, *, scripted: bool, concurrency: int = 1) -> None:
        self.queue = queue
        self.log = log
        self._env = {
            **os.environ,
            **env,
            "PYTHONPATH": os.pathsep.join((str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")]))),
        }
        program = ["-m", "support.scripted_worker"] if scripted else ["-m", "celery", "-A", "workers", "worker"]
        self._argv = [sys.executable, *program, "-Q", queue, "-c", str(concurrency)]
        self._argv += ["--without-gossip", "--without-mingle"]
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._argv, env=self._env, stdout=log, stderr=log, start_new_session=True)

    def await_ready(self) -> "WorkerProcess":
        """Wait until it is on the status board."""

        def is_up() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return any(status.pid == self.process.pid for status in self.statuses())

        eventually(is_up, f"the {self.queue} worker is up; see {self.log}")
        return self

    def statuses(self) -> list[AgentStatus]:
        """What the board says of the workers of this queue."""
        with connect(self._env["CODEREVIEW_REDIS_URL"]) as client:
            return [status for status in AgentStatusBoard(client).all() if status.agent == self.queue]

    def kill(self) -> None:
        """End the worker and its children as a machine that loses power does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, and do not wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> int:
        """Ask it to stop and wait; its exit code."""
        assert self.process is not None
        self.ask_to_stop()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.returncode

    @property
    def children(self) -> list[int]:
        """Its pool processes."""
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

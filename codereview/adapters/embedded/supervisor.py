"""Keeping a handful of child processes running until told to stop."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

_POLL_S = 0.2
_MAX_BACKOFF_S = 10.0


@dataclass
class Child:
    """One process: how to start it, how to ask it to stop, and how long it may take over that."""

    name: str
    start: Callable[[int], "subprocess.Popen[bytes]"]
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    #: Whether the others stand on it: it stops when they have.
    is_foundation: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    started_at: float = field(default=0.0)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None


def command(argv: Sequence[str], env: dict[str, str]) -> Callable[[int], "subprocess.Popen[bytes]"]:
    """A way to start a command with its output to a log."""

    def start(output: int) -> "subprocess.Popen[bytes]":
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops them in order.
        return subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
        )

    return start


class Supervisor:
    """Starts children in order, restarts one that dies (more slowly each time), stops them together, foundations last.

    Their output goes to files of ``log_dir``, or to this process's own standard error without one.
    """

    def __init__(self, children: Sequence[Child], log_dir: Path | None = None) -> None:
        self.children = list(children)
        self._log_dir = log_dir
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self, *, after: dict[str, Callable[[], None]] | None = None) -> None:
        """Start each child; ``after`` maps a child's name to what must be waited for before the next one."""
        if self._log_dir is not None:
            self._log_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        for child in self.children:
            self._launch(child)
            if after and child.name in after:
                after[child.name]()
        self._watch.start()

    def stop(self) -> None:
        """Stop the children, those the others stand on last; kill the ones that do not."""
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join()
        for foundation in (False, True):
            group = [child for child in self.children if child.is_foundation is foundation]
            for child in group:
                if child.process is not None and child.alive:
                    child.process.send_signal(child.stop_signal)
            for child in group:
                _await_end(child)

    def status(self) -> dict[str, bool]:
        """Which children run."""
        return {child.name: child.alive for child in self.children}

    def last_words(self, name: str) -> str:
        """The last line a child wrote to its log; "" when there is none."""
        if self._log_dir is None:
            return ""
        lines = (self._log_dir / f"{name}.log").read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _launch(self, child: Child) -> None:
        output = self._output(child.name)
        try:
            child.process = child.start(output)
        finally:
            os.close(output)
        child.started_at = time.monotonic()

    def _output(self, name: str) -> int:
        if self._log_dir is None:
            return os.dup(sys.stderr.fileno())
        return os.open(self._log_dir / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _keep(self) -> None:
        while not self._stopping.wait(_POLL_S):
            for child in self.children:
                if child.alive or self._stopping.is_set():
                    continue
                delay = min(_MAX_BACKOFF_S, 0.5 * 2**child.restarts)
                if time.monotonic() - child.started_at < delay:
                    continue
                code = child.process.returncode if child.process is not None else None
                log.warning("child_restarted", extra={"child": child.name, "exitCode": code})
                child.restarts += 1
                self._launch(child)


def _await_end(child: Child) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(child.grace_s)
    except subprocess.TimeoutExpired:
        log.warning("child_killed", extra={"child": child.name})
    # Whatever it left behind (prefork children, tools) goes with it.
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()

"""Running one external tool: no shell, nothing of the user's environment, and never longer or larger than allowed."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import psutil

_CHUNK_BYTES = 1 << 16
#: Seconds between two looks at the clock and at the memory of a silent tool.
_TICK_S = 0.2


class Bound(StrEnum):
    """What a tool was stopped for."""

    TIME = "time"
    OUTPUT = "output"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one run of a tool may use. Memory is the resident set of the tool's first process."""

    wall_s: float = 120.0
    #: Read at once, a report takes ten times its size.
    output_bytes: int = 16 * 1024 * 1024
    #: Ordinary batches take 20 to 50 MB; a tool that is let grow takes the whole container with it.
    memory_bytes: int = 512 * 1024 * 1024

    def sentence(self, bound: Bound) -> str:
        """What happened, for a person."""
        match bound:
            case Bound.TIME:
                return f"did not finish within {self.wall_s:.3g} s"
            case Bound.OUTPUT:
                return f"printed more than {_mebibytes(self.output_bytes)}"
            case Bound.MEMORY:
                return f"needed more than {_mebibytes(self.memory_bytes)} of memory"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a tool ended. ``exceeded`` says which bound stopped it; its output is then cut off anywhere."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    exceeded: Bound | None = None


class ToolUnavailable(Exception):
    """The tool is not installed, or cannot be started."""


def find_tool(name: str) -> str:
    """Path of a tool: beside the running interpreter, where wheels put it, else on PATH.

    Raises ToolUnavailable.
    """
    found = (shutil.which(name, path=os.path.dirname(sys.executable)) if sys.executable else None) or shutil.which(name)
    if found is None:
        raise ToolUnavailable(f"{name} is not installed; reinstalling codereview brings it along")
    return found


def run_tool(argv: Sequence[str], *, home: str, bounds: Bounds) -> ToolResult:
    """Run ``argv`` to its end, or to the first bound; its whole process group is killed then.

    ``home`` is an empty directory, the tool's current directory, home and scratch space. Raises ToolUnavailable when
    the program cannot be started. Whatever interrupts the wait, no process is left behind.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=home,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolUnavailable(f"{os.path.basename(argv[0])} cannot be started: {error.strerror or error}") from error
    with process:
        watch = _Watch(process, bounds)
        try:
            exceeded = watch.wait()
        finally:
            # Not polled so far: until the first process is reaped, its id cannot be anybody else's.
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return ToolResult(process.returncode, watch.stdout, watch.stderr, exceeded)


@dataclass
class _Watch:
    """Reads both pipes of a process while it keeps within its bounds."""

    process: "subprocess.Popen[bytes]"
    bounds: Bounds
    _read: dict[int, bytearray] = field(default_factory=dict)

    @property
    def stdout(self) -> bytes:
        return bytes(self._read[1])

    @property
    def stderr(self) -> bytes:
        return bytes(self._read[2])

    def wait(self) -> Bound | None:
        """The bound that was reached, or None when the process ended by itself and was reaped."""
        deadline = time.monotonic() + self.bounds.wall_s
        with selectors.DefaultSelector() as selector:
            for number, pipe in ((1, self.process.stdout), (2, self.process.stderr)):
                self._read[number] = bytearray()
                assert pipe is not None  # noqa: S101  both were asked for
                selector.register(pipe, selectors.EVENT_READ, number)
            while selector.get_map():
                self._read_ready(selector)
                if exceeded := self._exceeded(deadline):
                    return exceeded
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Bound.TIME
        return None

    def _read_ready(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(_TICK_S):
            pipe = key.fileobj
            data = os.read(key.fd, _CHUNK_BYTES)
            if data:
                self._read[key.data] += data
            else:
                selector.unregister(pipe)

    def _exceeded(self, deadline: float) -> Bound | None:
        if time.monotonic() > deadline:
            return Bound.TIME
        if sum(map(len, self._read.values())) > self.bounds.output_bytes:
            return Bound.OUTPUT
        if _resident_bytes(self.process.pid) > self.bounds.memory_bytes:
            return Bound.MEMORY
        return None


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def _environment(home: str) -> Mapping[str, str]:
    """Only what a tool needs: no proxy, token, tool option or configuration of the user reaches it."""
    return {
        "PATH": os.pathsep.join(filter(None, (os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)))),
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_CACHE_HOME": home,
        "TMPDIR": home,
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _mebibytes(count: int) -> str:
    return f"{count / (1024 * 1024):g} MiB"

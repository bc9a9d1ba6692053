"""Whether a text can be parsed within its bounds, tried out in another process before it is done in this one."""

import atexit
import os
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PROGRAM = Path(__file__).with_name("rehearsal_process.py")
#: Seconds the process may take until it has its grammars; it takes a tenth.
_START_S = 30.0


class RehearsalFailed(Exception):
    """The text took too long, or too much memory, to parse."""


class Rehearsals:
    """The other process: started when first needed and after each text that was too much for it; ends with this one.

    ``grammars`` are "module:function" of each, ``memory_bytes`` the address space it may use. Safe to use from
    threads, which wait for each other, and after a fork.
    """

    def __init__(self, grammars: Sequence[str], *, memory_bytes: int) -> None:
        self._grammars = grammars
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def parse(self, grammar: int, data: bytes, *, timeout_s: float) -> None:
        """Parse ``data`` with the grammar of that number. Raises RehearsalFailed."""
        with self._lock:
            process = self._process or self._started()
            try:
                parsed = _asked(process, struct.pack("<II", grammar, len(data)) + data, timeout_s)
            except BaseException:  # also what interrupts a task: an answer still to come is the next text's otherwise
                self._end()
                raise
            if parsed is None:
                self._end()
                raise RehearsalFailed(f"parsing took longer than {timeout_s:g} s")
            if not parsed:
                self._end()
                raise RehearsalFailed(f"parsing needed more than {self._memory_bytes // 2**20} MiB of memory")

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _started(self) -> "subprocess.Popen[bytes]":
        # No directory of the code under review may be imported from: not the current one.
        path = ":".join(os.path.abspath(part) for part in sys.path if part and os.path.abspath(part) != os.getcwd())
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM), str(self._memory_bytes), path, *self._grammars],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if not _answered(self._process, _START_S):
            self._end()
            raise RehearsalFailed("the process that parses does not start")
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _forget(self) -> None:
        """The parent's process is not the child's; nor does whoever held the lock exist here."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0  # it is nobody's child here, not to be waited for
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _asked(process: "subprocess.Popen[bytes]", message: bytes, timeout_s: float) -> bool | None:
    """Whether the process answered; None when it did not in time."""
    assert process.stdin is not None  # noqa: S101  it is a pipe
    with suppress(BrokenPipeError):
        rest = memoryview(message)
        while rest:
            rest = rest[process.stdin.write(rest) :]
    return _answered(process, timeout_s)


def _answered(process: "subprocess.Popen[bytes]", timeout_s: float) -> bool | None:
    assert process.stdout is not None  # noqa: S101
    ready, _, _ = select.select([process.stdout], [], [], timeout_s)
    return bool(process.stdout.read(1)) if ready else None

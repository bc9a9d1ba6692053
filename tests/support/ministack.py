"""A local AWS (ministack) in an environment of its own, because it pins a version of botocore.

    python tests/support/ministack.py install     make the environment in .codereview/tools/ministack
    python tests/support/ministack.py run [PORT]  start it on 127.0.0.1 (4566 by default) until interrupted

Tests take the fixture ``ministack`` (the address of a running one); they are skipped where it is not installed, or
fail there when CODEREVIEW_REQUIRE_MINISTACK is set.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path
from types import TracebackType
from typing import Self

PACKAGES = ("ministack==1.5.33", "boto3==1.43.106")
HOME = Path(__file__).resolve().parents[2] / ".codereview" / "tools" / "ministack"
PROGRAM = HOME / "bin" / "ministack"
INSTALL = "python tests/support/ministack.py install"
_START_S = 30.0
_STOP_S = 10.0


def install() -> None:
    """Make the environment, or bring it to the pinned versions."""
    venv.create(HOME, with_pip=True)
    subprocess.run([HOME / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES], check=True)


def installed() -> bool:
    """Whether the environment is there."""
    return PROGRAM.exists()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ministack:
    """A running ministack, as a context manager; ``environment`` adds to its settings, e.g. ``AUTH="true"``."""

    def __init__(self, port: int = 0, **environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with its log when it does not."""
        log = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._process = subprocess.Popen(
            [PROGRAM],
            env={**kept, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._log = log
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log()
                self.stop()
                raise RuntimeError(f"ministack did not start:\n{said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it and whatever it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, ending)
                process.wait(_STOP_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait(_STOP_S)
        self._log.close()

    def log(self) -> str:
        """What it printed so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def main(arguments: list[str]) -> int:
    """The command line."""
    if arguments == ["install"]:
        install()
        return 0
    if arguments[:1] == ["run"] and len(arguments) <= 2:
        with Ministack(int(arguments[1]) if arguments[1:] else 4566) as running:
            print(f"ministack answers at {running.url}", file=sys.stderr)
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            try:
                signal.pause()
            except KeyboardInterrupt:
                return 130
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The supervisor: children that die come back, children that are told to stop do, in the right order."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codereview.adapters.embedded.supervisor import Child, Supervisor, command

_SLEEP = "import time; time.sleep(60)"
_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


def _child(name: str, code: str, **over: float) -> Child:
    return Child(name, command([sys.executable, "-c", code], dict(os.environ)), **over)  # type: ignore[arg-type]


def _eventually(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen within 10 s"
        time.sleep(0.02)


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    """A crashed worker must not wait for a person."""
    child = _child("worker", _SLEEP)
    supervisor = Supervisor([child], tmp_path)
    supervisor.start()
    try:
        first = child.process
        assert first is not None
        first.kill()
        _eventually(lambda: child.alive and child.process is not first)
        assert child.restarts == 1
    finally:
        supervisor.stop()


def test_what_the_others_stand_on_stops_last(tmp_path: Path) -> None:
    """Workers say goodbye to a Redis that is still there."""
    log = tmp_path / "order"
    say = f"""
import signal, sys, time, os
def bye(*_):
    with open({str(log)!r}, "a") as file: file.write(sys.argv[1])
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
open({str(tmp_path)!r} + "/up-" + sys.argv[1], "w").close()
time.sleep(60)
"""
    names = "abc"
    children = [
        Child(n, command([sys.executable, "-c", say, n], dict(os.environ)), is_foundation=n == "a") for n in names
    ]
    supervisor = Supervisor(children, tmp_path)
    supervisor.start()
    _eventually(lambda: all((tmp_path / f"up-{name}").exists() for name in names))
    supervisor.stop()
    assert sorted(log.read_text()[:2]) == ["b", "c"]
    assert log.read_text()[2:] == "a"


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    """`codereview serve` always comes back to the prompt."""
    child = _child("stubborn", _STUBBORN, grace_s=0.3)
    supervisor = Supervisor([child], tmp_path)
    supervisor.start()
    _eventually(lambda: (tmp_path / "stubborn.log").read_text() == "up\n")
    supervisor.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_grandchildren_end_with_their_parent(tmp_path: Path) -> None:
    """Pool processes and tools of a killed worker must not live on."""
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        " print(p.pid, flush=True); time.sleep(60)"
    )
    supervisor = Supervisor([_child("parent", code)], tmp_path)
    supervisor.start()
    _eventually(lambda: (tmp_path / "parent.log").read_text().endswith("\n"))
    grandchild = int((tmp_path / "parent.log").read_text())
    supervisor.stop()

    def gone() -> bool:
        try:
            return Path(f"/proc/{grandchild}/stat").read_text().split()[2] == "Z"
        except FileNotFoundError:
            return True

    if not Path("/proc").exists():
        pytest.skip("needs /proc to look")
    _eventually(gone)


def test_what_must_be_ready_is_waited_for(tmp_path: Path) -> None:
    """The workers start when Redis answers, not before."""
    seen: list[dict[str, bool]] = []
    supervisor = Supervisor([_child("redis", _SLEEP), _child("worker", _SLEEP)], tmp_path)
    supervisor.start(after={"redis": lambda: seen.append(supervisor.status())})
    supervisor.stop()
    assert seen == [{"redis": True, "worker": False}]

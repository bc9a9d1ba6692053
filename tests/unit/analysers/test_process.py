"""Running a tool: what it gets, what stops it, and that nothing of it stays behind."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from support.analysing import fake_tool

from codereview.analysers.process import Bound, Bounds, ToolUnavailable, find_tool, run_tool


def _ended(pid: int) -> bool:
    """Whether a process is gone, given a moment to go."""
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_output_and_exit_code_come_back(tmp_path: Path) -> None:
    """Both streams are kept apart: results on one, complaints on the other."""
    tool = fake_tool(tmp_path, "print('out'); print('err', file=sys.stderr); sys.exit(3)")

    result = run_tool([tool], home=str(tmp_path), bounds=Bounds())

    assert (result.exit_code, result.stdout, result.stderr, result.exceeded) == (3, b"out\n", b"err\n", None)


def test_arguments_never_meet_a_shell(tmp_path: Path) -> None:
    """A file name is data, whatever it looks like."""
    tool = fake_tool(tmp_path, "print(args)")
    hostile = ["$(touch pwned)", "; touch pwned", "a b", "*"]

    result = run_tool([tool, *hostile], home=str(tmp_path), bounds=Bounds())

    assert result.stdout.decode() == f"{hostile}\n"
    assert not (tmp_path / "pwned").exists()


def test_standard_input_is_closed(tmp_path: Path) -> None:
    """A tool that reads from the terminal must not wait for ever."""
    tool = fake_tool(tmp_path, "print(repr(sys.stdin.read()))")

    assert run_tool([tool], home=str(tmp_path), bounds=Bounds()).stdout == b"''\n"


def test_nothing_of_the_users_environment_reaches_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token, a proxy or an option of the user would change what is found, or leak."""
    for name in ("HTTPS_PROXY", "GITHUB_TOKEN", "SHELLCHECK_OPTS", "HADOLINT_IGNORE", "PYTHONPATH", "RUFF_CONFIG"):
        monkeypatch.setenv(name, "hostile")
    tool = fake_tool(tmp_path, "print(dict(os.environ)); print(os.getcwd())")

    printed = run_tool([tool], home=str(tmp_path), bounds=Bounds()).stdout.decode()

    assert "hostile" not in printed
    assert f"'HOME': '{tmp_path}'" in printed
    assert f"'XDG_CONFIG_HOME': '{tmp_path}'" in printed
    assert printed.splitlines()[-1] == str(tmp_path)


def test_a_slow_tool_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    """A grandchild that keeps the pipe open would otherwise hold the review up."""
    tool = fake_tool(
        tmp_path,
        [
            "import subprocess",
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
            "print(os.getpid(), child.pid, flush=True)",
            "time.sleep(600)",
        ],
    )
    started = time.monotonic()

    result = run_tool([tool], home=str(tmp_path), bounds=Bounds(wall_s=1.0))

    assert result.exceeded is Bound.TIME
    assert time.monotonic() - started < 60
    assert [_ended(int(pid)) for pid in result.stdout.split()] == [True, True]


def test_a_tool_whose_child_keeps_the_pipe_is_stopped_too(tmp_path: Path) -> None:
    """The first process ends at once; what it left running is still in its group."""
    tool = fake_tool(
        tmp_path,
        [
            "import subprocess",
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
            "print(child.pid, flush=True)",
        ],
    )

    result = run_tool([tool], home=str(tmp_path), bounds=Bounds(wall_s=1.0))

    assert result.exceeded is Bound.TIME
    assert _ended(int(result.stdout))


def test_a_tool_that_prints_without_end_is_stopped(tmp_path: Path) -> None:
    """Its output is held in memory."""
    tool = fake_tool(tmp_path, "while True: print('x' * 1000)")

    result = run_tool([tool], home=str(tmp_path), bounds=Bounds(output_bytes=100_000))

    assert result.exceeded is Bound.OUTPUT
    assert len(result.stdout) < 100_000 + (1 << 17)


def test_a_tool_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    """One hostile file must not take the machine down."""
    tool = fake_tool(tmp_path, "hoard = bytearray(300 * 1024 * 1024); hoard[::4096] = hoard[::4096]; time.sleep(600)")

    result = run_tool([tool], home=str(tmp_path), bounds=Bounds(memory_bytes=100 * 1024 * 1024, wall_s=20))

    assert result.exceeded is Bound.MEMORY


def test_an_interruption_leaves_no_process_behind(tmp_path: Path) -> None:
    """A worker's soft time limit is raised in the middle of the wait."""

    class TimeIsUp(Exception):
        """What a worker raises."""

    def interrupt(*_: object) -> None:
        raise TimeIsUp

    tool = fake_tool(tmp_path, ["open('pid', 'w').write(str(os.getpid()))", "time.sleep(600)"])
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(TimeIsUp):
            run_tool([tool], home=str(tmp_path), bounds=Bounds())
    finally:
        signal.signal(signal.SIGALRM, before)

    assert _ended(int((tmp_path / "pid").read_text()))


def test_a_crash_is_told_apart_by_its_exit_code(tmp_path: Path) -> None:
    """The caller tries again with fewer files."""
    tool = fake_tool(tmp_path, "os.abort()")

    assert run_tool([tool], home=str(tmp_path), bounds=Bounds()).exit_code == -signal.SIGABRT


def test_a_program_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    """A sentence, not an OSError with a path of this machine."""
    with pytest.raises(ToolUnavailable, match=r"^nothing cannot be started: No such file or directory$"):
        run_tool([str(tmp_path / "nothing")], home=str(tmp_path), bounds=Bounds())


def test_tools_are_found_beside_the_interpreter_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ruff of the user's own on PATH may be of any version."""
    shadow = tmp_path / "ruff"
    shadow.write_text("#!/bin/sh\n")
    shadow.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert os.path.dirname(find_tool("ruff")) != str(tmp_path)


def test_tools_are_found_on_path_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A distribution may package them elsewhere."""
    tool = tmp_path / "some-linter"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_tool("some-linter") == str(tool)


def test_a_missing_tool_says_what_to_do() -> None:
    """The sentence ends up in the review."""
    with pytest.raises(ToolUnavailable, match="no-such-linter is not installed; reinstalling codereview brings it"):
        find_tool("no-such-linter")


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        (Bound.TIME, "did not finish within 7.5 s"),
        (Bound.OUTPUT, "printed more than 16 MiB"),
        (Bound.MEMORY, "needed more than 512 MiB of memory"),
    ],
)
def test_each_bound_has_a_sentence(bound: Bound, sentence: str) -> None:
    """What a person reads in the coverage."""
    assert Bounds(wall_s=7.5).sentence(bound) == sentence

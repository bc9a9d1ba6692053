"""``codereview review`` as a person runs it: what it prints, where, and how it exits."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codereview.cli.main import _run

BAD = """import os


def run(name):
    os.system('ls ' + name)


def add(item, items=[]):
    items.append(item)
    return items
"""
GOOD = "def double(x: int) -> int:\n    return 2 * x\n"

Review = Callable[..., tuple[int, str, str]]


@pytest.fixture
def review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Review:
    """Run ``codereview review`` in an empty directory: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = _run(["review", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def _git(directory: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)


def test_clean_code_passes_and_says_that_no_model_ran(review: Review, tmp_path: Path) -> None:
    """Exit 0: nothing found, and everything examined."""
    (tmp_path / "a.py").write_text(GOOD)
    code, out, err = review(".")
    assert code == 0
    assert "no model ran" in out
    assert err == ""


def test_findings_at_the_threshold_exit_1_with_both_agents(review: Review, tmp_path: Path) -> None:
    """The report is on standard output, and nothing else is."""
    (tmp_path / "a.py").write_text(BAD)
    code, out, err = review("a.py", "--format", "json", "--fail-on", "low")
    document = json.loads(out)
    assert code == 1
    assert err == ""
    assert {finding["agent"] for finding in document["findings"]} == {"security", "bug"}
    assert any(finding["cwe"] == 78 for finding in document["findings"])
    assert all(len(finding["fingerprint"]) == 32 for finding in document["findings"])


def test_findings_below_the_threshold_do_not_fail(review: Review, tmp_path: Path) -> None:
    """--fail-on never, and --exit-zero, for reports only."""
    (tmp_path / "a.py").write_text(BAD)
    assert review(".", "--fail-on", "low")[0] == 1
    assert review(".", "--fail-on", "never")[0] == 0
    assert review(".", "--fail-on", "low", "--exit-zero")[0] == 0


def test_what_could_not_be_examined_exits_3_whatever_was_found(review: Review, tmp_path: Path) -> None:
    """A file in another encoding is a gap; a gap outranks findings, and --exit-zero does not hide it."""
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "b.py").write_bytes(b"caf\xe9 = 1\n")
    code, out, _ = review(".", "--fail-on", "low", "--exit-zero")
    assert code == 3
    assert "b.py" in out
    assert "UTF-8" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nowhere.py",), "nowhere.py: no such file or directory"),
        ((".", "--agents", "style"), "unknown agent 'style'; the agents are security, bug"),
        (("-", "a.py"), "goes alone"),
        ((".", "--filename", "a.py"), "--filename goes with -"),
        ((".", "--diff", "HEAD", "--staged"), "not both"),
        ((".", "--baseline", "none.json"), "none.json cannot be read"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error_and_exit_2(
    review: Review, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """What was wrong and what would be right; no traceback, nothing on standard output."""
    (tmp_path / "a.py").write_text(GOOD)
    code, out, err = review(*arguments, stdin="")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("codereview: ")
    assert complaint in err


def test_standard_input_is_reviewed_under_the_name_it_is_given(review: Review) -> None:
    """An editor sends a buffer that is on no disk."""
    code, out, _ = review("-", "--filename", "src/app.py", "--format", "json", "--fail-on", "low", stdin=BAD)
    assert code == 1
    assert {finding["path"] for finding in json.loads(out)["findings"]} == {"src/app.py"}


def test_empty_standard_input_is_a_mistake_not_a_pass(review: Review) -> None:
    """An upstream command that printed nothing must not look clean."""
    code, out, err = review("-", stdin="")
    assert (code, out) == (2, "")
    assert err


def test_a_baseline_accepts_todays_findings_and_not_tomorrows(review: Review, tmp_path: Path) -> None:
    """Lines may shift; a new defect is new."""
    source = tmp_path / "a.py"
    source.write_text(BAD)
    assert review("a.py", "--write-baseline", "base.json", "--exit-zero")[0] == 0
    source.write_text(f"# shifted\n\n{BAD}")
    assert review("a.py", "--baseline", "base.json", "--fail-on", "low")[0] == 0
    source.write_text(f"{BAD}\n\ndef more(name):\n    os.system(name)\n")
    code, out, _ = review("a.py", "--baseline", "base.json", "--fail-on", "low", "--format", "json")
    shown = [f for f in json.loads(out)["findings"] if f["status"] == "confirmed"]
    assert code == 1
    assert {f["symbol"] for f in shown} == {"more"}


def test_a_report_can_be_written_to_a_file(review: Review, tmp_path: Path) -> None:
    """CI uploads it; standard output stays empty."""
    (tmp_path / "a.py").write_text(BAD)
    code, out, _ = review("a.py", "--format", "sarif", "-o", "report.sarif", "--exit-zero")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "report.sarif").read_text())["version"] == "2.1.0"


def test_only_what_a_branch_changed_is_reported(review: Review, tmp_path: Path) -> None:
    """--diff and --staged review whole files and report changed lines."""
    _git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text(BAD)
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "a.py").write_text(f"{BAD}\n\ndef more(name):\n    os.system(name)\n")
    _git(tmp_path, "add", ".")
    for arguments in (("--diff", "HEAD"), ("--staged",)):
        code, out, _ = review(*arguments, "--format", "json", "--fail-on", "low")
        assert code == 1
        assert {f["symbol"] for f in json.loads(out)["findings"]} == {"more"}
    _git(tmp_path, "commit", "-qm", "second")
    code, _, _ = review("--diff", "HEAD~1..HEAD", "--fail-on", "low")
    assert code == 1


def test_no_escape_sequence_reaches_a_pipe(review: Review, tmp_path: Path) -> None:
    """Neither ours nor one hidden in the code."""
    (tmp_path / "a.py").write_text(BAD.replace("'ls '", "'\x1b[2Jls '"))
    assert "\x1b" not in review("a.py")[1]


def test_the_projects_configuration_is_used_unless_told_otherwise(review: Review, tmp_path: Path) -> None:
    """A threshold, an excluded directory, a rule switched off."""
    (tmp_path / ".codereview.toml").write_text('fail_on = "low"\nexclude = ["old/"]\n')
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.py").write_text(BAD)
    (tmp_path / "new.py").write_text(GOOD)
    assert review(".")[0] == 0
    assert review(".", "--no-config", "--fail-on", "low")[0] == 1


def test_an_unknown_key_of_the_configuration_is_an_error(review: Review, tmp_path: Path) -> None:
    """A misspelt key would otherwise be silently ignored."""
    (tmp_path / ".codereview.toml").write_text('fail_onn = "low"\n')
    (tmp_path / "a.py").write_text(GOOD)
    code, _, err = review(".")
    assert code == 2
    assert "fail_onn" in err
    assert "fail_on" in err

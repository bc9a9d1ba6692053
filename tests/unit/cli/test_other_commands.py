"""The small commands: rules, config, keys, doctor, eval; and what a broken environment looks like."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codereview.cli.main import _run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``codereview`` in an empty directory with an empty data directory: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODEREVIEW_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CODEREVIEW_REDIS_URL", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = _run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_every_rule_is_listed_and_explained(run: Run) -> None:
    """A finding names its rule; here is where a person looks it up."""
    code, out, _ = run("rules", "--json")
    rules = json.loads(out)
    assert code == 0
    assert {rule["agent"] for rule in rules} == {"security", "bug"}
    code, out, _ = run("rules", "bandit/B602")
    assert code == 0
    assert "CWE-78" in out
    assert "Fix:" in out


def test_a_rule_by_the_tools_own_name_is_pointed_to(run: Run) -> None:
    """People know B602, not bandit/B602."""
    code, out, err = run("rules", "B602")
    assert (code, out) == (2, "")
    assert "did you mean bandit/B602?" in err


def test_keys_are_made_listed_and_revoked_and_the_secret_is_shown_once(run: Run) -> None:
    """Only a hash is kept."""
    code, secret, _ = run("keys", "create", "alice", "--name", "ci")
    assert code == 0
    assert secret.startswith("cr_")
    _, listed, _ = run("keys", "list")
    key_id = listed.split()[0]
    assert "alice" in listed
    assert "active" in listed
    assert secret.strip() not in listed
    assert run("keys", "revoke", key_id)[0] == 0
    assert "revoked" in run("keys", "list")[1]
    code, _, err = run("keys", "revoke", key_id)
    assert code == 2
    assert "no active key" in err


def test_the_configuration_is_shown_with_its_origin(run: Run, tmp_path: Path) -> None:
    """Which file said so is the first question."""
    (tmp_path / "pyproject.toml").write_text('[tool.codereview]\nfail_on = "low"\n')
    code, out, _ = run("config", "--show")
    assert code == 0
    assert f"fail_on = 'low'  # {tmp_path / 'pyproject.toml'}" in out
    assert "min_severity = 'info'  # default" in out


def test_doctor_says_what_is_there(run: Run) -> None:
    """And that no model is configured."""
    code, out, _ = run("doctor")
    assert code == 0
    assert "no model is configured" in out
    assert "FAIL" not in out


def test_doctor_names_a_redis_that_does_not_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an exit code a script can read."""
    monkeypatch.setenv("CODEREVIEW_REDIS_URL", "redis://127.0.0.1:1/0")
    code, out, _ = run("doctor")
    assert code == 2
    assert "FAIL  redis" in out


def test_an_engine_is_scored_on_a_data_set(run: Run, tmp_path: Path) -> None:
    """Two files, one defect: everything found, nothing else reported."""
    cases = [
        {"path": "bad.py", "text": "import os\nos.system(input())\n", "labels": [{"line": 2, "cwe": 78, "real": True}]},
        {"path": "good.py", "text": "print('hello')\n", "labels": [{"line": 1, "cwe": 78, "real": False}]},
    ]
    dataset = tmp_path / "set.jsonl"
    dataset.write_text("\n".join(json.dumps(case) for case in cases))
    code, out, _ = run("eval", str(dataset), "--agents", "security", "--repeat", "2", "--json")
    scored = json.loads(out)
    assert code == 0
    assert (scored["TP"], scored["FN"], scored["FP"], scored["TN"]) == (1, 0, 0, 1)
    assert scored["youden"] == 1.0
    assert scored["deterministic"] is True


def test_a_data_set_with_a_wrong_line_is_refused_by_number(run: Run, tmp_path: Path) -> None:
    """A silently skipped case would change the score."""
    dataset = tmp_path / "set.jsonl"
    dataset.write_text('{"path": "a.py", "text": "x"}\n{"path": "b.py"}\n')
    code, _, err = run("eval", str(dataset))
    assert code == 2
    assert "set.jsonl:2: text" in err


def test_an_unknown_rule_says_where_to_look(run: Run) -> None:
    """Nothing close to it exists."""
    code, _, err = run("rules", "nothing/here")
    assert code == 2
    assert "see `codereview rules`" in err


def test_a_public_bind_without_keys_is_refused(run: Run) -> None:
    """One line, exit 2, nothing started."""
    code, out, err = run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (code, out) == (2, "")
    assert "refusing to listen on 0.0.0.0 without API keys" in err

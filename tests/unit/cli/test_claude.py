"""Claude from the command line, over HTTP to a server that speaks the Messages API."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.reading_model import ReadingModel

from codereview.adapters.model_catalogue import load_catalogue
from codereview.cli.main import _run
from codereview.testkit.messages_server import MessagesServer

CODE = '''"""Orders."""


def mean(orders):
    total = sum(order.total for order in orders)
    return total / len(orders)


def largest(orders, limit):
    ranked = sorted(orders, key=lambda order: order.total)
    shown = [order for order in ranked if order.total]
    names = [order.name for order in shown]
    pairs = list(zip(names, shown, strict=True))
    return pairs[:limit]
'''

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    with MessagesServer(ReadingModel(), load_catalogue(), keys=("key",)) as running:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        monkeypatch.setenv("CODEREVIEW_ANTHROPIC_BASE_URL", running.url)
        yield running


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``codereview`` beside a file with one defect: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODEREVIEW_DATA_DIR", str(tmp_path / "data"))
    Path("app.py").write_text(CODE)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = _run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_review_says_what_the_model_found_and_what_it_cost(server: MessagesServer, command: Command) -> None:
    code, out, _ = command("review", "app.py", "--agents", "bug")
    assert code == 0, "a medium finding is below the threshold"
    assert "Division by the length of an empty list" in out
    assert "confirmed by 3 of 3 verifiers" in out
    assert "engine static+claude" in out
    assert f"${server.spend.nano_usd / 1e9:.2f} for {len(server.entries)} requests" in out


def test_the_same_code_is_not_paid_for_twice(server: MessagesServer, command: Command) -> None:
    """Answers are kept between runs of the command."""
    command("review", "app.py", "-q")
    paid = len(server.entries)
    code, out, _ = command("review", "app.py", "--agents", "bug")
    assert (code, len(server.entries)) == (0, paid)
    assert "Division by the length of an empty list" in out
    assert "$0.00 for 0 requests" in out


def test_an_estimate_asks_nobody(server: MessagesServer, command: Command) -> None:
    code, out, _ = command("review", "app.py", "--estimate")
    assert (code, server.entries) == (0, [])
    assert "1 file in 1 chunk: about 6 calls to claude-haiku-5-5" in out
    assert "at most $" in out


def test_what_was_estimated_is_not_exceeded(server: MessagesServer, command: Command) -> None:
    _, out, _ = command("review", "app.py", "--estimate")
    most = float(out.rpartition("at most $")[2].split()[0])
    command("review", "app.py", "-q")
    assert 0 < server.spend.nano_usd / 1e9 <= most


def test_a_small_budget_ends_the_review_as_incomplete(server: MessagesServer, command: Command) -> None:
    code, out, _ = command("review", "app.py", "--budget-usd", "0.001", "--agents", "bug")
    assert (code, server.entries) == (3, [])
    assert "the budget of the review, $0.001," in " ".join(out.split())


def test_little_effort_is_one_call_and_one_verifier(server: MessagesServer, command: Command) -> None:
    command("review", "app.py", "--effort", "quick", "--agents", "bug", "-q")
    assert [asked.model for asked in server.asked] == ["claude-haiku-5-5"] * 2


def test_the_doctor_asks_the_model(server: MessagesServer, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = command("doctor")
    assert code == 0
    assert "anthropic answers: claude-sonnet-5-5 lifecycle active" in out
    monkeypatch.setenv("CODEREVIEW_MODEL", "claude-of-tomorrow")
    code, out, _ = command("doctor")
    assert code == 2
    assert "there is no price for the model 'claude-of-tomorrow'" in out


def test_a_wrong_key_is_told(server: MessagesServer, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "wrong")
    code, out, _ = command("review", "app.py", "--agents", "bug")
    assert code == 3
    assert "invalid x-api-key" in out


def test_the_model_can_be_scored_alone_and_with_the_tools(server: MessagesServer, command: Command) -> None:
    label = {"line": 6, "cwe": 369, "real": True}
    Path("cases.jsonl").write_text(json.dumps({"path": "app.py", "text": CODE, "labels": [label]}) + "\n")
    for engine, found in (("static", 0), ("claude", 1), ("all", 1)):
        code, out, err = command("eval", "cases.jsonl", "--engine", engine, "--agents", "bug")
        assert code == 0
        assert json.loads(out.strip().splitlines()[-1])["TP"] == found, engine
        assert ("requests" in err) == (engine != "static")


def test_what_would_be_sent_can_be_seen_without_a_key(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question of everybody who must not send code anywhere."""
    monkeypatch.setenv("CODEREVIEW_MODEL_PROVIDER", "none")
    Path("app.py").write_text(CODE + 'password = "hunter2!x"\n')
    code, out, _ = command("review", "app.py", "--show-prompts", "--effort", "thorough")
    assert code == 0
    assert out.count("=== system") == 1
    assert out.count("=== user, security agent") == 4
    assert out.count("=== user, bug agent") == 3
    assert "6|     return total / len(orders)" in out
    assert "hunter2!x" not in out


def test_scoring_the_model_without_one_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEREVIEW_MODEL_PROVIDER", "none")
    Path("cases.jsonl").write_text("")
    code, _, err = command("eval", "cases.jsonl", "--engine", "claude")
    assert code == 2
    assert "needs a model" in err

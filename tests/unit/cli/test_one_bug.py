"""The same bug, named by two tools, is one finding with both names."""

import json
from pathlib import Path

import pytest

from codereview.cli.main import _run

CODE = """def first(items=[]):
    items.append(1)
    return items


def second():
    return undefined_thing


def third(text):
    return text.strip("https://")


def fourth(x):
    x == 1
    return {"a": 1, "a": 2}


class Job:
    def run():
        return 1
"""


def test_no_line_has_two_findings_of_one_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(CODE)
    _run(["review", "app.py", "--agents", "bug", "--format", "json", "-q"])
    found = json.loads(capsys.readouterr().out)["findings"]
    lines = [f["startLine"] for f in found if f["severity"] != "low"]
    assert sorted(lines) == sorted(set(lines))
    both = {f["startLine"] for f in found if {"bugs", "ruff"} <= {p["source"] for p in f["provenance"]}}
    assert {1, 7, 11, 15, 16} <= both


def test_a_line_that_a_comment_excuses_is_suppressed_not_refuted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That somebody waved it through does not make it harmless, and the report must not say so."""
    monkeypatch.chdir(tmp_path)
    code = "import os\nfrom flask import request\n\n\ndef f():\n    os.system(request.args['q'])  # nosec\n"
    Path("app.py").write_text(code)
    _run(["review", "app.py", "--agents", "security", "--format", "json", "-q"])
    (found,) = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["startLine"] == 6]
    assert (found["status"], found["ruleId"]) == ("suppressed", "dataflow/command-injection")
    assert "nosec" in found["suppressionReason"]

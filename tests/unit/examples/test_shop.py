"""The sample project: the list of its defects is true, and its own files do not give them away."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from codereview.domain.reviews import AGENTS

_EXAMPLES = Path(__file__).parents[3] / "examples"
_SHOP = _EXAMPLES / "shop"
_ROW = re.compile(r"^\| (?P<path>[^ |]+):(?P<line>\d+) \| (?P<code>.+?) \| (?P<agent>\w+) \| (?P<cwe>CWE-\d+|-) \| ")


class Defect(NamedTuple):
    """One row of the list."""

    path: str
    line: int
    code: str
    agent: str


def _listed() -> list[Defect]:
    lines = (_EXAMPLES / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [match for match in map(_ROW.match, lines) if match is not None]
    assert len(rows) == sum(line.startswith("| ") for line in lines) - 2  # the heading and the rule under it
    return [
        Defect(row["path"], int(row["line"]), row["code"].strip("` ").replace(r"\|", "|"), row["agent"]) for row in rows
    ]


def _files() -> list[Path]:
    return sorted(path for path in _SHOP.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


@pytest.mark.parametrize("defect", _listed(), ids=lambda defect: f"{defect.path}:{defect.line}")
def test_a_listed_defect_stands_where_the_list_says(defect: Defect) -> None:
    """Whoever compares a report with the list must be able to rely on it."""
    lines = (_SHOP / defect.path).read_text(encoding="utf-8").splitlines()
    assert defect.code in lines[defect.line - 1]
    assert defect.agent in AGENTS


def test_both_agents_have_something_to_find() -> None:
    """In several kinds of files."""
    defects = _listed()
    for agent in AGENTS:
        suffixes = {Path(defect.path).suffix for defect in defects if defect.agent == agent}
        assert {".py", ".js", ".sh"} <= suffixes


def test_the_code_does_not_say_where_its_defects_are() -> None:
    """A comment about a defect would be a hint to the reviewer, and make the sample worthless."""
    telling = re.compile(
        r"vulnerab|insecure|unsafe input|injection|\bbug\b|fixme|todo|xxx|cwe|nosec|noqa", re.IGNORECASE
    )
    for path in _files():
        assert not telling.search(path.read_text(encoding="utf-8")), path


def test_the_sample_stays_small() -> None:
    """It is reviewed in a second, and read in a few minutes."""
    files = _files()
    assert 12 <= len(files) <= 20
    assert 400 <= sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 620

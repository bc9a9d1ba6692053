"""Baselines: what was accepted, readable, and checked when read."""

from pathlib import Path

import pytest

from codereview.cli.baseline import read_baseline, write_baseline
from codereview.domain.findings import Confidence, Finding, FindingStatus, Severity
from codereview.errors import ConfigurationError


def _finding(name: str, status: FindingStatus = FindingStatus.CONFIRMED) -> Finding:
    return Finding(
        id=name,
        fingerprint=name,
        agent="bug",
        rule_id="a/b",
        title="t",
        message="m",
        severity=Severity.LOW,
        confidence=Confidence.LOW,
        path=f"{name}.py",
        start_line=7,
        status=status,
    )


def test_what_is_written_is_read_back_sorted_and_without_line_numbers(tmp_path: Path) -> None:
    """A baseline that changes with every shifted line would be a merge conflict a day."""
    path = tmp_path / "baseline.json"
    findings = [_finding("b"), _finding("a"), _finding("gone", FindingStatus.SUPPRESSED)]
    assert write_baseline(path, findings) == 2
    assert read_baseline(path) == ("a", "b")
    assert '"line"' not in path.read_text().lower()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not a baseline"),
        ("[]", "is not a baseline"),
        ('{"version": 1, "findings": [{}]}', "is not a baseline"),
        ('{"version": 2, "findings": []}', "has baseline version 2"),
    ],
)
def test_another_file_is_refused_rather_than_taken_for_empty(tmp_path: Path, content: str, complaint: str) -> None:
    """An unreadable baseline must not accept everything, nor nothing."""
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=complaint):
        read_baseline(path)


def test_a_missing_baseline_is_named(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.json cannot be read"):
        read_baseline(tmp_path / "nowhere.json")

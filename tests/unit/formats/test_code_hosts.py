"""Annotations of GitHub Actions, GitLab Code Quality and reviewdog, read as those three read them."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from support.builders import a_finding, a_fix, a_gap, a_review, covered
from support.hostile_reviews import reviews

from codereview.domain.findings import Edit, Finding, Fix, Severity
from codereview.domain.reviews import Review
from codereview.domain.visible import visible
from codereview.formats import render

# --- GitHub ---


class Command(NamedTuple):
    """A workflow command as the runner understands it."""

    name: str
    properties: dict[str, str]
    message: str


def _unescaped(text: str, *more: tuple[str, str]) -> str:
    for sequence, char in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(sequence, char)
    return text


def _parse(line: str) -> Command | None:
    """The rules of the runner: the command starts the line, and its properties end at the next "::"."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, given = line[2:end].partition(" ")
    pairs = (part.partition("=") for part in given.split(",") if part)
    properties = {key: _unescaped(value, ("%3A", ":"), ("%2C", ",")) for key, _, value in pairs}
    return Command(name, properties, _unescaped(line[end + 2 :]))


def _commands(review: Review) -> list[Command]:
    lines = render(review, "github").splitlines()
    return [command for command in map(_parse, lines) if command is not None]


def _annotations(review: Review) -> list[Command]:
    return [command for command in _commands(review) if command.name in ("error", "warning", "notice")]


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_annotations_parse_back_to_their_findings(review: Review) -> None:
    """File, line and words arrive as they were, whatever separators the code brought along."""
    counted = {f.title: f for f in review.findings if f.counts}
    _, *about_findings = _annotations(review)
    for annotation in about_findings:
        severity, _, title = annotation.properties["title"].partition(": ")
        finding = next(f for f in counted.values() if title.split()[0] == f.title.split()[0])
        assert severity == finding.severity
        assert annotation.properties["file"] == visible(finding.path, keep="\n")
        assert annotation.properties.get("line") == (str(finding.start_line) if finding.start_line else None)
        assert annotation.message.startswith(visible(finding.message, keep="\n"))


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_the_code_gives_no_commands_of_its_own(review: Review) -> None:
    """A command in a path or a message would run with the job's rights."""
    lines = render(review, "github").splitlines()
    names = {command.name for command in _commands(review)}
    assert names <= {"error", "warning", "notice", "group", "endgroup"}
    assert len([line for line in lines if "##[" in line and _parse(line) is None]) == 0


def test_the_first_annotation_is_the_answer() -> None:
    """An error when the review is incomplete, whatever was found."""
    first, *_ = _annotations(a_review(findings=(), coverage=(covered(), a_gap())))
    assert (first.name, first.properties) == ("error", {"title": "codereview: incomplete"})
    assert first.message.startswith("Incomplete: not everything was examined. 1 file not fully examined. 0 findings")
    first, *_ = _annotations(a_review())
    assert (first.name, first.properties["title"]) == ("notice", "codereview: findings")


def test_an_annotation_has_its_range_and_its_level() -> None:
    """Columns within a line; the end column is inclusive here."""
    _, annotation = _annotations(a_review())
    assert annotation.name == "error"
    assert annotation.properties == {
        "file": "shop/views.py",
        "line": "42",
        "endLine": "42",
        "col": "12",
        "endColumn": "64",
        "title": "high: SQL injection",
    }


def test_columns_over_several_lines_are_left_out() -> None:
    """GitHub refuses them."""
    _, annotation = _annotations(a_review(findings=(a_finding(end_line=44),)))
    assert "col" not in annotation.properties


def test_beyond_githubs_limit_the_rest_is_in_the_log_and_said() -> None:
    """GitHub would drop it without a word. The answer takes one of the ten places of its level."""
    findings = [a_finding(start_line=n, title=f"error{n}x") for n in range(1, 16)]
    findings += [a_finding(start_line=n, title=f"warn{n}x", severity=Severity.MEDIUM) for n in range(1, 13)]
    findings += [a_finding(start_line=n, title=f"note{n}x", severity=Severity.LOW) for n in range(1, 13)]
    review = a_review(findings=tuple(findings))
    levels = [annotation.name for annotation in _annotations(review)]
    assert {level: levels.count(level) for level in levels} == {"error": 10, "warning": 10, "notice": 10}
    assert "10 findings more than annotations are shown for" in _annotations(review)[0].message
    report = render(review, "github")
    assert "::group::Findings without an annotation (10)\n" in report
    assert all(report.count(finding.title) == 1 for finding in findings)


# --- GitLab ---


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Lines(_Strict):
    begin: int = Field(ge=1)
    end: int | None = Field(default=None, ge=1)


class _IssueLocation(_Strict):
    path: str = Field(min_length=1)
    lines: _Lines


class _Issue(_Strict):
    type: str = Field(pattern="^issue$")
    description: str = Field(min_length=1)
    check_name: str = Field(min_length=1)
    categories: list[str]
    fingerprint: str = Field(pattern="^[0-9a-f]{32}$")
    severity: str = Field(pattern="^(info|minor|major|critical|blocker)$")
    location: _IssueLocation
    content: dict[str, str] | None = None


def _issues(review: Review) -> list[_Issue]:
    return TypeAdapter(list[_Issue]).validate_json(render(review, "gitlab"))


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_code_quality_has_the_fields_gitlab_reads(review: Review) -> None:
    """And each fingerprint once: GitLab shows only the first entry of one."""
    issues = _issues(review)
    about = {(i.check_name, i.location.path, i.description): i.fingerprint for i in issues}
    assert len(set(about.values())) == len(about)


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [
        (Severity.CRITICAL, "blocker"),
        (Severity.HIGH, "critical"),
        (Severity.MEDIUM, "major"),
        (Severity.LOW, "minor"),
        (Severity.INFO, "info"),
    ],
)
def test_gitlabs_severities_are_as_many_as_ours(severity: Severity, theirs: str) -> None:
    """One for one."""
    (issue,) = _issues(a_review(findings=(a_finding(severity=severity),)))
    assert issue.severity == theirs


def test_gaps_are_entries_because_code_quality_has_no_status() -> None:
    """The widget would be empty, and look clean."""
    issues = _issues(a_review(findings=(), coverage=(covered(), a_gap())))
    assert [(i.check_name, i.location.path, i.severity) for i in issues] == [
        ("codereview/incomplete", ".", "critical"),
        ("codereview/not-examined", "shop/big.py", "critical"),
    ]


# --- reviewdog ---


class _Position(_Strict):
    line: int = Field(ge=1)
    column: int | None = Field(default=None, ge=1)


class _Range(_Strict):
    start: _Position
    end: _Position


class _Place(_Strict):
    path: str = Field(min_length=1)
    range: _Range | None = None


class _Suggestion(_Strict):
    range: _Range
    text: str


class _Code(_Strict):
    value: str
    url: str | None = None


class _Diagnostic(_Strict):
    message: str = Field(min_length=1)
    location: _Place
    severity: str = Field(pattern="^(ERROR|WARNING|INFO)$")
    code: _Code
    suggestions: list[_Suggestion] = []


class _Source(_Strict):
    name: str


class _Diagnostics(_Strict):
    source: _Source
    diagnostics: list[_Diagnostic]


def _diagnostics(review: Review) -> list[_Diagnostic]:
    return _Diagnostics.model_validate_json(render(review, "rdjson")).diagnostics


def _one(finding: Finding) -> _Diagnostic:
    (diagnostic,) = _diagnostics(a_review(findings=(finding,)))
    return diagnostic


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_diagnostics_have_only_fields_that_reviewdog_knows(review: Review) -> None:
    """It refuses a document with any other."""
    _diagnostics(review)


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_only_proved_fixes_are_suggested(review: Review) -> None:
    """A suggestion is committed with one click."""
    proved = {f.title.split()[0] for f in review.findings if f.fix is not None and f.fix.checks.proved}
    for diagnostic in _diagnostics(review):
        if diagnostic.suggestions:
            assert diagnostic.message.split()[0].rstrip(":") in proved


def test_columns_are_counted_in_bytes() -> None:
    """As reviewdog has them; ours count characters."""
    span = _one(a_finding(snippet="ü = '漢' + eval(x)", start_column=11, end_column=18)).location.range
    assert span is not None
    assert (span.start.column, span.end.column) == (14, 21)


def test_without_the_whole_text_columns_are_left_out() -> None:
    """They cannot be converted, and whole lines are true as well."""
    span = _one(a_finding(end_line=99)).location.range
    assert span is not None
    assert (span.start, span.end) == (_Position(line=42), _Position(line=99))


def test_a_proved_fix_replaces_whole_lines() -> None:
    """Without the last line's ending, which a linewise range leaves in place."""
    (suggestion,) = _one(a_finding(fix=a_fix())).suggestions
    assert suggestion.range == _Range(start=_Position(line=42), end=_Position(line=42))
    assert suggestion.text == a_fix().edits[0].replacement.rstrip("\n")


def test_a_deletion_reaches_to_the_start_of_the_next_line() -> None:
    """Otherwise an empty line would be left."""
    edit = Edit(path="shop/views.py", start_line=42, end_line=43, replacement="")
    (suggestion,) = _one(a_finding(fix=a_fix(edits=(edit,)))).suggestions
    expected = _Range(start=_Position(line=42, column=1), end=_Position(line=44, column=1))
    assert (suggestion.range, suggestion.text) == (expected, "")


def test_a_fix_over_several_files_is_not_suggested_in_half() -> None:
    """A suggestion applies to the file of its comment only."""
    elsewhere = Edit(path="shop/db.py", start_line=1, end_line=1, replacement="import sqlite3\n")
    assert _one(a_finding(fix=a_fix(edits=(*a_fix().edits, elsewhere)))).suggestions == []


def test_an_unproved_fix_is_not_suggested() -> None:
    """It is not even mentioned: reviewdog has no place for it but the message."""
    assert _one(a_finding(fix=Fix(description="Use a parameter.", edits=a_fix().edits))).suggestions == []


# --- JSON ---


def test_the_wire_form_has_a_version_and_is_the_review() -> None:
    """A program that reads it gets the same review again."""
    review = a_review(findings=(a_finding(fix=a_fix()),), coverage=(covered(), a_gap()))
    document: dict[str, Any] = json.loads(render(review, "json"))
    assert document.pop("schemaVersion") == 1
    assert Review.model_validate(document) == review


def test_the_wire_form_keeps_its_order_of_keys() -> None:
    """Reports are compared as text."""
    keys = list(json.loads(render(a_review(), "json")))
    assert keys[:6] == ["schemaVersion", "id", "owner", "status", "outcome", "verdict"]

"""SARIF 2.1.0, held against its JSON Schema and against what code scanning makes of it."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from support.builders import a_finding, a_fix, a_gap, a_review, a_traced_finding, covered
from support.hostile_reviews import reviews

from codereview.domain.findings import Confidence, Edit, FindingStatus, Fix, FixChecks, Provenance, Severity
from codereview.domain.reviews import AgentSummary, Review, ReviewOptions, ReviewStatus, Suppression
from codereview.domain.rules import Rule
from codereview.formats import render

_SCHEMA = Path(__file__).parents[2] / "data" / "sarif-2.1.0.json"
_VALIDATOR = Draft202012Validator(
    json.loads(_SCHEMA.read_text(encoding="utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def _run(review: Review, **options: Any) -> dict[str, Any]:
    log = json.loads(render(review, "sarif", **options))
    _VALIDATOR.validate(log)
    (run,) = log["runs"]
    return run


def _result(**over: object) -> dict[str, Any]:
    (result,) = _run(a_review(findings=(a_finding(**over),)))["results"]
    return result


def test_the_schema_is_the_one_that_was_vendored() -> None:
    """A schema edited to make the tests pass would prove nothing."""
    digest = hashlib.sha256(_SCHEMA.read_bytes()).hexdigest()
    assert digest == "1c49a0f2b60444c71bb14878e21e0d882198eff4c539861b133093ad89ed798c"


def test_the_schema_refuses_what_is_not_sarif() -> None:
    """The validator is able to fail."""
    log = json.loads(render(a_review(), "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert len(list(_VALIDATOR.iter_errors(log))) == 2


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_every_log_is_valid(review: Review) -> None:
    """Whatever the review holds."""
    _run(review)


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_every_index_points_at_what_it_means(review: Review) -> None:
    """Consumers follow the indexes, not the ids."""
    run = _run(review)
    driver = run["tool"]["driver"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for taxon in result.get("taxa", ()):
            assert run["taxonomies"][0]["taxa"][taxon["index"]]["id"] == taxon["id"]
    for notification in run["invocations"][0]["toolExecutionNotifications"]:
        descriptor = notification["descriptor"]
        assert driver["notifications"][descriptor["index"]]["id"] == descriptor["id"]


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_every_address_is_relative_and_leads_back_to_its_path(review: Review) -> None:
    """An address with a scheme or a host would lead out of the project."""
    run = _run(review)
    listed = [f for f in sorted(review.findings, key=lambda f: f.sort_key) if f.status is not FindingStatus.REFUTED]
    for finding, result in zip(listed, run["results"], strict=True):
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        parts = urlsplit(artifact["uri"])
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert unquote(artifact["uri"]) == finding.path.lstrip("/")
        assert artifact["uriBaseId"] in run["originalUriBaseIds"]


def test_a_result_carries_place_level_message_and_identity() -> None:
    """What code scanning shows of a finding."""
    result = _result()
    assert (result["ruleId"], result["level"], result["kind"]) == ("dataflow/sql-injection", "error", "fail")
    assert result["message"]["text"].startswith("SQL injection\n\nThe query is built")
    assert result["partialFingerprints"] == {"codereview/v1": a_finding().fingerprint}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "shop/views.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {
        "startLine": 42,
        "endLine": 42,
        "startColumn": 12,
        "endColumn": 65,
        "snippet": {"text": a_finding().snippet[11:64]},
    }
    assert place["contextRegion"]["snippet"]["text"] == a_finding().snippet
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "search"}]
    assert result["properties"]["agent"] == "security"
    assert result["properties"]["confidence"] == "high"
    assert result["properties"]["provenance"][0]["source"] == "dataflow"
    assert result["properties"]["cwe"] == "CWE-89"


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, "error"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "note"),
        (Severity.INFO, "note"),
    ],
)
def test_the_level_follows_the_severity(severity: Severity, level: str) -> None:
    """SARIF has three levels for five severities; the severity itself is a property."""
    result = _result(severity=severity)
    assert (result["level"], result["properties"]["severity"]) == (level, severity)


def test_a_finding_about_a_whole_file_has_no_invented_line() -> None:
    """No line is ever made up."""
    assert "region" not in _result(start_line=None)["locations"][0]["physicalLocation"]


def test_columns_that_make_no_range_are_left_out() -> None:
    """A region that ends before it starts is refused by code scanning."""
    region = _result(start_column=40, end_column=12)["locations"][0]["physicalLocation"]["region"]
    assert "startColumn" not in region
    assert region["snippet"]["text"] == a_finding().snippet


def test_a_secret_has_no_columns() -> None:
    """They would tell its length, and the quoted line is masked anyway."""
    result = _result(cwe=798, snippet='TOKEN = "gh********"', start_column=9, end_column=49)
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 42, "endLine": 42, "snippet": {"text": 'TOKEN = "gh********"'}}
    assert result["properties"]["redacted"] is True


def test_a_data_flow_becomes_a_code_flow() -> None:
    """From the source to the sink, step by step."""
    (result,) = _run(a_review(findings=(a_traced_finding(),)))["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps]
    assert lines == [38, 42]
    assert [step["location"]["message"]["text"] for step in steps] == ["read from the request", "reaches the database"]


def test_a_proved_fix_is_offered_as_a_change() -> None:
    """A viewer applies it with one click."""
    change = _result(fix=a_fix())["fixes"][0]["artifactChanges"][0]
    assert change["artifactLocation"]["uri"] == "shop/views.py"
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == {"startLine": 42, "endLine": 42}
    # The region leaves the line's ending out, and so does the text.
    assert replacement["insertedContent"]["text"].endswith("(name,))")


def test_a_fix_that_deletes_lines_takes_their_endings_along() -> None:
    """Otherwise an empty line would be left."""
    edit = Edit(path="shop/views.py", start_line=42, end_line=43, replacement="")
    (replacement,) = _result(fix=a_fix(edits=(edit,)))["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement == {"deletedRegion": {"startLine": 42, "endLine": 44, "startColumn": 1, "endColumn": 1}}


def test_an_unproved_fix_is_never_offered_as_a_change() -> None:
    """It is text beside the finding."""
    result = _result(fix=Fix(description="Use a parameter.", edits=a_fix().edits, checks=FixChecks()))
    assert "fixes" not in result
    assert result["properties"]["fix"]["checks"]["applies"] == "not run"


def test_a_suppressed_finding_is_marked_as_such_with_its_reason() -> None:
    """In the source; or beside it, in the baseline or the project's configuration."""
    finding = a_finding(status=FindingStatus.SUPPRESSED, suppression_reason="constant query")
    configured = Suppression(reason="constant query", rule="dataflow/sql-injection")
    for options, kind in (
        (ReviewOptions(), "inSource"),
        (ReviewOptions(baseline=(finding.fingerprint,)), "external"),
        (ReviewOptions(suppressions=(configured,)), "external"),
    ):
        review = a_review(findings=(finding,), options=options)
        (result,) = _run(review)["results"]
        assert result["suppressions"] == [{"kind": kind, "status": "accepted", "justification": "constant query"}]


def test_a_refuted_finding_is_counted_but_not_listed() -> None:
    """Code scanning would open an alert for it."""
    refuted = a_finding(
        status=FindingStatus.REFUTED, provenance=(Provenance(source="dataflow", verdict="refuted", evidence="x"),)
    )
    run = _run(a_review(findings=(refuted,)))
    assert run["results"] == []
    assert run["properties"]["refuted"] == 1


def test_equal_rules_are_described_once() -> None:
    """And in the order of their ids, so that equal reviews give equal logs."""
    findings = (a_finding(), a_finding(start_line=50), a_finding(rule_id="bandit/B602", agent="security", cwe=78))
    rules = _run(a_review(findings=findings))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["bandit/B602", "dataflow/sql-injection"]


def test_a_security_rule_carries_what_code_scanning_sorts_by() -> None:
    """Score, precision, and the weakness as tags."""
    (rule,) = _run(a_review())["tool"]["driver"]["rules"]
    assert rule["name"] == "SqlInjection"
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["properties"] == {
        "tags": ["security", "CWE-89", "external/cwe/cwe-89"],
        "precision": "high",
        "security-severity": "8.0",
    }
    assert rule["helpUri"] == "https://cwe.mitre.org/data/definitions/89.html"


def test_a_bug_rule_is_not_called_a_vulnerability() -> None:
    """Code scanning takes every rule with a security severity for one."""
    (rule,) = _run(a_review(findings=(a_finding(agent="bug", cwe=None),)))["tool"]["driver"]["rules"]
    assert rule["properties"] == {"tags": ["correctness"], "precision": "high", "problem.severity": "error"}


def test_a_known_rule_is_described_by_the_catalogue() -> None:
    """Its words and its severity do not depend on what was found today."""
    known = Rule(
        id="dataflow/sql-injection",
        analyser="dataflow",
        native="sql-injection",
        agent="security",
        title="SQL built from input",
        severity=Severity.CRITICAL,
        confidence=Confidence.MEDIUM,
        description="Input becomes part of a statement.",
        failure_scenario="The sender reads the whole table.",
        fix="Pass parameters.",
        help_uri="https://docs.example.org/sql",
    )
    (rule,) = _run(a_review(), rules={known.id: known})["tool"]["driver"]["rules"]
    assert rule["name"] == "SqlBuiltFromInput"
    assert rule["fullDescription"]["text"] == "Input becomes part of a statement."
    assert rule["help"]["text"].splitlines()[-3:] == ["Fix: Pass parameters.", "", "https://docs.example.org/sql"]
    assert "**Fix:** Pass parameters." in rule["help"]["markdown"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["properties"]["precision"] == "medium"


def test_a_complete_review_was_executed_successfully() -> None:
    """With its times, in UTC."""
    (invocation,) = _run(a_review())["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "startTimeUtc": "2026-09-21T14:13:20.020Z",
        "endTimeUtc": "2026-09-21T14:13:21.220Z",
        "toolExecutionNotifications": [],
    }


def test_what_was_not_examined_is_a_notification_at_its_file() -> None:
    """And the execution was not successful."""
    (invocation,) = _run(a_review(coverage=(covered(), a_gap("shop/big file.py"))))["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = invocation["toolExecutionNotifications"]
    assert [(note["descriptor"]["id"], note["level"]) for note in notes] == [
        ("codereview/incomplete", "error"),
        ("codereview/not-examined", "error"),
    ]
    assert notes[1]["message"]["text"] == "Not examined: bug agent, timeout (ruff took longer than 60 s)"
    assert notes[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop/big%20file.py"


def test_a_failed_agent_is_a_notification() -> None:
    """With its reason."""
    failed = AgentSummary(agent="security", status="failed", reasons=("no analyser ran",))
    review = a_review(status=ReviewStatus.FAILED, agents=(failed,), findings=())
    notes = _run(review)["invocations"][0]["toolExecutionNotifications"]
    assert "security agent failed: no analyser ran" in [note["message"]["text"] for note in notes]


def test_no_link_comes_of_a_message() -> None:
    """SARIF takes [text](target) in a message for a link."""
    result = _result(message="see [here](https://evil.example) or [there](1)")
    assert "](" not in result["message"]["text"]


def test_the_address_of_the_tool_is_the_packages_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the package states; nothing when it states nothing."""
    monkeypatch.setattr("codereview.formats.sarif.log._homepage", lambda: "https://codereview.example/")
    assert _run(a_review())["tool"]["driver"]["informationUri"] == "https://codereview.example/"
    monkeypatch.setattr("codereview.formats.sarif.log._homepage", lambda: "")
    assert "informationUri" not in _run(a_review())["tool"]["driver"]

"""Findings: their order, their identity, and how several reports of one defect become one."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codereview.domain.findings import CheckResult, Confidence, Finding, FindingStatus, FixChecks, Provenance, Severity
from codereview.domain.identity import fingerprint
from codereview.domain.merging import merge, merge_pair


def _finding(**over: object) -> Finding:
    fields: dict[str, object] = {
        "id": "f_1",
        "fingerprint": "a" * 32,
        "agent": "security",
        "rule_id": "bandit/B602",
        "title": "Shell",
        "message": "A shell runs what the caller sends.",
        "severity": Severity.HIGH,
        "confidence": Confidence.MEDIUM,
        "path": "app.py",
        "start_line": 3,
        "end_line": 3,
        "provenance": (Provenance(source="bandit", rule="B602"),),
    }
    return Finding.model_validate(fields | over)


def test_severities_compare_by_gravity() -> None:
    """The alphabet would put "critical" below "high"."""
    assert sorted(Severity) == [
        Severity.INFO,
        Severity.LOW,
        Severity.MEDIUM,
        Severity.HIGH,
        Severity.CRITICAL,
    ]
    assert Severity.HIGH >= Severity.HIGH > Severity.MEDIUM
    assert not Severity.LOW >= Severity.MEDIUM
    assert max(Severity.LOW, Severity.CRITICAL) is Severity.CRITICAL


def test_severity_does_not_compare_with_confidence() -> None:
    """A high confidence is no high severity."""
    with pytest.raises(TypeError):
        _ = Severity.HIGH < Confidence.HIGH


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    """Such a range would be shown on the wrong line by every reader of SARIF."""
    with pytest.raises(ValidationError, match="endLine 2 stands before startLine 3"):
        _finding(start_line=3, end_line=2)


def test_an_unknown_field_is_refused() -> None:
    """A misspelt field is an error, not a silently dropped fact."""
    with pytest.raises(ValidationError):
        _finding(sverity="high")


def test_the_wire_form_is_camel_case_and_reads_back_equal() -> None:
    """What one process writes another one reads."""
    finding = _finding(cwe=78, snippet="os.system(x)")
    assert '"ruleId":"bandit/B602"' in finding.to_json()
    assert Finding.model_validate_json(finding.to_json()) == finding


def test_a_fix_is_proved_only_when_every_check_ran_and_passed() -> None:
    """A check that did not run proves nothing."""
    passed = dict.fromkeys(FixChecks.model_fields, CheckResult.PASSED)
    assert FixChecks(**passed).proved
    for name in passed:
        assert not FixChecks(**passed | {name: CheckResult.NOT_RUN}).proved
        assert not FixChecks(**passed | {name: CheckResult.FAILED}).proved


@given(st.text(), st.text(), st.sampled_from(["  ", "\t", "\n    "]))
def test_a_fingerprint_survives_reindentation(symbol: str, word: str, space: str) -> None:
    """Code moved into an `if` is the same finding."""
    before = fingerprint(path="a.py", symbol=symbol, snippet=f"call({word}) \n done", family="sql")
    after = fingerprint(path="a.py", symbol=symbol, snippet=f"{space}call({word}){space}\n{space}done", family="sql")
    assert before == after


def test_a_fingerprint_tells_apart_what_differs() -> None:
    """Path, symbol, code, family and occurrence each make another finding."""
    base = {"path": "a.py", "symbol": "f", "snippet": "x", "family": "sql", "occurrence": 0}
    variants = [{}, {"path": "b.py"}, {"symbol": "g"}, {"snippet": "y"}, {"family": "xss"}, {"occurrence": 1}]
    prints = [fingerprint(**base | variant) for variant in variants]  # type: ignore[arg-type]
    assert len(set(prints)) == len(variants)


def test_two_tools_that_agree_raise_confidence() -> None:
    """Independent agreement is evidence; the gravest severity wins."""
    other = _finding(
        rule_id="ruff/S602", severity=Severity.CRITICAL, provenance=(Provenance(source="ruff", rule="S602"),)
    )
    merged = merge_pair(_finding(), other)
    assert merged.confidence is Confidence.HIGH
    assert merged.severity is Severity.CRITICAL
    assert merged.rule_id == "bandit/B602"
    assert [p.source for p in merged.provenance] == ["bandit", "ruff"]


def test_the_same_tool_twice_proves_nothing_more() -> None:
    """A redelivered report must not look like agreement."""
    assert merge_pair(_finding(), _finding()) == _finding()


def test_a_suppressed_finding_stays_suppressed_when_merged() -> None:
    """What the project accepted does not come back because another tool found it too."""
    suppressed = _finding(status=FindingStatus.SUPPRESSED, suppression_reason="accepted")
    other = _finding(provenance=(Provenance(source="ruff"),))
    for pair in ((suppressed, other), (other, suppressed)):
        merged = merge_pair(*pair)
        assert merged.status is FindingStatus.SUPPRESSED
        assert merged.suppression_reason == "accepted"


def test_merging_does_not_depend_on_the_order_of_arrival() -> None:
    """Agents race; the report does not."""
    findings = [
        _finding(),
        _finding(rule_id="ruff/S602", provenance=(Provenance(source="ruff"),), severity=Severity.LOW),
        _finding(fingerprint="b" * 32, start_line=1, end_line=1),
        _finding(fingerprint="c" * 32, path="a.py"),
    ]
    results = [merge(order) for order in permutations(findings)]
    assert all(result == results[0] for result in results)
    assert [(f.path, f.start_line) for f in results[0]] == [("a.py", 3), ("app.py", 1), ("app.py", 3)]

"""The verdict: what was not examined outranks what was found."""

import pytest

from codereview.domain.coverage import EXPECTED, CoverageEntry, CoverageState, SkipReason, gaps
from codereview.domain.findings import Confidence, Finding, FindingStatus, Severity
from codereview.domain.gate import exit_code, verdict
from codereview.domain.reviews import Outcome, Review, ReviewStatus, Verdict


def _finding(severity: Severity, **over: object) -> Finding:
    return Finding(
        id="f",
        fingerprint="f" * 32,
        agent="bug",
        rule_id="ruff/F821",
        title="t",
        message="m",
        severity=severity,
        confidence=Confidence.HIGH,
        path="a.py",
        **over,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        (ReviewStatus.COMPLETED, Outcome.COMPLETE, Verdict.FINDINGS),
        (ReviewStatus.COMPLETED, Outcome.PARTIAL, Verdict.INCOMPLETE),
        (ReviewStatus.COMPLETED, None, Verdict.INCOMPLETE),
        (ReviewStatus.FAILED, None, Verdict.FAILED),
        (ReviewStatus.CANCELLED, None, Verdict.CANCELLED),
    ],
)
def test_an_incomplete_review_is_never_an_answer(
    status: ReviewStatus, outcome: Outcome | None, expected: Verdict
) -> None:
    """Even with blocking findings, "incomplete" is said first."""
    assert verdict(status, outcome, [_finding(Severity.CRITICAL)], Severity.HIGH) is expected


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (_finding(Severity.HIGH), Verdict.FINDINGS),
        (_finding(Severity.MEDIUM), Verdict.PASS),
        (_finding(Severity.HIGH, status=FindingStatus.SUPPRESSED), Verdict.PASS),
        (_finding(Severity.HIGH, status=FindingStatus.REFUTED), Verdict.PASS),
        (_finding(Severity.HIGH, status=FindingStatus.CANDIDATE), Verdict.FINDINGS),
        (_finding(Severity.HIGH, in_diff=False), Verdict.PASS),
    ],
)
def test_only_findings_that_count_block(finding: Finding, expected: Verdict) -> None:
    """Below the threshold, suppressed, refuted or outside the diff: shown, not blocking."""
    assert verdict(ReviewStatus.COMPLETED, Outcome.COMPLETE, [finding], Severity.HIGH) is expected


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Verdict.PASS, 0),
        (Verdict.FINDINGS, 1),
        (Verdict.INCOMPLETE, 3),
        (Verdict.FAILED, 3),
        (Verdict.CANCELLED, 3),
        (None, 3),
    ],
)
def test_exit_codes_are_the_documented_ones(said: Verdict | None, code: int) -> None:
    """A review without a verdict was not finished, so it is not clean."""
    assert exit_code(Review(id="rv", created_at=0, verdict=said)) == code


@pytest.mark.parametrize("reason", list(SkipReason))
def test_a_skipped_file_is_a_gap_unless_leaving_it_out_is_expected(reason: SkipReason) -> None:
    """A generated file is no gap; a timeout is."""
    entry = CoverageEntry(path="a.py", state=CoverageState.SKIPPED, reason=reason)
    assert (gaps([entry]) == [entry]) is (reason not in EXPECTED)


def test_a_reviewed_file_is_no_gap() -> None:
    """The plain case."""
    assert gaps([CoverageEntry(path="a.py", state=CoverageState.REVIEWED)]) == []

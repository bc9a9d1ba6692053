"""What holds in every format, whatever the reviewed code contains."""

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from support.builders import a_finding, a_gap, a_review, covered, with_model
from support.hostile_reviews import finding_mark, reviews

from codereview.domain.findings import Finding, FindingStatus
from codereview.domain.reviews import AgentSummary, Outcome, Review, ReviewStatus, Verdict
from codereview.formats import FORMATS, render

every_format = pytest.mark.parametrize("name", FORMATS)

#: How often a report in this format mentions a finding as one to look at.
Mentions = Callable[[str, Finding, int], int]


def _by_mark(report: str, _: Finding, number: int) -> int:
    return report.count(finding_mark(number))


def _in_wire_form(report: str, finding: Finding, _: int) -> int:
    return sum(f["fingerprint"] == finding.fingerprint for f in json.loads(report)["findings"])


def _in_sarif(report: str, finding: Finding, _: int) -> int:
    results = json.loads(report)["runs"][0]["results"]
    return sum(result["partialFingerprints"]["codereview/v1"] == finding.fingerprint for result in results)


def _in_code_quality(report: str, finding: Finding, _: int) -> int:
    return sum(issue["fingerprint"] == finding.fingerprint for issue in json.loads(report))


def _in_html(report: str, finding: Finding, _: int) -> int:
    return report.count(f'data-fingerprint="{finding.fingerprint}"')


MENTIONS: dict[str, Mentions] = {
    "text": _by_mark,
    "json": _in_wire_form,
    "sarif": _in_sarif,
    "markdown": _by_mark,
    "html": _in_html,
    "github": _by_mark,
    "gitlab": _in_code_quality,
    "rdjson": _by_mark,
}


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_each_finding_that_counts_is_reported_exactly_once(review: Review) -> None:
    """A finding that is lost, or comes twice, is the worst that a format can do."""
    counted = {f: (number, f.counts) for number, f in enumerate(review.findings)}
    for name, mentions in MENTIONS.items():
        report = render(review, name)
        found = {number: mentions(report, f, number) for f, (number, counts) in counted.items() if counts}
        assert found == dict.fromkeys(found, 1), name


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_nothing_of_the_code_reaches_a_terminal_raw(review: Review) -> None:
    """Reports are printed: an escape sequence or a bidirectional override in them would act on who reads."""
    for name in FORMATS:
        raw = {char for char in render(review, name) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert raw <= {"\n", "\t"}, name


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_equal_reviews_give_equal_reports(review: Review) -> None:
    """Reports are compared, cached and committed."""
    twin = Review.model_validate_json(review.to_json())
    for name in FORMATS:
        assert render(review, name) == render(twin, name)


INCOMPLETE = {
    "a file was not examined": a_review(coverage=(covered(), a_gap())),
    "a file was not examined and nothing was found": a_review(findings=(), coverage=(covered(), a_gap())),
    "the review failed": a_review(status=ReviewStatus.FAILED, findings=()),
    "the review was cancelled": a_review(status=ReviewStatus.CANCELLED, findings=()),
    "the review is running": a_review(status=ReviewStatus.RUNNING, findings=()),
    "the review waits": a_review(status=ReviewStatus.PENDING, findings=()),
}


@every_format
@pytest.mark.parametrize("why", INCOMPLETE)
def test_a_review_that_did_not_examine_everything_says_incomplete(name: str, why: str) -> None:
    """A failed review never looks clean."""
    report = render(INCOMPLETE[why], name).lower()
    if name == "json":
        # The wire form says it in its fields.
        assert json.loads(report)["verdict"] not in ("pass", "findings")
    else:
        assert "incomplete" in report


@every_format
def test_a_complete_review_does_not_say_incomplete(name: str) -> None:
    """The counterpart: the word means something."""
    assert "incomplete" not in render(a_review(), name).lower().replace("codereview/incomplete", "").replace(
        '"name": "incomplete"', ""
    )


@every_format
@pytest.mark.parametrize(
    "review",
    [
        a_review(findings=(), coverage=(a_gap(),), verdict=Verdict.PASS, outcome=Outcome.COMPLETE),
        a_review(findings=(), verdict=Verdict.PASS, outcome=Outcome.PARTIAL),
        a_review(findings=(), verdict=Verdict.PASS, agents=(AgentSummary(agent="bug", status="failed"),)),
        a_review(findings=(), verdict=Verdict.PASS, outcome=Outcome.COMPLETE, status=ReviewStatus.FAILED),
    ],
    ids=["gap", "partial", "failed agent", "failed"],
)
def test_a_pass_that_contradicts_its_own_evidence_is_not_shown_as_one(name: str, review: Review) -> None:
    """The formats are the last place where a missing answer could turn into a clean one."""
    if name != "json":  # which repeats the stored review
        report = render(review, name).lower()
        assert "incomplete" in report
        assert "passed:" not in report


@every_format
def test_every_file_that_was_not_examined_is_named_with_agent_and_reason(name: str) -> None:
    """What, by whom and why, on every surface."""
    report = render(a_review(coverage=(covered(), a_gap("deep/dir/file.py"))), name)
    for said in ("deep/dir/file.py", "bug", "timeout", "60 s"):
        assert said in report


@every_format
def test_findings_beyond_the_limit_of_the_list_are_disclosed(name: str) -> None:
    """A cap that nobody sees is a lie."""
    report = render(a_review(findings_hidden=1234), name)
    assert "1,234" in report or json.loads(report)["findingsHidden"] == 1234


@pytest.mark.parametrize("name", ["text", "markdown", "github"])
def test_a_person_reads_that_no_model_ran(name: str) -> None:
    """A static review must not pass for more than it is."""
    assert "no model ran" in render(a_review(), name)


@pytest.mark.parametrize("name", ["text", "markdown", "github"])
def test_a_person_reads_what_the_model_cost(name: str) -> None:
    """When one ran, its bill is part of the report."""
    report = render(with_model(a_review()), name)
    assert "0.07 for 3 requests" in report
    assert "no model ran" not in report


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_a_program_reads_whether_a_model_ran(name: str) -> None:
    """The same for programs."""
    for review, ran in ((a_review(), False), (with_model(a_review()), True)):
        report = json.loads(render(review, name))
        where = report["runs"][0]["properties"] if name == "sarif" else report
        assert where["modelRan"] is ran


@every_format
@pytest.mark.parametrize("status", [FindingStatus.SUPPRESSED, FindingStatus.REFUTED])
def test_findings_that_do_not_count_are_never_counted(name: str, status: FindingStatus) -> None:
    """Suppressed and refuted findings do not come back as findings by way of a format."""
    finding = a_finding(status=status, suppression_reason="a test", title="mark0x")
    report = render(a_review(findings=(finding,)), name)
    if name in ("github", "gitlab", "rdjson"):
        assert "mark0x" not in report
    elif name == "sarif":
        results = json.loads(report)["runs"][0]["results"]
        assert [len(result["suppressions"]) for result in results] == ([1] if status == "suppressed" else [])
    elif name == "json":
        assert [f["status"] for f in json.loads(report)["findings"]] == [status]
    else:
        assert "0 findings" in report

"""The report at a terminal."""

import re

import pytest
from hypothesis import given, settings
from support.builders import a_finding, a_fix, a_gap, a_review, a_traced_finding, covered, with_model
from support.hostile_reviews import reviews

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.findings import Finding, FindingStatus, Fix, Provenance, Severity
from codereview.domain.reviews import AgentSummary, Review, ReviewStatus
from codereview.formats import render
from codereview.formats.layout import columns_of
from codereview.formats.phrases import said_by, why_set_aside
from codereview.formats.summary import SHAPES

_SGR = re.compile(r"\x1b\[[0-9;]+m")


def _report(*findings: Finding, width: int = 100, color: bool = False, **over: object) -> str:
    return render(a_review(findings=findings, **over), "text", width=width, color=color)


def test_a_finding_says_where_what_how_bad_how_sure_and_what_to_do() -> None:
    """Everything a person needs to judge it, in this order."""
    assert _report(a_traced_finding(fix=a_fix())) == (
        "shop/views.py  1 finding\n"
        "\n"
        "  ▲ HIGH  SQL injection\n"
        "    shop/views.py:42:12 · dataflow/sql-injection · CWE-89 · high confidence · security agent\n"
        "    The query is built from request data and reaches the database as text.\n"
        '      42 │     rows = db.execute("SELECT * FROM items WHERE name = \'" + name + "\'")\n'
        "         │            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "    What goes wrong: GET /items?name=' OR '1'='1 returns every row.\n"
        "    Data flow:\n"
        "      1. shop/views.py:38 read from the request\n"
        '         │ name = request.args["name"]\n'
        "      2. shop/views.py:42 reaches the database\n"
        "    Fix (proved: applies, parses, clears the finding, adds none): Pass the name as a parameter.\n"
        "      replace shop/views.py:42\n"
        '      +     rows = db.execute("SELECT * FROM items WHERE name = ?", (name,))\n'
        "    Reported by dataflow (sql-injection 0.1.0).\n"
        "    https://cwe.mitre.org/data/definitions/89.html\n"
        "\n"
        "Findings: everything was examined, there are findings at or above high · 1 finding (1 high) · "
        "1 file, 120 lines · 1.2 s · engine static · no model ran\n"
    )


def test_findings_stand_under_their_file_in_the_order_of_its_lines() -> None:
    """As a person reads the file."""
    findings = (a_finding(start_line=50), a_finding(path="a.py"), a_finding(start_line=7))
    places = re.findall(r"^    (\S+:\d+):12", _report(*findings), re.MULTILINE)
    assert places == ["a.py:42", "shop/views.py:7", "shop/views.py:50"]
    assert "shop/views.py  2 findings\n" in _report(*findings)


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_a_word_and_a_shape(severity: Severity) -> None:
    """Never a colour alone."""
    assert f"  {SHAPES[severity]} {severity.upper()}  SQL injection\n" in _report(a_finding(severity=severity))


def test_colour_only_adds_colour() -> None:
    """Without its escape sequences a coloured report is the plain one."""
    findings = (a_traced_finding(fix=a_fix()), a_finding(path="b.py", severity=Severity.LOW))
    coverage = (covered(), a_gap())
    coloured = _report(*findings, color=True, coverage=coverage)
    assert _SGR.search(coloured)
    assert _SGR.sub("", coloured) == _report(*findings, coverage=coverage)


def test_a_colour_does_not_run_on() -> None:
    """Every line ends as it began, so that a pager can show any of them."""
    for line in _report(a_traced_finding(fix=a_fix()), color=True).splitlines():
        codes = _SGR.findall(line)
        assert not codes or codes[-1] == "\x1b[0m"


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_no_line_is_wider_than_the_terminal(review: Review) -> None:
    """But the closing line, and lines that are worth nothing broken: addresses, code to copy."""
    *lines, _ = render(review, "text", width=60).splitlines()
    for line in lines:
        whole = line.lstrip().startswith(("http://", "https://", "+ "))
        assert whole or columns_of(line) <= 60


def test_a_finding_that_nobody_verified_says_so() -> None:
    """A candidate counts, and is still only one."""
    assert "· not verified" in _report(a_finding(status=FindingStatus.CANDIDATE), width=200)


def test_a_finding_outside_the_change_says_so() -> None:
    """It does not decide the verdict."""
    assert "· outside the changed lines" in _report(a_finding(in_diff=False), width=200)


def test_everybody_who_agrees_or_judges_is_named() -> None:
    """Agreement is why a finding is believed."""
    provenance = (
        Provenance(source="dataflow", rule="sql-injection"),
        Provenance(source="bandit", rule="B608", version="1.9.4"),
        Provenance(source="claude", verdict="confirmed", evidence="line 38 is not checked"),
    )
    said = "Reported by dataflow (sql-injection), bandit (B608 1.9.4); claude confirmed it: line 38 is not checked."
    assert said in _report(a_finding(provenance=provenance), width=200)


def test_an_unproved_fix_is_a_sentence_that_says_what_is_missing() -> None:
    """Nothing to paste."""
    report = _report(a_finding(fix=Fix(description="Use a parameter.", edits=a_fix().edits)), width=200)
    assert (
        "Fix (not proved: applies not run, parses not run, clears the finding not run, adds none not run): "
        "Use a parameter.\n" in report
    )
    assert "replace shop" not in report


def test_what_does_not_count_is_listed_with_its_reason() -> None:
    """Suppressed and refuted findings stay visible."""
    refuted = (Provenance(source="dataflow", verdict="refuted", evidence="the value is a constant"),)
    report = _report(
        a_finding(status=FindingStatus.SUPPRESSED, suppression_reason="a test's own input"),
        a_finding(start_line=50, status=FindingStatus.REFUTED, provenance=refuted),
        width=200,
    )
    assert "Not counted:\n" in report
    assert "shop/views.py:42:12 SQL injection [dataflow/sql-injection]: suppressed: a test's own input\n" in report
    assert ": refuted by dataflow: the value is a constant\n" in report


def test_what_was_not_examined_is_listed_by_reason() -> None:
    """Each reason once, its files under it."""
    report = _report(coverage=(covered(), a_gap("b.py"), a_gap("a.py"), a_gap("c.py", reason=SkipReason.BUDGET)))
    assert "Not examined: bug agent, timeout (ruff took longer than 60 s)\n  a.py\n  b.py\n" in report
    assert "Not examined: bug agent, budget (ruff took longer than 60 s)\n  c.py\n" in report


def test_many_files_with_one_reason_are_cut_and_counted() -> None:
    """When an agent fails, every file is unexamined for the same reason."""
    report = _report(coverage=tuple(a_gap(f"src/{n:04}.py") for n in range(1_500)))
    assert "  src/0019.py\n  … and 1,480 more, listed in the json format\n" in report


def test_a_file_examined_in_part_says_so() -> None:
    """Partly is not skipped."""
    assert "Not examined: bug agent, only partly, timeout" in _report(coverage=(a_gap(state=CoverageState.PARTLY),))


def test_what_nobody_expects_to_be_examined_is_only_counted() -> None:
    """And only files that no agent looked at."""
    skipped = [
        CoverageEntry(path=f"{n}.min.js", state=CoverageState.SKIPPED, reason=SkipReason.GENERATED) for n in range(3)
    ]
    unsupported = CoverageEntry(
        path="shop/views.py", agent="bug", state=CoverageState.SKIPPED, reason=SkipReason.UNSUPPORTED
    )
    report = _report(coverage=(covered(), unsupported, *skipped))
    assert "Left out as usual: 3 files (generated)\n" in report


def test_a_failed_agent_is_named_with_its_reason() -> None:
    """Before the list of files, which are its consequence."""
    failed = AgentSummary(agent="bug", status="failed", reasons=("the worker was killed three times",))
    report = _report(agents=(failed,), status=ReviewStatus.FAILED)
    assert "bug agent failed: the worker was killed three times\n" in report


def test_the_closing_line_is_the_last_and_says_it_all() -> None:
    """For whoever reads only that."""
    report = _report(a_finding(), a_finding(start_line=9, severity=Severity.LOW), coverage=(a_gap(), covered()))
    assert report.splitlines()[-1] == (
        "Incomplete: not everything was examined · 2 findings (1 high, 1 low) · 1 file, 120 lines · 1.2 s · "
        "engine static · no model ran"
    )


def test_the_closing_line_of_a_review_with_a_model_is_its_bill() -> None:
    """Tokens and money."""
    bill = "$0.07 for 3 requests: 20,000 tokens read (8,000 of them from the cache), 900 written"
    assert render(with_model(a_review()), "text").endswith(f"engine static+claude · {bill}\n")


def test_votes_of_verifiers_are_told_as_one_tally() -> None:
    """Three sentences that each say "confirmed" tell less than one that says by how many, and why."""
    reported = Provenance(source="claude", rule="logic", version="claude-sonnet-5-5")
    votes = [
        Provenance(source="claude", rule=f"verify:{side}", verdict=verdict, evidence=f"because of {side}")
        for side, verdict in (("reachable", "confirmed"), ("impact", "confirmed"), ("defences", "undecided"))
    ]
    said = said_by(a_finding(provenance=(reported, *votes)))
    assert said == (
        "claude (logic claude-sonnet-5-5); confirmed by 2 of 3 verifiers (reachable: because of reachable; "
        "impact: because of impact)"
    )
    refuted = a_finding(
        status=FindingStatus.REFUTED,
        provenance=(reported, *(vote.model_copy(update={"verdict": "refuted"}) for vote in votes[:2])),
    )
    assert why_set_aside(refuted) == (
        "refuted by claude (reachable): because of reachable; claude (impact): because of impact"
    )


def test_what_was_paid_for_no_answer_is_told() -> None:
    """A model that refused everything did not review, and cost something all the same."""
    paid = with_model(a_review()).model_copy(update={"model_ran": False, "engine": "static"})
    assert "no model answered; $0.07 for 3 requests" in " ".join(render(paid, "text").split())
    assert "no model ran" in " ".join(render(a_review(), "text").split())

"""A review from submission to its end: what is emitted, stored and said."""

import pytest
from support.assembly import Assembly

from codereview.application.review_service import Admission
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.findings import Confidence, FindingStatus, Severity
from codereview.domain.reviews import Outcome, ReviewOptions, ReviewStatus, Verdict
from codereview.domain.sources import LineRange, SourceFile, Sources
from codereview.domain.submission import Job
from codereview.errors import (
    BackendUnavailable,
    EmptySubmission,
    LeaseLost,
    Overloaded,
    ReviewEndedAlready,
    UnknownReview,
)
from codereview.ports import AnalyserProblem, Workspace
from codereview.testing import PatternAnalyser

TWO_DEFECTS = "def f():\n    danger()\n    oops()\n"


def test_a_review_runs_from_queued_to_completed() -> None:
    """The whole story, as every subscriber reads it."""
    it = Assembly()
    review_id = it.submit(TWO_DEFECTS)
    it.run(review_id)
    types = it.types(review_id)
    assert types[:3] == ["review_queued", "review_started", "agent_started"]
    assert types[-1] == "review_completed"
    assert types.count("finding") == 2
    assert types.count("agent_completed") == 2
    review = it.service.get(review_id)
    assert (review.status, review.outcome, review.verdict) == (
        ReviewStatus.COMPLETED,
        Outcome.COMPLETE,
        Verdict.FINDINGS,
    )
    assert [(f.agent, f.start_line, f.symbol, f.snippet) for f in review.findings] == [
        ("security", 2, "f", "    danger()"),
        ("bug", 3, "f", "    oops()"),
    ]
    assert not review.model_ran
    assert review.engine == "static"


def test_a_clean_review_passes_only_when_everything_was_examined() -> None:
    """Nothing found and everything seen: the one case that is called a pass."""
    it = Assembly()
    review_id = it.submit("fine = 1\n")
    it.run(review_id)
    assert it.service.get(review_id).verdict is Verdict.PASS


def test_a_tool_that_did_not_run_makes_the_review_incomplete_not_clean() -> None:
    """The failure people hate most."""
    broken = PatternAnalyser(problems=(AnalyserProblem("the tool is missing"),))
    it = Assembly(security=[broken])
    review_id = it.submit("danger\n")
    it.run(review_id)
    review = it.service.get(review_id)
    assert review.verdict is Verdict.INCOMPLETE
    assert "agent_failed" in it.types(review_id)
    gap = next(e for e in review.coverage if e.agent == "security")
    assert (gap.state, gap.reason) == (CoverageState.SKIPPED, SkipReason.ERROR)
    assert "the tool is missing" in gap.detail
    assert any("1 file was not fully examined: app.py" in notice for notice in review.notices)


def test_an_analyser_that_crashes_costs_only_itself() -> None:
    """The other engines of its agent, and the other agent, are heard; the result says who was not."""

    def crash(_: Workspace) -> None:
        raise ZeroDivisionError

    broken = PatternAnalyser(name="broken", before=crash)
    it = Assembly(security=[broken, PatternAnalyser()])
    review_id = it.submit(TWO_DEFECTS)
    it.run(review_id)
    review = it.service.get(review_id)
    assert [f.agent for f in review.findings] == ["security", "bug"]
    assert review.verdict is Verdict.INCOMPLETE
    assert [(a.agent, a.status) for a in review.agents] == [("security", "partial"), ("bug", "ok")]
    assert review.agents[0].reasons == ("broken: failed unexpectedly (ZeroDivisionError)",)


def test_an_agent_that_crashes_does_not_take_the_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One agent fails, the other's findings are kept, and the result says so."""
    it = Assembly()
    review_id = it.submit(TWO_DEFECTS)
    read = it.sources.get
    monkeypatch.setattr(it.sources, "get", lambda review, batch: 1 / 0)
    it.service.review_unit(review_id, "security-b001")
    monkeypatch.setattr(it.sources, "get", read)
    it.service.review_unit(review_id, "bug-b001")
    it.service.finalize(review_id)
    review = it.service.get(review_id)
    assert [f.agent for f in review.findings] == ["bug"]
    assert review.verdict is Verdict.INCOMPLETE
    assert [(a.agent, a.status) for a in review.agents] == [("security", "failed"), ("bug", "ok")]
    assert "ZeroDivisionError" in review.agents[0].reasons[0]


def test_when_every_agent_fails_the_review_fails() -> None:
    """There is no result, so there is no verdict but "failed"."""

    def late(_: Workspace) -> None:
        raise TimeoutError

    it = Assembly(security=[PatternAnalyser(before=late)], bug=[PatternAnalyser(before=late)])
    review_id = it.submit(TWO_DEFECTS)
    it.run(review_id)
    review = it.service.get(review_id)
    assert (review.status, review.verdict) == (ReviewStatus.FAILED, Verdict.FAILED)
    assert it.types(review_id)[-1] == "review_failed"
    assert "the time for this unit is up" in review.notices[0]


def test_what_was_found_before_the_time_was_up_is_kept() -> None:
    """A soft time limit ends a unit, not what it already said."""

    def late(_: Workspace) -> None:
        raise TimeoutError

    it = Assembly(security=[PatternAnalyser(), PatternAnalyser(name="slow", before=late)])
    review_id = it.submit(TWO_DEFECTS)
    it.run(review_id)
    review = it.service.get(review_id)
    assert {f.agent for f in review.findings} == {"security", "bug"}
    entry = next(e for e in review.coverage if e.agent == "security")
    assert (entry.state, entry.reason, entry.engines) == (
        CoverageState.PARTLY,
        SkipReason.TIMEOUT,
        ("pattern",),
    )


def test_two_tools_that_report_one_defect_make_one_finding() -> None:
    """One comment, with both names, and more confidence."""
    tools = [PatternAnalyser(name="bandit", cwe=78), PatternAnalyser(name="ruff", cwe=77)]
    it = Assembly(security=tools)
    review_id = it.submit("danger\n")
    it.run(review_id)
    (finding,) = it.service.get(review_id).findings
    assert [p.source for p in finding.provenance] == ["bandit", "ruff"]
    assert finding.confidence is Confidence.HIGH
    assert it.types(review_id).count("finding") == 1
    assert it.types(review_id).count("finding_updated") == 1


def test_equal_lines_are_different_findings_and_keep_their_identity() -> None:
    """Two calls on two lines are two defects; code inserted above changes neither fingerprint."""
    it = Assembly()
    before, after = (it.submit(text) for text in ("danger\ndanger\n", "# new\n\n  danger\ndanger\n"))
    prints = []
    for review_id in (before, after):
        it.run(review_id)
        prints.append([f.fingerprint for f in it.service.get(review_id).findings])
    assert len(set(prints[0])) == 2
    assert prints[0] == prints[1]


def test_a_finding_without_a_true_line_is_about_the_file() -> None:
    """No line number is taken on trust."""
    from codereview.application.anchoring import AnchoredFile, anchor
    from codereview.ports import RawFinding

    raw = RawFinding("a.py", "x/y", "y", "t", "m", Severity.LOW, Confidence.LOW, line=99, column=3)
    finding = anchor(raw, AnchoredFile(SourceFile(path="a.py", text="one\n", language="python")), agent="bug")
    assert (finding.start_line, finding.end_line, finding.start_column, finding.snippet) == (None, None, None, "")


def test_a_secret_is_never_quoted() -> None:
    """The report says where it is, not what it is."""
    it = Assembly(security=[PatternAnalyser(pattern="password", cwe=798)])
    review_id = it.submit("password = 'correct-horse-battery'\n")
    it.run(review_id)
    stored = it.service.get(review_id).to_json()
    assert "correct-horse" not in stored
    assert "password = 'co********'" in stored
    assert not any("correct-horse" in event.to_json() for event in it.events(review_id))


def test_findings_outside_the_changed_lines_are_counted_not_shown() -> None:
    """A review of a diff is about the diff; what was left out is disclosed."""
    it = Assembly()
    text = "danger\nfine\ndanger\n"
    file = SourceFile(path="a.py", text=text, language="python", changed=(LineRange(start=3, end=3),))
    review_id = it.service.submit(Job(sources=Sources(files=(file,)))).id
    it.run(review_id)
    review = it.service.get(review_id)
    assert [f.start_line for f in review.findings] == [3]
    assert "1 finding outside the changed lines is not shown." in review.notices


@pytest.mark.parametrize(
    ("mode", "lines"), [("added", [9]), ("diff_context", [6, 9]), ("file", [1, 6, 9]), ("nofilter", [1, 6, 9])]
)
def test_filter_modes_are_those_of_reviewdog(mode: str, lines: list[int]) -> None:
    """Same names, same meaning."""
    it = Assembly()
    text = "danger\n\n\n\n\ndanger\n\n\ndanger\n"
    file = SourceFile(path="a.py", text=text, language="python", changed=(LineRange(start=9, end=9),))
    options = ReviewOptions.model_validate({"filter_mode": mode})
    review_id = it.service.submit(Job(sources=Sources(files=(file,)), options=options)).id
    it.run(review_id)
    assert [f.start_line for f in it.service.get(review_id).findings] == lines


def test_a_suppression_in_the_code_is_kept_visible_and_does_not_count() -> None:
    """Accepted is not the same as absent."""
    it = Assembly()
    review_id = it.submit("danger  # codereview: ignore[pattern/danger] reviewed by the owner\n")
    it.run(review_id)
    review = it.service.get(review_id)
    assert [(f.status, f.suppression_reason) for f in review.findings] == [
        (FindingStatus.SUPPRESSED, "reviewed by the owner")
    ]
    assert review.verdict is Verdict.PASS
    assert review.metrics.finding_count == 0


def test_a_baseline_suppresses_by_fingerprint() -> None:
    """What was accepted stays accepted when lines shift."""
    it = Assembly()
    first = it.submit("danger\n")
    it.run(first)
    accepted = [f.fingerprint for f in it.service.get(first).findings]
    second = it.submit("\n\ndanger\n", baseline=accepted)
    it.run(second)
    assert it.service.get(second).verdict is Verdict.PASS


def test_a_disabled_rule_reports_nothing() -> None:
    """By full id, by the tool's own name, or the whole tool."""
    for rule in ("pattern/danger", "danger", "pattern"):
        it = Assembly()
        review_id = it.submit("danger\n", disabled_rules=[rule])
        it.run(review_id)
        assert it.service.get(review_id).findings == ()


def test_a_suppression_that_suppresses_nothing_is_reported() -> None:
    """Stale exceptions are how real findings get lost."""
    it = Assembly()
    review_id = it.submit(
        "fine = 1  # codereview: ignore[pattern] no longer needed\n",
        suppressions=[{"rule": "smell", "reason": "accepted"}],
    )
    it.run(review_id)
    notices = it.service.get(review_id).notices
    assert "The comment at app.py:1 suppresses nothing." in notices
    assert "The suppression of rule smell suppresses nothing." in notices


def test_a_suppression_without_a_reason_suppresses_nothing() -> None:
    """And says why."""
    it = Assembly()
    review_id = it.submit("danger  # codereview: ignore[pattern]\n")
    it.run(review_id)
    review = it.service.get(review_id)
    assert review.verdict is Verdict.FINDINGS
    assert "The comment at app.py:1 (it gives no reason) suppresses nothing." in review.notices


@pytest.mark.parametrize(
    ("suppression", "verdict"),
    [
        ({"path": "src/**"}, Verdict.PASS),
        ({"path": "src/", "rule": "pattern/danger"}, Verdict.PASS),
        ({"path": "lib/"}, Verdict.FINDINGS),
        ({"rule": "bandit"}, Verdict.FINDINGS),
        ({"rule": "pattern", "expires": "2020-01-01"}, Verdict.FINDINGS),
        ({"rule": "pattern", "expires": "2999-01-01"}, Verdict.PASS),
    ],
)
def test_the_configuration_suppresses_by_rule_path_and_date(suppression: dict[str, str], verdict: Verdict) -> None:
    """Every part that is given must fit."""
    it = Assembly()
    review_id = it.submit("danger\n", path="src/app.py", suppressions=[suppression | {"reason": "accepted"}])
    it.run(review_id)
    assert it.service.get(review_id).verdict is verdict


def test_path_rules_raise_the_floor_and_switch_rules_off() -> None:
    """Generated clients and old scripts are not held to the same bar."""
    rules = [{"glob": "old/", "severity_floor": "critical"}, {"glob": "*_pb2.py", "disable": ["danger"]}]
    it = Assembly()
    review_id = it.submit_files(
        {"old/a.py": "danger\n", "x_pb2.py": "danger\n", "new.py": "danger\n"}, path_rules=rules
    )
    it.run(review_id)
    review = it.service.get(review_id)
    assert [f.path for f in review.findings] == ["new.py"]
    assert "1 finding below the severity asked for is not shown." in review.notices


def test_a_capped_list_is_disclosed_and_keeps_the_gravest() -> None:
    """Silently truncated output is a lie."""
    grave = PatternAnalyser(name="grave", pattern="grave", severity=Severity.CRITICAL)
    it = Assembly(security=[PatternAnalyser(severity=Severity.LOW), grave])
    review_id = it.submit("danger\ndanger\ngrave\n", max_findings=1)
    it.run(review_id)
    review = it.service.get(review_id)
    assert [f.rule_id for f in review.findings] == ["grave/danger"]
    assert review.findings_hidden == 2
    assert review.metrics.finding_count == 3
    assert any("2 more findings" in notice for notice in review.notices)


def test_a_file_no_agent_can_read_is_said_to_be_unsupported() -> None:
    """Nothing examined is not "nothing found"."""
    it = Assembly()
    file = SourceFile(path="a.cob", text="danger\n", language="cobol")
    review_id = it.service.submit(Job(sources=Sources(files=(file,)))).id
    it.run(review_id)
    review = it.service.get(review_id)
    assert review.verdict is Verdict.INCOMPLETE
    assert {e.reason for e in review.coverage} == {SkipReason.UNSUPPORTED}
    assert "Nothing was examined" in review.notices[0]


def test_a_change_that_only_deletes_is_complete_and_says_so() -> None:
    """There is nothing left that could be wrong; a pull request must not fail for it."""
    it = Assembly()
    gone = CoverageEntry(path="gone.py", state=CoverageState.SKIPPED, reason=SkipReason.DELETED)
    review = it.service.submit(Job(sources=Sources(skipped=(gone,))))
    review = it.service.get(review.id)
    assert (review.outcome, review.verdict) == (Outcome.COMPLETE, Verdict.PASS)
    assert review.notices == ("There was nothing to examine: the change only deletes.",)


def test_a_submission_of_skipped_files_ends_at_once_with_their_reasons() -> None:
    """There is nothing to queue, and something to say."""
    it = Assembly()
    skipped = CoverageEntry(path="a.bin", state=CoverageState.SKIPPED, reason=SkipReason.BINARY)
    review = it.service.submit(Job(sources=Sources(skipped=(skipped,))))
    assert it.service.get(review.id).verdict is Verdict.INCOMPLETE
    assert it.types(review.id) == ["review_queued", "review_completed"]


def test_an_empty_submission_is_refused() -> None:
    """Nothing to review is a mistake, not a pass."""
    with pytest.raises(EmptySubmission):
        Assembly().service.submit(Job(sources=Sources()))


def test_too_much_waiting_is_refused_with_a_time_to_come_back() -> None:
    """An unbounded backlog helps nobody."""
    it = Assembly(admission=Admission(max_waiting=3, max_waiting_per_owner=2))
    it.submit(owner="a")
    it.submit(owner="a")
    with pytest.raises(Overloaded, match="2 of your reviews are waiting"):
        it.submit(owner="a")
    it.submit(owner="b")
    with pytest.raises(Overloaded, match="3 reviews are waiting") as refused:
        it.submit(owner="c")
    assert refused.value.retry_after_s > 0


def test_a_queue_that_cannot_be_reached_leaves_no_review_behind() -> None:
    """The caller is told; the record says why; nothing runs later."""
    it = Assembly()
    it.dispatcher.broken = True
    with pytest.raises(BackendUnavailable):
        it.submit()
    (review,) = it.service.page().reviews
    assert review.status is ReviewStatus.FAILED
    it.service.sweep()
    assert it.dispatcher.relaunched == []
    assert it.ledger.active() == []


def test_reviews_of_another_owner_do_not_exist() -> None:
    """Not "forbidden": that would tell that there is one."""
    it = Assembly()
    review_id = it.submit(owner="a")
    for call in (it.service.get, it.service.cancel, it.service.events):
        with pytest.raises(UnknownReview):
            call(review_id, owner="b")
    assert it.service.page(owner="b").reviews == ()


def test_a_running_review_shows_what_it_has() -> None:
    """Polling is a way to follow, too."""
    it = Assembly()
    review_id = it.submit(TWO_DEFECTS)
    _, unit = it.dispatcher.launched[0]
    it.service.review_unit(review_id, unit.id)
    review = it.service.get(review_id)
    assert review.status is ReviewStatus.RUNNING
    assert [f.agent for f in review.findings] == ["security"]
    assert [(a.agent, a.status) for a in review.agents] == [("security", "ok"), ("bug", "pending")]


def test_cancelling_ends_the_review_with_what_it_has() -> None:
    """At once, once, and for good: a unit still at work finds its lease gone."""
    it = Assembly()
    review_id = it.submit(TWO_DEFECTS)
    it.service.review_unit(review_id, it.dispatcher.launched[0][1].id)
    review = it.service.cancel(review_id)
    assert (review.status, review.verdict) == (ReviewStatus.CANCELLED, Verdict.CANCELLED)
    assert [f.agent for f in review.findings] == ["security"]
    assert any(e.reason is SkipReason.CANCELLED and e.agent == "bug" for e in review.coverage)
    assert it.types(review_id)[-1] == "review_cancelled"
    assert it.dispatcher.revoked == [review_id]
    assert it.service.review_unit(review_id, it.dispatcher.launched[1][1].id) is None
    with pytest.raises(ReviewEndedAlready):
        it.service.cancel(review_id)


def test_a_unit_that_is_cancelled_while_it_works_stops_at_its_next_step() -> None:
    """What it would have said no longer counts."""
    it = Assembly()
    review_id = ""

    def cancel(_: Workspace) -> None:
        it.service.cancel(review_id)

    it = Assembly(security=[PatternAnalyser(before=cancel)])
    review_id = it.submit("danger\n")
    with pytest.raises(LeaseLost):
        it.service.review_unit(review_id, it.dispatcher.launched[0][1].id)
    assert it.service.get(review_id).findings == ()

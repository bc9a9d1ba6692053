"""Coverage of a unit: who examined what, and which problem is told first."""

import pytest

from codereview.agents.base import Agent
from codereview.application.coverage_of import coverage_of
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport
from codereview.testing import PatternAnalyser

AGENT = Agent("security", (PatternAnalyser(name="old"), PatternAnalyser(name="new")))
FILE = SourceFile(path="a.py", text="x\n", language="python")


def _report(name: str, *reasons: str) -> AnalysisReport:
    problems = tuple(AnalyserProblem(f"{reason} it is", "a.py", reason) for reason in reasons)
    return AnalysisReport(name, problems=problems, examined=frozenset() if reasons else frozenset({"a.py"}))


def _entry(*reports: AnalysisReport, file: SourceFile = FILE) -> CoverageEntry:
    (entry,) = coverage_of(AGENT, [file], reports)
    return entry


def test_a_file_every_analyser_examined_is_reviewed() -> None:
    """With the names of those who did."""
    entry = _entry(_report("old"), _report("new"))
    assert (entry.state, entry.engines, entry.is_gap) == (CoverageState.REVIEWED, ("old", "new"), False)


def test_a_grammar_that_is_too_old_is_told_and_is_no_gap() -> None:
    """Newer syntax is not the project's fault, and others read it."""
    entry = _entry(_report("old", "unsupported"), _report("new"))
    assert (entry.state, entry.reason, entry.is_gap) == (CoverageState.PARTLY, SkipReason.UNSUPPORTED, False)
    assert entry.detail == "old: unsupported it is"


@pytest.mark.parametrize("reason", ["syntax error", "timeout", "error"])
def test_what_is_expected_never_hides_a_gap(reason: str) -> None:
    """The gravest problem gives the reason, whoever had it."""
    for entry in (
        _entry(_report("old", "unsupported"), _report("new", reason)),
        _entry(_report("old", reason), _report("new", "unsupported")),
    ):
        assert entry.reason == reason
        assert entry.is_gap


def test_an_analyser_that_says_nothing_of_a_file_did_not_examine_it() -> None:
    """Silence is not a clean answer."""
    entry = _entry(_report("old"), AnalysisReport("new"))
    assert (entry.state, entry.reason, entry.detail) == (
        CoverageState.PARTLY,
        SkipReason.ERROR,
        "not examined by new",
    )


def test_lines_of_a_diff_alone_are_not_expected_to_parse() -> None:
    """Their neighbours are missing; that is told instead."""
    sparse = FILE.model_copy(update={"sparse": True})
    entry = _entry(_report("old", "syntax error"), _report("new"), file=sparse)
    assert (entry.state, entry.reason, entry.is_gap) == (CoverageState.PARTLY, SkipReason.DIFF_ONLY, False)

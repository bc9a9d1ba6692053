"""An analyser that follows data to the end settles a family: it refutes, confirms and weighs for the others."""

from collections.abc import Callable

from support.assembly import Assembly

from codereview.domain.findings import Confidence, FindingStatus, Severity
from codereview.domain.reviews import Review, Verdict
from codereview.ports import Analyser, AnalyserProblem
from codereview.testing import PatternAnalyser


class Flow(PatternAnalyser):
    """Follows commands in Python, and nothing else."""

    def covers(self, language: str, family: str) -> bool:
        return (language, family) == ("python", "command")


def _flow(**over: object) -> Flow:
    return Flow(name="flow", pattern="tainted", cwe=78, severity=Severity.LOW, confidence=Confidence.LOW, **over)  # type: ignore[arg-type]


def _review(text: str, *analysers: Analyser) -> Review:
    it = Assembly(security=analysers, bug=[])
    review_id = it.submit(text, agents=["security"])
    it.run(review_id)
    return it.service.get(review_id)


CALLS: Callable[..., PatternAnalyser] = PatternAnalyser


def test_a_call_no_data_reaches_is_refuted_visibly() -> None:
    """It does not vanish: the report says who refuted it and why."""
    review = _review("call(constant)\n", _flow(), CALLS(name="bandit", pattern="call", cwe=78))
    (finding,) = review.findings
    assert finding.status is FindingStatus.REFUTED
    assert finding.provenance[-1].source == "flow"
    assert finding.provenance[-1].verdict == "refuted"
    assert review.verdict is Verdict.PASS


def test_a_call_that_data_reaches_is_one_finding_with_both_names_and_the_flows_weight() -> None:
    """Seeing the call adds nothing to having followed the data."""
    review = _review("call(tainted)\n", _flow(), CALLS(name="bandit", pattern="call", cwe=78))
    (finding,) = review.findings
    assert finding.status is FindingStatus.CONFIRMED
    assert [p.source for p in finding.provenance] == ["flow", "bandit"]
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)


def test_other_families_and_files_it_could_not_read_are_left_to_others() -> None:
    """Silence about what was not followed refutes nothing."""
    other = CALLS(name="bandit", pattern="call", cwe=89)
    assert _review("call(constant)\n", _flow(), other).findings[0].status is FindingStatus.CONFIRMED
    troubled = _flow(problems=(AnalyserProblem("too long", "app.py", "timeout"),))
    same = CALLS(name="bandit", pattern="call", cwe=78)
    assert _review("call(constant)\n", troubled, same).findings[0].status is FindingStatus.CONFIRMED

"""Scoring: the formulas are the ones everybody can check by hand."""

from codereview.domain.findings import Confidence, Finding, Severity
from codereview.domain.scoring import Case, Label, score


def _finding(path: str, line: int, *, cwe: int | None = None, end: int | None = None) -> Finding:
    return Finding(
        id="f",
        fingerprint=f"{path}:{line}:{cwe}",
        agent="security" if cwe else "bug",
        rule_id="a/b",
        title="t",
        message="m",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        cwe=cwe,
        path=path,
        start_line=line,
        end_line=end or line,
    )


def _case(path: str, *labels: Label) -> Case:
    return Case(path=path, text="\n" * 1000, labels=labels)


def test_youden_is_recall_minus_false_positive_rate() -> None:
    """Two of three real ones found, one of four others reported: 2/3 - 1/4."""
    real = [_case(f"r{n}.py", Label(cwe=89)) for n in range(3)]
    clean = [_case(f"c{n}.py", Label(cwe=89, real=False)) for n in range(4)]
    found = [_finding(path, 1, cwe=89) for path in ("r0.py", "r1.py", "c0.py")]
    total = score([*real, *clean], found).overall
    assert (total.true_positives, total.false_negatives) == (2, 1)
    assert (total.false_positives, total.true_negatives) == (1, 3)
    assert total.youden == 2 / 3 - 1 / 4
    assert total.precision == 2 / 3


def test_another_cwe_of_the_family_meets_a_label_and_another_family_does_not() -> None:
    """CWE-78 and CWE-77 are one defect to a developer."""
    case = _case("a.py", Label(cwe=78, line=10))
    assert score([case], [_finding("a.py", 10, cwe=77)]).overall.recall == 1
    assert score([case], [_finding("a.py", 10, cwe=79)]).overall.recall == 0


def test_a_line_may_be_off_by_two_for_security_and_by_one_for_bugs() -> None:
    """Tools disagree on where a multi-line call stands."""
    for cwe, slack in ((89, 2), (None, 1)):
        case = _case("a.py", Label(cwe=cwe, line=10))
        assert score([case], [_finding("a.py", 10 + slack, cwe=cwe)]).overall.recall == 1
        assert score([case], [_finding("a.py", 11 + slack, cwe=cwe)]).overall.recall == 0


def test_a_span_of_the_whole_file_earns_nothing() -> None:
    """Reporting lines 1 to 1000 is not finding line 500."""
    case = _case("a.py", Label(cwe=89, line=500))
    assert score([case], [_finding("a.py", 1, cwe=89, end=1000)]).overall.recall == 0


def test_disputed_labels_are_skipped_and_findings_without_a_label_are_noise() -> None:
    """Noise is per thousand lines."""
    result = score([_case("a.py", Label(cwe=89, disputed=True))], [_finding("a.py", 3, cwe=89)])
    assert result.overall.recall is None
    assert result.unlabelled_per_kloc == 1.0

"""How well findings meet the labels of a data set: recall, precision, Youden's index.

A *security* label names a CWE: it is met by a finding of the same CWE family in the file and, where the label has a
line, at most two lines from it. A *bug* label has no CWE: it is met by any finding at most one line from it. A finding
that spans more than fifteen lines counts for its first line only, so that a whole-file span earns nothing. A negative
label (``real`` false) that is met is a false positive. Disputed labels are skipped.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import ConfigDict

from codereview.domain.cwe import family_of
from codereview.domain.findings import Finding
from codereview.domain.model import Model

_SECURITY_SLACK = 2
_BUG_SLACK = 1
_LONG_SPAN = 15
BUG = "bug"


class Label(Model):
    """What is known about one place of a file."""

    model_config = ConfigDict(extra="ignore")

    line: int | None = None
    cwe: int | None = None
    cwes: tuple[int, ...] = ()
    real: bool = True
    rule: str = ""
    disputed: bool = False


class Case(Model):
    """One file of a data set."""

    model_config = ConfigDict(extra="ignore")

    path: str
    text: str
    labels: tuple[Label, ...] = ()


@dataclass
class Tally:
    """Labels met and not met. The rates are None where there is nothing to divide by."""

    true_positives: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    true_negatives: int = 0

    def count(self, *, real: bool, met: bool) -> None:
        """Add one label."""
        if real:
            self.true_positives += met
            self.false_negatives += not met
        else:
            self.false_positives += met
            self.true_negatives += not met

    @property
    def recall(self) -> float | None:
        """Met share of the real labels."""
        return _ratio(self.true_positives, self.false_negatives)

    @property
    def false_positive_rate(self) -> float | None:
        """Met share of the labels that are not real."""
        return _ratio(self.false_positives, self.true_negatives)

    @property
    def precision(self) -> float | None:
        """Real share of the labels met."""
        return _ratio(self.true_positives, self.false_positives)

    @property
    def youden(self) -> float | None:
        """Recall minus false-positive rate; 0 for an oracle that guesses, 1 for one that knows."""
        if self.recall is None or self.false_positive_rate is None:
            return None
        return self.recall - self.false_positive_rate


@dataclass
class Score:
    """The result of one evaluation."""

    families: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    findings: int = 0
    #: Findings that met no label: a measure of noise.
    unlabelled: int = 0
    lines: int = 0
    missed: list[tuple[str, Label]] = field(default_factory=list)
    false_alarms: list[tuple[str, Label]] = field(default_factory=list)

    @property
    def overall(self) -> Tally:
        """All families together."""
        total = Tally()
        for tally in self.families.values():
            total.true_positives += tally.true_positives
            total.false_negatives += tally.false_negatives
            total.false_positives += tally.false_positives
            total.true_negatives += tally.true_negatives
        return total

    @property
    def unlabelled_per_kloc(self) -> float:
        """Findings without a label per 1,000 lines."""
        return 1000 * self.unlabelled / self.lines if self.lines else 0.0


def score(cases: Sequence[Case], findings: Iterable[Finding]) -> Score:
    """Score the findings of one engine on the cases. Findings in files that are no case are left out."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    known = {case.path for case in cases}
    for finding in findings:
        if finding.path in known:
            by_path[finding.path].append(finding)
    result = Score(lines=sum(case.text.count("\n") for case in cases))
    for case in cases:
        used: set[str] = set()
        for label in case.labels:
            if not label.disputed:
                _count(result, case.path, label, by_path[case.path], used)
        result.findings += len(by_path[case.path])
        result.unlabelled += sum(finding.fingerprint not in used for finding in by_path[case.path])
    return result


def _count(result: Score, path: str, label: Label, findings: Sequence[Finding], used: set[str]) -> None:
    meeting = [finding.fingerprint for finding in findings if _meets(finding, label)]
    used.update(meeting)
    family = BUG if label.cwe is None else family_of(label.cwe)
    result.families[family].count(real=label.real, met=bool(meeting))
    if label.real and not meeting:
        result.missed.append((path, label))
    elif meeting and not label.real:
        result.false_alarms.append((path, label))


def _meets(finding: Finding, label: Label) -> bool:
    slack = _BUG_SLACK
    if label.cwe is not None:
        slack = _SECURITY_SLACK
        wanted = {family_of(cwe) for cwe in (label.cwes or (label.cwe,))}
        if finding.cwe is None or family_of(finding.cwe) not in wanted:
            return False
    if label.line is None:
        return True
    first = finding.start_line or 0
    last = finding.end_line or first
    if last - first > _LONG_SPAN:
        last = first
    return first - slack <= label.line <= last + slack


def _ratio(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None

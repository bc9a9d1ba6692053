"""Stand-ins for tests of this project and of those who build on it: small, honest, in memory."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from codereview.domain.findings import Confidence, Severity
from codereview.domain.metrics import Measurement, Metric
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, RawFinding, Workspace


@dataclass
class ManualClock:
    """A clock that stands until it is moved."""

    at_ms: int = 1_790_000_000_000

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self.at_ms

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        self.at_ms += int(seconds * 1000)


@dataclass
class RecordedMetrics:
    """Keeps what is measured."""

    measurements: list[Measurement] = field(default_factory=list)
    about: list[dict[str, object]] = field(default_factory=list)

    def record(self, *measurements: Measurement, **about: object) -> None:
        """Keep them."""
        self.measurements += measurements
        self.about.append(about)

    def values(self, metric: Metric) -> list[float]:
        """The values of one metric, in order."""
        return [each.value for each in self.measurements if each.metric == metric]


@dataclass
class PatternAnalyser:
    """An analyser that reports every line a regular expression matches.

    ``before`` is called at the start of each run, e.g. to block or to raise; ``problems`` are reported as given.
    """

    name: str = "pattern"
    pattern: str = r"\bdanger\b"
    rule: str = "danger"
    severity: Severity = Severity.HIGH
    confidence: Confidence = Confidence.MEDIUM
    cwe: int | None = None
    family: str = ""
    languages: tuple[str, ...] = ("python",)
    problems: tuple[AnalyserProblem, ...] = ()
    before: Callable[[Workspace], None] | None = None
    runs: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def applies_to(self, file: SourceFile) -> bool:
        """Whether the file's language is one of ``languages``."""
        return file.language in self.languages

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        """Report the lines that match."""
        self.runs.append((agent, tuple(file.path for file in files)))
        if self.before is not None:
            self.before(workspace)
        troubled = {problem.path for problem in self.problems}
        findings = [
            self._finding(file.path, number)
            for file in files
            for number, line in enumerate(file.lines, start=1)
            if file.path not in troubled and None not in troubled and re.search(self.pattern, line)
        ]
        examined = frozenset(file.path for file in files if file.path not in troubled and None not in troubled)
        return AnalysisReport(self.name, "1.0", tuple(findings), self.problems, examined)

    def _finding(self, path: str, line: int) -> RawFinding:
        return RawFinding(
            path=path,
            rule_id=f"{self.name}/{self.rule}",
            native_rule=self.rule,
            title=f"{self.rule} found",
            message=f"line {line} matches {self.pattern}",
            severity=self.severity,
            confidence=self.confidence,
            line=line,
            cwe=self.cwe,
            family=self.family,
        )

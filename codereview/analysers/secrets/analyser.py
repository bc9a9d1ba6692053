"""The analyser of secrets as the security agent sees it."""

import time
from collections.abc import Sequence

from codereview import __version__
from codereview.domain.coverage import SkipReason
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, RawFinding, Workspace
from codereview.secrets.places import searched
from codereview.secrets.rules import ANALYSER, BY_NAME, RULES
from codereview.secrets.searching import Found, OutOfTime, search

#: Seconds for one file.
FILE_TIMEOUT_S = 10.0


def rules() -> tuple[Rule, ...]:
    """Every rule of the analyser."""
    return RULES


class SecretsAnalyser:
    """Looks for secrets in any text, without asking anybody whether they are live."""

    name = ANALYSER

    def __init__(self, *, file_timeout_s: float = FILE_TIMEOUT_S) -> None:
        self._timeout_s = file_timeout_s

    def applies_to(self, file: SourceFile) -> bool:
        """Any text but lock files and the like."""
        return searched(file)

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:  # noqa: ARG002
        """Search the files. What a secret is stands in no part of the report, only where it is."""
        if agent != "security":
            return AnalysisReport(ANALYSER, __version__)
        findings: list[RawFinding] = []
        problems: list[AnalyserProblem] = []
        examined: set[str] = set()
        for file in files:
            try:
                findings += [
                    _reported(file, found) for found in search(file, deadline=time.monotonic() + self._timeout_s)
                ]
                examined.add(file.path)
            except OutOfTime:
                message = f"took longer than {self._timeout_s:g} s"
                problems.append(AnalyserProblem(message, file.path, SkipReason.TIMEOUT))
        return AnalysisReport(ANALYSER, __version__, tuple(findings), tuple(problems), frozenset(examined))


def _reported(file: SourceFile, found: Found) -> RawFinding:
    rule = BY_NAME[found.rule]
    return RawFinding(
        path=file.path,
        rule_id=rule.id,
        native_rule=rule.native,
        title=rule.title,
        message=f"Here stands {found.what}." if found.what else rule.description,
        severity=found.severity,
        confidence=found.confidence,
        line=found.line,
        end_line=found.line,
        column=found.start,
        end_column=found.end,
        cwe=rule.cwe,
        failure_scenario=rule.failure_scenario,
        help_uri=rule.help_uri,
    )

"""What an agent is, and how it looks at one batch with its analysers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereview.domain.sources import SourceFile
from codereview.ports import Analyser, AnalyserProblem, AnalysisReport, Workspace


@dataclass(frozen=True, slots=True)
class Agent:
    """One reviewer: a name and the analysers it uses, in order; the first to report a defect gives it its words."""

    name: str
    analysers: tuple[Analyser, ...]

    def applicable(self, file: SourceFile) -> list[str]:
        """Names of the analysers that have rules for the file."""
        return [analyser.name for analyser in self.analysers if analyser.applies_to(file)]

    def analyse(self, workspace: Workspace) -> Iterator[tuple[Analyser, Sequence[SourceFile], AnalysisReport]]:
        """Run each analyser that applies, one after the other, and yield its report when it is there."""
        for analyser in self.analysers:
            files = [file for file in workspace.files if analyser.applies_to(file)]
            if files:
                yield analyser, files, analyser.run(workspace, files, agent=self.name)


def did_not_run(analyser: str, message: str, reason: str = "error") -> AnalysisReport:
    """The report of an analyser that examined nothing."""
    return AnalysisReport(analyser=analyser, problems=(AnalyserProblem(message=message, reason=reason),))

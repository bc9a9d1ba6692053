"""What an agent is, and how it looks at one batch with its analysers."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from codereview.domain.sources import SourceFile
from codereview.ports import Analyser, AnalyserProblem, AnalysisReport, Attributes, Tracer, Workspace
from codereview.telemetry import SILENT

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Agent:
    """One reviewer: a name and the analysers it uses, in order; the first to report a defect gives it its words."""

    name: str
    analysers: tuple[Analyser, ...]

    def applicable(self, file: SourceFile) -> list[str]:
        """Names of the analysers that have rules for the file."""
        return [analyser.name for analyser in self.analysers if analyser.applies_to(file)]

    def analyse(
        self,
        workspace: Workspace,
        *,
        let_through: tuple[type[Exception], ...] = (),
        tracer: Tracer = SILENT.tracer,
    ) -> Iterator[tuple[Analyser, AnalysisReport]]:
        """Run each analyser that applies, one after the other, and yield its report when it is there.

        An analyser that raises, which none should, costs only itself: its report says that it did not run.
        ``let_through`` are not its errors but somebody's word that the time is up.
        """
        for analyser in self.analysers:
            files = [file for file in workspace.files if analyser.applies_to(file)]
            if not files:
                continue
            about: Attributes = {"codereview.agent": self.name, "codereview.files": len(files)}
            try:
                with tracer.span(f"analyse {analyser.name}", about) as span:
                    report = analyser.run(workspace, files, agent=self.name)
                    span.set({"codereview.findings": len(report.findings)})
            except let_through:
                raise
            except Exception as error:  # one engine's defect must not silence the others
                log.exception("analyser_failed", extra={"analyser": analyser.name, "agent": self.name})
                report = did_not_run(analyser.name, f"failed unexpectedly ({type(error).__name__})")
            yield analyser, report


def did_not_run(analyser: str, message: str, reason: str = "error") -> AnalysisReport:
    """The report of an analyser that examined nothing."""
    return AnalysisReport(analyser=analyser, problems=(AnalyserProblem(message=message, reason=reason),))

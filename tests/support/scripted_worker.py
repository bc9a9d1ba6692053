"""A real Celery worker whose analyser does what the code under review tells it: sleeps, dies, reports.

Run as ``python -m support.scripted_worker -Q security …``; everything but the analysers is the product.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import codereview.analysers.registry as registry
from codereview.domain.sources import SourceFile
from codereview.ports import Analyser, AnalysisReport, Workspace
from codereview.testing import PatternAnalyser


class ScriptedAnalyser(PatternAnalyser):
    """Reports lines with "danger"; obeys ``sleep SECONDS`` and ``die UNTIL-FILE-EXISTS`` lines before.

    A line beginning with an agent's name and a colon is for that agent only.
    """

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        for file in files:
            for line in file.lines:
                audience, colon, rest = line.partition(": ")
                if not colon or audience == agent:
                    self._obey((rest if colon else line).split())
        return super().run(workspace, files, agent=agent)

    def _obey(self, words: list[str]) -> None:
        match words:
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["die", mark] if not Path(mark).exists():
                Path(mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case ["poison"]:
                os.kill(os.getpid(), signal.SIGKILL)


def analysers_for(agent: str, bounds: object = None) -> tuple[Analyser, ...]:
    """Two, one after the other: a unit can be cut between a finding and its end."""
    first = PatternAnalyser(name=f"first-{agent}")
    return (first, ScriptedAnalyser(name=f"second-{agent}", family="second"))


if __name__ == "__main__":
    registry.analysers_for = analysers_for
    from workers.celery import app

    app.worker_main(["worker", *sys.argv[1:]])

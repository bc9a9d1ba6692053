"""Runs the bug rules over code given as text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from codereview.analysers.bugs.analyser import BugAnalyser
from codereview.domain.sources import SourceFile
from codereview.ports import AnalysisReport


@dataclass
class Batch:
    """Files in memory, as a workspace: these rules read nothing from disk."""

    files: Sequence[SourceFile]
    context: Sequence[SourceFile] = ()
    root: str = field(default="/nowhere")


Examine = Callable[..., AnalysisReport]


@pytest.fixture
def examine() -> Examine:
    """Examine code: one file, or several as ``examine(**{"a.py": "..."})``; ``context`` are read only."""

    def run(code: str = "", *, context: dict[str, str] | None = None, **files: str) -> AnalysisReport:
        texts = files or {"example.py": code}
        sources = [SourceFile(path=path, text=text, language="python") for path, text in texts.items()]
        others = [SourceFile(path=p, text=text, language="python") for p, text in (context or {}).items()]
        return BugAnalyser().run(Batch(sources, others), sources, agent="bug")

    return run

"""Running an analyser on files written in a test, and tools that misbehave."""

import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from codereview.analysers.workspace import open_workspace
from codereview.domain.sources import Batch, SourceFile
from codereview.ports import Analyser, AnalysisReport, RawFinding


def examine(
    analyser: Analyser,
    files: Mapping[str, str],
    *,
    agent: str = "security",
    beside: Mapping[str, str] | None = None,
    language: str = "",
    sparse: bool = False,
) -> AnalysisReport:
    """The analyser's report on the files; those of ``beside`` are on disk but not asked about."""
    asked = tuple(SourceFile(path=path, text=text, language=language, sparse=sparse) for path, text in files.items())
    others = tuple(SourceFile(path=path, text=text) for path, text in (beside or {}).items())
    with open_workspace(Batch(id="b1", files=asked, context=others)) as workspace:
        return analyser.run(workspace, asked, agent=agent)


def natives(report: AnalysisReport) -> list[str]:
    """The tool's own names of what it found, in the order of its report."""
    return [finding.native_rule for finding in report.findings]


def quoted(finding: RawFinding, text: str) -> str:
    """What a finding within one line points at."""
    assert finding.line is not None
    assert finding.line == finding.end_line
    assert finding.column is not None
    assert finding.end_column is not None
    return text.split("\n")[finding.line - 1][finding.column - 1 : finding.end_column - 1]


def fake_tool(directory: Path, body: str | Sequence[str]) -> str:
    """A program with the given Python body; ``args`` are its arguments."""
    path = directory / "fake-tool"
    lines = [body] if isinstance(body, str) else body
    path.write_text("\n".join([f"#!{sys.executable}", "import os, sys, time", "args = sys.argv[1:]", *lines]) + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)

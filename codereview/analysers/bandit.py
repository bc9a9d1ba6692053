"""Python with bandit: insecure calls and settings, by the syntax tree of the running interpreter."""

import os
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import Start, ToolAnalyser
from codereview.analysers.examination import Examination, parse_output
from codereview.analysers.languages import is_python
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile

_SYNTAX_ERROR = "syntax error while parsing AST from file"
_TOTALS = "_totals"
#: Lines of a call at most; a longer range is that of a whole function or literal, and says less than the line.
_LONGEST_CALL = 15
#: bandit grades some rules by how the call looks; where it says "low", so do we.
_LOW = "LOW"


class _Error(BaseModel):
    filename: str
    reason: str


class _Result(BaseModel):
    filename: str
    test_id: str
    issue_severity: str
    issue_confidence: str
    line_number: int
    line_range: list[int]
    col_offset: int
    end_col_offset: int


class _Report(BaseModel):
    errors: list[_Error]
    #: By file; a file it left out is not here.
    metrics: dict[str, object]
    results: list[_Result]


_OUTPUT = TypeAdapter(_Report)


class Bandit(ToolAnalyser):
    """The adapter of bandit."""

    name = "bandit"
    distribution = "bandit"
    options = ("--quiet", "--format=json")

    def applies_to(self, file: SourceFile) -> bool:
        """Python, but not stubs: nothing in them runs."""
        return is_python(file) and not file.path.endswith(".pyi")

    def settings(self, start: Start) -> list[str]:
        """Its own empty settings in place of any .bandit file, and none of its default exclusions."""
        ini = Path(start.home) / "bandit.ini"
        ini.write_text("[bandit]\n", encoding="utf-8")
        nothing = os.path.join(start.home, "nothing")
        return [f"--ini={ini}", f"--exclude={nothing}", f"--tests={','.join(start.rules)}"]

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Results, the files it stumbled over, and the files it counted."""
        report = parse_output(_OUTPUT, result.stdout)
        for error in report.errors:
            syntax = error.reason == _SYNTAX_ERROR
            message = "cannot parse it with the Python that runs codereview" if syntax else error.reason
            # Its grammar is the running interpreter's, so code it cannot parse may only be newer: ruff, whose grammar
            # is the newest, tells whether the file is broken.
            reason = SkipReason.UNSUPPORTED if syntax else SkipReason.ERROR
            seen.not_examined(seen.file(error.filename), message, reason)
        for found in report.results:
            _finding(found, seen.file(found.filename), seen)
        counted = {seen.file(printed).path for printed in report.metrics if printed != _TOTALS}
        for file in seen.files:
            if file.path not in counted:
                seen.not_examined(file, "was left out")
        seen.rest_examined()


def _finding(found: _Result, file: SourceFile, seen: Examination) -> None:
    positions = seen.positions(file)
    lines = found.line_range if 0 < len(found.line_range) <= _LONGEST_CALL else [found.line_number]
    first, last = lines[0], lines[-1]
    # The line is sometimes that of an argument; the columns are always those of the node around it.
    in_place = found.line_number == first and lines is found.line_range
    seen.report(
        found.test_id,
        file,
        line=first,
        end_line=last,
        column=positions.column(first, found.col_offset) if in_place else None,
        end_column=positions.column(last, found.end_col_offset) if in_place else None,
        severity=Severity.LOW if found.issue_severity == _LOW else None,
        confidence=Confidence.LOW if found.issue_confidence == _LOW else None,
    )

"""Python with ruff: bugs and insecure calls, in one pass and a newer grammar than the running interpreter's."""

import re

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import Start, ToolAnalyser
from codereview.analysers.examination import Examination, parse_output
from codereview.analysers.languages import is_python
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile

#: What ruff calls a file it cannot parse; a rule of the catalogue like the others, but not one to select.
SYNTAX = "invalid-syntax"
_IO_ERROR = "E902"
#: Names that files which still run on Python 2 use behind a check of the version, and names notebooks define.
_ELSEWHERE_DEFINED = re.compile(
    r"Undefined name `(unicode|basestring|long|xrange|raw_input|unichr|cmp|file|reduce|reload|buffer|execfile"
    r"|WindowsError|get_ipython|display)`"
)
#: How ruff says that a shell runs a constant, and that a debugger is imported but perhaps never started.
_HARMLESS = ("seems safe", "Import for")


class _Location(BaseModel):
    row: int
    column: int


class _Diagnostic(BaseModel):
    code: str | None
    filename: str
    message: str
    location: _Location
    end_location: _Location


_OUTPUT = TypeAdapter(list[_Diagnostic])


class Ruff(ToolAnalyser):
    """The adapter of ruff."""

    name = "ruff"
    distribution = "ruff"
    options = (
        "check",
        "--isolated",
        "--no-cache",
        "--output-format=json",
        "--target-version=py314",
        # Rules in preview count only where they are named.
        "--preview",
        "--config=lint.explicit-preview-rules=true",
    )

    def applies_to(self, file: SourceFile) -> bool:
        """Python."""
        return is_python(file)

    def settings(self, start: Start) -> list[str]:
        """The rules to look for; a file that cannot be read is only reported when that is asked for, too."""
        return [f"--select={','.join([_IO_ERROR, *(native for native in start.rules if native != SYNTAX)])}"]

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Diagnostics; columns count characters, from 1, the end exclusive."""
        for diagnostic in parse_output(_OUTPUT, result.stdout):
            file = seen.file(diagnostic.filename)
            if diagnostic.code in (None, SYNTAX):
                _syntax_error(file, diagnostic, seen)
            elif diagnostic.code == _IO_ERROR:
                seen.not_examined(file, f"cannot be read: {diagnostic.message}", SkipReason.ENCODING)
            else:
                _finding(diagnostic.code or "", file, diagnostic, seen)
        seen.rest_examined()


def _syntax_error(file: SourceFile, diagnostic: _Diagnostic, seen: Examination) -> None:
    if all(problem.path != file.path for problem in seen.problems):  # the errors after the first follow from it
        _finding(SYNTAX, file, diagnostic, seen)
    where = f"line {diagnostic.location.row}"
    seen.not_examined(file, f"{where}: {diagnostic.message}", SkipReason.SYNTAX)


def _finding(native: str, file: SourceFile, diagnostic: _Diagnostic, seen: Examination) -> None:
    rule = seen.rules.get(native)
    security = rule is not None and rule.agent == "security"
    doubtful = _ELSEWHERE_DEFINED.match(diagnostic.message) is not None
    seen.report(
        native,
        file,
        line=diagnostic.location.row,
        end_line=diagnostic.end_location.row,
        column=diagnostic.location.column,
        end_column=diagnostic.end_location.column,
        # Its words on security are one sentence per rule; on bugs they name what is wrong.
        message="" if security else diagnostic.message,
        severity=Severity.LOW if doubtful or any(words in diagnostic.message for words in _HARMLESS) else None,
        confidence=Confidence.LOW if doubtful else None,
    )

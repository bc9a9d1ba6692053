"""One run of a tool over some files: what it may report on, and what it reported."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from codereview.analysers.positions import Positions
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, RawFinding

T = TypeVar("T")


class ToolFailed(Exception):
    """The tool ran, but what came out of it cannot be used."""

    def __init__(self, message: str, reason: SkipReason = SkipReason.ERROR, *, splittable: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        #: Whether fewer files may go better.
        self.splittable = splittable


def parse_output(shape: TypeAdapter[T], output: bytes) -> T:
    """The tool's JSON as typed values. Raises ToolFailed."""
    try:
        return shape.validate_json(output)
    except ValidationError as error:
        raise ToolFailed("printed something codereview does not understand") from error


@dataclass
class Examination:
    """One run of a tool over some files, and what it says about them."""

    root: str
    files: Sequence[SourceFile]
    rules: Mapping[str, Rule]
    whole_file: Collection[str] = frozenset()
    findings: list[RawFinding] = field(default_factory=list)
    problems: list[AnalyserProblem] = field(default_factory=list)
    examined: set[str] = field(default_factory=set)
    _positions: dict[str, Positions] = field(default_factory=dict)

    @cached_property
    def _by_path(self) -> dict[str, SourceFile]:
        return {os.path.normpath(path): file for path, file in zip(self.paths, self.files, strict=True)}

    @cached_property
    def paths(self) -> list[str]:
        """Absolute paths of the files, in their order."""
        return [os.path.join(self.root, *file.path.split("/")) for file in self.files]

    def file(self, printed: str) -> SourceFile:
        """The file a tool means by an absolute path. Raises ToolFailed for one it was not given."""
        found = self._by_path.get(os.path.normpath(printed))
        if found is None:
            raise ToolFailed("reported on a file it was not given")
        return found

    def positions(self, file: SourceFile) -> Positions:
        """Byte positions in a file."""
        return self._positions.setdefault(file.path, Positions(file))

    def report(
        self,
        native: str,
        file: SourceFile,
        *,
        line: int,
        end_line: int | None = None,
        column: int | None = None,
        end_column: int | None = None,
        message: str = "",
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        """Add a finding of a catalogued rule; one that is not in the catalogue, or not this agent's, is left out.

        ``severity`` and ``confidence`` only ever lower what the catalogue says.
        """
        rule = self.rules.get(native)
        if rule is None or (file.sparse and native in self.whole_file):
            return
        self.findings.append(
            RawFinding(
                path=file.path,
                rule_id=rule.id,
                native_rule=native,
                title=rule.title,
                message=message or rule.description,
                severity=min(rule.severity, severity or rule.severity),
                confidence=min(rule.confidence, confidence or rule.confidence),
                line=line,
                end_line=end_line,
                column=column,
                end_column=end_column,
                cwe=rule.cwe,
                family=rule.family,
                failure_scenario=rule.failure_scenario,
                help_uri=rule.help_uri,
            )
        )

    def not_examined(self, file: SourceFile, message: str, reason: SkipReason = SkipReason.ERROR) -> None:
        """Say that the tool could not examine a file; the first reason given for a file stands."""
        if all(problem.path != file.path for problem in self.problems):
            self.problems.append(AnalyserProblem(message, file.path, reason))

    def rest_examined(self) -> None:
        """Every file nothing was said against was examined."""
        troubled = {problem.path for problem in self.problems}
        self.examined.update(file.path for file in self.files if file.path not in troubled)

"""GitHub Actions with zizmor: workflows and actions, offline."""

import re

from pydantic import BaseModel, Field, TypeAdapter

from codereview.analysers.base import ToolAnalyser
from codereview.analysers.examination import Examination, ToolFailed, parse_output
from codereview.analysers.languages import is_action, is_workflow
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile

#: None of the files was one it can audit.
_NO_INPUT = 3
_COMPLETED = re.compile(r"completed (?P<path>/.+)$", re.MULTILINE)
_WRONG_SCHEMA = re.compile(r"failed to validate file://(?P<path>/.+?) as \w+: (?P<why>.+)$", re.MULTILINE)

_SEVERITY = {"Informational": Severity.INFO, "Low": Severity.LOW, "Medium": Severity.MEDIUM}
_CONFIDENCE = {"Low": Confidence.LOW, "Medium": Confidence.MEDIUM}


class _Local(BaseModel):
    verbatim_path: str


class _Key(BaseModel):
    local: _Local = Field(alias="Local")


class _Symbolic(BaseModel):
    key: _Key
    annotation: str
    kind: str


class _Span(BaseModel):
    start: int
    end: int


class _Place(BaseModel):
    offset_span: _Span


class _Concrete(BaseModel):
    location: _Place


class _Location(BaseModel):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(BaseModel):
    confidence: str
    severity: str


class _Finding(BaseModel):
    ident: str
    determinations: _Determinations
    locations: list[_Location]
    ignored: bool


_OUTPUT = TypeAdapter(list[_Finding])


class Zizmor(ToolAnalyser):
    """The adapter of zizmor."""

    name = "zizmor"
    distribution = "zizmor"
    options = (
        "--format=json-v1",
        "--no-config",
        "--offline",
        "--no-progress",
        "--no-exit-codes",
        "--color=never",
    )
    exit_codes = frozenset({0, _NO_INPUT})

    def applies_to(self, file: SourceFile) -> bool:
        """Workflows and the definitions of actions."""
        return is_workflow(file) or is_action(file)

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Findings at their primary places; a file the log does not call completed was not audited."""
        log = result.stderr.decode("utf-8", "replace")
        findings = parse_output(_OUTPUT, result.stdout) if result.exit_code != _NO_INPUT else []
        for finding in findings:
            if not finding.ignored:
                _report(finding, seen)
        completed = {match["path"] for match in _COMPLETED.finditer(log)}
        mismatches = {match["path"]: match["why"] for match in _WRONG_SCHEMA.finditer(log)}
        for file, path in zip(seen.files, seen.paths, strict=True):
            if path not in completed:
                _not_audited(file, mismatches.get(path), seen)
        seen.rest_examined()


def _report(finding: _Finding, seen: Examination) -> None:
    primary = [location for location in finding.locations if location.symbolic.kind == "Primary"] or finding.locations
    if not primary:
        raise ToolFailed("reported a finding without a place")
    place = primary[0]
    file = seen.file(place.symbolic.key.local.verbatim_path)
    span = place.concrete.location.offset_span
    line, column = seen.positions(file).at(span.start)
    # A span over whole lines ends at the start of the line after them.
    end_line, end_column = seen.positions(file).at(max(span.start, span.end - 1))
    seen.report(
        finding.ident,
        file,
        line=line,
        end_line=end_line,
        column=column,
        end_column=end_column + 1,
        message=f"{seen.rules[finding.ident].description} Here: {place.symbolic.annotation}."
        if finding.ident in seen.rules
        else "",
        severity=_SEVERITY.get(finding.determinations.severity),
        confidence=_CONFIDENCE.get(finding.determinations.confidence),
    )


def _not_audited(file: SourceFile, mismatch: str | None, seen: Examination) -> None:
    if mismatch and not is_workflow(file):
        # Other programs have files of this name too.
        seen.not_examined(file, "is not an action of GitHub Actions", SkipReason.UNSUPPORTED)
    else:
        seen.not_examined(file, mismatch or "is not valid YAML", SkipReason.SYNTAX)

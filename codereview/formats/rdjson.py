"""reviewdog's diagnostic format, for every code host that reviewdog can comment on."""

from codereview.domain.findings import Edit, Finding, Severity
from codereview.domain.reviews import Review
from codereview.domain.visible import visible
from codereview.formats import summary
from codereview.formats.as_json import dumps
from codereview.formats.base import Rendering
from codereview.formats.places import Span, deletes, lines_of, offered_edits, replacement_of, span_of
from codereview.formats.safe import one_line, web_link
from codereview.formats.unseen import Remark, remarks

_SEVERITIES = {
    Severity.CRITICAL: "ERROR",
    Severity.HIGH: "ERROR",
    Severity.MEDIUM: "WARNING",
    Severity.LOW: "INFO",
    Severity.INFO: "INFO",
}
#: Diagnostics about the review itself; the first one says how many files were not examined.
MAX_REMARKS = 100
#: Stands for the project.
_PROJECT = "."


def write(review: Review, _: Rendering) -> str:
    """A DiagnosticResult; the diagnostics about the review itself come first."""
    about = remarks(review)[:MAX_REMARKS]
    diagnostics = [*map(_remark, about), *map(_diagnostic, summary.counted(review))]
    return dumps({"source": {"name": "codereview"}, "diagnostics": diagnostics})


def _diagnostic(finding: Finding) -> dict[str, object]:
    diagnostic: dict[str, object] = {
        "message": _message(finding),
        "location": _location(finding),
        "severity": _SEVERITIES[finding.severity],
        "code": _code(finding),
    }
    suggestions = [_suggestion(edit) for edit in offered_edits(finding) if edit.path == finding.path]
    # A suggestion is offered whole or not at all: half of a fix is another defect.
    if suggestions and len(suggestions) == len(offered_edits(finding)):
        diagnostic["suggestions"] = suggestions
    return diagnostic


def _message(finding: Finding) -> str:
    facts = f"{finding.severity} severity, {finding.confidence} confidence, {finding.agent} agent"
    cwe = f", CWE-{finding.cwe}" if finding.cwe else ""
    parts = [f"{finding.title}: {finding.message}", finding.failure_scenario, f"({facts}{cwe})"]
    return visible("\n\n".join(part for part in parts if part), keep="\n")


def _code(finding: Finding) -> dict[str, str]:
    link = web_link(finding.help_uri)
    return {"value": finding.rule_id, "url": link} if link else {"value": finding.rule_id}


def _location(finding: Finding) -> dict[str, object]:
    span = span_of(finding)
    return {"path": finding.path, "range": _range(finding, span)} if span is not None else {"path": finding.path}


def _range(finding: Finding, span: Span) -> dict[str, object]:
    start: dict[str, int] = {"line": span.start_line}
    end: dict[str, int] = {"line": span.end_line}
    lines = lines_of(finding)
    # Columns are counted in bytes here, which takes the text of the first and the last line.
    if span.start_column and span.end_column and len(lines) == span.end_line - span.start_line + 1:
        start["column"] = _byte_column(lines[0], span.start_column)
        end["column"] = _byte_column(lines[-1], span.end_column)
    return {"start": start, "end": end}


def _byte_column(line: str, column: int) -> int:
    return len(line[: column - 1].encode("utf-8", "surrogatepass")) + 1


def _suggestion(edit: Edit) -> dict[str, object]:
    if deletes(edit):
        start, end = {"line": edit.start_line, "column": 1}, {"line": edit.end_line + 1, "column": 1}
    else:
        start, end = {"line": edit.start_line}, {"line": edit.end_line}
    return {"range": {"start": start, "end": end}, "text": replacement_of(edit)}


def _remark(remark: Remark) -> dict[str, object]:
    return {
        "message": one_line(remark.message),
        "location": {"path": remark.path or _PROJECT},
        "severity": "ERROR" if remark.grave else "INFO",
        "code": {"value": remark.code},
    }

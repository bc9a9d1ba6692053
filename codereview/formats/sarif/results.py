"""The results of the log: one per finding."""

from collections.abc import Iterable

from codereview.domain.findings import Edit, Finding, FindingStatus, TraceStep
from codereview.domain.reviews import ReviewOptions
from codereview.formats.places import (
    Span,
    deletes,
    is_secret,
    lines_of,
    offered_edits,
    quoted_range,
    replacement_of,
    span_of,
)
from codereview.formats.sarif.parts import LEVELS, Json, artifact, location, region, text
from codereview.formats.sarif.rules import Rules
from codereview.formats.sarif.taxonomy import Taxonomy

#: The name of our fingerprint; its number changes when the way to compute it does.
FINGERPRINT = "codereview/v1"


def result(finding: Finding, rules: Rules, taxonomy: Taxonomy, options: ReviewOptions) -> Json:
    """The finding as a SARIF result."""
    made: Json = {
        "ruleId": finding.rule_id,
        "ruleIndex": rules.index(finding.rule_id),
        "kind": "fail",
        "level": LEVELS[finding.severity],
        "message": text(_message(finding)),
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": _properties(finding),
    }
    if finding.cwe is not None:
        made["taxa"] = [taxonomy.taxon(finding.cwe)]
    if finding.trace:
        made["codeFlows"] = [{"threadFlows": [{"locations": [_step(step) for step in finding.trace]}]}]
    edits = offered_edits(finding)
    if finding.fix is not None and edits:
        made["fixes"] = [{"description": text(finding.fix.description), "artifactChanges": _changes(edits)}]
    if finding.status is FindingStatus.SUPPRESSED:
        made["suppressions"] = [_suppression(finding, options)]
    return made


def _message(finding: Finding) -> str:
    scenario = f"What goes wrong: {finding.failure_scenario}" if finding.failure_scenario else ""
    return "\n\n".join(part for part in (finding.title, finding.message, scenario) if part) or finding.rule_id


def _location(finding: Finding) -> Json:
    span = span_of(finding)
    place = location(finding.path, span, quoted_range(finding))
    lines = lines_of(finding)
    if span is not None and span.start_column is not None and lines:
        whole = Span(span.start_line, max(span.end_line, span.start_line + len(lines) - 1))
        place["physicalLocation"]["contextRegion"] = region(whole, "\n".join(lines))
    if finding.symbol:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.symbol}]
    return place


def _step(step: TraceStep) -> Json:
    place = location(step.path, Span(step.line, step.line), step.snippet)
    return {"location": {**place, "message": text(step.message)}, "importance": "essential"}


def _changes(edits: Iterable[Edit]) -> list[Json]:
    by_path: dict[str, list[Json]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(_replacement(edit))
    return [{"artifactLocation": artifact(path), "replacements": made} for path, made in by_path.items()]


def _replacement(edit: Edit) -> Json:
    # A region of whole lines leaves out the last line's ending; to delete the lines it has to be in.
    if deletes(edit):
        span = Span(edit.start_line, edit.end_line + 1, 1, 1)
        return {"deletedRegion": region(span)}
    return {
        "deletedRegion": region(Span(edit.start_line, edit.end_line)),
        "insertedContent": {"text": replacement_of(edit)},
    }


def _suppression(finding: Finding, options: ReviewOptions) -> Json:
    configured = {suppression.reason for suppression in options.suppressions}
    beside = finding.fingerprint in options.baseline or finding.suppression_reason in configured
    made: Json = {"kind": "external" if beside else "inSource", "status": "accepted"}
    if finding.suppression_reason:
        made["justification"] = finding.suppression_reason
    return made


def _properties(finding: Finding) -> Json:
    made: Json = {
        "agent": finding.agent,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "status": finding.status,
        "inDiff": finding.in_diff,
        "provenance": [entry.to_wire() for entry in finding.provenance],
    }
    if finding.cwe is not None:
        made["cwe"] = f"CWE-{finding.cwe}"
    if is_secret(finding):
        made["redacted"] = True
    if finding.fix is not None:
        made["fix"] = {"description": finding.fix.description, "checks": finding.fix.checks.to_wire()}
    return made

"""Workflow commands of GitHub Actions: annotations on the lines of a pull request.

GitHub shows at most ten annotations of each level per step and drops the rest without a word. So the gravest ten of
each level are annotations; the others are plain lines of the log, and the first annotation says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import Review
from codereview.formats import summary
from codereview.formats.base import Rendering
from codereview.formats.places import place_of, span_of
from codereview.formats.safe import command_data, command_property, log_line, shortened
from codereview.formats.unseen import not_examined, shortfall

#: Annotations of one level that a step may show.
PER_LEVEL = 10
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}
_TITLE, _MESSAGE = 200, 4_000


def write(review: Review, _: Rendering) -> str:
    """One command per line: the answer first, then the findings, the gravest first."""
    annotated, rest = _capped(summary.gravest_first(summary.counted(review)), review)
    lines = [_answer(review, len(rest)), *map(_annotation, annotated)]
    lines += _group("Findings without an annotation", map(_in_the_log, rest))
    lines += _group("Not examined", (f"{gap.path}: {gap.why}" for gap in not_examined(review)))
    lines += _group("Notices", review.notices)
    return "\n".join(lines) + "\n"


def _capped(findings: Iterable[Finding], review: Review) -> tuple[list[Finding], list[Finding]]:
    # The answer is an annotation as well, and takes a place on its level.
    used = Counter({_answer_level(review): 1})
    annotated: list[Finding] = []
    rest: list[Finding] = []
    for finding in findings:
        level = _LEVELS[finding.severity]
        used[level] += 1
        (annotated if used[level] <= PER_LEVEL else rest).append(finding)
    return annotated, rest


def _answer_level(review: Review) -> str:
    return "notice" if summary.is_whole(review) else "error"


def _answer(review: Review, in_log: int) -> str:
    said = f"{shortfall(review)}. {', '.join(summary.facts(review))}."
    if in_log:
        said += f" {summary.plural(in_log, 'finding')} more than annotations are shown for: see the log of this step."
    title = f"codereview: {summary.word(review).lower()}"
    return _command(_answer_level(review), {"title": title}, shortened(said, _MESSAGE))


def _annotation(finding: Finding) -> str:
    span = span_of(finding)
    properties = {"file": finding.path}
    if span is not None:
        properties |= {"line": str(span.start_line), "endLine": str(span.end_line)}
        # GitHub takes columns within one line only, and its end column is inclusive.
        if span.start_column is not None and span.end_column is not None and span.start_line == span.end_line:
            properties |= {"col": str(span.start_column), "endColumn": str(span.end_column - 1)}
    properties["title"] = shortened(f"{finding.severity}: {finding.title}", _TITLE)
    parts = [finding.message, f"What goes wrong: {finding.failure_scenario}" if finding.failure_scenario else ""]
    cwe = f", CWE-{finding.cwe}" if finding.cwe else ""
    parts.append(f"{finding.rule_id}{cwe}, {finding.confidence} confidence, {finding.agent} agent")
    message = "\n".join(shortened(part, _MESSAGE) for part in parts if part)
    return _command(_LEVELS[finding.severity], properties, message)


def _command(level: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{name}={command_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {given}::{command_data(message)}"


def _in_the_log(finding: Finding) -> str:
    return f"{finding.severity}: {place_of(finding)}: {finding.title} [{finding.rule_id}]"


def _group(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [log_line(line) for line in lines]
    if shown:
        yield from (f"::group::{title} ({len(shown):,})", *shown, "::endgroup::")

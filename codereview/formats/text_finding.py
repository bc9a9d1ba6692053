"""One finding for a person at a terminal."""

from collections.abc import Iterator

from codereview.domain.findings import Finding, FindingStatus, TraceStep
from codereview.domain.visible import visible
from codereview.formats.frame import frame
from codereview.formats.layout import cells, cut, joined, wrapped
from codereview.formats.phrases import proof, said_by
from codereview.formats.places import deletes, offered_edits, place_of, replacement_of, target_of
from codereview.formats.safe import one_line, web_link
from codereview.formats.summary import SHAPES
from codereview.formats.terminal import Ink

_INDENT = "    "


def finding_lines(finding: Finding, width: int, ink: Ink) -> Iterator[str]:
    """The lines about one finding, the gravest thing first."""
    mark = f"{SHAPES[finding.severity]} {finding.severity.upper()}"
    first, *rest = wrapped(f"{mark}  {one_line(finding.title)}", width, indent="  ", hanging=_INDENT)
    yield first.replace(mark, ink.severity(mark, finding.severity), 1)
    yield from rest
    yield from (ink.dim(line) for line in wrapped(_facts(finding), width, indent=_INDENT))
    yield from wrapped(finding.message, width, indent=_INDENT)
    yield from frame(finding, width=width, ink=ink, indent=f"{_INDENT}  ")
    if finding.failure_scenario:
        yield from wrapped(f"What goes wrong: {finding.failure_scenario}", width, indent=_INDENT)
    yield from _trace(finding.trace, width, ink)
    yield from _fix(finding, width)
    yield from wrapped(f"Reported by {said_by(finding)}.", width, indent=_INDENT)
    if web_link(finding.help_uri):
        # Not wrapped: a broken address is no address.
        yield f"{_INDENT}{finding.help_uri}"


def _facts(finding: Finding) -> str:
    facts = [
        visible(place_of(finding)),
        finding.rule_id,
        f"CWE-{finding.cwe}" if finding.cwe else "",
        f"{finding.confidence} confidence",
        f"{finding.agent} agent",
        "" if finding.status is not FindingStatus.CANDIDATE else "not verified",
        "" if finding.in_diff else "outside the changed lines",
    ]
    return one_line(" · ".join(fact for fact in facts if fact))


def _trace(trace: tuple[TraceStep, ...], width: int, ink: Ink) -> Iterator[str]:
    if trace:
        yield f"{_INDENT}Data flow:"
    for number, step in enumerate(trace, start=1):
        said = one_line(f"{visible(f'{step.path}:{step.line}')}  {step.message}")
        yield from wrapped(f"{number}. {said}", width, indent=f"{_INDENT}  ", hanging=f"{_INDENT}     ")
        if step.snippet:
            row = cells(step.snippet.strip())
            text, _ = joined(row, *cut(row, max(10, width - 11), 0))
            yield f"{_INDENT}     {ink.dim('│')} {text}"


def _fix(finding: Finding, width: int) -> Iterator[str]:
    fix = finding.fix
    if fix is None:
        return
    yield from wrapped(f"Fix ({proof(fix.checks)}): {fix.description}", width, indent=_INDENT)
    for edit in offered_edits(finding):
        verb = "delete" if deletes(edit) else "replace"
        yield from wrapped(f"{verb} {visible(target_of(edit))}", width, indent=f"{_INDENT}  ")
        if not deletes(edit):
            for line in replacement_of(edit).split("\n"):
                yield f"{_INDENT}  + {visible(line.removesuffix(chr(13)).expandtabs(4))}"

"""A report for a person at a terminal."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from codereview.domain.reviews import Review
from codereview.domain.visible import visible
from codereview.formats import summary
from codereview.formats.base import Rendering
from codereview.formats.layout import wrapped
from codereview.formats.phrases import why_set_aside
from codereview.formats.places import place_of
from codereview.formats.safe import one_line
from codereview.formats.terminal import Ink
from codereview.formats.text_finding import finding_lines
from codereview.formats.unseen import failed_agents, left_out, not_examined

#: Paths listed under one reason; the rest is counted.
MAX_PATHS = 20


def write(review: Review, rendering: Rendering) -> str:
    """Findings by file, then what was not examined, notices, and one closing line."""
    ink, width = Ink(rendering.color), rendering.columns
    sections = [
        *_files(review, width, ink),
        list(_set_aside(review, width, ink)),
        list(_coverage(review, width, ink)),
        list(_notices(review, width)),
        [_closing(review, ink)],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _files(review: Review, width: int, ink: Ink) -> Iterator[list[str]]:
    for path, group in groupby(summary.counted(review), key=lambda finding: finding.path):
        findings = list(group)
        heading = f"{visible(path)}  {summary.plural(len(findings), 'finding')}"
        lines = [ink.bold(line) for line in wrapped(heading, width)]
        for finding in findings:
            lines += ["", *finding_lines(finding, width, ink)]
        yield lines


def _set_aside(review: Review, width: int, ink: Ink) -> Iterator[str]:
    findings = summary.set_aside(review)
    if findings:
        yield ink.bold("Not counted:")
    for finding in findings:
        said = f"{visible(place_of(finding))}  {finding.title} [{finding.rule_id}]: {why_set_aside(finding)}"
        yield from wrapped(one_line(said), width, indent="  ", hanging="    ")


def _coverage(review: Review, width: int, ink: Ink) -> Iterator[str]:
    for said in failed_agents(review):
        yield from wrapped(one_line(said), width, hanging="  ")
    by_reason: dict[str, list[str]] = {}
    for gap in not_examined(review):
        by_reason.setdefault(gap.why, []).append(gap.path)
    for why, paths in by_reason.items():
        yield from _labelled(ink, "Not examined", why, width)
        yield from _listed(paths, width)
    skipped = left_out(review)
    if skipped:
        yield from _labelled(ink, "Left out as usual", ", ".join(skipped), width)


def _listed(paths: list[str], width: int) -> Iterator[str]:
    for path in paths[:MAX_PATHS]:
        yield from wrapped(visible(path), width, indent="  ", hanging="    ")
    if len(paths) > MAX_PATHS:
        yield f"  … and {len(paths) - MAX_PATHS:,} more, listed in the json format"


def _labelled(ink: Ink, label: str, text: str, width: int) -> Iterable[str]:
    first, *rest = wrapped(f"{label}: {one_line(text)}", width, hanging="  ")
    return [first.replace(f"{label}:", ink.bold(f"{label}:"), 1), *rest]


def _notices(review: Review, width: int) -> Iterator[str]:
    for notice in review.notices:
        yield from wrapped(one_line(notice), width, hanging="  ")


def _closing(review: Review, ink: Ink) -> str:
    facts = [summary.headline(review), *summary.facts(review)]
    line = visible(" · ".join(facts))
    return line.replace(summary.word(review), ink.verdict(summary.word(review), summary.answer(review)), 1)

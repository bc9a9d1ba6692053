"""The report in Markdown: the answer first, findings folded, never longer than a comment may be."""

from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import Review, Verdict
from codereview.formats import summary
from codereview.formats.base import Rendering
from codereview.formats.markdown.budget import Shortened, fitting, shorten
from codereview.formats.markdown.finding import brief, detailed
from codereview.formats.phrases import why_set_aside
from codereview.formats.safe import markdown_code, markdown_text
from codereview.formats.summary import SHAPES, by_severity, counted, gravest_first, plural, set_aside
from codereview.formats.unseen import failed_agents, left_out, not_examined

#: Characters of a report. A comment on GitHub may have 65,536.
LIMIT = 65_000
#: Parts of it that the lists beside the findings may take.
_GAPS, _NOTICES, _SET_ASIDE = 12_000, 5_000, 6_000
_LINE = 300
_MARKS: dict[Verdict | None, str] = {Verdict.PASS: "✅", Verdict.FINDINGS: "❌"}
_EVERYTHING = "the JSON and SARIF reports have everything"


def write(review: Review, _: Rendering) -> str:
    """The report, at most `LIMIT` characters; what had to be cut is said in it."""
    findings = gravest_first(counted(review))
    before = [_answer(review), *_not_examined(review), _table(review)]
    after = [*_set_aside(review), *_notices(review), *_coverage(review), _footer(review)]
    heading = "### Findings"
    rest = sum(len(part) + 2 for part in (*before, heading, *after))
    shown = shorten([(detailed(f), brief(f)) for f in findings], LIMIT - rest)
    listed = [heading, *shown.blocks, *_cut(shown, findings)] if findings else []
    return "\n\n".join([*before, *listed, *after]) + "\n"


def _answer(review: Review) -> str:
    mark = _MARKS.get(summary.answer(review), "⚠️")
    facts = " · ".join(markdown_text(fact, _LINE) for fact in summary.facts(review))
    return f"## {mark} codereview: {markdown_text(summary.headline(review))}\n\n{facts}"


def _table(review: Review) -> str:
    rows = [
        f"| {SHAPES[severity]} {severity} | {count:,} |" for severity, count in by_severity(counted(review)).items()
    ]
    return "\n".join(["| severity | findings |", "| --- | ---: |", *rows])


def _not_examined(review: Review) -> list[str]:
    lines = [f"- {markdown_text(said, _LINE)}" for said in failed_agents(review)]
    lines += [f"- {markdown_code(gap.path, _LINE)}: {markdown_text(gap.why, _LINE)}" for gap in not_examined(review)]
    return _section("### Not examined", lines, _GAPS)


def _set_aside(review: Review) -> list[str]:
    lines = [
        f"- {markdown_text(finding.title, _LINE)} in {markdown_code(finding.path, _LINE)}: "
        f"{markdown_text(why_set_aside(finding), _LINE)}"
        for finding in set_aside(review)
    ]
    return _folded(f"{plural(len(lines), 'finding')} not counted: suppressed or refuted", lines, _SET_ASIDE)


def _notices(review: Review) -> list[str]:
    return _section("### Notices", [f"- {markdown_text(notice, _LINE)}" for notice in review.notices], _NOTICES)


def _coverage(review: Review) -> list[str]:
    lines = [
        f"- {markdown_text(agent.agent, _LINE)} agent: {markdown_text(agent.status, _LINE)}, "
        f"{plural(agent.finding_count, 'finding')}, {agent.units_done:,} of {plural(agent.units, 'unit')} of work, "
        f"with {markdown_text(', '.join(agent.engines) or 'no analyser', _LINE)}"
        for agent in review.agents
    ]
    skipped = left_out(review)
    if skipped:
        lines.append(f"- left out as usual: {markdown_text(', '.join(skipped), _LINE)}")
    return _folded("Coverage", lines, _NOTICES)


def _footer(review: Review) -> str:
    threshold: Severity = review.options.fail_on
    facts = [f"Threshold: {threshold}.", f"Review {markdown_code(review.id, 80)}."]
    if review.source.label:
        facts.insert(0, f"Reviewed: {markdown_code(review.source.label, _LINE)}.")
    return " ".join(facts)


def _section(heading: str, lines: list[str], budget: int) -> list[str]:
    if not lines:
        return []
    kept, dropped = fitting(lines, budget)
    more = [f"- … and {dropped:,} more; {_EVERYTHING}"] if dropped else []
    return [heading, "\n".join([*kept, *more])]


def _folded(title: str, lines: list[str], budget: int) -> list[str]:
    inner = _section(f"<details><summary>{title}</summary>", lines, budget)
    return [*inner, "</details>"] if inner else []


def _cut(shown: Shortened, findings: list[Finding]) -> list[str]:
    said = []
    if shown.briefly:
        said.append(f"{plural(shown.briefly, 'finding')} of {len(findings):,} in one line only")
    if shown.dropped:
        said.append(f"{plural(shown.dropped, 'finding')} of {len(findings):,} not listed")
    return [f"**Cut to fit a comment:** {', '.join(said)}; {_EVERYTHING}."] if said else []

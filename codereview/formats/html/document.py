"""The whole report."""

import base64
import hashlib
from functools import cache
from importlib import resources

from codereview.domain.findings import Finding
from codereview.domain.reviews import AgentSummary, Review, Verdict
from codereview.domain.visible import visible
from codereview.formats import summary
from codereview.formats.base import Rendering
from codereview.formats.html.finding import finding_item
from codereview.formats.html.markup import Markup, el, joined, text
from codereview.formats.phrases import why_set_aside
from codereview.formats.places import place_of
from codereview.formats.unseen import failed_agents, left_out, not_examined

_SHAPES = {
    Verdict.PASS: "✓",
    Verdict.FINDINGS: "✕",
    Verdict.INCOMPLETE: "◐",
    Verdict.FAILED: "!",
    Verdict.CANCELLED: "⊘",
}
_TONES = {
    Verdict.PASS: "good",
    Verdict.FINDINGS: "bad",
    Verdict.INCOMPLETE: "unsure",
    Verdict.FAILED: "bad",
    Verdict.CANCELLED: "unsure",
}
_AGENT_SHAPES = {"ok": "✓", "partial": "◐", "failed": "✕", "cancelled": "⊘"}


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


#: What the file allows itself: its own style and nothing else.
POLICY = _policy()


def write(review: Review, _: Rendering) -> str:
    """One file: the answer first, then what was not examined, then the findings, the gravest first."""
    title = f"{summary.word(review)}: {review.source.label or review.id}"
    head = joined(
        [
            Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Markup('<meta name="color-scheme" content="light dark"><meta name="generator" content="codereview">'),
            el("title", visible(f"{title} · codereview")),
            Markup(f"<style>{_style()}</style>"),
        ]
    )
    body = el(
        "main",
        _heading(review),
        _verdict(review),
        _agents(review),
        _findings(review),
        _aside(review),
        _coverage(review),
    )
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'


def _heading(review: Review) -> Markup:
    return joined(
        [el("h1", review.source.label or review.id), el("p", " · ".join(summary.facts(review)), class_="quiet")]
    )


def _verdict(review: Review) -> Markup:
    answer = summary.answer(review)
    word, _, why = summary.headline(review).partition(": ")
    said = [*failed_agents(review), *review.notices]
    if review.findings_hidden:
        said.append(f"{summary.plural(review.findings_hidden, 'finding')} counted but not listed")
    shape = el("span", _SHAPES[answer] if answer else "…", class_="shape", aria_hidden="true")
    return el(
        "section",
        el("p", shape, word, class_="word"),
        el("p", why[:1].upper() + why[1:] + "."),
        el("ul", *(el("li", sentence) for sentence in said)) if said else None,
        class_="verdict",
        data_tone=_TONES[answer] if answer else "none",
        aria_label="Verdict",
    )


def _agents(review: Review) -> Markup:
    return el("ul", *(_agent(agent) for agent in review.agents), class_="agents", aria_label="Agents")


def _agent(agent: AgentSummary) -> Markup:
    facts = [
        summary.plural(agent.finding_count, "finding"),
        f"{agent.units_done} of {summary.plural(agent.units, 'unit')}",
    ]
    return el(
        "li",
        el("p", el("strong", f"{agent.agent} agent"), f" {_AGENT_SHAPES.get(agent.status, '…')} {agent.status}"),
        el("p", " · ".join([*facts, *([", ".join(agent.engines)] if agent.engines else [])]), class_="quiet"),
        *(el("p", reason, class_="reason") for reason in agent.reasons),
        data_status=agent.status,
    )


def _findings(review: Review) -> Markup:
    found = summary.gravest_first(summary.counted(review))
    if not found:
        words = "No findings." if summary.is_whole(review) else "No findings, but not everything was examined."
        return joined([el("h2", "Findings"), el("p", words, class_="quiet")])
    counts = [
        el("li", f"{summary.SHAPES[severity]} {severity} ", el("b", str(number)), data_severity=str(severity))
        for severity, number in summary.by_severity(found).items()
    ]
    items = [finding_item(finding, opened=index == 0) for index, finding in enumerate(found)]
    return joined([el("h2", "Findings"), el("ul", *counts, class_="counts"), el("ol", *items, class_="findings")])


def _aside(review: Review) -> Markup | None:
    set_aside = summary.set_aside(review)
    if not set_aside:
        return None
    heading = el("summary", f"Not counted: {summary.plural(len(set_aside), 'finding')}")
    return el("details", heading, el("ul", *(_set_aside(finding) for finding in set_aside)), class_="box")


def _set_aside(finding: Finding) -> Markup:
    return el("li", el("code", place_of(finding)), f" {finding.title}: {why_set_aside(finding)}")


def _coverage(review: Review) -> Markup:
    gaps, usual = not_examined(review), left_out(review)
    rows = [el("tr", el("td", el("code", gap.path)), el("td", gap.why)) for gap in gaps]
    header = Markup('<thead><tr><th scope="col">File</th><th scope="col">Why</th></tr></thead>')
    table = el("table", header, el("tbody", *rows))
    missed = el("details", el("summary", f"Not examined ({len(gaps)})"), table, class_="box gap", open=True)
    listed = missed if gaps else el("p", "Nothing that should have been examined was left out.")
    return joined(
        [
            el("h2", "Coverage"),
            listed,
            el("p", f"Left out as usual: {', '.join(usual)}.", class_="quiet") if usual else None,
            el("p", text(f"Review {review.id}. Threshold: {review.options.fail_on}."), class_="quiet"),
        ]
    )

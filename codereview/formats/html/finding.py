"""One finding of the report."""

from codereview.domain.findings import CheckResult, Edit, Finding, FixChecks, TraceStep
from codereview.formats.html.markup import Markup, el, joined, link
from codereview.formats.phrases import said_by
from codereview.formats.places import deletes, lines_of, offered_edits, place_of, replacement_of, target_of
from codereview.formats.summary import SHAPES

_CHECK_SHAPES = {CheckResult.PASSED: "✓", CheckResult.FAILED: "✕", CheckResult.NOT_RUN: "–"}


def finding_item(finding: Finding, *, opened: bool) -> Markup:
    """A list item that unfolds without a script."""
    severity = el("span", f"{SHAPES[finding.severity]} {finding.severity}", class_="severity")
    heading = el("summary", severity, " ", el("strong", finding.title), " ", el("code", place_of(finding)))
    details = el("details", heading, _body(finding), open=opened)
    return el("li", details, id=finding.id, data_severity=str(finding.severity), data_fingerprint=finding.fingerprint)


def _body(finding: Finding) -> Markup:
    facts = [f"{finding.confidence} confidence", f"{finding.agent} agent"]
    if finding.symbol:
        facts.append(f"in {finding.symbol}")
    if not finding.in_diff:
        facts.append("outside the changed lines")
    scenario = el("p", el("strong", "What goes wrong: "), finding.failure_scenario, class_="scenario")
    return joined(
        [
            el("p", " · ".join(facts), class_="quiet"),
            el("p", finding.message, class_="why"),
            scenario if finding.failure_scenario else None,
            _code(finding),
            _trace(finding.trace),
            _fix(finding) if finding.fix is not None else None,
            _sources(finding),
        ]
    )


def _sources(finding: Finding) -> Markup:
    rule = link(finding.help_uri, finding.rule_id)
    return el("p", "Reported by ", said_by(finding), "; rule ", rule, _cwe(finding), ".")


def _cwe(finding: Finding) -> Markup | None:
    if finding.cwe is None:
        return None
    return joined([", ", link(f"https://cwe.mitre.org/data/definitions/{finding.cwe}.html", f"CWE-{finding.cwe}")])


def _code(finding: Finding) -> Markup | None:
    lines = lines_of(finding)
    if not lines:
        return None
    first = finding.start_line or 1
    rows = (joined([el("i", f"{number:>5}"), " ", _line(line), "\n"]) for number, line in enumerate(lines, start=first))
    return el("pre", el("code", *rows), tabindex="0", aria_label=f"Code of {finding.path}", role="region")


def _line(line: str) -> str:
    return line.expandtabs(4)


def _trace(trace: tuple[TraceStep, ...]) -> Markup | None:
    if not trace:
        return None
    steps = (el("li", *_step(step)) for step in trace)
    return joined([el("h3", "Data flow"), el("ol", *steps, class_="trace")])


def _step(step: TraceStep) -> list[Markup | str]:
    quoted = el("code", step.snippet.strip(), class_="quoted")
    return [el("code", f"{step.path}:{step.line}"), f" {step.message}", *([quoted] if step.snippet else [])]


def _fix(finding: Finding) -> Markup | None:
    fix = finding.fix
    if fix is None:
        return None
    heading = "Fix, proved" if fix.checks.proved else "Suggestion, not proved"
    edits = [part for edit in offered_edits(finding) for part in _edit(edit)]
    parts = [el("h3", heading), _badges(fix.checks), el("p", fix.description), *edits]
    return el("section", *parts, class_="fix", aria_label=heading)


def _edit(edit: Edit) -> list[Markup]:
    if deletes(edit):
        return [el("p", "Delete ", el("code", target_of(edit)))]
    return [el("p", "Replace ", el("code", target_of(edit))), _added(replacement_of(edit))]


def _added(replacement: str) -> Markup:
    rows = (joined([el("ins", f"+ {_line(line.removesuffix(chr(13)))}"), "\n"]) for line in replacement.split("\n"))
    return el("pre", el("code", *rows), tabindex="0", aria_label="New code", role="region")


def _badges(checks: FixChecks) -> Markup:
    results = {
        "applies": checks.applies,
        "parses": checks.parses,
        "clears the finding": checks.clears_finding,
        "adds none": checks.adds_none,
    }
    badges = (el("li", _badge(name, result), data_check=str(result)) for name, result in results.items())
    return el("ul", *badges, class_="badges", aria_label="Checks of the fix")


def _badge(name: str, result: CheckResult) -> str:
    said = f"{_CHECK_SHAPES[result]} {name}"
    return said if result is CheckResult.PASSED else f"{said}: {result}"

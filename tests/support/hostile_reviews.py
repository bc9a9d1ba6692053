"""Reviews as hypothesis imagines them, of code whose author wants to be seen where it should not be."""

from hypothesis import strategies as st
from support.builders import CREATED, PROVED, a_finding, a_review

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.findings import (
    Confidence,
    Edit,
    Finding,
    FindingStatus,
    Fix,
    FixChecks,
    Provenance,
    Severity,
    TraceStep,
)
from codereview.domain.reviews import AgentSummary, Review, ReviewOptions, ReviewStatus

#: Pieces of text that mean something to a terminal, a browser, a code host or a workflow's runner.
ATTACKS = (
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\x00",
    "\x7f",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "<script>alert(1)</script>",
    "</details>",
    "</summary>",
    "<!--",
    "<img src=x onerror=y>",
    "&lt;b&gt;",
    "@everyone",
    "#123",
    "GH-7",
    "```",
    "~~~~",
    "`",
    "``",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "[x]: https://evil.example",
    "https://evil.example/",
    "www.evil.example",
    "mail@evil.example",
    "*b*",
    "__b__",
    "$x$",
    "| a | b |",
    "# h",
    "1. x",
    "- x",
    "> q",
    "===",
    "---",
    "::error::x",
    "::add-mask::x",
    "##[add-mask]x",
    "%0A::error::x",
    "%250A",
    "{0}",
    "\\",
    "'",
    '"',
    "ü",
    "漢字",
    "😀",
    "e\u0301",
    "..",
    "a/b",
    "%2e%2e/",
    "?q=1#f",
    " ",
)


def hostile_text(max_pieces: int = 6) -> st.SearchStrategy[str]:
    """Attacks among ordinary words."""
    return st.lists(st.sampled_from(ATTACKS) | st.text(max_size=8), max_size=max_pieces).map("".join)


_text = hostile_text()
_path = st.lists(hostile_text(3), min_size=1, max_size=3).map("/".join).filter(lambda path: bool(path.strip("/")))
_line = st.integers(1, 5000)
_rules = st.sampled_from(("bandit/B602", "dataflow/sql-injection", "ruff/F821", "claude/logic"))
_checks = st.just(PROVED) | st.just(FixChecks())


@st.composite
def _edits(draw: st.DrawFn) -> Edit:
    first = draw(_line)
    return Edit(path=draw(_path), start_line=first, end_line=first + draw(st.integers(0, 4)), replacement=draw(_text))


@st.composite
def findings(draw: st.DrawFn, number: int = 0) -> Finding:
    """A finding. Its title starts with a word of its own, ``finding_mark(number)``."""
    start = draw(st.none() | _line)
    end = None if start is None else start + draw(st.integers(0, 20))
    return a_finding(
        fingerprint=f"{number:032x}",
        agent=draw(st.sampled_from(("security", "bug"))),
        rule_id=draw(_rules),
        title=f"{finding_mark(number)} {draw(_text)}",
        message=draw(_text),
        failure_scenario=draw(_text),
        severity=draw(st.sampled_from(Severity)),
        confidence=draw(st.sampled_from(Confidence)),
        cwe=draw(st.none() | st.sampled_from((22, 78, 79, 89, 798))),
        path=draw(_path),
        start_line=start,
        end_line=end,
        start_column=draw(st.none() | st.integers(1, 80)) if start else None,
        end_column=draw(st.none() | st.integers(1, 80)) if start else None,
        symbol=draw(_text),
        snippet="\n".join(draw(st.lists(_text, max_size=15))) if start else "",
        trace=draw(
            st.lists(st.builds(TraceStep, path=_path, line=_line, message=_text, snippet=_text), max_size=2).map(tuple)
        ),
        provenance=draw(
            st.lists(
                st.builds(
                    Provenance, source=_text, rule=_text, verdict=st.sampled_from(("", "refuted")), evidence=_text
                ),
                max_size=2,
            ).map(tuple)
        ),
        status=draw(st.sampled_from(FindingStatus)),
        suppression_reason=draw(_text),
        in_diff=draw(st.booleans()),
        help_uri=draw(st.sampled_from(("", "https://example.com/rule")) | _text),
        fix=draw(
            st.none()
            | st.builds(Fix, description=_text, edits=st.lists(_edits(), max_size=2).map(tuple), checks=_checks)
        ),
    )


def finding_mark(number: int) -> str:
    """The word by which a finding is found again in a report."""
    return f"mark{number}x"


_coverage = st.builds(
    CoverageEntry,
    path=_path,
    agent=st.sampled_from(("", "security", "bug")),
    state=st.sampled_from(CoverageState),
    reason=st.none() | st.sampled_from(SkipReason),
    detail=_text,
)
_agents = st.builds(
    AgentSummary,
    agent=st.sampled_from(("security", "bug")),
    status=st.sampled_from(("ok", "partial", "failed", "cancelled")),
    reasons=st.lists(_text, max_size=2).map(tuple),
    engines=st.lists(_text, max_size=2).map(tuple),
)


@st.composite
def reviews(draw: st.DrawFn, max_findings: int = 4) -> Review:
    """A review with outcome and verdict that go with its findings and its coverage."""
    count = draw(st.integers(0, max_findings))
    status = draw(st.sampled_from(ReviewStatus))
    return a_review(
        status=status,
        completed_at=CREATED + 1_220 if status.terminal else None,
        findings=tuple(draw(findings(number)) for number in range(count)),
        findings_hidden=draw(st.sampled_from((0, 0, 7))),
        coverage=tuple(draw(st.lists(_coverage, max_size=3))),
        agents=tuple(draw(st.lists(_agents, max_size=2))),
        notices=tuple(draw(st.lists(_text, max_size=2))),
        options=ReviewOptions(fail_on=draw(st.sampled_from(Severity))),
        model_ran=draw(st.booleans()),
        engine=draw(st.sampled_from(("static", "static+claude"))),
    )

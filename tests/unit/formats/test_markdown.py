"""Markdown for pull requests, as a Markdown parser and a code host read it."""

import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from support.builders import a_finding, a_fix, a_gap, a_review, a_traced_finding, covered
from support.hostile_reviews import reviews

from codereview.domain.findings import Edit, Fix, Severity
from codereview.domain.reviews import Review, ReviewStatus
from codereview.formats import render
from codereview.formats.markdown import LIMIT

#: Every tag that is ours; nothing else may look like one.
_TAGS = re.compile(r"</?(?:details|summary|b|code)>")
_PARSER = MarkdownIt("gfm-like", {"linkify": False})


def _report(*findings: object, **over: object) -> str:
    return render(a_review(findings=findings, **over), "markdown")


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_no_markup_of_the_code_takes_effect(review: Review) -> None:
    """The only HTML, links and headings are ours."""
    tokens = _PARSER.parse(render(review, "markdown"))
    flat = [*tokens, *(child for token in tokens for child in token.children or ())]
    for token in flat:
        assert token.type != "image"
        if token.type in ("html_block", "html_inline"):
            assert "<" not in _TAGS.sub("", token.content)
        if token.type == "link_open":
            assert re.match(r"https://(cwe\.mitre\.org/data|example\.com/rule)|https?://[\w.]+/?$", token.attrs["href"])
    headings = [flat[place + 1].content for place, token in enumerate(flat) if token.type == "heading_open"]
    assert {heading for heading in headings if not heading.startswith(("❌", "✅", "⚠️"))} <= {
        "Findings",
        "Not examined",
        "Notices",
    }


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_what_is_folded_unfolds(review: Review) -> None:
    """Every <details> ends, and none ends early."""
    depth = 0
    for token in _PARSER.parse(render(review, "markdown")):
        if token.type == "html_block":
            depth += token.content.count("<details>") - token.content.count("</details>")
            assert depth in (0, 1)
    assert depth == 0


@settings(max_examples=40, deadline=None)
@given(review=reviews())
def test_nobody_is_mentioned(review: Review) -> None:
    """A mention would notify whoever the author of the code names. Code hosts read none in code."""
    for token in _PARSER.parse(render(review, "markdown")):
        for child in token.children or ():
            if child.type in ("text", "text_special"):
                assert not re.search(r"@\w", child.content)
        if token.type == "html_block":
            assert not re.search(r"@\w", token.content)


@pytest.mark.parametrize(
    ("review", "heading"),
    [
        (a_review(findings=()), "## ✅ codereview: Passed: everything was examined, nothing was found"),
        (a_review(), "## ❌ codereview: Findings: everything was examined, there are findings at or above high"),
        (
            a_review(findings=(), coverage=(a_gap(), covered())),
            "## ⚠️ codereview: Incomplete: not everything was examined",
        ),
        (
            a_review(findings=(), status=ReviewStatus.FAILED),
            "## ⚠️ codereview: Failed: the review failed, this result is incomplete",
        ),
    ],
)
def test_the_answer_comes_first(review: Review, heading: str) -> None:
    """An incomplete review is as visible as one with findings."""
    assert render(review, "markdown").splitlines()[0] == heading


def test_the_gravest_finding_comes_first() -> None:
    """A reader may stop after the first."""
    report = _report(a_finding(title="minor thing", severity=Severity.LOW), a_finding(title="grave thing"))
    assert report.index("grave thing") < report.index("minor thing")


def test_the_table_counts_every_severity() -> None:
    """In words and shapes."""
    report = _report(a_finding(), a_finding(start_line=9, severity=Severity.LOW))
    for row in ("| ‼ critical | 0 |", "| ▲ high | 1 |", "| ■ medium | 0 |", "| ● low | 1 |", "| ○ info | 0 |"):
        assert row in report


def test_a_finding_has_its_code_its_flow_and_its_fix() -> None:
    """All there is to judge it by."""
    report = _report(a_traced_finding(fix=a_fix()))
    assert "```python\n    rows = db.execute(" in report
    assert '1. `shop/views.py:38` read from the request: `name = request.args["name"]`' in report
    assert "**Fix** (proved: applies, parses, clears the finding, adds none): Pass the name as a parameter." in report
    assert "Replace `shop/views.py:42` by:" in report
    assert "[CWE-89](https://cwe.mitre.org/data/definitions/89.html)" in report


def test_an_unproved_fix_is_text_only() -> None:
    """No code is offered to be pasted."""
    report = _report(a_finding(fix=Fix(description="Use a parameter.", edits=a_fix().edits)))
    assert "not proved: applies not run" in report
    assert "Replace `" not in report


def test_a_fix_that_deletes_says_so() -> None:
    """An empty block would say nothing."""
    edit = Edit(path="shop/views.py", start_line=42, end_line=44, replacement="")
    assert "Delete `shop/views.py:42-44`." in _report(a_finding(fix=a_fix(edits=(edit,))))


def test_code_cannot_break_out_of_its_block() -> None:
    """The fence grows with the code."""
    report = _report(a_finding(snippet="x = '''\n````\n</details> @everyone\n"))
    assert "`````python\nx = '''\n````\n</details> @everyone\n\n`````" in report


def _long(count: int) -> list[object]:
    return [
        a_finding(title=f"mark{n}x", path=f"src/module_{n}.py", message="@evil <b> [x](y) " * 60) for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 40, 200, 2_000])
def test_a_report_is_never_longer_than_a_comment_may_be(count: int) -> None:
    """And says how many findings it shortened, and how many it left out: together they are all."""
    report = _report(*_long(count))
    assert len(report) <= LIMIT
    shown = len(re.findall(r"mark\d+x", report))
    dropped = re.search(r"([\d,]+) findings? of [\d,]+ not listed", report)
    assert shown + (int(dropped[1].replace(",", "")) if dropped else 0) == count
    briefly = re.search(r"([\d,]+) findings? of [\d,]+ in one line only", report)
    assert report.count("<details><summary>▲") == shown - (int(briefly[1].replace(",", "")) if briefly else 0)
    assert ("Cut to fit a comment" in report) == (shown < count or bool(briefly))


def test_a_cut_report_keeps_the_gravest_findings_whole() -> None:
    """What has to go is what matters least."""
    findings = [*_long(300), a_finding(title="the worst", severity=Severity.CRITICAL, message="word " * 500)]
    report = _report(*findings)
    assert "<summary>‼ <b>critical</b> · the worst" in report


def test_the_lists_beside_the_findings_are_bounded_too() -> None:
    """Thousands of files that were not examined, with hostile names, leave room for the findings."""
    gaps = tuple(a_gap(f"dir/{'`<@&_*' * 20}{n}.py", detail="<" * 500) for n in range(3_000))
    notices = tuple(f"{'@' * 200}{n}" for n in range(500))
    report = _report(a_finding(title="mark0x"), coverage=(covered(), *gaps), notices=notices)
    assert len(report) <= LIMIT
    assert "mark0x" in report
    assert re.search(r"… and [\d,]+ more; the JSON and SARIF reports have everything", report)

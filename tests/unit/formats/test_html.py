"""The report as one HTML file: it acts on nothing, and reviewed code cannot act in it."""

import re
from html.parser import HTMLParser

from hypothesis import given, settings
from support.builders import a_finding, a_fix, a_gap, a_review, a_traced_finding, covered
from support.hostile_reviews import reviews

from codereview.domain.findings import CheckResult, FixChecks
from codereview.domain.reviews import Review
from codereview.formats import FORMATS, render

ALLOWED = set(
    re.findall(
        r"\w+",
        "html head meta title style body main section h1 h2 h3 p span strong b i a ul ol li details summary code pre "
        "ins table thead tbody tr th td",
    )
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def _read(review: Review) -> _Reader:
    reader = _Reader()
    reader.feed(render(review, "html"))
    return reader


@settings(max_examples=25, deadline=None)
@given(review=reviews())
def test_reviewed_code_makes_no_markup(review: Review) -> None:
    """Whatever a path or a message says, only our own elements are there, and links go to the web."""
    reader = _read(review)
    assert reader.tags <= ALLOWED
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value.startswith(("http://", "https://")) for name, value in reader.attributes if name == "href")


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    """The same policy in the file and from the server."""
    policy = dict(_read(a_review()).attributes)
    assert FORMATS["html"].policy in policy.values() or FORMATS["html"].policy in render(a_review(), "html")
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'",
        FORMATS["html"].policy,
    )


def test_what_was_not_examined_and_why_stands_above_the_findings() -> None:
    """A gap is the first thing to know."""
    report = render(a_review(findings=(a_finding(),), coverage=(covered(), a_gap())), "html")
    assert report.index("Incomplete") < report.index("SQL injection")
    assert "ruff took longer than 60 s" in report


def test_a_data_flow_is_listed_step_by_step_with_its_code() -> None:
    """From the source to the sink."""
    report = render(a_review(findings=(a_traced_finding(),)), "html")
    steps = ["read from the request", "name = request.args", "shop/views.py:42</code> reaches the database"]
    assert sorted(steps, key=report.index) == steps


def test_only_a_proved_fix_shows_new_code() -> None:
    """Any other is a sentence with the checks it failed."""
    proved = render(a_review(findings=(a_finding(fix=a_fix()),)), "html")
    assert "<ins>+" in proved
    doubtful = a_fix(checks=FixChecks(applies=CheckResult.PASSED, parses=CheckResult.FAILED))
    report = render(a_review(findings=(a_finding(fix=doubtful),)), "html")
    assert "<ins>" not in report
    assert "Suggestion, not proved" in report
    assert "parses: failed" in report

"""Columns, wrapping, cutting, and carets that stand under what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import a_finding
from support.hostile_reviews import hostile_text

from codereview.domain.visible import visible
from codereview.formats.frame import frame
from codereview.formats.layout import cells, columns_of, cut, joined, wrapped
from codereview.formats.terminal import Ink


def _frame(snippet: str, start: int | None, end: int | None, width: int = 80, **over: object) -> list[str]:
    finding = a_finding(snippet=snippet, start_column=start, end_column=end, **over)
    return list(frame(finding, width=width, ink=Ink(color=False), indent=""))


@given(hostile_text(12), st.integers(20, 100))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    """Only white space is given up."""
    lines = wrapped(text, width, indent="  ", hanging="    ")
    assert all(columns_of(line) <= width for line in lines)
    shown = visible(text.replace("\r\n", "\n").expandtabs(4), keep="\n")
    assert "".join("".join(lines).split()) == "".join(shown.split())


@given(hostile_text(20), st.integers(10, 60), st.integers(0, 200))
def test_a_cut_line_fits_and_shows_its_focus(line: str, width: int, focus: int) -> None:
    """However wide its characters are."""
    row = cells(line.replace("\n", ""))
    first, last = cut(row, width, focus)
    text, _ = joined(row, first, last)
    assert columns_of(text) <= width
    if row:
        assert first <= min(focus, len(row) - 1) < last


@pytest.mark.parametrize(
    ("line", "start", "end", "under"),
    [
        ("x = eval(data)", 5, 15, "eval(data)"),
        ("\tx = eval(data)", 6, 16, "eval(data)"),
        ("漢字 = eval(data)", 6, 16, "eval(data)"),
        ("e\u0301 = eval(data)", 6, 16, "eval(data)"),
        ('s = "\x1b[0m" + eval(data)', 14, 24, "eval(data)"),
        ("x = eval(data)", 5, None, "e"),
        ("    eval(data)   ", None, None, "eval(data)"),
        ("eval(data)", 5, 99, "(data)"),
    ],
)
def test_the_caret_stands_under_the_place(line: str, start: int | None, end: int | None, under: str) -> None:
    """Whatever stands before it: tabs, wide and combining characters, characters that had to be escaped."""
    code, carets = _frame(line, start, end)
    before = columns_of(carets[: carets.index("^")])
    text, column = "", 0
    for char in code:
        column += columns_of(char)
        if before < column <= before + carets.count("^"):
            text += char
    assert text == under


def test_a_long_line_is_cut_around_its_column() -> None:
    """The place is in view, and the ellipses say that there is more."""
    line = f"{'a' * 300} eval(data) {'b' * 300}"
    code, carets = _frame(line, 302, 312, width=60)
    assert "eval(data)" in code
    assert code.count("…") == 2
    assert columns_of(code) <= 60
    assert code[carets.index("^") :][:10] == "eval(data)"


def test_a_finding_over_many_lines_shows_how_it_begins() -> None:
    """And where it ends."""
    snippet = "\n".join(f"line {n}" for n in range(15))
    lines = _frame(snippet, None, None, start_line=8, end_line=60)
    assert lines == [
        " 8 │ line 0",
        "   │ ^^^^^^",
        " 9 │ line 1",
        "10 │ line 2",
        "11 │ line 3",
        "12 │ line 4",
        "13 │ line 5",
        "   ⋮ to line 60",
    ]


def test_a_secret_is_underlined_as_a_whole() -> None:
    """Its columns are those of the line before it was masked."""
    code, carets = _frame('TOKEN = "gh********"', 10, 50, cwe=798)
    assert carets.count("^") == len('TOKEN = "gh********"')
    assert code.endswith('TOKEN = "gh********"')


def test_nothing_quoted_is_no_frame() -> None:
    """A finding about a whole file."""
    assert list(frame(a_finding(start_line=None), width=80, ink=Ink(color=False))) == []

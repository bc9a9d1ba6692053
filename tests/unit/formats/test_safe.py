"""The functions that make text of reviewed code harmless."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.hostile_reviews import hostile_text

from codereview.formats.safe import (
    command_data,
    command_property,
    html_text,
    log_line,
    markdown_code,
    markdown_fence,
    markdown_text,
    one_line,
    path_uri,
    visible,
    web_link,
)

_MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
_PLAIN = {"text", "paragraph_open", "paragraph_close", "inline", "text_special"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode 漢字 😀", "plain text, ünïcode 漢字 😀"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("admin\u202e\u2066", r"admin\u202e\u2066"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\ud800", r"\ud800"),
        ("a\nb\tc", r"a\x0ab\x09c"),
    ],
)
def test_control_and_bidirectional_characters_become_visible(text: str, shown: str) -> None:
    """What could act becomes something to read."""
    assert visible(text) == shown


def test_a_line_break_is_kept_only_where_asked_for() -> None:
    """Messages have lines; paths do not."""
    assert visible("a\nb\r", keep="\n") == "a\nb\\x0d"


def test_prose_is_folded_onto_one_line_and_cut() -> None:
    """For headings and lists."""
    assert one_line("  a\n\n b\tc ") == "a b c"
    assert one_line("abcdefgh", 4) == "abc…"


# --- Markdown ---


def _rendered(inline: str) -> tuple[set[str], str]:
    """The kinds of tokens a Markdown text is made of, and the text a reader sees."""
    tokens = _MARKDOWN.parse(inline)
    flat = [*tokens, *(child for token in tokens for child in token.children or ())]
    seen = "".join(child.content for token in tokens for child in token.children or ())
    return {token.type for token in flat}, seen.replace("\u200b", "")


@given(hostile_text())
def test_text_in_markdown_is_nothing_but_text(text: str) -> None:
    """A parser finds neither markup nor HTML in it, and a reader sees what was there."""
    kinds, seen = _rendered(markdown_text(text))
    assert kinds <= _PLAIN
    # A parser takes wide spaces off the ends.
    assert seen.strip() == one_line(text).strip()


@given(hostile_text())
def test_text_in_a_list_is_nothing_but_text(text: str) -> None:
    """A list item starts a block of its own, in which other blocks could start."""
    kinds, _ = _rendered(f"- {markdown_text(text)}\n- end")
    assert kinds <= _PLAIN | {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}


@given(hostile_text())
def test_code_in_markdown_is_one_code_span(text: str) -> None:
    """Backticks in a path cannot end the span."""
    kinds, seen = _rendered(f"see {markdown_code(text)} there")
    assert kinds <= _PLAIN | {"code_inline"}
    assert seen == f"see {visible(text) or ' '} there"


@given(st.lists(hostile_text(), max_size=4).map("\n".join))
def test_code_in_a_fence_cannot_end_the_fence(code: str) -> None:
    """However many backticks the code has."""
    tokens = _MARKDOWN.parse(f"{markdown_fence(code, 'python')}\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].info == "python"


@pytest.mark.parametrize("text", ["@everyone", "see @org/team!", "#12", "GH-12", "x@y.z", "http://a.b", "www.a.b"])
def test_mentions_references_and_links_are_broken(text: str) -> None:
    """A code host links these after Markdown is done, so that escaping them for Markdown is not enough."""
    pattern = re.compile(r"@\w|#\d|GH-\d|://|www\.")
    for made in (markdown_text(text), html_text(text)):
        assert pattern.search(text)
        assert not pattern.search(html.unescape(made).replace("\\", ""))


@given(hostile_text())
def test_text_in_html_is_nothing_but_text(text: str) -> None:
    """For the first line of a folded finding, which is HTML."""
    made = html_text(text)
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt|#8203);)", made)
    assert "\n" not in made
    assert html.unescape(made).replace("\u200b", "") == one_line(text).replace("\u200b", "")


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("https://docs.example.org/rules/B602.html#more?x=1&y=2", True),
        ("http://localhost:8080/", True),
        ("javascript:alert(1)", False),
        ("https://a.b/c) [x](https://evil", False),
        ("https://a.b/\n", False),
        ("https://a.b/ü", False),
        ("https://user@evil.example", False),
        ("", False),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(uri: str, taken: bool) -> None:
    """Whatever else stands there is left out."""
    assert web_link(uri) == (uri if taken else "")


# --- workflow commands and addresses ---


@given(hostile_text())
def test_a_commands_message_and_properties_stay_within_their_line(text: str) -> None:
    """No line break, no separator and no end of the properties comes of the text."""
    assert not set(command_data(text)) & set("\r\n")
    assert not set(command_property(text)) & set("\r\n:,")


@given(hostile_text())
def test_a_commands_message_survives_its_runner(text: str) -> None:
    """The runner undoes the escapes in this order, the percent sign last."""
    undone = command_data(text).replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert undone == visible(text, keep="\n")


@given(hostile_text())
def test_no_line_of_the_log_is_a_command(text: str) -> None:
    """A runner takes "::" at the start of a line, and "##[" anywhere in it, for a command."""
    line = log_line(text)
    assert not line.lstrip().startswith("::")
    assert "##[" not in line


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/app.py", "src/app.py"),
        ("a b/ü#1?.py", "a%20b/%C3%BC%231%3F.py"),
        ("100%.py", "100%25.py"),
        ("c:evil.py", "c%3Aevil.py"),
        ("//host/x.py", "host/x.py"),
        ("\ud800.py", "%ED%A0%80.py"),
    ],
)
def test_a_path_becomes_a_relative_address(path: str, uri: str) -> None:
    """Never one with a scheme, a host, a query or a fragment."""
    assert path_uri(path) == uri

"""The formats there are."""

import pytest
from support.builders import a_review

from codereview.formats import FORMATS, render


def test_these_are_the_formats() -> None:
    """Their names are part of the command line and of the API."""
    assert list(FORMATS) == ["text", "json", "sarif", "markdown", "html", "github", "gitlab", "rdjson"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_ends_with_one_line_break(name: str) -> None:
    """It is printed, redirected and concatenated."""
    report = render(a_review(), name)
    assert report.endswith("\n")
    assert not report.endswith("\n\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_knows_its_media_type_its_suffix_and_its_purpose(name: str) -> None:
    """For the web server, the file dialog and the help."""
    known = FORMATS[name]
    assert "/" in known.media_type
    assert known.suffix.startswith(".")
    assert known.purpose


def test_an_unknown_format_is_an_error() -> None:
    """Whoever takes the name from outside checks it against the registry."""
    with pytest.raises(KeyError):
        render(a_review(), "pdf")

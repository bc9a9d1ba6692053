"""The small objects that SARIF is made of."""

from typing import Any

from codereview.domain.findings import Severity
from codereview.domain.visible import visible
from codereview.formats.places import Span
from codereview.formats.safe import path_uri

Json = dict[str, Any]

#: The base of every address in the log: whoever reads it knows where the project is.
ROOT = "%SRCROOT%"

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}


def text(message: str) -> Json:
    """A message in plain text, in which nothing is taken for a link: "[…](…)" is one in SARIF."""
    return {"text": visible(message, keep="\n\t").replace("](", "] (")}


def artifact(path: str) -> Json:
    """A file of the project."""
    return {"uri": path_uri(path), "uriBaseId": ROOT}


def region(span: Span, snippet: str = "") -> Json:
    """A range of a file, with its text where it is known."""
    made: Json = {"startLine": span.start_line, "endLine": span.end_line}
    if span.start_column is not None:
        made["startColumn"] = span.start_column
    if span.end_column is not None:
        made["endColumn"] = span.end_column
    if snippet:
        made["snippet"] = {"text": snippet}
    return made


def location(path: str, span: Span | None = None, snippet: str = "") -> Json:
    """A place in a file, or the file as a whole."""
    place: Json = {"artifactLocation": artifact(path)}
    if span is not None:
        place["region"] = region(span, snippet)
    return {"physicalLocation": place}

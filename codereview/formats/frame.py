"""The code frame of a terminal report: the quoted lines with their numbers, and a caret under the place."""

from collections.abc import Iterator

from codereview.domain.findings import Finding
from codereview.formats.layout import cells, cut, joined
from codereview.formats.places import Span, lines_of, span_of
from codereview.formats.terminal import Ink

#: Lines of a frame; a finding about a whole function shows how it begins.
MAX_LINES = 6


def frame(finding: Finding, *, width: int, ink: Ink, indent: str = "    ") -> Iterator[str]:
    """The lines of the frame; none when nothing is quoted."""
    span, lines = span_of(finding), lines_of(finding)
    if span is None or not lines:
        return
    shown = lines[:MAX_LINES]
    digits = len(str(span.start_line + len(shown) - 1))
    room = max(10, width - len(indent) - digits - len(" │ "))
    blank = " " * digits
    for offset, line in enumerate(shown):
        focus = (span.start_column or 1) - 1 if offset == 0 else 0
        text, carets = _numbered(line, span if offset == 0 else None, focus, room)
        yield f"{indent}{ink.dim(f'{span.start_line + offset:>{digits}} │')} {text}".rstrip()
        if carets:
            yield f"{indent}{ink.dim(f'{blank} │')} {ink.severity(carets, finding.severity)}"
    if len(lines) > len(shown) or span.end_line - span.start_line + 1 > len(lines):
        yield f"{indent}{ink.dim(f'{blank} ⋮')} to line {span.end_line}"


def _numbered(line: str, span: Span | None, focus: int, room: int) -> tuple[str, str]:
    """A line cut to the room, and the carets under it ("" without a span)."""
    row = cells(line)
    first, last = cut(row, room, focus)
    text, lead = joined(row, first, last)
    if span is None:
        return text, ""
    start, end = _marked(line, span)
    start, end = max(start, first), min(end, last)
    before = lead + sum(cell.columns for cell in row[first:start])
    carets = sum(cell.columns for cell in row[start:end])
    return text, " " * before + "^" * max(1, carets)


def _marked(line: str, span: Span) -> tuple[int, int]:
    """The characters [start, end) to underline; without columns, the line without its indentation."""
    if span.start_column is None:
        return len(line) - len(line.lstrip()), len(line.rstrip())
    start = min(span.start_column - 1, len(line))
    if span.end_line > span.start_line:
        return start, len(line.rstrip())
    return start, min(span.end_column - 1 if span.end_column is not None else start + 1, len(line))

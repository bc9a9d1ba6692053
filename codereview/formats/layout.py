"""Fitting text into the columns of a terminal, where a character takes none, one or two of them."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codereview.domain.visible import visible

TAB = 4
_ELLIPSIS = "…"


def width_of(char: str) -> int:
    """Columns a printable character takes."""
    if char.isascii():
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def columns_of(text: str) -> int:
    """Columns a printable text takes."""
    return len(text) if text.isascii() else sum(map(width_of, text))


def wrapped(text: str, width: int, *, indent: str = "", hanging: str | None = None) -> list[str]:
    """The text in lines of at most ``width`` columns; its own line breaks are kept, everything else `visible`."""
    following = indent if hanging is None else hanging
    lines: list[str] = []
    for paragraph in text.replace("\r\n", "\n").split("\n"):
        lines += _paragraph(paragraph, width, following if lines else indent, following)
    return lines


def _paragraph(text: str, width: int, indent: str, hanging: str) -> Iterator[str]:
    line, used = indent, columns_of(indent)
    empty = True
    for piece in _pieces(visible(text.expandtabs(TAB)).split(" "), max(1, width - columns_of(hanging))):
        needed = columns_of(piece) + (0 if empty else 1)
        if not empty and used + needed > width:
            yield line
            line, used, empty = hanging, columns_of(hanging), True
            needed = columns_of(piece)
        line += piece if empty else f" {piece}"
        used += needed
        empty = False
    yield line.rstrip()


def _pieces(words: Iterable[str], width: int) -> Iterator[str]:
    """The words, those wider than a line in pieces."""
    for word in words:
        if columns_of(word) <= width:
            yield word
            continue
        piece, used = "", 0
        for char in word:
            if used + width_of(char) > width and piece:
                yield piece
                piece, used = "", 0
            piece += char
            used += width_of(char)
        yield piece


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands for one character of source: a tab is several columns, a control character its escape."""

    shown: str
    columns: int


def cells(line: str) -> list[Cell]:
    """One cell per character of a line of source."""
    made: list[Cell] = []
    column = 0
    for char in line:
        shown = " " * (TAB - column % TAB) if char == "\t" else visible(char)
        cell = Cell(shown, columns_of(shown))
        made.append(cell)
        column += cell.columns
    return made


def cut(row: Sequence[Cell], width: int, focus: int) -> tuple[int, int]:
    """The cells [first, last) that fit ``width`` columns with the ellipses where the rest was, around ``focus``."""
    if sum(cell.columns for cell in row) <= width:
        return 0, len(row)
    room = width - 2 * columns_of(_ELLIPSIS)
    first = last = max(0, min(focus, len(row) - 1))
    used = 0
    # What stands before the focus explains it: a third of the room, then everything after, then the rest before.
    for limit, step in ((room // 3, -1), (room, 1), (room, -1)):
        while (first > 0) if step < 0 else (last < len(row)):
            candidate = row[first - 1] if step < 0 else row[last]
            if used + candidate.columns > limit:
                break
            used += candidate.columns
            first, last = (first - 1, last) if step < 0 else (first, last + 1)
    return first, last


def joined(row: Sequence[Cell], first: int, last: int) -> tuple[str, int]:
    """The text of cells [first, last) of a row with ellipses, and the columns of the ellipsis before it."""
    lead = _ELLIPSIS if first > 0 else ""
    trail = _ELLIPSIS if last < len(row) else ""
    return lead + "".join(cell.shown for cell in row[first:last]) + trail, columns_of(lead)

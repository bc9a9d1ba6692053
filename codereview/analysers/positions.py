"""From the positions tools print to lines and columns in characters."""

from bisect import bisect_right
from functools import cached_property

from codereview.domain.sources import SourceFile


class Positions:
    """Converts offsets and columns counted in bytes of UTF-8; lines and columns it returns are 1-based."""

    def __init__(self, file: SourceFile) -> None:
        self._text = file.text

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._text.encode("utf-8", "surrogatepass").split(b"\n")

    @cached_property
    def _starts(self) -> list[int]:
        """Offset of the first byte of each line."""
        starts = [0]
        for line in self._lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the byte at ``offset`` (0-based); one past the end counts as the end."""
        line = bisect_right(self._starts, max(offset, 0))
        return line, self._characters(line, offset - self._starts[line - 1]) + 1

    def column(self, line: int, byte_column: int) -> int | None:
        """Column of the byte ``byte_column`` (0-based) of a line; None when there is no such line."""
        return self._characters(line, byte_column) + 1 if 1 <= line <= len(self._lines) else None

    def _characters(self, line: int, count: int) -> int:
        """How many characters the first ``count`` bytes of a line are."""
        return len(self._lines[line - 1][: max(count, 0)].decode("utf-8", "replace"))

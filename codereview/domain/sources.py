"""The code under review, after it was read and before it is split."""

from pydantic import NonNegativeInt, PositiveInt

from codereview.domain.coverage import CoverageEntry
from codereview.domain.model import Model


class LineRange(Model):
    """Lines ``start``..``end``, 1-based and inclusive."""

    start: PositiveInt
    end: PositiveInt

    def __contains__(self, line: int) -> bool:
        return self.start <= line <= self.end


class Removal(Model):
    """Lines a diff took away. They stood before what is now line ``before`` (one past the last line at the end)."""

    before: PositiveInt
    text: str


class SourceFile(Model):
    """One text file.

    ``path`` is relative to the root of what is reviewed, with forward slashes. ``text`` keeps its line endings.
    ``changed`` holds the lines a diff added or modified; None means the whole file is under review. ``sparse``
    says that only a diff's hunks were given and the other lines stand empty. ``removed`` holds what a diff took away.
    """

    path: str
    text: str
    language: str = ""
    changed: tuple[LineRange, ...] | None = None
    sparse: bool = False
    removed: tuple[Removal, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines without their endings; split at \\n only, as every line number here counts."""
        return [line.removesuffix("\r") for line in self.text.split("\n")]

    @property
    def size(self) -> int:
        """Bytes of UTF-8."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    def is_changed(self, first: int, last: int) -> bool:
        """Whether any of the lines first..last was changed."""
        return self.changed is None or any(r.start <= last and first <= r.end for r in self.changed)

    def touches_removal(self, first: int, last: int) -> bool:
        """Whether lines were taken away within, just before or just behind the lines first..last."""
        return any(first <= removal.before <= last + 1 for removal in self.removed)


class Sources(Model):
    """Everything read for one review: the files to examine, and what was left out with the reason."""

    files: tuple[SourceFile, ...] = ()
    skipped: tuple[CoverageEntry, ...] = ()
    #: What was reviewed, in words: "snippet app.py", "3 files", "diff main...HEAD".
    label: str = ""


class Batch(Model):
    """The files one unit of work looks at. ``context`` files are read but not reported on."""

    id: str
    files: tuple[SourceFile, ...]
    context: tuple[SourceFile, ...] = ()


class SourceSummary(Model):
    """What was submitted, for lists and reports: no code."""

    label: str = ""
    files: NonNegativeInt = 0
    lines: NonNegativeInt = 0
    languages: tuple[str, ...] = ()
    revision: str = ""

"""Cutting a batch into chunks a model reads at once: at declarations, the most sensitive first."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from codereview.domain.sources import SourceFile
from codereview.syntax.languages import PROGRAMMING
from codereview.syntax.outline import outline_of

Estimate = Callable[[str], int]

#: Data languages whose files configure what runs; a model reads them as it reads programs.
_CONFIGURATION = frozenset({"yaml", "toml", "ini", "html", "xml", "graphql", "protobuf"})
#: Lines of a change, or of a whole submission, that need no more than one cheap look, if nothing in them is sensitive.
_TRIVIAL_LINES = 10
#: Words in a path or in code that say: a mistake here is a security hole.
_SENSITIVE = re.compile(
    r"auth|login|logout|passw|secret|token|session|cookie|csrf|permission|role|admin|crypt|cipher|hash|sign(?:ed|ature)"
    r"|exec|eval|system\(|subprocess|popen|shell|select .* from|insert into|cursor|query|deseriali|pickle|yaml\.load"
    r"|unmarshal|redirect|upload|open\(|urlopen|requests\.|fetch\(|http\.|innerhtml|render|template|payment|balance",
    re.IGNORECASE,
)


class Tier(IntEnum):
    """How much a chunk is worth looking at."""

    TRIVIAL = 0
    ORDINARY = 1
    SENSITIVE = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines ``first``..``last`` (1-based, inclusive) of a file."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one call looks at. ``tokens`` is the estimate for its code."""

    id: str
    segments: tuple[Segment, ...]
    tokens: int
    tier: Tier = Tier.ORDINARY

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it has lines of, each once."""
        return tuple(dict.fromkeys(segment.path for segment in self.segments))

    def contains(self, path: str, line: int) -> bool:
        """Whether the line is in it."""
        return any(s.path == path and s.first <= line <= s.last for s in self.segments)

    def halves(self, estimate: Callable[[Segment], int]) -> "tuple[Chunk, ...]":
        """Two chunks of about half the size; one line cannot be divided, and gives none."""
        if len(self.segments) > 1:
            middle = len(self.segments) // 2
            parts = [self.segments[:middle], self.segments[middle:]]
        else:
            (only,) = self.segments
            if only.first == only.last:
                return ()
            middle = (only.first + only.last) // 2
            parts = [(Segment(only.path, only.first, middle),), (Segment(only.path, middle + 1, only.last),)]
        return tuple(
            Chunk(f"{self.id}{half}", tuple(part), sum(map(estimate, part)), self.tier)
            for half, part in zip("ab", parts, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """The chunks, and the files of which a piece is too large for any."""

    chunks: tuple[Chunk, ...]
    too_large: tuple[Segment, ...] = ()


def readable(file: SourceFile) -> bool:
    """Whether a model is asked about files of this kind: programs and configuration, not prose and data."""
    return file.language in PROGRAMMING or file.language in _CONFIGURATION


def cut(files: Iterable[SourceFile], *, tokens: int, estimate: Estimate, hot: Callable[[str], bool]) -> Cut:
    """The files in chunks of at most ``tokens`` each.

    Of a file under review as a whole every line is in exactly one chunk; of a changed file that does not fit into
    one, the pieces that hold a change. ``hot`` says of a path that an analyser reported something grave in it. The
    most sensitive chunks come first, so that a budget is spent where it matters; otherwise the order is by path.
    """
    by_path = {file.path: file for file in files if readable(file)}
    chunks: list[list[tuple[Segment, int]]] = []
    too_large: list[Segment] = []
    for path in sorted(by_path):
        for segment, size in _segments(by_path[path], tokens, estimate):
            if size > tokens:
                too_large.append(segment)
            elif chunks and sum(s for _, s in chunks[-1]) + size <= tokens:
                chunks[-1].append((segment, size))
            else:
                chunks.append([(segment, size)])
    made = [
        Chunk(f"c{number:03}", tuple(segment for segment, _ in parts), sum(size for _, size in parts))
        for number, parts in enumerate(chunks, start=1)
    ]
    rated = [Chunk(c.id, c.segments, c.tokens, _tier(c, by_path, hot)) for c in made]
    return Cut(tuple(sorted(rated, key=lambda chunk: (-chunk.tier, chunk.id))), tuple(too_large))


def text_of(segment: Segment, file: SourceFile) -> str:
    """The segment's lines."""
    return "\n".join(file.lines[segment.first - 1 : segment.last])


def _segments(file: SourceFile, tokens: int, estimate: Estimate) -> Iterator[tuple[Segment, int]]:
    lines = file.lines
    total = len(lines) - 1 if len(lines) > 1 and not lines[-1] else len(lines)
    if file.changed == () and not file.removed:
        return
    if file.sparse:
        known = _runs([number for number, line in enumerate(lines, start=1) if line])
        pieces = [Segment(file.path, first, last) for first, last in known]
    else:
        pieces = [Segment(file.path, 1, total)]
    for piece in pieces:
        size = estimate(text_of(piece, file))
        if size <= tokens:
            yield piece, size
            continue
        for part in _parts(piece, file, tokens, estimate):
            if file.changed is None or file.is_changed(part.first, part.last) or _lost(file, part):
                yield part, estimate(text_of(part, file))


def _lost(file: SourceFile, part: Segment) -> bool:
    return file.touches_removal(part.first, part.last)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number <= runs[-1][1] + 3:  # a gap of an empty line or two is no gap
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _parts(whole: Segment, file: SourceFile, tokens: int, estimate: Estimate) -> Iterator[Segment]:
    """The segment cut before declarations, as few times as fits; within one that is itself too large, before those
    inside it, and at last between any two lines."""
    starts = {d.start_line for d in outline_of(file).declarations if whole.first < d.start_line <= whole.last}
    borders = [whole.first, *sorted(starts), whole.last + 1]
    sizes = [estimate(line) + 1 for line in file.lines]
    first, size = whole.first, 0
    for start, end in pairwise(borders):
        own = sum(sizes[start - 1 : end - 1])
        if size and size + own > tokens:
            yield Segment(whole.path, first, start - 1)
            first, size = start, 0
        if own <= tokens:
            size += own
            continue
        for line in range(start, end):
            if size and size + sizes[line - 1] > tokens:
                yield Segment(whole.path, first, line - 1)
                first, size = line, 0
            size += sizes[line - 1]
    yield Segment(whole.path, first, whole.last)


def _tier(chunk: Chunk, files: dict[str, SourceFile], hot: Callable[[str], bool]) -> Tier:
    if any(hot(path) for path in chunk.paths):
        return Tier.SENSITIVE
    texts = [_asked_about(segment, files[segment.path]) for segment in chunk.segments]
    if any(_SENSITIVE.search(segment.path) for segment in chunk.segments) or any(map(_SENSITIVE.search, texts)):
        return Tier.SENSITIVE
    asked = sum(len([line for line in text.split("\n") if line.strip()]) for text in texts)
    return Tier.TRIVIAL if asked <= _TRIVIAL_LINES else Tier.ORDINARY


def _asked_about(segment: Segment, file: SourceFile) -> str:
    """The lines under review: all of a whole file's, the changed and removed ones of a diff's."""
    if file.changed is None:
        return text_of(segment, file)
    lines = file.lines
    changed = [lines[n - 1] for n in range(segment.first, segment.last + 1) if file.is_changed(n, n)]
    removed = [r.text for r in file.removed if segment.first <= r.before <= segment.last + 1]
    return "\n".join([*changed, *removed])

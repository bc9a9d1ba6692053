"""Cutting a review into batches: related files together, of a size that keeps every worker busy."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from codereview.domain.coverage import CoverageEntry
from codereview.domain.sources import Batch, SourceFile, Sources, SourceSummary
from codereview.domain.units import UnitSpec

#: Bytes and files of a batch: data flow is followed within one, so a project of ordinary size is one; and starting the
#: tools costs little beside the work.
TARGET_BYTES = 1_500_000
TARGET_FILES = 800
#: Batches of a review: a chord's header is agents times this. Beyond it batches grow.
MAX_BATCHES = 32
#: How fast they do.
_GROWTH = 1.25
#: Levels of directories that are kept together; files below are packed as if they lay there.
_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be worked on. ``skipped`` are files that reach no batch, with the reason."""

    batches: tuple[Batch, ...]
    units: tuple[UnitSpec, ...]
    skipped: tuple[CoverageEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that stay together, in the order they are worked on."""

    files: tuple[SourceFile, ...]
    size: int

    def joined(self, other: "_Group") -> "_Group":
        return _Group(self.files + other.files, self.size + other.size)


@dataclass(frozen=True, slots=True)
class _Target:
    """What a batch may hold."""

    size: float
    files: float

    def takes(self, group: _Group) -> bool:
        return group.size <= self.size and len(group.files) <= self.files


def plan(sources: Sources, agents: Sequence[str], *, target_bytes: int | None = None) -> Plan:
    """Every agent over every batch. The same files give the same plan, in whatever order they come.

    A directory with all below it is in one batch if it fits into one, since analysers resolve imports within a batch;
    one that does not is taken apart into its directories, and files that lie side by side go by their language.
    Neighbours share a batch while there is room. ``target_bytes`` replaces the usual size of a batch.
    """
    sized = [_Group((file,), file.size) for file in sorted(sources.files, key=lambda file: file.path)]
    scale, size = 1.0, target_bytes or TARGET_BYTES
    while len(groups := _packed(sized, _Target(size * scale, TARGET_FILES * scale))) > MAX_BATCHES:
        scale *= _GROWTH
    batches = tuple(Batch(id=f"b{number:03}", files=group.files) for number, group in enumerate(groups, start=1))
    units = tuple(
        UnitSpec(
            id=f"{agent}-{batch.id}", agent=agent, batch_id=batch.id, paths=tuple(file.path for file in batch.files)
        )
        for batch in batches
        for agent in dict.fromkeys(agents)
    )
    return Plan(batches, units)


def shards(files: Sequence[SourceFile], *, target_bytes: int, target_files: int) -> list[tuple[SourceFile, ...]]:
    """The files in parts of about that size, by the same rules, as many as it takes: each a review of its own."""
    sized = [_Group((file,), file.size) for file in sorted(files, key=lambda file: file.path)]
    return [group.files for group in _packed(sized, _Target(target_bytes, target_files))]


def summarise(sources: Sources) -> SourceSummary:
    """What was submitted, in figures; languages with the most files first. A final line break ends no line."""
    languages = Counter(file.language for file in sources.files if file.language)
    return SourceSummary(
        label=sources.label,
        files=len(sources.files),
        lines=sum(_line_count(file.text) for file in sources.files),
        languages=tuple(sorted(languages, key=lambda name: (-languages[name], name))),
    )


def _packed(files: Sequence[_Group], target: _Target) -> list[_Group]:
    """The files in as few batches as keeping directories together allows."""
    packed: list[_Group] = []
    for group in _kept_together(files, target, depth=0):
        if packed and target.takes(joined := packed[-1].joined(group)):
            packed[-1] = joined
        else:
            packed.append(group)
    return packed


def _kept_together(files: Sequence[_Group], target: _Target, depth: int) -> Iterator[_Group]:
    """Groups none of which exceeds the target, but for a single file that does. ``files`` share ``depth``
    directories and are sorted by path."""
    whole = _Group(tuple(file for group in files for file in group.files), sum(group.size for group in files))
    if not files or target.takes(whole):
        yield from [whole] if files else []
        return
    here = [group for group in files if depth >= _MAX_DEPTH or _directory(group, depth) is None]
    # Of files that lie side by side those of one language refer to each other.
    yield from sorted(here, key=lambda group: group.files[0].language)
    below = [group for group in files if depth < _MAX_DEPTH and _directory(group, depth) is not None]
    for _, inside in groupby(below, key=lambda group: _directory(group, depth)):
        yield from _kept_together(list(inside), target, depth + 1)


def _directory(group: _Group, depth: int) -> str | None:
    """The name of the directory the file is in at this depth; None when it lies there itself."""
    parts = group.files[0].path.split("/", depth + 1)
    return parts[depth] if len(parts) > depth + 1 else None


def _line_count(text: str) -> int:
    return text.count("\n") + (bool(text) and not text.endswith("\n"))

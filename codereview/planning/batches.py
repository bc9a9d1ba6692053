"""Cutting a review into batches: related files together, of a size that keeps every worker busy."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from codereview.domain.coverage import CoverageEntry
from codereview.domain.sources import Batch, SourceFile, Sources, SourceSummary
from codereview.domain.units import UnitSpec

#: Bytes and files of a batch: large enough that starting the tools costs little beside the work.
TARGET_BYTES = 400_000
TARGET_FILES = 150
#: Batches of a review: a chord's header is agents times this. Beyond it batches grow.
MAX_BATCHES = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be worked on. ``skipped`` are files that reach no batch, with the reason."""

    batches: tuple[Batch, ...]
    units: tuple[UnitSpec, ...]
    skipped: tuple[CoverageEntry, ...] = ()


def plan(sources: Sources, agents: Sequence[str]) -> Plan:
    """Every agent over every batch. The same sources give the same plan, whoever executes it.

    Files are taken in an order that keeps a package together, and a batch ends where a directory does if it is full
    enough by then: analysers resolve imports within a batch.
    """
    files = sorted(sources.files, key=_neighbourhood)
    scale = 1.0
    while len(groups := tuple(_cut(files, scale))) > MAX_BATCHES:
        scale *= 1.25
    batches = tuple(Batch(id=f"b{number:03}", files=files) for number, files in enumerate(groups, start=1))
    units = tuple(
        UnitSpec(
            id=f"{agent}-{batch.id}",
            agent=agent,
            batch_id=batch.id,
            paths=tuple(file.path for file in batch.files),
        )
        for batch in batches
        for agent in dict.fromkeys(agents)
    )
    return Plan(batches, units)


def summarise(sources: Sources) -> SourceSummary:
    """What was submitted, in figures. A final line break does not count as a line."""
    languages = Counter(file.language for file in sources.files if file.language)
    return SourceSummary(
        label=sources.label,
        files=len(sources.files),
        lines=sum(_line_count(file.text) for file in sources.files),
        languages=tuple(sorted(languages, key=lambda name: (-languages[name], name))),
    )


def _cut(files: Sequence[SourceFile], scale: float) -> Iterator[tuple[SourceFile, ...]]:
    sizes = [file.size for file in files]
    target_bytes, target_files = TARGET_BYTES * scale, TARGET_FILES * scale
    batch: list[SourceFile] = []
    held = 0
    for file, size in zip(files, sizes, strict=True):
        full = held + size > target_bytes or len(batch) >= target_files
        # Nearly full at the end of a directory: cut here rather than in the middle of the next one.
        nearly = held > 0.75 * target_bytes and bool(batch) and _directory(batch[-1]) != _directory(file)
        if batch and (full or nearly):
            yield tuple(batch)
            batch, held = [], 0
        batch.append(file)
        held += size
    if batch:
        yield tuple(batch)


def _neighbourhood(file: SourceFile) -> tuple[str, str]:
    return (_directory(file), file.path)


def _directory(file: SourceFile) -> str:
    return str(PurePosixPath(file.path).parent)


def _line_count(text: str) -> int:
    return text.count("\n") + (bool(text) and not text.endswith("\n"))

"""Applying hunks to a text, exactly where they say; and what they changed."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from codereview.domain.sources import LineRange, Removal
from codereview.errors import DiffDoesNotApply
from codereview.inputs.safe_paths import shown
from codereview.inputs.unified import FilePatch, Hunk


def split_lines(text: str) -> list[str]:
    """The lines with their line feeds; only the last may lack one."""
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def apply_patch(base: str, patch: FilePatch) -> str:
    """The text after the change.

    Every line a hunk replaces must stand in ``base`` at the hunk's own line. Only what gets lost on the way is
    forgiven: carriage returns before line feeds, and the line feed at the end of the file.

    Raises DiffDoesNotApply naming the file, the hunk and the line.
    """
    lines = split_lines(base)
    result: list[str] = []
    done = 0
    for number, hunk in enumerate(patch.hunks, start=1):
        start = first_index(hunk.old_start, hunk.old_length)
        if start < done:
            raise _misfit(patch, number, hunk.old_start, "it stands before the end of the hunk above it")
        result += lines[done:start]
        result += _replacement(lines, start, hunk, patch, number)
        done = start + hunk.old_length
    return _joined([*result, *lines[done:]])


def is_applied(text: str, patch: FilePatch) -> bool:
    """Whether ``text`` is what the change leaves: every hunk's new lines stand at their new place."""
    return _stand_in(text, patch, new=True)


def is_base(text: str, patch: FilePatch) -> bool:
    """Whether ``text`` is what the change begins with."""
    return _stand_in(text, patch, new=False)


def changed_lines(patch: FilePatch) -> tuple[LineRange, ...]:
    """The lines added or modified, by their numbers after the change."""
    return to_ranges(
        line for hunk in patch.hunks for line in _added(hunk, first_index(hunk.new_start, hunk.new_length) + 1)
    )


def removed_lines(patch: FilePatch) -> tuple[Removal, ...]:
    """What the change takes away, by the places after it."""
    return tuple(
        removal for hunk in patch.hunks for removal in _removed(hunk, first_index(hunk.new_start, hunk.new_length) + 1)
    )


def to_ranges(lines: Iterable[int]) -> tuple[LineRange, ...]:
    """Ascending line numbers as ranges, the fewest there are."""
    runs = groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0])
    return tuple(_range([line for _, line in run]) for _, run in runs)


def first_index(start: int, length: int) -> int:
    """The 0-based place where a hunk with this start and length begins."""
    return start - 1 if length else start


def _range(lines: Sequence[int]) -> LineRange:
    return LineRange(start=lines[0], end=lines[-1])


def _added(hunk: Hunk, line: int) -> Iterable[int]:
    for kind, _ in hunk.lines:
        if kind == "+":
            yield line
        line += kind != "-"


def _removed(hunk: Hunk, line: int) -> Iterable[Removal]:
    for kind, run in groupby(hunk.lines, key=lambda pair: pair[0]):
        texts = [text for _, text in run]
        if kind == "-":
            yield Removal(before=line, text="".join(texts))
        else:
            line += len(texts)


def _stand_in(text: str, patch: FilePatch, *, new: bool) -> bool:
    lines = split_lines(text)
    for hunk in patch.hunks:
        wanted = hunk.new if new else hunk.old
        start = first_index(hunk.new_start, hunk.new_length) if new else first_index(hunk.old_start, hunk.old_length)
        if start > len(lines) or _bare(lines[start : start + len(wanted)]) != _bare(wanted):
            return False
    return True


def _replacement(lines: list[str], start: int, hunk: Hunk, patch: FilePatch, number: int) -> list[str]:
    """The lines that stand in the place of the hunk's old ones."""
    there = lines[start : start + hunk.old_length]
    if start > len(lines):
        raise _misfit(patch, number, hunk.old_start, f"the file has {len(lines)} lines")
    if there == hunk.old:
        return hunk.new
    for offset, (found, wanted) in enumerate(zip(there, hunk.old, strict=False)):
        if _bare_line(found) != _bare_line(wanted):
            message = f"the diff has {_quoted(wanted)}, the file {_quoted(found)}"
            raise _misfit(patch, number, start + offset + 1, message)
    if len(there) < len(hunk.old):
        raise _misfit(patch, number, start + len(there) + 1, f"the file has {len(lines)} lines")
    return _with_endings_of(there, hunk)


def _with_endings_of(there: list[str], hunk: Hunk) -> list[str]:
    """The hunk's new lines, with line endings as the file has them where the diff lost them on its way."""
    carriage = _carriage_return(there, hunk.old)
    kept = iter(there)
    result: list[str] = []
    for kind, text in hunk.lines:
        if kind == "+":
            result.append(text if carriage is None else f"{_bare_line(text)}{carriage}")
            continue
        found = next(kept)
        if kind == " ":
            result.append(found)
    return result


def _joined(lines: Sequence[str]) -> str:
    """The text; a line in the middle gets the line feed that only the last one can lack."""
    return "".join([line if line.endswith("\n") else f"{line}\n" for line in lines[:-1]] + [*lines[-1:]])


def _carriage_return(there: Sequence[str], old: Sequence[str]) -> str | None:
    """The line ending to give added lines: None to leave theirs, where file and diff do not differ throughout."""
    pairs = [(found, wanted) for found, wanted in zip(there, old, strict=True) if found.endswith("\n")]
    if pairs and all(found.endswith("\r\n") and not wanted.endswith("\r\n") for found, wanted in pairs):
        return "\r\n"
    if pairs and all(not found.endswith("\r\n") and wanted.endswith("\r\n") for found, wanted in pairs):
        return "\n"
    return None


def _bare(lines: Sequence[str]) -> list[str]:
    return [_bare_line(line) for line in lines]


def _bare_line(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _quoted(line: str) -> str:
    text = _bare_line(line)
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _misfit(patch: FilePatch, number: int, line: int, message: str) -> DiffDoesNotApply:
    path = shown(patch.path)
    detail = f"{path}: hunk {number} (line {patch.hunks[number - 1].at} of the diff) does not apply at line {line}: "
    return DiffDoesNotApply(f"{detail}{message}", path=path, hunk=number, line=line)

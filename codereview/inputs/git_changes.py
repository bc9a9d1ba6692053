"""The files that differ between two states of a repository, and the lines that do."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import IO

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import LineRange, Removal, Sources
from codereview.inputs.diff import LINK_MODE, SUBMODULE_MODE
from codereview.inputs.diff_names import header_name
from codereview.inputs.git_blobs import read_blobs
from codereview.inputs.git_command import Git
from codereview.inputs.intake import Intake
from codereview.inputs.limits import Limits
from codereview.inputs.reading import read_file
from codereview.inputs.refusal import Refusal, bad_name, excluded
from codereview.inputs.safe_paths import shown
from codereview.inputs.selection import left_out
from codereview.planning.globs import Globs

_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
#: Configuration and attributes of a repository can rename, reformat and hide changes, and start programs; these
#: options leave them no say.
_OPTIONS = (
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-color-moved", "--no-relative", "--text"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--find-renames", "--ignore-submodules=dirty", "--submodule=short"),
    *("--full-index", "--no-abbrev"),
)
#: Bytes of removed lines kept of one file: they are only looked at, never reported on.
_MAX_REMOVED_BYTES = 200_000
_NOWHERE = re.compile(r"^0+$")


class Side(Enum):
    """Where the files are read as they are after the change."""

    WORK_TREE = auto()
    INDEX = auto()
    COMMIT = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs. ``blob`` is "" where only the work tree has the new content."""

    path: str
    status: str
    mode: str
    blob: str


@dataclass(slots=True)
class Changed:
    """The lines of one file that differ; ``hunks`` counts deletions too."""

    ranges: list[LineRange] = field(default_factory=list)
    hunks: int = 0
    removed: dict[int, list[str]] = field(default_factory=dict)
    removed_bytes: int = 0

    def take_away(self, before: int, line: bytes) -> None:
        """Note a line that stood before this one of the new file."""
        self.removed_bytes += len(line)
        if self.removed_bytes <= _MAX_REMOVED_BYTES:
            self.removed.setdefault(before, []).append(line.decode("utf-8", "replace"))

    @property
    def removals(self) -> tuple[Removal, ...]:
        """What was taken away."""
        return tuple(Removal(before=before, text="".join(lines)) for before, lines in self.removed.items())


def read_changes(
    git: Git,
    ends: Sequence[str],
    side: Side,
    limits: Limits,
    *,
    exclude: Sequence[str] = (),
    paths: Sequence[str] = (),
    label: str = "",
) -> Sources:
    """The files that differ between the ``ends`` (commits by their full names, or "--cached"), read at ``side``.

    Raises GitFailed when git cannot tell, ValueError for a bad pattern in ``exclude``.
    """
    top = Git(git.top, git.top, config=git.config, index_file=git.index_file)
    where = ["--", *paths]
    globs = Globs(exclude)
    intake = Intake(limits, refuse_excess=False)
    wanted: dict[str, Change] = {}
    for change in _changes(top, ends, where):
        refusal = _refusal(change, globs)
        if refusal is not None:
            intake.refuse(shown(change.path), refusal)
        else:
            wanted[change.path] = change
    lines = _changed_lines(top, ends, where) if wanted else {}
    for path, content in _contents(top, wanted.values(), side, limits):
        changed = lines.get(path, Changed())
        if isinstance(content, Refusal):
            intake.refuse(shown(path), content)
        elif not changed.hunks:
            intake.skip(shown(path), *_no_line_changed(wanted[path], content))
        else:
            intake.offer(path, content, changed=changed.ranges, removed=changed.removals)
    if side is Side.WORK_TREE:
        _tell_untracked(top, intake, where)
    return intake.sources(label)


def _changes(git: Git, arguments: Sequence[str], where: Sequence[str]) -> list[Change]:
    """The files that differ, an unmerged one once."""
    fields = iter(git.names("diff", *_OPTIONS, "--raw", "-z", *arguments, *where))
    found: dict[str, Change] = {}
    for header in fields:
        _, mode, _, blob, status = header.lstrip(":").split(" ")
        path = next(fields)
        if status[:1] in ("R", "C"):
            path = next(fields)
        known = found.get(path)
        if known is None or known.status != "U":
            found[path] = Change(path, status[:1], mode, "" if _NOWHERE.match(blob) else blob)
    return list(found.values())


def _refusal(change: Change, globs: Globs) -> Refusal | None:
    if change.status == "D":
        return Refusal(SkipReason.DELETED, "deleted")
    if change.status == "U":
        return Refusal(SkipReason.UNREADABLE, "a merge conflict that is not resolved")
    if change.mode == SUBMODULE_MODE:
        return Refusal(SkipReason.VENDORED, "a git submodule")
    if change.mode == LINK_MODE:
        return Refusal(SkipReason.EXCLUDED, "a symbolic link")
    unwanted = bad_name(change.path) or excluded(change.path, globs)
    if unwanted is not None:
        return unwanted
    out = left_out(change.path, tracked=True)
    return out[0] if out is not None else None


def _changed_lines(git: Git, arguments: Sequence[str], where: Sequence[str]) -> dict[str, Changed]:
    with git.stream("diff", *_OPTIONS, "--unified=0", "--inter-hunk-context=0", *arguments, *where) as output:
        return parse_hunks(output)


def parse_hunks(patch: IO[bytes] | Iterable[bytes]) -> dict[str, Changed]:
    """The changed lines by path, of a git diff without context, and what was taken away; of the latter, text beyond
    a limit per file is left out."""
    found: dict[str, Changed] = {}
    current = Changed()
    content = place = 0
    for line in patch:
        if content:
            content -= not line.startswith(b"\\")
            if line.startswith(b"-"):
                current.take_away(place, line[1:])
            continue
        if line.startswith(b"diff --git "):
            current = Changed()  # until its header names it: a file without hunks has none
        elif line.startswith(b"+++ "):
            name = header_name(line[4:].rstrip(b"\r\n").decode("utf-8", "surrogateescape"))
            found[name.removeprefix("b/")] = current
        elif (match := _HUNK.match(line)) is not None:
            removed, start, added = (int(n) if n is not None else 1 for n in match.groups())
            content = removed + added
            current.hunks += 1
            place = start if added else start + 1
            if added:
                current.ranges.append(LineRange(start=start, end=start + added - 1))
    return found


def _contents(git: Git, changes: Iterable[Change], side: Side, limits: Limits) -> Iterator[tuple[str, bytes | Refusal]]:
    if side is Side.WORK_TREE:
        for change in changes:
            yield change.path, read_file(git.top, change.path, limits.max_file_bytes)
        return
    blobs = {change.path: change.blob for change in changes}
    contents = read_blobs(git, dict.fromkeys(blobs.values()), limits.max_file_bytes)
    for path, blob in blobs.items():
        yield path, contents[blob]


def _no_line_changed(change: Change, content: bytes) -> tuple[SkipReason, str]:
    if not content:
        return SkipReason.EMPTY, "no text in it"
    if change.status in ("R", "C"):
        return SkipReason.EXCLUDED, "renamed or copied, no line changed"
    return SkipReason.EXCLUDED, "only its mode changed"


def _tell_untracked(git: Git, intake: Intake, where: Sequence[str]) -> None:
    for path in git.names("ls-files", "-o", "--exclude-standard", "--directory", "-z", *where):
        intake.skip(shown(path), SkipReason.EXCLUDED, "not in git, so in no diff; `git add` it to have it reviewed")

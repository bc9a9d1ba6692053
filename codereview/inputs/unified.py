"""Unified diffs, git's and plain ones, read strictly: what does not parse is an error with its line, never a guess.

The libraries for this read a file name as far as a regular expression reaches: they take quadratic time on hostile
headers, and refuse valid ones whose names hold " b/". Here the names of git's extended headers decide, and a hunk
is as long as its own header says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codereview.errors import InvalidSubmission
from codereview.inputs.diff_names import git_header_names, header_name, strip_prefixes

_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_EXTENDED = re.compile(
    r"^(?P<key>old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|similarity index|dissimilarity index|index) (?P<value>.*)$"
)
_BINARY = re.compile(r"^(?:Binary files? .* differ|Binary file .* has changed|GIT binary patch)$")
_COMBINED = re.compile(r"^(?:diff --(?:cc|combined) |@@@+ -)")


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk. Starts are 1-based; a start whose length is 0 names the line after which the hunk stands.

    ``lines`` are (kind, text) pairs: kind " ", "-" or "+", the text with its line feed, unless the diff says that
    the file has none at its end. ``at`` is the line of the hunk's header in the diff.
    """

    old_start: int
    old_length: int
    new_start: int
    new_length: int
    lines: tuple[tuple[str, str], ...]
    at: int

    @property
    def old(self) -> list[str]:
        """The lines it replaces, context included."""
        return [text for kind, text in self.lines if kind != "+"]

    @property
    def new(self) -> list[str]:
        """The lines it leaves, context included."""
        return [text for kind, text in self.lines if kind != "-"]


@dataclass(slots=True)
class FilePatch:
    """What a diff does to one file. ``old`` is None for a new file, ``new`` for a deleted one."""

    at: int
    old: str | None = None
    new: str | None = None
    hunks: list[Hunk] = field(default_factory=list)
    binary: bool = False
    #: git's extended headers: "new mode" → "100755", "rename from" → …
    extended: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path after the change; of a deleted file, the one it had."""
        return self.new if self.new is not None else self.old or ""

    @property
    def new_mode(self) -> str:
        """git's mode of the file after the change ("100644", "120000" a link, "160000" a submodule), "" unknown."""
        index_mode = self.extended.get("index", "").partition(" ")[2]
        return self.extended.get("new mode") or self.extended.get("new file mode") or index_mode


def parse_diff(text: str) -> list[FilePatch]:
    """The files of a diff, in its order. Prose around them (a mail, a commit message) is passed over.

    Raises InvalidSubmission when there is no diff in the text, or one that is cut off or contradicts itself.
    """
    patches = list(_Reader(text).patches())
    if not patches:
        raise InvalidSubmission("this is not a unified diff: it has no file with changes ('--- a/x' and '+++ b/x')")
    return patches


def wrong(line: int, message: str) -> InvalidSubmission:
    """The error for a line of the diff."""
    return InvalidSubmission(f"line {line} of the diff: {message}", line=line)


class _Reader:
    """A cursor over the diff's lines."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        # A text that ends with a line feed has no line after it.
        self._lines = lines if lines[-1] else lines[:-1]
        # A diff whose every line, header lines too, ends in CR LF was sent that way: the files need not have CRs.
        if self._lines and all(line.endswith("\r") for line in self._lines):
            self._lines = [line[:-1] for line in self._lines]
        self._next = 0

    def patches(self) -> Iterator[FilePatch]:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            if _COMBINED.match(line):
                raise wrong(self._next + 1, "a combined diff of a merge; compare with one parent: git diff A B")
            if line.startswith("diff --git "):
                yield self._git_patch()
            elif self._at_file_header():
                yield self._plain_patch()
            elif _HUNK.match(line):
                raise wrong(self._next + 1, "a hunk without a file header ('--- a/x' and '+++ b/x') before it")
            elif line.startswith("Binary files ") and _BINARY.match(line):
                yield self._plain_binary()
            else:
                self._next += 1

    # --- file headers

    def _git_patch(self) -> FilePatch:
        patch = FilePatch(at=self._next + 1)
        names = git_header_names(self._lines[self._next].removeprefix("diff --git ").rstrip("\r"))
        self._next += 1
        while self._next < len(self._lines):
            match = _EXTENDED.match(self._lines[self._next].rstrip("\r"))
            if match is None:
                break
            patch.extended[match["key"]] = match["value"]
            self._next += 1
        self._git_body(patch, names)
        if not patch.path or "" in (patch.old, patch.new):
            raise wrong(patch.at, "the header does not say which file it is about")
        return patch

    def _git_body(self, patch: FilePatch, names: tuple[str, str] | None) -> None:
        if self._at_file_header():
            old, new = self._file_header()
            patch.old, patch.new = strip_prefixes(old, new)
            self._hunks(patch)
        elif self._next < len(self._lines) and _BINARY.match(self._lines[self._next].rstrip("\r")):
            patch.binary = True
            self._next += 1
        renamed = [header_name(patch.extended.get(f"{verb} {end}", "")) for verb in ("rename", "copy") for end in _ENDS]
        if any(renamed):
            patch.old, patch.new = renamed[0] or renamed[2], renamed[1] or renamed[3]
        elif not patch.hunks:
            if names is None:
                raise wrong(patch.at, "the two file names cannot be told apart")
            patch.old, patch.new = strip_prefixes(*names)
        if "new file mode" in patch.extended:
            patch.old = None
        if "deleted file mode" in patch.extended:
            patch.new = None

    def _plain_patch(self) -> FilePatch:
        patch = FilePatch(at=self._next + 1)
        patch.old, patch.new = strip_prefixes(*self._file_header())
        if patch.old is None and patch.new is None:
            raise wrong(patch.at, "both sides of the change are /dev/null")
        self._hunks(patch)
        return patch

    def _plain_binary(self) -> FilePatch:
        line = self._lines[self._next].rstrip("\r")
        self._next += 1
        old, _, new = line.removeprefix("Binary files ").removesuffix(" differ").partition(" and ")
        old_name, new_name = strip_prefixes(header_name(old), header_name(new))
        return FilePatch(at=self._next, old=old_name, new=new_name, binary=True)

    def _at_file_header(self) -> bool:
        pair = self._lines[self._next : self._next + 2]
        return len(pair) == 2 and pair[0].startswith("--- ") and pair[1].startswith("+++ ")

    def _file_header(self) -> tuple[str, str]:
        old, new = (header_name(line[4:].rstrip("\r")) for line in self._lines[self._next : self._next + 2])
        self._next += 2
        if not old or not new:
            raise wrong(self._next, "a file header without a name")
        return old, new

    # --- hunks

    def _hunks(self, patch: FilePatch) -> None:
        while self._next < len(self._lines):
            match = _HUNK.match(self._lines[self._next])
            if match is None:
                break
            patch.hunks.append(self._hunk(match))
        if not patch.hunks:
            raise wrong(self._next + 1, "a hunk ('@@ -1,2 +1,3 @@') must follow the file header")

    def _hunk(self, match: re.Match[str]) -> Hunk:
        at = self._next + 1
        old_start, old_length, new_start, new_length = (int(n) if n is not None else 1 for n in match.groups())
        self._next += 1
        lines: list[tuple[str, str]] = []
        old_left, new_left = old_length, new_length
        while old_left or new_left:
            kind, text = self._hunk_line(at)
            if kind == "\\":
                _drop_line_feed(lines, self._next)
                continue
            old_left -= kind != "+"
            new_left -= kind != "-"
            if old_left < 0 or new_left < 0:
                raise wrong(self._next, f"the hunk of line {at} has more lines than its header says")
            lines.append((kind, text))
        self._end_of_hunk(lines, at)
        return Hunk(old_start, old_length, new_start, new_length, tuple(lines), at)

    def _hunk_line(self, at: int) -> tuple[str, str]:
        if self._next >= len(self._lines):
            raise wrong(self._next, f"the diff ends inside the hunk of line {at}")
        line = self._lines[self._next]
        self._next += 1
        if line in ("", "\r"):  # an empty context line whose space an editor took away
            return " ", f"{line}\n"
        if line[0] not in " +-\\":
            raise wrong(self._next, f"the hunk of line {at} has fewer lines than its header says")
        return line[0], f"{line[1:]}\n"

    def _end_of_hunk(self, lines: list[tuple[str, str]], at: int) -> None:
        """Take the marker of a missing line feed, and see that no line of content follows."""
        if self._next < len(self._lines) and self._lines[self._next].startswith("\\"):
            self._next += 1
            _drop_line_feed(lines, self._next)
        if self._next >= len(self._lines) or self._at_file_header():
            return
        line = self._lines[self._next]
        if line[:1] in ("+", "-", " ") and line.rstrip() != "--":  # "-- " begins the signature of a mail
            raise wrong(self._next + 1, f"the hunk of line {at} has more lines than its header says")


_ENDS = ("from", "to")


def _drop_line_feed(lines: list[tuple[str, str]], at: int) -> None:
    """Apply ``\\ No newline at end of file`` to the line before it."""
    if not lines:
        raise wrong(at, "'\\' (no newline at end of file) must follow a line of a hunk")
    kind, text = lines[-1]
    lines[-1] = (kind, text.removesuffix("\n"))

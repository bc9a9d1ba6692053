"""Which files a directory has for a review: as git sees it, or by walking it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codereview.domain.coverage import SkipReason
from codereview.inputs.git_command import Git, GitFailed
from codereview.inputs.refusal import Refusal
from codereview.inputs.selection import left_out_directory
from codereview.planning.globs import Globs

#: Bytes of a .gitignore that are read.
_MAX_GITIGNORE = 1_000_000
_GITLINK = "160000"
_IGNORED = Refusal(SkipReason.EXCLUDED, "ignored by .gitignore")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file, its path relative to the directory that was listed. ``refusal`` says that it, or the directory a path
    ending in "/" names, is left out without being looked at."""

    path: str
    tracked: bool = False
    refusal: Refusal | None = None


def list_directory(directory: Path, root: Path) -> Iterator[Listed]:
    """The files below ``directory``, itself at or below ``root`` (both real paths), in no order.

    In a git work tree: what is tracked or could be, by git's own rules. Elsewhere, and below a directory that git
    ignores but a person named: everything that the .gitignore files up to ``root`` leave.
    """
    try:
        git = Git.at(directory)
    except GitFailed:  # another user's repository, or a damaged one: its files are here all the same
        git = None
    return _walk(directory, root) if git is None or _is_ignored(git) else _list_by_git(git)


def _is_ignored(git: Git) -> bool:
    """Whether git ignores the directory itself: then it lists nothing of it."""
    try:
        git.run("check-ignore", "--quiet", "--", str(git.directory))
    except GitFailed as error:
        if error.exit_status == 1:
            return False
        raise
    return git.directory != git.top


def _list_by_git(git: Git) -> Iterator[Listed]:
    submodules = set()
    for line in git.names("ls-files", "-s", "-z", "."):
        mode, _, path = line.partition(" ")[0], *line.partition("\t")[1:]
        if mode == _GITLINK:
            submodules.add(path)
            yield Listed(f"{path}/", tracked=True, refusal=Refusal(SkipReason.VENDORED, "a git submodule"))
    seen = set()
    for line in git.names("ls-files", "-c", "-o", "--exclude-standard", "-t", "-z", "."):
        tag, _, path = line.partition(" ")
        if path in seen or path in submodules:
            continue
        seen.add(path)
        if path.endswith("/"):
            yield Listed(path, refusal=Refusal(SkipReason.EXCLUDED, "another git repository; review it by itself"))
        elif tag == "S" and not os.path.lexists(git.directory / path):
            yield Listed(path, tracked=True, refusal=Refusal(SkipReason.EXCLUDED, "outside the sparse checkout"))
        elif tag == "?" or os.path.lexists(git.directory / path):  # a tracked file may be deleted, not yet committed
            yield Listed(path, tracked=tag != "?")
    for path in git.names("ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z", "."):
        yield Listed(path, refusal=_IGNORED)


# --- without git


@dataclass(frozen=True, slots=True)
class _Ignores:
    """The patterns of one .gitignore; ``base`` is its directory relative to the root, "" or ending in "/"."""

    base: str
    globs: Globs


def _walk(directory: Path, root: Path) -> Iterator[Listed]:
    prefix = "" if directory == root else f"{directory.relative_to(root).as_posix()}/"
    above = [_read_ignores(root, base) for base in _bases_above(prefix)]
    # A directory that was named is walked even if it is ignored; what would ignore it would ignore all that is in it.
    pending = [(prefix, [] if _ignored_on_the_way(prefix, above) else above)]
    while pending:
        base, above = pending.pop()
        try:
            with os.scandir(root / base) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            refusal = Refusal(SkipReason.UNREADABLE, f"the directory cannot be read: {error.strerror}")
            yield Listed(base.removeprefix(prefix) or "./", refusal=refusal)
            continue
        ignores = [*above, _read_ignores(root, base)]
        for name, is_directory in found:
            path = f"{base}{name}/" if is_directory else f"{base}{name}"
            refused = _refused(root, path, ignores)
            if is_directory and refused is None:
                pending.append((path, ignores))
            else:
                yield Listed(path.removeprefix(prefix), refusal=refused)


def _refused(root: Path, path: str, ignores: list[_Ignores]) -> Refusal | None:
    if path.endswith("/"):
        refusal = left_out_directory(path.split("/")[-2])
        if refusal is not None:
            return refusal
        if os.path.lexists(root / path / "pyvenv.cfg"):
            return Refusal(SkipReason.VENDORED, "a virtual environment")
    return _IGNORED if _ignored(path, ignores) else None


def _bases_above(prefix: str) -> list[str]:
    """Of "a/b/": "" and "a/"."""
    parts = prefix.split("/")[:-1]
    return ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts))]


def _ignored_on_the_way(path: str, ignores: list[_Ignores]) -> bool:
    """Whether the directory, or one it is in, is ignored by the .gitignore files above it."""
    parts = path.split("/")[:-1]
    return any(_ignored("/".join([*parts[:depth], ""]), ignores[:depth]) for depth in range(1, len(parts) + 1))


def _ignored(path: str, ignores: list[_Ignores]) -> bool:
    """What the nearest .gitignore that says anything says."""
    for level in reversed(ignores):
        verdict = level.globs.verdict(path.removeprefix(level.base))
        if verdict is not None:
            return verdict
    return False


def _read_ignores(root: Path, base: str) -> _Ignores:
    path = root / base / ".gitignore"
    try:
        if not stat.S_ISREG(os.stat(path, follow_symlinks=False).st_mode):
            return _Ignores(base, Globs(()))
        with path.open("rb") as file:
            text = file.read(_MAX_GITIGNORE).decode("utf-8", "replace")
    except OSError:  # none, or none for us: then nothing is ignored
        return _Ignores(base, Globs(()))
    return _Ignores(base, Globs(pattern for line in text.splitlines() if (pattern := _valid(line))))


def _valid(line: str) -> str:
    """The line, or "" for one that is no pattern: git passes over it."""
    try:
        return line if Globs([line]) else ""
    except ValueError:
        return ""

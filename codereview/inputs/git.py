"""Changes in a git work tree: since a revision, between two, staged, or in a patch file."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codereview.domain.sources import Sources
from codereview.errors import InvalidSubmission
from codereview.inputs.git_changes import Side, read_changes
from codereview.inputs.git_command import Git, GitFailed
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.patch import read_patch
from codereview.inputs.safe_paths import shown

_RANGE = re.compile(r"^(?P<from>.*?)(?P<dots>\.{2,3})(?P<to>.*)$")
#: Bytes of the largest patch file that is read.
_MAX_PATCH = 100_000_000


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is compared: ``base`` is a commit's name; ``to`` another's, None for the work tree."""

    base: str
    to: str | None


def read_diff(
    spec: str,
    *,
    start: Path,
    limits: Limits = DEFAULT_LIMITS,
    exclude: Sequence[str] = (),
    paths: Sequence[Path] = (),
) -> Sources:
    """What ``--diff SPEC`` asks for, around the directory ``start``.

    * ``REF`` (or ``REF...``): the work tree, against where it branched off from REF, as ``git diff --merge-base REF``.
    * ``REF..``: the work tree against REF itself.
    * ``A..B``: commit B against A; ``A...B``: against where B branched off from A. An empty A stands for HEAD.
    * the path of a file: a patch, which the work tree may contain already or not.

    Files come whole, as they stand after the change, with the changed lines. Paths are relative to the top of the
    work tree (of a patch without one: to ``start``). ``paths`` narrows the review to files at or below these.

    Raises InvalidSubmission: no repository, no such revision, no common ancestor; DiffDoesNotApply for a patch.
    """
    git = Git.at(start)
    comparison = _comparison(git, spec) if git is not None else None
    if git is not None and comparison is not None:
        side = Side.COMMIT if comparison.to is not None else Side.WORK_TREE
        ends = [comparison.base] if comparison.to is None else [comparison.base, comparison.to]
        narrowed = [_pathspec(git, path) for path in paths]
        return read_changes(git, ends, side, limits, exclude=exclude, paths=narrowed, label=f"diff {shown(spec)}")
    file = Path(spec)
    if file.is_file():
        root = git.top if git is not None else Path(os.path.realpath(start))
        return read_patch(_read_text(file), root=root, limits=limits, exclude=exclude, label=f"patch {shown(spec)}")
    if git is None:
        raise InvalidSubmission(f"{shown(str(start))} is not in a git work tree, and {shown(spec)!r} is not a file")
    raise InvalidSubmission(f"{shown(spec)!r} is neither a revision known to git nor a patch file")


def read_staged(
    *, start: Path, limits: Limits = DEFAULT_LIMITS, exclude: Sequence[str] = (), paths: Sequence[Path] = ()
) -> Sources:
    """What the next commit will hold: files as they are in the index, with the lines that differ from HEAD.

    Raises InvalidSubmission when ``start`` is not in a git work tree.
    """
    git = _required(start)
    narrowed = [_pathspec(git, path) for path in paths]
    return read_changes(git, ["--cached"], Side.INDEX, limits, exclude=exclude, paths=narrowed, label="staged changes")


def work_tree_root(start: Path) -> Path | None:
    """The top directory of the git work tree around ``start``; None where there is none."""
    git = Git.at(start)
    return None if git is None else git.top


def head_revision(start: Path) -> str:
    """The full name of the commit checked out around ``start``; "" without one."""
    git = Git.at(start)
    return (_commit(git, "HEAD") or "") if git is not None else ""


def _required(start: Path) -> Git:
    git = Git.at(start)
    if git is None:
        raise InvalidSubmission(f"{shown(str(start))} is not in a git work tree")
    return git


def _comparison(git: Git, spec: str) -> _Comparison | None:
    """What the words ask to compare; None when they are no revision, so that they may be a file."""
    if spec.startswith("-"):
        raise InvalidSubmission(f"{shown(spec)!r} is no revision: a name cannot begin with '-'")
    whole = _commit(git, spec)
    if whole is not None:
        return _Comparison(_merge_base(git, whole, "HEAD", spec), None)
    match = _RANGE.match(spec)
    if match is None or Path(spec).is_file():
        return None
    start = _known(git, match["from"] or "HEAD")
    end = _known(git, match["to"]) if match["to"] else None
    if match["dots"] == "..":
        return _Comparison(start, end)
    return _Comparison(_merge_base(git, start, end or "HEAD", match["from"] or "HEAD"), end)


def _commit(git: Git, name: str) -> str | None:
    """The full name of a commit; None when there is none of that name."""
    if not name or name.startswith("-") or "\0" in name:
        return None
    try:
        return git.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitFailed:
        return None


def _known(git: Git, name: str) -> str:
    commit = _commit(git, name)
    if commit is None:
        raise InvalidSubmission(f"{shown(name)!r} is not a revision known to git; is it spelled right, and fetched?")
    return commit


def _merge_base(git: Git, first: str, second: str, name: str) -> str:
    try:
        return git.text("merge-base", first, second).split("\n")[0]
    except GitFailed as error:
        if _commit(git, second) is None:
            raise InvalidSubmission(f"nothing is committed yet, so there is no change since {shown(name)!r}") from error
        shallow = git.text("rev-parse", "--is-shallow-repository") == "true"
        advice = "; this is a shallow clone: fetch more of its history (git fetch --unshallow)" if shallow else ""
        raise InvalidSubmission(f"{shown(name)!r} and HEAD have no common ancestor here{advice}") from error


def _pathspec(git: Git, path: Path) -> str:
    real = Path(os.path.realpath(path.parent)) / path.name
    absolute = Path(os.path.realpath(path)) if path.name in ("", "..") else real
    if not absolute.is_relative_to(git.top):
        raise InvalidSubmission(f"{shown(str(path))} is not in the work tree {shown(str(git.top))}")
    return absolute.relative_to(git.top).as_posix()


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_PATCH + 1)
    except OSError as error:
        raise InvalidSubmission(f"{shown(str(file))} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_PATCH:
        raise InvalidSubmission(f"{shown(str(file))} has more than {_MAX_PATCH} bytes")
    # Patches may change files of any encoding; what is not UTF-8 in them becomes visible, and applies to nothing.
    return data.decode("utf-8", "surrogateescape")

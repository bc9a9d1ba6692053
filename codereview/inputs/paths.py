"""Files and directories on a disk."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import InvalidSubmission, OutsideRoot
from codereview.inputs.collapsing import collapse
from codereview.inputs.intake import Intake
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.listing import list_directory
from codereview.inputs.reading import read_file, resolve
from codereview.inputs.refusal import Refusal, bad_name, excluded
from codereview.inputs.safe_paths import shown
from codereview.inputs.selection import left_out
from codereview.planning.globs import Globs
from codereview.syntax.languages import PROGRAMMING, language_of


def read_paths(
    paths: Sequence[Path], *, root: Path, limits: Limits = DEFAULT_LIMITS, exclude: Sequence[str] = ()
) -> Sources:
    """The files at ``paths`` and below those that are directories; their paths are relative to ``root``.

    ``exclude`` holds patterns of the project (see `Globs`); they keep out named files too. Files not taken are in
    ``skipped``, whole directories as one entry whose path ends in "/". Beyond the limits programs come before data.

    Raises InvalidSubmission for a path that does not exist, OutsideRoot for one that is not below the root,
    ValueError for a bad pattern.
    """
    real_root = Path(os.path.realpath(root))
    globs = Globs(exclude)
    candidates: dict[str, bool] = {}
    left: dict[str, Refusal] = {}
    for place in dict.fromkeys(relative_to_root(path, root, real_root) for path in paths):
        for path, named_or_why_not in _find(place, real_root):
            refusal = excluded(path, globs) or named_or_why_not
            if isinstance(refusal, Refusal):
                left.setdefault(path, refusal)
            else:
                candidates[path] = refusal or candidates.get(path, False)
    intake = Intake(limits, refuse_excess=False)
    _take(intake, candidates, real_root)
    for path, refusal in left.items():
        if path not in candidates:
            intake.refuse(shown(path), refusal)
    return intake.sources(_label(paths, root))


def relative_to_root(path: Path, root: Path, real_root: Path) -> str:
    """The path relative to the root, "." for the root itself; a symbolic link keeps its own name.

    Raises InvalidSubmission when there is no such file or directory, OutsideRoot when it is not below the root.
    """
    try:
        os.stat(path)
    except OSError as error:
        words = (error.strerror or "not found").lower()
        raise InvalidSubmission(f"{shown(str(path))}: {words}", path=shown(str(path))) from error
    absolute = Path(os.path.abspath(path))
    for base, place in (
        (Path(os.path.abspath(root)), absolute),
        (real_root, Path(os.path.realpath(absolute.parent)) / absolute.name),
        (real_root, Path(os.path.realpath(absolute))),
    ):
        if place.is_relative_to(base):
            relative = place.relative_to(base).as_posix()
            if not isinstance(resolve(real_root, relative), Refusal):
                return relative
    raise OutsideRoot(f"{shown(str(path))} is not below {shown(str(root))}", path=shown(str(path)))


def _find(place: str, root: Path) -> Iterator[tuple[str, bool | Refusal]]:
    """The files at a path a person gave: for each whether it was named itself, so that neither .gitignore nor a
    default keeps it out, or why it is left out."""
    if not (root / place).is_dir():
        yield place, True
        return
    directory = Path(os.path.realpath(root / place))
    prefix = "" if directory == root else f"{directory.relative_to(root).as_posix()}/"
    for listed in list_directory(directory, root):
        out = left_out(listed.path, tracked=listed.tracked)
        if listed.refusal is not None and (out is None or listed.path.endswith("/")):
            yield f"{prefix}{listed.path}", listed.refusal
        elif out is not None:
            yield f"{prefix}{out[1]}", out[0]
        else:
            yield f"{prefix}{listed.path}", False


def _take(intake: Intake, candidates: Mapping[str, bool], root: Path) -> None:
    wanted = sorted(candidates, key=lambda path: (not candidates[path], language_of(path) not in PROGRAMMING, path))
    for number, path in enumerate(wanted):
        if intake.full:
            _leave_rest(intake, wanted[number:])
            return
        content = _content(path, candidates, root, intake.limits)
        if isinstance(content, Refusal):
            intake.refuse(shown(path), content)
        else:
            intake.offer(path, content, on_purpose=candidates[path])


def _leave_rest(intake: Intake, rest: Sequence[str]) -> None:
    beyond = f"beyond the limit of {intake.limits.max_files} files"
    for path, count in collapse(rest):
        detail = f"{count} files {beyond}" if count > 1 else beyond
        intake.skip(shown(path), SkipReason.TOO_MANY_FILES, detail)


def _content(path: str, candidates: Mapping[str, bool], root: Path, limits: Limits) -> bytes | Refusal:
    bad = bad_name(path)
    if bad is not None:
        return bad
    if (root / path).is_symlink():
        target = os.path.relpath(os.path.realpath(root / path), root)
        if target in candidates and target != path:
            return Refusal(SkipReason.EXCLUDED, f"a symbolic link to {shown(target)}, which is reviewed")
    return read_file(root, path, limits.max_file_bytes)


def _label(paths: Sequence[Path], root: Path) -> str:
    if len(paths) != 1:
        return f"{len(paths)} paths"
    name = Path(os.path.abspath(paths[0])).name
    return shown(name or Path(os.path.abspath(root)).name)

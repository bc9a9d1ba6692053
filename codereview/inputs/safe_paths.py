"""Paths that come from outside: made normal, or refused with a sentence that names them."""

import re
from collections.abc import Iterable

from codereview.errors import InvalidSubmission, OutsideRoot

#: Characters of a whole path.
MAX_LENGTH = 1024
#: Bytes of one part of a path; no common file system takes more.
_MAX_PART = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"^[A-Za-z]:")


def shown(path: str) -> str:
    """The path as an error or a report may carry it: printable, not endless."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return text if len(text) <= 200 else f"{text[:200]}…"


def normal_path(path: str) -> str:
    """The path relative to the root of the review, without "." and empty parts.

    Raises OutsideRoot for a path that leads out of the root, InvalidSubmission for one that is no plain relative
    path or that could not be written to a disk.
    """
    if path.startswith("/") or _DRIVE.match(path):
        raise OutsideRoot(f"{shown(path)!r} is an absolute path; give paths relative to the root", path=shown(path))
    if ".." in path.replace("\\", "/").split("/"):
        raise OutsideRoot(f"{shown(path)!r} leads outside the root ('..' is not allowed)", path=shown(path))
    if "\\" in path:
        raise InvalidSubmission(f"{shown(path)!r} has a backslash; separate directories with /", path=shown(path))
    parts = [part for part in path.split("/") if part not in ("", ".")]
    problem = _problem(path, parts)
    if problem:
        raise InvalidSubmission(f"{shown(path)!r} {problem}", path=shown(path))
    return "/".join(parts)


def refuse_collisions(paths: Iterable[str]) -> None:
    """Refuse a set of normal paths that cannot stand side by side: two the same, or a file where another path has a
    directory. Raises InvalidSubmission.
    """
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            raise InvalidSubmission(f"{shown(path)!r} is given twice", path=shown(path))
        seen.add(path)
    for path in sorted(seen):
        parent = path.rpartition("/")[0]
        while parent:
            if parent in seen:
                raise InvalidSubmission(
                    f"{shown(parent)!r} is given as a file, and as a directory by {shown(path)!r}", path=shown(parent)
                )
            parent = parent.rpartition("/")[0]


def _problem(path: str, parts: list[str]) -> str:
    if not parts or path.endswith("/"):
        return "names no file"
    if len(path) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    problem = unprintable(path)
    if problem:
        return problem
    longest = max(len(part.encode()) for part in parts)
    return f"has a part longer than {_MAX_PART} bytes" if longest > _MAX_PART else ""


def unprintable(path: str) -> str:
    """What keeps a path from standing in a report; "" when nothing does."""
    if _CONTROL.search(path):
        return "has control characters"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    return ""

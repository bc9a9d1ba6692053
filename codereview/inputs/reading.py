"""Reading one file from a disk: a plain file inside the root, never blocking, never more than asked for."""

import errno
import os
import stat
from pathlib import Path

from codereview.domain.coverage import SkipReason
from codereview.inputs.intake import too_large
from codereview.inputs.refusal import Refusal

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_ERRORS = {
    errno.ENOENT: "it disappeared while the review began",
    errno.ENOTDIR: "it disappeared while the review began",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "a loop of symbolic links",
    errno.ENAMETOOLONG: "its name is too long",
}
#: Not waiting for a writer of a pipe, not taking a terminal over, not following a link put there meanwhile.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


def read_file(root: Path, path: str, max_bytes: int) -> bytes | Refusal:
    """The bytes of the file ``path`` (relative, "/" between its parts) below ``root``, which must be a real path.

    Symbolic links, on the way too, are followed only to files below the root.
    """
    try:
        real = resolve(root, path)
        return real if isinstance(real, Refusal) else _read(real, max_bytes)
    except OSError as error:
        return _unreadable(error, root / path)


def resolve(root: Path, path: str) -> Path | Refusal:
    """Where the file really is. Raises OSError."""
    full = root / path
    real = Path(os.path.realpath(full, strict=True))
    if not real.is_relative_to(root):
        return Refusal(SkipReason.OUTSIDE_ROOT, "a symbolic link that leads outside the root")
    if full.is_symlink() and real.is_dir():
        return Refusal(SkipReason.EXCLUDED, "a symbolic link to a directory; its files are read at their own place")
    return real


def _read(real: Path, max_bytes: int) -> bytes | Refusal:
    # Looked at before it is opened: to open a device can do things.
    refusal = _not_plain(os.stat(real, follow_symlinks=False))
    if refusal is not None:
        return refusal
    descriptor = os.open(real, _FLAGS)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        refusal = _not_plain(status)
        if refusal is not None:
            return refusal
        if status.st_size > max_bytes:
            return too_large(status.st_size, max_bytes)
        data = file.read(max_bytes + 1)
    return data if len(data) <= max_bytes else too_large(len(data), max_bytes)


def _not_plain(status: os.stat_result) -> Refusal | None:
    if stat.S_ISREG(status.st_mode):
        return None
    kind = next((words for test, words in _KINDS if test(status.st_mode)), "a special file")
    return Refusal(SkipReason.UNREADABLE, f"{kind}, not a plain file")


def _unreadable(error: OSError, full: Path) -> Refusal:
    if error.errno == errno.ENOENT and full.is_symlink():
        return Refusal(SkipReason.UNREADABLE, "a symbolic link to nothing")
    words = _ERRORS.get(error.errno or 0) or (error.strerror or type(error).__name__).lower()
    return Refusal(SkipReason.UNREADABLE, words)

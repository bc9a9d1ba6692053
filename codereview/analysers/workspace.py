"""A batch on disk, in a directory of its own, for the tools to read."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from codereview.domain.sources import Batch, SourceFile
from codereview.errors import InvalidSubmission, OutsideRoot
from codereview.ports import Workspace

#: What the directories of batches, and of the tools that read them, begin with.
PREFIX = "codereview-batch-"
TOOL_PREFIX = "codereview-tool-"


@dataclass(frozen=True, slots=True)
class DirectoryWorkspace:
    """The files of a batch below ``root``, each at its own path."""

    root: str
    files: Sequence[SourceFile]
    context: Sequence[SourceFile]


@contextmanager
def open_workspace(batch: Batch) -> Iterator[Workspace]:
    """Write the batch into a fresh directory, which only this user can read and which is gone afterwards.

    Raises OutsideRoot for a path that leads out of the directory, InvalidSubmission for one that cannot be a file
    there (a name too long, a file where another path needs a directory).
    """
    root = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX))
    try:
        reported = {file.path for file in batch.files}
        context = tuple(file for file in batch.context if file.path not in reported)
        for file in (*batch.files, *context):
            _write(root, file)
        yield DirectoryWorkspace(root, batch.files, context)
    finally:
        shutil.rmtree(root)


def sweep_stale(older_than_s: float, directory: str | None = None) -> int:
    """Remove what killed processes left behind: code under review must not lie about. How many directories went.

    Only this user's own, and only those nobody has touched for ``older_than_s`` seconds: no unit lasts that long.
    """
    limit = time.time() - older_than_s
    gone = 0
    with os.scandir(directory or tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith((PREFIX, TOOL_PREFIX)) or not entry.is_dir(follow_symlinks=False):
                continue
            with suppress(FileNotFoundError):  # another worker swept it
                found = entry.stat(follow_symlinks=False)
                if found.st_uid == os.getuid() and found.st_mtime < limit:
                    shutil.rmtree(entry.path, ignore_errors=True)
                    gone += 1
    return gone


def _write(root: str, file: SourceFile) -> None:
    target = os.path.join(root, *_parts(file.path))
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        with open(target, "x", encoding="utf-8", errors="surrogatepass", newline="") as stream:
            stream.write(file.text)
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the name is not valid text"
        raise InvalidSubmission(f"{file.path!r} cannot be written: {reason}") from error


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path that stays below any directory it is joined to."""
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise OutsideRoot(f"{path!r} leads outside the root of the review")
    return pure.parts

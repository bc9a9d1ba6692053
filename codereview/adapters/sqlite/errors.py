"""What SQLite's errors mean to the person who runs the service."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codereview.errors import BackendUnavailable, CodeReviewError, ConfigurationError

_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT}
_FORBIDDEN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}


def primary_code(error: sqlite3.Error) -> int | None:
    """The primary result code, or None for an error of the Python module itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Within it, errors of the file at ``path`` are raised as ConfigurationError or BackendUnavailable, naming it.

    What only a mistake in our SQL can cause stays what it is.
    """
    try:
        yield
    except sqlite3.Error as error:
        explanation = _explain(path, error)
        if explanation is None:
            raise
        raise explanation from error


def _explain(path: Path, error: sqlite3.Error) -> CodeReviewError | None:
    code = primary_code(error)
    if code in _DAMAGED:
        return ConfigurationError(f"{path} is damaged or not a database ({error}): move it away, or restore a backup")
    if code in _FORBIDDEN:
        return ConfigurationError(f"{path} cannot be opened for writing ({error}): give another CODEREVIEW_SQLITE_PATH")
    if code in _PASSING:
        return BackendUnavailable(f"the database {path} cannot be used now: {error}")
    return None

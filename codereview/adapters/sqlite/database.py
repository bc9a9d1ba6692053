"""One SQLite file, safe to use from many threads, greenlets and processes, and across forks."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codereview.adapters.sqlite import forking
from codereview.adapters.sqlite.errors import explained
from codereview.adapters.sqlite.schema import prepare
from codereview.errors import ConfigurationError

#: Seconds a statement waits for a writer of another process.
BUSY_TIMEOUT_S = 10.0


class Database:
    """The file at ``path``, opened when first used; its directory and the file (mode 0600) are made when missing.

    A process has one connection, used by one thread at a time: SQLite has one writer at a time anyway, and what is
    read is small. The connection is never carried into a forked child: see `codereview.adapters.sqlite.forking`.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path).absolute()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        forking.watch(self)

    def __del__(self) -> None:
        self._close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one SELECT. Raises ConfigurationError or BackendUnavailable, naming the file."""
        with self._lock, explained(self.path):
            yield self._opened()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: committed at the end, rolled back when an error leaves the block.

        Raises as `reading` does.
        """
        with self._lock, explained(self.path):
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def verify(self) -> None:
        """Open the file now. Raises as `reading` does."""
        with self.reading() as connection:
            connection.execute("SELECT 1 FROM reviews LIMIT 1").fetchone()

    def close(self) -> None:
        """Close the connection; using the database opens it again."""
        with self._lock:
            self._close()

    def before_fork(self) -> None:
        """Wait for the connection to be free, close it, and keep it closed until `after_fork`."""
        self._lock.acquire()
        self._close()

    def after_fork(self) -> None:
        """Let the database be used again, in the parent or in the child."""
        self._lock.release()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        _create_private(self.path)
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            # A review that was said to be stored is still there after a power failure.
            connection.execute("PRAGMA synchronous = FULL")
            prepare(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def _create_private(path: Path) -> None:
    """Make the file, readable by its owner only, when there is none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Closing any descriptor of a file drops every lock the process has on it: so only a file that no connection
        # can know yet is opened here, and no two threads are here at once.
        with forking.creating:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be made ({error.strerror}): give another CODEREVIEW_SQLITE_PATH"
        ) from error

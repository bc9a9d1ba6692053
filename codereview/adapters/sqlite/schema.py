"""The tables, and how a file of an older version comes to have them."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codereview.adapters.sqlite.errors import primary_code
from codereview.errors import ConfigurationError

#: Marks our files ("cdrv"), so that another program's database is never touched.
APPLICATION_ID = 0x63647276

#: Element n brings a file from version n (``PRAGMA user_version``) to n + 1. Never change one that was released.
#: ``body`` stands last: SQLite then reads a summary without reading through the body.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE reviews (
            id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            status TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            summary TEXT NOT NULL,
            body BLOB NOT NULL
        )""",
        "CREATE INDEX reviews_of_owner ON reviews (owner, created_at, id)",
        "CREATE INDEX reviews_unfinished ON reviews (created_at, id) WHERE status IN ('pending', 'running')",
        "CREATE INDEX reviews_expiring ON reviews (expires_at) WHERE expires_at IS NOT NULL",
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            digest TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            name TEXT NOT NULL,
            revoked_at INTEGER
        )""",
    ),
)

_WAL_PATIENCE_S = 10.0


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version's schema, in write-ahead mode. Any number of processes may do so at once.

    Raises ConfigurationError when the file is another program's, or a newer version's.
    """
    with _transaction(connection, "BEGIN"):
        version = _version(connection, path)
    if version < len(MIGRATIONS):
        _use_write_ahead_log(connection)
        with _transaction(connection, "BEGIN IMMEDIATE"):
            _migrate(connection, path)


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    # To be called in a transaction: another process may be migrating the file between two of these statements.
    version = _number(connection, "PRAGMA user_version")
    application = _number(connection, "PRAGMA application_id")
    if application != APPLICATION_ID and (version or _number(connection, "SELECT count(*) FROM sqlite_master")):
        raise ConfigurationError(f"{path} is another program's database: give another CODEREVIEW_SQLITE_PATH")
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"{path} was written by a newer codereview (schema {version}; this one knows {len(MIGRATIONS)}): "
            "upgrade, or give another CODEREVIEW_SQLITE_PATH"
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    for number in range(_version(connection, path), len(MIGRATIONS)):
        for statement in MIGRATIONS[number]:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # The busy timeout does not cover this statement, and processes that start together meet in it. A file system
    # that cannot do it keeps the rollback journal: slower, not wrong.
    deadline = time.monotonic() + _WAL_PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])

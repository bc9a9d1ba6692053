"""API keys in SQLite."""

import sqlite3
from pathlib import Path

from codereview.adapters.sqlite.database import Database
from codereview.ports import ApiKey

_COLUMNS = "id, owner, digest, created_at, name, revoked_at"


class SqliteKeyStore:
    """A `KeyStore` in the file at ``path``, which may be the reviews' own.

    Every method raises ConfigurationError or BackendUnavailable, naming the file, when it cannot be used.
    """

    def __init__(self, path: Path | str) -> None:
        self._database = Database(Path(path))

    def verify(self) -> None:
        """Open the file and bring it to this version's schema now rather than at the first use."""
        self._database.verify()

    def close(self) -> None:
        """Close the file; using the store opens it again."""
        self._database.close()

    def add(self, key: ApiKey) -> None:
        """Store a new key. Raises ValueError when there is one with this id."""
        row = (key.id, key.owner, key.digest, key.created_at, key.name, key.revoked_at)
        with self._database.writing() as connection:
            try:
                connection.execute(f"INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608
            except sqlite3.IntegrityError as error:
                raise ValueError(f"there is a key {key.id!r} already") from error

    def get(self, key_id: str) -> ApiKey | None:
        """One key, revoked or not."""
        with self._database.reading() as connection:
            query = f"SELECT {_COLUMNS} FROM keys WHERE id = ?"  # noqa: S608  a constant
            row = connection.execute(query, (key_id,)).fetchone()
        return None if row is None else ApiKey(*row)

    def all(self) -> list[ApiKey]:
        """All keys, the oldest first."""
        with self._database.reading() as connection:
            query = f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, id"  # noqa: S608  a constant
            rows = connection.execute(query).fetchall()
        return [ApiKey(*row) for row in rows]

    def revoke(self, key_id: str, at: int) -> bool:
        """Revoke. False when there is no such key or it was revoked before."""
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (at, key_id)
            )
        return changed.rowcount == 1

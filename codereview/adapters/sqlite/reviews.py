"""Reviews in SQLite."""

import logging
import sqlite3
from pathlib import Path

from pydantic import ValidationError

from codereview.adapters.cursors import DEFAULT_KEY, Cursors, Position
from codereview.adapters.review_codec import expires_at, pack, summary_of, unpack
from codereview.adapters.sqlite.database import Database
from codereview.adapters.system import SystemClock
from codereview.domain.reviews import Review, ReviewStatus
from codereview.ports import Clock, Page

log = logging.getLogger(__name__)

#: How often expired reviews are looked for, and how many are removed at a time.
_PURGE_EVERY_MS = 600_000
_PURGE_BATCH = 200

_KEPT = "(expires_at IS NULL OR expires_at > :now)"


class SqliteReviewStore:
    """A `ReviewStore` in the file at ``path``; ended reviews are kept for ``retention_days``.

    Every method raises ConfigurationError or BackendUnavailable, naming the file, when it cannot be used.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        retention_days: int = 7,
        clock: Clock | None = None,
        cursor_key: bytes = DEFAULT_KEY,
    ) -> None:
        self._database = Database(Path(path))
        self._retention_days = retention_days
        self._clock = clock or SystemClock()
        self._cursors = Cursors(cursor_key)
        self._purge_at = 0

    def verify(self) -> None:
        """Open the file and bring it to this version's schema now rather than at the first use."""
        self._database.verify()

    def close(self) -> None:
        """Close the file; using the store opens it again."""
        self._database.close()

    def put(self, review: Review) -> None:
        """Insert or replace, body and summary together."""
        row = {
            "id": review.id,
            "owner": review.owner,
            "status": str(review.status),
            "created_at": review.created_at,
            "expires_at": expires_at(review, self._retention_days),
            "summary": summary_of(review).to_json(),
            "body": pack(review),
        }
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO reviews (id, owner, status, created_at, expires_at, summary, body)"
                " VALUES (:id, :owner, :status, :created_at, :expires_at, :summary, :body)",
                row,
            )
            self._purge_now_and_then(connection)

    def get(self, review_id: str) -> Review | None:
        """The whole review, or None when it is not there or has expired."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT body FROM reviews WHERE id = :id AND {_KEPT}",  # noqa: S608  a constant
                {"id": review_id, "now": self._clock.now_ms()},
            ).fetchone()
        return None if row is None else unpack(review_id, row[0])

    def page(
        self, *, owner: str, status: ReviewStatus | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """The owner's reviews, the newest first. Raises InvalidCursor for a cursor this store did not make, ValueError
        for a limit below 1."""
        if limit < 1:
            raise ValueError(f"a page has at least one review, not {limit}")
        after = self._cursors.decode(owner, cursor) if cursor is not None else None
        conditions = ["owner = :owner", _KEPT]
        if status is not None:
            conditions.append("status = :status")
        if after is not None:
            conditions.append("(created_at, id) < (:created_at, :id)")
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT created_at, id, summary FROM reviews WHERE {' AND '.join(conditions)}"  # noqa: S608  constants
                " ORDER BY created_at DESC, id DESC LIMIT :limit",
                {
                    "owner": owner,
                    "now": self._clock.now_ms(),
                    "status": status and str(status),
                    "created_at": after and after.created_at,
                    "id": after and after.review_id,
                    "limit": limit + 1,
                },
            ).fetchall()
        shown = rows[:limit]
        more = self._cursors.encode(owner, Position(shown[-1][0], shown[-1][1])) if len(rows) > limit else None
        return Page(tuple(review for row in shown if (review := _read(row[1], row[2]))), more)

    def unfinished(self, *, created_before: int, limit: int = 100) -> list[str]:
        """Ids of pending and running reviews created before then (ms), the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM reviews WHERE status IN ('pending', 'running') AND created_at < ?"
                " ORDER BY created_at, id LIMIT ?",
                (created_before, limit),
            ).fetchall()
        return [row[0] for row in rows]

    def delete(self, review_id: str) -> bool:
        """Remove it. False when it was not there, or had expired."""
        with self._database.writing() as connection:
            kept = connection.execute(
                f"SELECT 1 FROM reviews WHERE id = :id AND {_KEPT}",  # noqa: S608  a constant
                {"id": review_id, "now": self._clock.now_ms()},
            ).fetchone()
            connection.execute("DELETE FROM reviews WHERE id = ?", (review_id,))
        return kept is not None

    def _purge_now_and_then(self, connection: sqlite3.Connection) -> None:
        now = self._clock.now_ms()
        if now < self._purge_at:
            return
        removed = connection.execute(
            "DELETE FROM reviews WHERE id IN (SELECT id FROM reviews WHERE expires_at <= ? LIMIT ?)",
            (now, _PURGE_BATCH),
        ).rowcount
        # A full batch says that there is more: the next put goes on.
        self._purge_at = now if removed == _PURGE_BATCH else now + _PURGE_EVERY_MS


def _read(review_id: str, summary: str) -> Review | None:
    try:
        return Review.model_validate_json(summary)
    except ValidationError:
        # Written by a version with other fields. One such review must not hide all the others.
        log.warning("stored_review_unreadable", extra={"reviewId": review_id})
        return None

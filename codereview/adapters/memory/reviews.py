"""Reviews in this process, for as long as it lives."""

import threading

from codereview.adapters.cursors import Cursors, Position
from codereview.adapters.review_codec import summary_of
from codereview.domain.reviews import Review, ReviewStatus
from codereview.ports import Page


class MemoryReviewStore:
    """`codereview.ports.ReviewStore` in memory; nothing expires."""

    def __init__(self) -> None:
        self._reviews: dict[str, Review] = {}
        self._lock = threading.Lock()
        self._cursors = Cursors()

    def put(self, review: Review) -> None:
        """Insert or replace."""
        with self._lock:
            self._reviews[review.id] = review

    def get(self, review_id: str) -> Review | None:
        """The whole review."""
        with self._lock:
            return self._reviews.get(review_id)

    def page(
        self, *, owner: str, status: ReviewStatus | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """The owner's reviews, the newest first. Raises InvalidCursor, ValueError for a limit below 1."""
        if limit < 1:
            raise ValueError(f"a page has at least one review, not {limit}")
        after = self._cursors.decode(owner, cursor) if cursor is not None else None
        with self._lock:
            own = [r for r in self._reviews.values() if r.owner == owner and status in (None, r.status)]
        own.sort(key=lambda r: (r.created_at, r.id), reverse=True)
        if after is not None:
            own = [r for r in own if (r.created_at, r.id) < (after.created_at, after.review_id)]
        shown = own[:limit]
        more = len(own) > limit
        return Page(
            tuple(summary_of(r) for r in shown),
            self._cursors.encode(owner, Position(shown[-1].created_at, shown[-1].id)) if more else None,
        )

    def unfinished(self, *, created_before: int, limit: int = 100) -> list[str]:
        """Ids of pending and running reviews created before then (ms), the oldest first."""
        with self._lock:
            open_ = [r for r in self._reviews.values() if not r.status.terminal and r.created_at < created_before]
        return [r.id for r in sorted(open_, key=lambda r: (r.created_at, r.id))][:limit]

    def delete(self, review_id: str) -> bool:
        """Remove it. False when it was not there."""
        with self._lock:
            return self._reviews.pop(review_id, None) is not None

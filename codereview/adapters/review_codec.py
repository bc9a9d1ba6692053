"""How durable stores write a review down: a small summary for listings, a packed body with all of it."""

import gzip
import zlib
from datetime import timedelta

from pydantic import ValidationError

from codereview.domain.reviews import Review
from codereview.errors import BackendUnavailable

_COMPRESSION = 6


def summary_of(review: Review) -> Review:
    """The review without what can be large: findings, coverage and the baseline it was asked to accept."""
    options = review.options.model_copy(update={"baseline": ()})
    return review.model_copy(update={"findings": (), "coverage": (), "options": options})


def pack(review: Review) -> bytes:
    """The whole review as gzip of its wire JSON. The same review gives the same bytes."""
    return gzip.compress(review.to_json().encode(), _COMPRESSION, mtime=0)


def unpack(review_id: str, packed: bytes) -> Review:
    """The review in a packed body. Raises BackendUnavailable when it is `unreadable`."""
    try:
        return Review.model_validate_json(gzip.decompress(packed))
    except (OSError, EOFError, zlib.error, ValidationError) as error:
        # Not chained: a validation error quotes what it read, and that is reviewed code.
        raise unreadable(review_id, error) from None


def unreadable(review_id: str, error: Exception) -> BackendUnavailable:
    """The error of a stored review that is damaged, or was written by a version with other fields."""
    return BackendUnavailable(
        f"review {review_id} is stored in a form this version cannot read ({type(error).__name__})"
    )


def expires_at(review: Review, retention_days: int) -> int | None:
    """When the review is no longer kept, in milliseconds since the epoch; None while it has not ended."""
    if not review.status.terminal:
        return None
    ended = review.created_at if review.completed_at is None else review.completed_at
    return ended + timedelta(days=retention_days) // timedelta(milliseconds=1)

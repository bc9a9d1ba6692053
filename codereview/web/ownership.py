"""Whose a review is: asked of the service once per review, for it never changes."""

import re
import threading
from collections import OrderedDict

from codereview.application.review_service import ReviewService
from codereview.domain.reviews import Review
from codereview.errors import UnknownReview

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REMEMBERED = 20_000


def checked_id(review_id: str) -> str:
    """The id, if it has the form of one. Raises UnknownReview."""
    if not _ID.fullmatch(review_id):
        raise UnknownReview("there is no review with this id: it does not have the form of one")
    return review_id


class Ownership:
    """Checks owners without reading whole reviews, so that a thousand sockets may come back at once."""

    def __init__(self, service: ReviewService) -> None:
        self._service = service
        self._owners: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, review_id: str, owner: str) -> None:
        """Raise UnknownReview unless it is the owner's."""
        with self._lock:
            known = self._owners.get(review_id)
        if known is None:
            self.remember(self._service.get(checked_id(review_id), owner=owner))
        elif known != owner:
            raise UnknownReview(f"there is no review {review_id!r}", reviewId=review_id)

    def remember(self, review: Review) -> None:
        """Note whose a review is that was just read."""
        with self._lock:
            self._owners[review.id] = review.owner
            if len(self._owners) > _REMEMBERED:
                self._owners.popitem(last=False)

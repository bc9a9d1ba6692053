"""Who is calling, however that was found out."""

from dataclasses import dataclass

from codereview.web.ownership import checked_id
from codereview.web.problems import TicketForAnotherReview


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose reviews may be used; with ``review_id`` (a ticket) only that one."""

    owner: str = ""
    key_id: str = ""
    review_id: str | None = None

    def check(self, review_id: str) -> str:
        """The id, if this caller's credentials reach that far. Raises UnknownReview, TicketForAnotherReview."""
        if self.review_id is not None and review_id != self.review_id:
            raise TicketForAnotherReview(f"this ticket opens review {self.review_id} only", reviewId=self.review_id)
        return checked_id(review_id)

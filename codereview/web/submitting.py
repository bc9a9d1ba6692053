"""Accepting a submission once, however often it is sent."""

import hashlib
import logging
import re
from dataclasses import dataclass

from codereview.application.review_service import ReviewService
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission
from codereview.errors import BackendUnavailable, IdempotencyConflict, IdempotencyMismatch
from codereview.ports import IdempotencyStore
from codereview.web.callers import Caller
from codereview.web.ownership import Ownership
from codereview.web.problems import InvalidParameter

log = logging.getLogger(__name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The review a submission became; ``replayed``: it was submitted before."""

    review: Review
    replayed: bool = False


class Submitter:
    """Takes submissions, and knows those it took by their Idempotency-Key."""

    def __init__(self, service: ReviewService, idempotency: IdempotencyStore, ownership: Ownership) -> None:
        self._service = service
        self._idempotency = idempotency
        self._ownership = ownership

    def submit(self, caller: Caller, submission: Submission, body: bytes, key: str | None) -> Receipt:
        """Submit, or find what the same key and body became before.

        Raises what `ReviewService.submit` raises; IdempotencyConflict while the first request with the key runs,
        IdempotencyMismatch when it had another body, InvalidParameter for a key that cannot be one.
        """
        if key is None:
            return Receipt(self._submit(caller, submission))
        if not _KEY.fullmatch(key):
            raise InvalidParameter(
                "Idempotency-Key must be 1 to 255 visible ASCII characters", parameter="Idempotency-Key"
            )
        digest = hashlib.sha256(body).hexdigest()
        record = self._idempotency.begin(caller.owner, key, digest)
        if record is not None:
            if record.body_digest != digest:
                raise IdempotencyMismatch("this Idempotency-Key was used with another body; use a new key")
            if not record.review_id:
                raise IdempotencyConflict("the first request with this Idempotency-Key is still running; try again")
            return Receipt(self._service.get(record.review_id, owner=caller.owner), replayed=True)
        try:
            review = self._submit(caller, submission)
        except Exception:
            self._abandon(caller, key)
            raise
        self._finish(caller, key, review)
        return Receipt(review)

    def _submit(self, caller: Caller, submission: Submission) -> Review:
        review = self._service.submit(submission, owner=caller.owner)
        self._ownership.remember(review)
        return review

    def _abandon(self, caller: Caller, key: str) -> None:
        try:
            self._idempotency.abandon(caller.owner, key)
        except BackendUnavailable:
            # The first error is the one to report; the reservation ends by itself.
            log.warning("idempotency_key_not_freed")

    def _finish(self, caller: Caller, key: str, review: Review) -> None:
        try:
            self._idempotency.finish(caller.owner, key, review.id)
        except BackendUnavailable:
            # The review runs: that is the answer. A repeat meets the reservation until it ends.
            log.warning("idempotency_key_not_recorded", extra={"review_id": review.id})

"""Accepting a submission once, however often it is sent."""

import hashlib
import logging
import re
from dataclasses import dataclass

from api.auth import Caller
from api.links import links, web_socket_url
from api.problems import InvalidParameter
from api.schemas import Accepted, NewTicket
from api.state import State
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission
from codereview.errors import BackendUnavailable, IdempotencyConflict, IdempotencyMismatch

log = logging.getLogger(__name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The review a submission became; ``replayed``: it was submitted before."""

    review: Review
    replayed: bool = False


def submit_once(state: State, caller: Caller, submission: Submission, body: bytes, key: str | None) -> Receipt:
    """Submit, or find what the same key and body became before.

    Raises what `ReviewService.submit` raises; IdempotencyConflict while the first request with the key runs,
    IdempotencyMismatch when it had another body, InvalidParameter for a key that cannot be one.
    """
    if key is None:
        return Receipt(_submit(state, caller, submission))
    if not _KEY.fullmatch(key):
        raise InvalidParameter("Idempotency-Key must be 1 to 255 visible ASCII characters", parameter="Idempotency-Key")
    store, digest = state.product.idempotency, hashlib.sha256(body).hexdigest()
    record = store.begin(caller.owner, key, digest)
    if record is not None:
        if record.body_digest != digest:
            raise IdempotencyMismatch("this Idempotency-Key was used with another body; use a new key")
        if not record.review_id:
            raise IdempotencyConflict("the first request with this Idempotency-Key is still running; try again")
        return Receipt(state.product.service.get(record.review_id, owner=caller.owner), replayed=True)
    try:
        review = _submit(state, caller, submission)
    except Exception:
        _abandon(state, caller, key)
        raise
    _finish(state, caller, key, review)
    return Receipt(review)


def accepted(state: State, review: Review) -> Accepted:
    """What the client is told of a review that was accepted."""
    ticket = new_ticket(state, review.id, review.owner)
    return Accepted(
        review_id=review.id,
        status=review.status,
        web_socket_url=ticket.web_socket_url,
        ticket_expires_at=ticket.expires_at,
        links=links(state, review.id),
    )


def new_ticket(state: State, review_id: str, owner: str) -> NewTicket:
    """A ticket for a review whose owner was checked."""
    text, ticket = state.tickets.issue(review_id, owner)
    return NewTicket(ticket=text, web_socket_url=web_socket_url(state, text), expires_at=ticket.expires_at * 1000)


def _submit(state: State, caller: Caller, submission: Submission) -> Review:
    review = state.product.service.submit(submission, owner=caller.owner)
    state.ownership.remember(review)
    return review


def _abandon(state: State, caller: Caller, key: str) -> None:
    try:
        state.product.idempotency.abandon(caller.owner, key)
    except BackendUnavailable:
        # The first error is the one to report; the reservation ends by itself.
        log.warning("idempotency_key_not_freed")


def _finish(state: State, caller: Caller, key: str, review: Review) -> None:
    try:
        state.product.idempotency.finish(caller.owner, key, review.id)
    except BackendUnavailable:
        # The review runs: that is the answer. A repeat meets the reservation until it ends.
        log.warning("idempotency_key_not_recorded", extra={"review_id": review.id})

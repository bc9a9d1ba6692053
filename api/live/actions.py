"""What a WebSocket's messages do."""

from collections.abc import Callable
from typing import assert_never

from api.auth import Caller
from api.live.messages import (
    Cancel,
    Cancelled,
    Message,
    Ping,
    Pong,
    Started,
    StartReview,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
)
from api.problems import InvalidMessage, TicketForAnotherReview, TooManySubscriptions
from api.state import State
from api.submitting import accepted, submit_once
from codereview.domain.model import Model

#: Reviews one socket may follow at once.
MAX_SUBSCRIPTIONS = 16


class Actions:
    """Carries messages out for one caller. ``answer`` raises the CodeReviewError that refuses a message."""

    def __init__(
        self,
        state: State,
        caller: Caller,
        follow: Callable[[str, int], None],
        unfollow: Callable[[str], bool],
        followed: Callable[[], tuple[str, ...]],
    ) -> None:
        self._state = state
        self._caller = caller
        self._follow = follow
        self._unfollow = unfollow
        self._followed = followed

    def answer(self, message: Message) -> Model:
        """Do it, and say so."""
        match message:
            case StartReview():
                return self._start(message)
            case Subscribe():
                return self._subscribe(message)
            case Unsubscribe():
                return self._unsubscribe(message)
            case Cancel():
                return self._cancel(message)
            case Ping():
                return Pong()
            case _:
                assert_never(message)

    def _start(self, message: StartReview) -> Started:
        if self._caller.review_id is not None:
            raise TicketForAnotherReview("a ticket opens one review and starts none; use an API key")
        self._check_room("")
        submission = message.submission
        body = submission.to_json().encode() if message.idempotency_key is not None else b""
        receipt = submit_once(self._state, self._caller, submission, body, message.idempotency_key)
        self._follow(receipt.review.id, 0)
        return Started(**dict(accepted(self._state, receipt.review)))

    def _subscribe(self, message: Subscribe) -> Subscribed:
        self._caller.check(message.review_id)
        self._state.ownership.check(message.review_id, self._caller.owner)
        self._check_room(message.review_id)
        self._follow(message.review_id, message.last_event_id)
        return Subscribed(review_id=message.review_id, last_event_id=message.last_event_id)

    def _unsubscribe(self, message: Unsubscribe) -> Unsubscribed:
        if not self._unfollow(message.review_id):
            raise InvalidMessage(f"review {message.review_id} is not followed here")
        return Unsubscribed(review_id=message.review_id)

    def _cancel(self, message: Cancel) -> Cancelled:
        review_id = message.review_id or self._only_one()
        self._caller.check(review_id)
        review = self._state.product.service.cancel(review_id, owner=self._caller.owner)
        return Cancelled(review_id=review.id, status=review.status)

    def _only_one(self) -> str:
        followed = self._followed()
        if len(followed) != 1:
            raise InvalidMessage(f"say which review: {len(followed)} are followed here")
        return followed[0]

    def _check_room(self, review_id: str) -> None:
        followed = self._followed()
        if review_id not in followed and len(followed) >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptions(f"a WebSocket follows {MAX_SUBSCRIPTIONS} reviews at most")

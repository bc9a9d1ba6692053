"""What a WebSocket's messages do."""

from typing import Protocol, assert_never

from codereview.domain.model import Model
from codereview.web.addresses import Addresses
from codereview.web.callers import Caller
from codereview.web.messages import (
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
from codereview.web.problems import InvalidMessage, TicketForAnotherReview, TooManySubscriptions
from codereview.web.replies import accepted
from codereview.web.surface import Surface


class Follows(Protocol):
    """What one socket follows."""

    def follow(self, review_id: str, after: int) -> None:
        """Follow a review from after an event, or go on from there."""
        ...

    def unfollow(self, review_id: str) -> bool:
        """No longer; whether it was followed."""
        ...

    def followed(self) -> tuple[str, ...]:
        """The reviews that are."""
        ...


class Actions:
    """Carries messages out for one caller, whose socket may follow ``room`` reviews at once.

    ``answer`` raises the CodeReviewError that refuses a message.
    """

    def __init__(self, surface: Surface, addresses: Addresses, caller: Caller, follows: Follows, *, room: int) -> None:
        self._surface = surface
        self._addresses = addresses
        self._caller = caller
        self._follows = follows
        self._room = room

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
        receipt = self._surface.submitter.submit(self._caller, submission, body, message.idempotency_key)
        self._follows.follow(receipt.review.id, 0)
        return Started(**dict(accepted(receipt.review, self._surface.tickets, self._addresses)))

    def _subscribe(self, message: Subscribe) -> Subscribed:
        self._caller.check(message.review_id)
        self._surface.ownership.check(message.review_id, self._caller.owner)
        self._check_room(message.review_id)
        self._follows.follow(message.review_id, message.last_event_id)
        return Subscribed(review_id=message.review_id, last_event_id=message.last_event_id)

    def _unsubscribe(self, message: Unsubscribe) -> Unsubscribed:
        if not self._follows.unfollow(message.review_id):
            raise InvalidMessage(f"review {message.review_id} is not followed here")
        return Unsubscribed(review_id=message.review_id)

    def _cancel(self, message: Cancel) -> Cancelled:
        review_id = message.review_id or self._only_one()
        self._caller.check(review_id)
        review = self._surface.service.cancel(review_id, owner=self._caller.owner)
        return Cancelled(review_id=review.id, status=review.status)

    def _only_one(self) -> str:
        followed = self._follows.followed()
        if len(followed) != 1:
            raise InvalidMessage(f"say which review: {len(followed)} are followed here")
        return followed[0]

    def _check_room(self, review_id: str) -> None:
        followed = self._follows.followed()
        if review_id not in followed and len(followed) >= self._room:
            raise TooManySubscriptions(f"a WebSocket follows {self._room} reviews at most at once")

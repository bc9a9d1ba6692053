"""Submitting, reading, listing and cancelling reviews."""

from urllib.parse import urlencode

from flask import Response, request

from api.answers import answer, conditional
from api.body import read_json
from api.links import addresses, base_url
from api.operations import Answer, Routes, caller, query
from api.schemas import ListQuery, ReviewList
from api.state import state
from codereview.domain.estimate import Estimate
from codereview.domain.submission import Submission
from codereview.errors import (
    EmptySubmission,
    IdempotencyConflict,
    IdempotencyMismatch,
    InvalidCursor,
    InvalidSubmission,
    Overloaded,
    ReviewEndedAlready,
    TooLarge,
)
from codereview.web.problems import MalformedJson, UnknownField, UnsupportedMediaType
from codereview.web.replies import accepted, new_ticket, view
from codereview.web.schemas import Accepted, NewTicket, ReviewView

routes = Routes()

_REFUSALS = (
    InvalidSubmission,
    EmptySubmission,
    UnknownField,
    MalformedJson,
    UnsupportedMediaType,
    TooLarge,
    Overloaded,
    IdempotencyConflict,
    IdempotencyMismatch,
)


@routes.post(
    "/api/review",
    body=Submission,
    answers={
        202: Answer(
            "Accepted; the review runs.",
            Accepted,
            headers={
                "Location": "Where the review is.",
                "Idempotent-Replayed": '"true" when an earlier request with the same Idempotency-Key was the first.',
            },
        )
    },
    problems=_REFUSALS,
    headers={"Idempotency-Key": "Makes the request safe to repeat: the same key and body give the same review."},
)
def submit_review() -> Response:
    """Submit code for review."""
    here = state()
    submission, body = read_json(Submission)
    receipt = here.surface.submitter.submit(caller(), submission, body, request.headers.get("Idempotency-Key"))
    told = accepted(receipt.review, here.surface.tickets, addresses(here))
    headers = {"Location": told.links.review}
    if receipt.replayed:
        headers["Idempotent-Replayed"] = "true"
    return answer(told, 202, headers)


@routes.post(
    "/api/review/estimate",
    body=Submission,
    answers={200: Answer("What it would cost; nothing was started.", Estimate)},
    problems=(InvalidSubmission, EmptySubmission, UnknownField, MalformedJson, UnsupportedMediaType, TooLarge),
)
def estimate_review() -> Response:
    """What a review of this submission would cost."""
    caller()
    submission, _ = read_json(Submission)
    return answer(state().product.service.estimate(submission))


@routes.get(
    "/api/review/<review_id>",
    answers={
        200: Answer("The review.", ReviewView, headers={"ETag": "Names this state of it."}),
        304: Answer("It is as If-None-Match says."),
    },
    headers={"If-None-Match": "The ETag of what the client has."},
)
def get_review(review_id: str) -> Response:
    """The review as it stands; while it runs, with the findings so far."""
    here = state()
    review = here.product.service.get(review_id, owner=caller().owner)
    return conditional(answer(view(review, addresses(here))))


@routes.get(
    "/api/reviews",
    query=ListQuery,
    answers={200: Answer("A page of reviews.", ReviewList, headers={"Link": 'The next page, rel="next".'})},
    problems=(InvalidCursor,),
)
def list_reviews() -> Response:
    """Reviews, the newest first."""
    here, asked = state(), query(ListQuery)
    page = here.product.service.page(owner=caller().owner, status=asked.status, limit=asked.limit, cursor=asked.cursor)
    body = ReviewList(reviews=tuple(view(review, addresses(here)) for review in page.reviews), next_cursor=page.cursor)
    headers = {}
    if page.cursor is not None:
        following = {"status": str(asked.status)} if asked.status else {}
        following |= {"limit": str(asked.limit), "cursor": page.cursor}
        headers["Link"] = f'<{base_url(here)}/api/reviews?{urlencode(following)}>; rel="next"'
    return answer(body, headers=headers)


@routes.post(
    "/api/review/<review_id>/cancel",
    answers={200: Answer("Cancelled; with what was found until then.", ReviewView)},
    problems=(ReviewEndedAlready,),
)
def cancel_review(review_id: str) -> Response:
    """End the review now. What was found so far is kept."""
    here = state()
    return answer(view(here.product.service.cancel(review_id, owner=caller().owner), addresses(here)))


@routes.delete(
    "/api/review/<review_id>",
    answers={200: Answer("Cancelled; with what was found until then.", ReviewView)},
    problems=(ReviewEndedAlready,),
)
def delete_review(review_id: str) -> Response:
    """The same as POST …/cancel: the review ends, its record stays until it expires."""
    return cancel_review(review_id)


@routes.post(
    "/api/review/<review_id>/ticket",
    answers={201: Answer("A ticket.", NewTicket)},
)
def create_ticket(review_id: str) -> Response:
    """A ticket for the live stream of this review, for clients that cannot send a key there."""
    here = state()
    owner = caller().owner
    here.surface.ownership.check(review_id, owner)
    return answer(new_ticket(review_id, owner, here.surface.tickets, addresses(here)), 201)

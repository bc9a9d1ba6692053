"""ReviewOrchestrator: what changes something over the REST API. POST /api/review accepts a review."""

from typing import Any

from codereview.domain.submission import Submission
from codereview.web.replies import accepted, new_ticket, view
from lambdas._product import surface
from lambdas._rest import Answer, Request, serve


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """A request of API Gateway → its answer."""
    return serve(event, _ROUTES)


def _submit(request: Request) -> Answer:
    request.expect_no_query()
    submission = request.read_json(Submission)
    here = surface()
    receipt = here.submitter.submit(request.caller, submission, request.body, request.headers.get("idempotency-key"))
    told = accepted(receipt.review, here.tickets, request.addresses)
    headers = {"Location": told.links.review}
    if receipt.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Answer(told, 202, headers)


def _ticket(request: Request) -> Answer:
    request.expect_no_query()
    here, owner = surface(), request.caller.owner
    review_id = request.caller.check(request.arguments["reviewId"])
    here.ownership.check(review_id, owner)
    return Answer(new_ticket(review_id, owner, here.tickets, request.addresses), 201)


def _cancel(request: Request) -> Answer:
    request.expect_no_query()
    review_id = request.caller.check(request.arguments["reviewId"])
    review = surface().service.cancel(review_id, owner=request.caller.owner)
    return Answer(view(review, request.addresses))


_ROUTES = {
    ("POST", "/api/review"): _submit,
    ("DELETE", "/api/review/{reviewId}"): _cancel,
    ("POST", "/api/review/{reviewId}/cancel"): _cancel,
    ("POST", "/api/review/{reviewId}/ticket"): _ticket,
}

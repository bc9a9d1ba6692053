"""GetReviewStatus: what is read over the REST API. GET /api/review/{reviewId} tells how a review stands."""

from typing import Any

from codereview.web.replies import event_list, finding_list, view
from codereview.web.schemas import EventsQuery, FindingsQuery
from lambdas._product import product
from lambdas._rest import Answer, Request, serve


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """A request of API Gateway → its answer."""
    return serve(event, _ROUTES)


def _review(request: Request) -> Answer:
    request.expect_no_query()
    review_id = request.caller.check(request.arguments["reviewId"])
    review = product().service.get(review_id, owner=request.caller.owner)
    return Answer(view(review, request.addresses), conditional=True)


def _findings(request: Request) -> Answer:
    asked = request.read_query(FindingsQuery)
    review_id = request.caller.check(request.arguments["reviewId"])
    return Answer(finding_list(product().service.get(review_id, owner=request.caller.owner), asked))


def _events(request: Request) -> Answer:
    asked = request.read_query(EventsQuery)
    review_id = request.caller.check(request.arguments["reviewId"])
    here = product()
    here.service.get(review_id, owner=request.caller.owner)
    return Answer(event_list(review_id, asked, here.bus))


_ROUTES = {
    ("GET", "/api/review/{reviewId}"): _review,
    ("GET", "/api/review/{reviewId}/findings"): _findings,
    ("GET", "/api/review/{reviewId}/events"): _events,
}

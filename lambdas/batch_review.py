"""Second step, for each shard: submit its review, and look whether it has ended."""

from typing import Any

from codereview.errors import InvalidSubmission
from lambdas._batches import read_event, reviews_of


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """``{"action": "submit", "batchId", "order", "shard"}`` → ``reviewId``; with ``"action": "check"`` and the
    ``reviewId`` → ``done``, and when it is: ``status`` and ``findingCount``.

    Raises Overloaded, IdempotencyConflict and BackendUnavailable, which the state machine retries, by these names.
    """
    batch_id, order = read_event(event)
    shard, steps = int(event["shard"]), reviews_of(order)
    match event.get("action"):
        case "submit":
            return {"shard": shard, "reviewId": steps.submit(batch_id, order, shard)}
        case "check":
            review_id = str(event["reviewId"])
            review = steps.check(batch_id, order, shard, review_id)
            known = {"shard": shard, "reviewId": review_id, "done": review is not None}
            if review is None:
                return known
            return {**known, "status": str(review.status), "findingCount": review.metrics.finding_count}
        case other:
            raise InvalidSubmission(f"there is no action {other!r}; the actions are submit and check")

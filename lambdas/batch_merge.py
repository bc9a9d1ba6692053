"""Last step: merge the reviews of the shards into one, stored as any other, and write its reports to S3."""

from typing import Any

from codereview.formats import FORMATS, render
from lambdas._batches import read_event, reviews_of

#: Written beside the shards, by the names the formats have elsewhere.
_REPORTS = ("json", "sarif", "markdown")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """``{"batchId", "order"}`` → ``reviewId``, how it ended, and the keys of the reports."""
    batch_id, order = read_event(event)
    steps = reviews_of(order)
    review = steps.merge(batch_id, order)
    reports = {}
    for name in _REPORTS:
        form = FORMATS[name]
        text = render(review, name)
        reports[name] = steps.keep_report(batch_id, order, f"report{form.suffix}", text, form.media_type)
    return {
        "batchId": batch_id,
        "reviewId": review.id,
        "status": str(review.status),
        "outcome": str(review.outcome) if review.outcome is not None else None,
        "verdict": str(review.verdict),
        "findingCount": review.metrics.finding_count,
        "reports": reports,
    }

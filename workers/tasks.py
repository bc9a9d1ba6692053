"""The tasks: decode, call the service, translate errors."""

from typing import Any

from celery import Task
from celery.exceptions import Ignore

from codereview.adapters.celery.names import FINALIZE, REVIEW_UNIT
from codereview.application.reviewing import UnitDeferred
from codereview.errors import BackendUnavailable, LeaseLost
from workers.celery import app
from workers.observing import observed
from workers.runtime import runtime

#: More than any review's deadline leaves room for.
_MAX_DEFERRALS = 1_000


@app.task(name=REVIEW_UNIT, bind=True, max_retries=2, default_retry_delay=1)
def review_unit(self: Task, review_id: str, unit_id: str) -> dict[str, Any] | None:
    """Work on one unit; the chord's header.

    Returns a small outcome and never raises to the chord. A duplicate delivery is ignored rather than answered: an
    answer would count as the unit's completion while somebody else still works on it.
    """
    try:
        with observed(self, {"codereview.review.id": review_id, "codereview.unit.id": unit_id}):
            outcome = runtime().service.review_unit(review_id, unit_id, worker=self.request.hostname or "")
    except UnitDeferred as deferred:
        # The message waits, not the worker. The review's deadline bounds how often.
        raise self.retry(countdown=deferred.retry_after_s, max_retries=_MAX_DEFERRALS) from deferred
    except (LeaseLost, BackendUnavailable) as reason:
        raise Ignore(str(reason)) from reason
    if outcome is None:
        return None
    return {"unit": unit_id, "status": str(outcome.status), "findings": outcome.finding_count}


@app.task(name=FINALIZE, bind=True, ignore_result=True, max_retries=2, default_retry_delay=1)
def finalize(self: Task, review_id: str) -> None:
    """End the review; the chord's body. What cannot be ended now is ended by the reaper."""
    try:
        with observed(self, {"codereview.review.id": review_id}):
            runtime().service.finalize(review_id)
    except BackendUnavailable as reason:
        raise Ignore(str(reason)) from reason

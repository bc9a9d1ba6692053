"""What the three steps of a repository's review share."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from codereview.adapters.s3_objects import S3Objects
from codereview.adapters.system import SystemClock
from codereview.application.repository_reviews import RepositoryReviews
from codereview.domain.repositories import RepositoryOrder
from codereview.errors import InvalidSubmission
from lambdas._product import product
from lambdas._settings import clients

#: The name of an execution; it becomes part of keys in S3.
_BATCH_ID = re.compile(r"[A-Za-z0-9_.-]{1,90}")


def objects_of(order: RepositoryOrder) -> S3Objects:
    """The bucket of an order."""
    return S3Objects(order.bucket, clients())


def reviews_of(order: RepositoryOrder) -> RepositoryReviews:
    """The steps, over the bucket of an order."""
    here = product()
    return RepositoryReviews(
        objects=objects_of(order),
        service=here.service,
        idempotency=here.idempotency,
        store=here.store,
        clock=SystemClock(),
    )


def read_event(event: Mapping[str, Any]) -> tuple[str, RepositoryOrder]:
    """The batch and the order an event is about. Raises InvalidSubmission."""
    batch_id = event.get("batchId")
    if not isinstance(batch_id, str) or not _BATCH_ID.fullmatch(batch_id):
        raise InvalidSubmission(f"batchId {batch_id!r} is no name of an execution")
    try:
        return batch_id, RepositoryOrder.model_validate(event.get("order"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in ("order", *first["loc"]))
        raise InvalidSubmission(f"{where}: {first['msg'].lower()}") from error

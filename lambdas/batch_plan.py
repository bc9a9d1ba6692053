"""First step of a repository's review: read the archive from S3 and cut it into shards."""

from typing import Any

from codereview.application.repository_reviews import items_key
from codereview.errors import InvalidSubmission
from codereview.inputs.archive import read_archive_bytes
from codereview.inputs.limits import Limits
from lambdas._batches import objects_of, read_event, reviews_of
from lambdas._settings import settings

#: A repository may have more than a submission over HTTP; it has to fit into the function's memory.
_MAX_FILES, _MAX_BYTES = 200_000, 1_000_000_000


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """``{"batchId", "order": {"bucket", "key", …}}`` → the same and ``itemsKey``, ``shards``, ``files``.

    Raises InvalidSubmission, BadArchive, OutsideRoot, TooLarge and EmptySubmission for what no retry mends.
    """
    batch_id, order = read_event(event)
    archive = objects_of(order).read(order.key)
    if archive is None:
        raise InvalidSubmission(f"there is no s3://{order.bucket}/{order.key}")
    max_file_bytes = settings().max_file_bytes
    limits = Limits(max_file_bytes=max_file_bytes, max_files=_MAX_FILES, max_total_bytes=_MAX_BYTES)
    manifest = reviews_of(order).plan(batch_id, order, read_archive_bytes(archive, limits))
    return {
        "batchId": batch_id,
        "order": order.to_wire(),
        "itemsKey": items_key(order, batch_id),
        "shards": len(manifest.shards),
        "files": manifest.source.files,
    }

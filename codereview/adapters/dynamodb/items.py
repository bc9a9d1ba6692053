"""How a review looks as an item of the Reviews table.

=============  ==  ===================================================================================================
attribute          content
=============  ==  ===================================================================================================
reviewId       S   partition key
owner          S   whose it is, see `owner_key`; OwnerIndex (owner, createdAt) lists by it
status         S   pending, running, completed, failed, cancelled; StatusIndex (status, createdAt)
createdAt      N   milliseconds since the epoch
completedAt    N   the same; absent until the review has ended
filename       S   what was submitted, in words: the submission's label or file name
code           S   ``s3://`` reference of the body, when it is too large to lie in the item; else absent. The code that
                   was submitted is not kept beyond the review: findings quote what they are about
findings       L   the findings as maps, in their wire form; empty when the body lies in S3
metrics        M   the review's figures, for queries; the summary has them in full precision
expiresAt      N   epoch seconds at which the table's TTL removes the item; absent until the review has ended
summary        S   wire JSON of the review without findings, coverage and baseline; all that a listing reads
details        B   gzip of the JSON of coverage and baseline; absent when the body lies in S3
=============  ==  ===================================================================================================
"""

import gzip
import json
import zlib
from typing import Any

from pydantic import ValidationError

from codereview.adapters.dynamodb.attributes import Item, from_attribute, to_attribute
from codereview.adapters.review_codec import expires_at, summary_of, unreadable
from codereview.domain.reviews import Review

#: Bytes up to which a review lies in its item; DynamoDB's own limit is 400 KB.
ITEM_LIMIT = 350 * 1024


def owner_key(owner: str) -> str:
    """The owner as a key of an index, which must not be empty; no two owners have the same."""
    return f"#{owner}" if not owner or owner.startswith("#") else owner


def inline_item(review: Review, retention_days: int) -> dict[str, Any]:
    """The item of a review that lies in it whole."""
    details = {
        "coverage": [entry.to_wire() for entry in review.coverage],
        "baseline": list(review.options.baseline),
    }
    return _item(
        review,
        retention_days,
        findings=[finding.to_wire() for finding in review.findings],
        details=gzip.compress(json.dumps(details).encode(), mtime=0),
    )


def reference_item(review: Review, retention_days: int, reference: str) -> dict[str, Any]:
    """The item of a review whose body lies in S3."""
    return _item(review, retention_days, findings=[], code=reference)


def reference_of(item: Item) -> str:
    """Where the body lies in S3; "" when the item has it."""
    return str(from_attribute(item["code"])) if "code" in item else ""


def expired(item: Item, now_ms: int) -> bool:
    """Whether the time of the item is over; the table's TTL takes it away hours or days later."""
    return "expiresAt" in item and from_attribute(item["expiresAt"]) * 1000 <= now_ms


def inline_review(item: Item) -> Review:
    """The review that lies in an item whole. Raises BackendUnavailable when it is `unreadable`."""
    try:
        wire = json.loads(from_attribute(item["summary"]))
        details = json.loads(gzip.decompress(from_attribute(item["details"])))
        wire["options"]["baseline"] = details["baseline"]
        wire |= {"findings": from_attribute(item["findings"]), "coverage": details["coverage"]}
        return Review.model_validate(wire)
    except (OSError, EOFError, KeyError, ValueError, zlib.error, ValidationError) as error:
        # Not chained: a validation error quotes what it read, and that is reviewed code.
        raise unreadable(str(from_attribute(item["reviewId"])), error) from None


def _item(review: Review, retention_days: int, **content: object) -> dict[str, Any]:
    expiry = expires_at(review, retention_days)
    attributes = {
        "reviewId": review.id,
        "owner": owner_key(review.owner),
        "status": str(review.status),
        "createdAt": review.created_at,
        "completedAt": review.completed_at,
        "filename": review.source.label,
        "metrics": review.metrics.to_wire(),
        "expiresAt": None if expiry is None else -(-expiry // 1000),
        "summary": summary_of(review).to_json(),
        **content,
    }
    return {name: to_attribute(value) for name, value in attributes.items() if value is not None}

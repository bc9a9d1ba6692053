"""What is asked of the indexes of the Reviews table."""

from typing import TYPE_CHECKING

from codereview.adapters.cursors import Position
from codereview.adapters.dynamodb.attributes import Item, from_attribute, to_attribute
from codereview.adapters.dynamodb.items import owner_key
from codereview.adapters.dynamodb.tables import OWNER_INDEX, STATUS_INDEX, TTL_ATTRIBUTE
from codereview.domain.reviews import ReviewStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

#: Items one query looks through when a filter may drop most of them.
_FILTERED = 200


def listing(
    table: str, owner: str, status: ReviewStatus | None, *, limit: int, after: Position | None, now_ms: int
) -> "QueryInputTypeDef":
    """The owner's reviews that have not expired, the newest first, from ``after`` on; one more than ``limit``, which
    tells whether there is another page."""
    query: QueryInputTypeDef = {
        "TableName": table,
        "IndexName": OWNER_INDEX,
        "KeyConditionExpression": "#owner = :owner",
        "FilterExpression": "(attribute_not_exists(#expires) OR #expires > :now)",
        "ExpressionAttributeNames": {"#owner": "owner", "#expires": TTL_ATTRIBUTE},
        "ExpressionAttributeValues": {
            ":owner": to_attribute(owner_key(owner)),
            ":now": to_attribute(now_ms // 1000),
        },
        "ScanIndexForward": False,
        "Limit": limit + 1,
    }
    if status is not None:
        query["FilterExpression"] += " AND #status = :status"
        query["ExpressionAttributeNames"] = {**query["ExpressionAttributeNames"], "#status": "status"}
        query["ExpressionAttributeValues"] = {**query["ExpressionAttributeValues"], ":status": {"S": str(status)}}
        query["Limit"] = max(limit + 1, _FILTERED)
    if after is not None:
        query["ExclusiveStartKey"] = {
            "owner": to_attribute(owner_key(owner)),
            "createdAt": to_attribute(after.created_at),
            "reviewId": to_attribute(after.review_id),
        }
    return query


def created_before_with(table: str, status: ReviewStatus, created_before: int, *, limit: int) -> "QueryInputTypeDef":
    """The reviews of one status created before then (ms), the oldest first."""
    return {
        "TableName": table,
        "IndexName": STATUS_INDEX,
        "KeyConditionExpression": "#status = :status AND #created < :before",
        "ExpressionAttributeNames": {"#status": "status", "#created": "createdAt"},
        "ExpressionAttributeValues": {":status": to_attribute(str(status)), ":before": to_attribute(created_before)},
        "Limit": limit,
    }


def position(item: Item) -> Position:
    """Where an item, or the key of one, stands in a listing."""
    return Position(from_attribute(item["createdAt"]), from_attribute(item["reviewId"]))

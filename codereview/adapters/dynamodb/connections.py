"""Connections of API Gateway in DynamoDB: partition key ``connectionId``; ``connectedAt``, ``owner``, ``keyId``,
``ticketReview``, ``reviewId`` (there while a review is followed, so that ReviewIndex has no others), ``expiresAt``.
"""

from typing import Any

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained
from codereview.adapters.dynamodb.attributes import Item, from_attribute, is_key, to_attribute
from codereview.adapters.dynamodb.tables import REVIEW_INDEX, TTL_ATTRIBUTE, verify_table
from codereview.adapters.system import SystemClock
from codereview.live_connections import LIFETIME_MS, SocketConnection
from codereview.ports import Clock

_CONDITION_FAILED = "ConditionalCheckFailedException"


class DynamoConnectionStore:
    """`codereview.live_connections.ConnectionStore` in ``table``.

    Every method raises BackendUnavailable or ConfigurationError when DynamoDB cannot be used.
    """

    def __init__(self, table: str, *, clients: AwsClients, clock: Clock | None = None) -> None:
        self._table = table
        self._clients = clients
        self._clock = clock or SystemClock()

    def verify(self) -> None:
        """Raises ConfigurationError when the table or its index is missing."""
        verify_table(self._clients.dynamodb(), self._table, (REVIEW_INDEX,))

    def add(self, connection: SocketConnection) -> None:
        """Store a connection."""
        with explained(f"table {self._table}"):
            self._clients.dynamodb().put_item(TableName=self._table, Item=_item(connection))

    def get(self, connection_id: str) -> SocketConnection | None:
        """One connection as it was last written."""
        if not is_key(connection_id):
            return None
        with explained(f"table {self._table}"):
            answer = self._clients.dynamodb().get_item(
                TableName=self._table, Key=_key(connection_id), ConsistentRead=True
            )
        return self._living(answer.get("Item"))

    def follow(self, connection_id: str, review_id: str) -> bool:
        """Note which review it follows."""
        change: dict[str, Any] = {"UpdateExpression": "REMOVE reviewId"}
        if review_id:
            change = {
                "UpdateExpression": "SET reviewId = :review",
                "ExpressionAttributeValues": {":review": {"S": review_id}},
            }
        with explained(f"table {self._table}"):
            try:
                self._clients.dynamodb().update_item(
                    TableName=self._table,
                    Key=_key(connection_id),
                    ConditionExpression="attribute_exists(connectionId)",
                    **change,
                )
            except ClientError as error:
                if error_code(error) == _CONDITION_FAILED:
                    return False
                raise
        return True

    def remove(self, connection_id: str) -> SocketConnection | None:
        """Forget it; what was known of it."""
        if not is_key(connection_id):
            return None
        with explained(f"table {self._table}"):
            answer = self._clients.dynamodb().delete_item(
                TableName=self._table, Key=_key(connection_id), ReturnValues="ALL_OLD"
            )
        return _connection(answer["Attributes"]) if answer.get("Attributes") else None

    def of_review(self, review_id: str) -> list[SocketConnection]:
        """Who follows a review, as far as the index knows by now."""
        if not is_key(review_id):
            return []
        with explained(f"table {self._table}"):
            pages = (
                self._clients.dynamodb()
                .get_paginator("query")
                .paginate(
                    TableName=self._table,
                    IndexName=REVIEW_INDEX,
                    KeyConditionExpression="reviewId = :review",
                    ExpressionAttributeValues={":review": {"S": review_id}},
                )
            )
            found = [self._living(item) for page in pages for item in page["Items"]]
        return sorted((each for each in found if each is not None), key=lambda each: (each.connected_at, each.id))

    def _living(self, item: Item | None) -> SocketConnection | None:
        """DynamoDB removes what has expired within days."""
        if not item or from_attribute(item[TTL_ATTRIBUTE]) * 1000 <= self._clock.now_ms():
            return None
        return _connection(item)


def _key(connection_id: str) -> dict[str, Any]:
    return {"connectionId": {"S": connection_id}}


def _item(connection: SocketConnection) -> dict[str, Any]:
    values: dict[str, Any] = {
        "connectionId": connection.id,
        "connectedAt": connection.connected_at,
        "owner": connection.owner,
        "keyId": connection.key_id,
        "ticketReview": connection.ticket_review,
        TTL_ATTRIBUTE: (connection.connected_at + LIFETIME_MS) // 1000,
    }
    if connection.review_id:
        values["reviewId"] = connection.review_id
    return {name: to_attribute(value) for name, value in values.items()}


def _connection(item: Item) -> SocketConnection:
    values = {name: from_attribute(value) for name, value in item.items()}
    return SocketConnection(
        id=values["connectionId"],
        connected_at=values["connectedAt"],
        owner=values["owner"],
        key_id=values["keyId"],
        ticket_review=values["ticketReview"],
        review_id=values.get("reviewId", ""),
    )

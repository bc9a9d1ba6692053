"""API keys in DynamoDB: partition key ``keyId``; ``owner``, ``digest``, ``createdAt``, ``name``, ``revokedAt``."""

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained
from codereview.adapters.dynamodb.attributes import Item, from_attribute, is_key, to_attribute
from codereview.adapters.dynamodb.tables import verify_table
from codereview.ports import ApiKey

_CONDITION_FAILED = "ConditionalCheckFailedException"


class DynamoKeyStore:
    """A `KeyStore` in ``table``; every read sees every write that came before it.

    Every method raises BackendUnavailable or ConfigurationError when DynamoDB cannot be used.
    """

    def __init__(self, table: str, *, clients: AwsClients) -> None:
        self._table = table
        self._clients = clients

    def verify(self) -> None:
        """Raises ConfigurationError when the table is missing."""
        verify_table(self._clients.dynamodb(), self._table)

    def add(self, key: ApiKey) -> None:
        """Store a new key. Raises ValueError when there is one with this id."""
        with explained(f"table {self._table}"):
            try:
                self._clients.dynamodb().put_item(
                    TableName=self._table, Item=_item(key), ConditionExpression="attribute_not_exists(keyId)"
                )
            except ClientError as error:
                if error_code(error) == _CONDITION_FAILED:
                    raise ValueError(f"there is a key {key.id!r} already") from error
                raise

    def get(self, key_id: str) -> ApiKey | None:
        """One key, revoked or not."""
        if not is_key(key_id):
            return None
        with explained(f"table {self._table}"):
            answer = self._clients.dynamodb().get_item(
                TableName=self._table, Key={"keyId": {"S": key_id}}, ConsistentRead=True
            )
        return _key(answer["Item"]) if "Item" in answer else None

    def all(self) -> list[ApiKey]:
        """All keys, the oldest first."""
        with explained(f"table {self._table}"):
            pages = self._clients.dynamodb().get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
            keys = [_key(item) for page in pages for item in page["Items"]]
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str, at: int) -> bool:
        """Revoke. False when there is no such key or it was revoked before."""
        if not is_key(key_id):
            return False
        with explained(f"table {self._table}"):
            try:
                self._clients.dynamodb().update_item(
                    TableName=self._table,
                    Key={"keyId": {"S": key_id}},
                    UpdateExpression="SET revokedAt = :at",
                    ConditionExpression="attribute_exists(keyId) AND attribute_not_exists(revokedAt)",
                    ExpressionAttributeValues={":at": to_attribute(at)},
                )
            except ClientError as error:
                if error_code(error) == _CONDITION_FAILED:
                    return False
                raise
        return True


def _item(key: ApiKey) -> dict[str, Item]:
    attributes = {
        "keyId": key.id,
        "owner": key.owner,
        "digest": key.digest,
        "createdAt": key.created_at,
        "name": key.name,
        "revokedAt": key.revoked_at,
    }
    return {name: to_attribute(value) for name, value in attributes.items() if value is not None}


def _key(item: Item) -> ApiKey:
    fields = {name: from_attribute(attribute) for name, attribute in item.items()}
    return ApiKey(
        id=fields["keyId"],
        owner=fields["owner"],
        digest=fields["digest"],
        created_at=fields["createdAt"],
        name=fields["name"],
        revoked_at=fields.get("revokedAt"),
    )

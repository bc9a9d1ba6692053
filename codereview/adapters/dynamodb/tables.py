"""The tables: what they must look like, and making them where no template does (stand-ins, tests)."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained
from codereview.adapters.s3_bodies import PREFIX
from codereview.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

STATUS_INDEX = "StatusIndex"
OWNER_INDEX = "OwnerIndex"
REVIEW_INDEX = "ReviewIndex"
#: Attribute that holds an item's time to live, in epoch seconds.
TTL_ATTRIBUTE = "expiresAt"
#: Days of point-in-time recovery.
RECOVERY_DAYS = 35
#: Days after the retention time until the bucket drops bodies whose item is gone.
BODY_GRACE_DAYS = 7

_MISSING_IN_STAND_IN = {"UnknownOperationException", "UnknownOperation", "NotImplemented", "InternalFailure"}


def reviews_definition(name: str) -> "CreateTableInputTypeDef":
    """The Reviews table.

    StatusIndex is the specification's; it finds unfinished reviews and so carries the keys only. OwnerIndex is ours:
    reviews are listed by owner, which no index of the specification allows without reading everybody's.
    """
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "reviewId", "AttributeType": "S"},
            {"AttributeName": "status", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "createdAt", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "reviewId", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": STATUS_INDEX,
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": OWNER_INDEX,
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status", TTL_ATTRIBUTE, "summary"]},
            },
        ],
    }


def keys_definition(name: str) -> "CreateTableInputTypeDef":
    """The table of API keys."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "keyId", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "keyId", "KeyType": "HASH"}],
    }


def connections_definition(name: str) -> "CreateTableInputTypeDef":
    """The Connections table."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "connectionId", "AttributeType": "S"},
            {"AttributeName": "reviewId", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "connectionId", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": REVIEW_INDEX,
                "KeySchema": [{"AttributeName": "reviewId", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }


def create_tables(
    clients: AwsClients,
    *,
    reviews_table: str,
    keys_table: str,
    connections_table: str = "",
    bucket: str = "",
    retention_days: int = 7,
) -> None:
    """Make what is missing: the tables with indexes, TTL and point-in-time recovery, that of connections and the bucket
    if they are named.

    May be called by any number of processes at once. Raises BackendUnavailable or ConfigurationError.
    """
    client = clients.dynamodb()
    definitions = [reviews_definition(reviews_table), keys_definition(keys_table)]
    if connections_table:
        definitions.append(connections_definition(connections_table))
    for definition in definitions:
        with explained(f"table {definition['TableName']}"):
            _create_table(client, definition)
            _turn_on_recovery(client, definition["TableName"])
    for table in filter(None, (reviews_table, connections_table)):
        with explained(f"table {table}"):
            _turn_on_ttl(client, table)
    if bucket:
        with explained(f"bucket {bucket}"):
            _create_bucket(clients.s3(), bucket, clients.region, retention_days)


def verify_table(client: "DynamoDBClient", name: str, indexes: Iterable[str] = ()) -> None:
    """Raises ConfigurationError when the table or one of its indexes is missing, BackendUnavailable when it cannot
    be asked."""
    with explained(f"table {name}"):
        table = client.describe_table(TableName=name)["Table"]
    there = {index.get("IndexName") for index in table.get("GlobalSecondaryIndexes", [])}
    for index in indexes:
        if index not in there:
            raise ConfigurationError(f"table {name} has no index {index}: deploy the data template again")


def _create_table(client: "DynamoDBClient", definition: "CreateTableInputTypeDef") -> None:
    try:
        client.create_table(**definition)
        log.info("table_created", extra={"table": definition["TableName"]})
    except ClientError as error:
        if error_code(error) != "ResourceInUseException":  # it is there, or being made by another process
            raise
    client.get_waiter("table_exists").wait(
        TableName=definition["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def _turn_on_ttl(client: "DynamoDBClient", table: str) -> None:
    state = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"].get("TimeToLiveStatus")
    if state in ("ENABLED", "ENABLING"):
        return
    client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    )


def _turn_on_recovery(client: "DynamoDBClient", table: str) -> None:
    try:
        client.update_continuous_backups(
            TableName=table,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": True,
                "RecoveryPeriodInDays": RECOVERY_DAYS,
            },
        )
    except ClientError as error:
        if error_code(error) not in _MISSING_IN_STAND_IN:
            raise
        log.info("recovery_not_supported", extra={"table": table})


def _create_bucket(client: "S3Client", bucket: str, region: str, retention_days: int) -> None:
    try:
        if region == "us-east-1":  # the one region that must not be named
            client.create_bucket(Bucket=bucket)
        else:
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    except ClientError as error:
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "bodies-without-an-item",
                    "Status": "Enabled",
                    "Filter": {"Prefix": PREFIX},
                    "Expiration": {"Days": retention_days + BODY_GRACE_DAYS},
                }
            ]
        },
    )

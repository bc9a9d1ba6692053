"""The durable stores as the contract tests see them, each over something real or the nearest thing to it.

The fixtures that make them are in `support.store_fixtures`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.clock import FixedClock
from support.stored_reviews import CREATED, a_review, ended

from codereview.adapters.aws import AwsClients
from codereview.adapters.dynamodb import DynamoKeyStore, DynamoReviewStore, create_tables
from codereview.adapters.memory import MemoryReviewStore
from codereview.adapters.s3_bodies import PREFIX
from codereview.adapters.sqlite import SqliteKeyStore, SqliteReviewStore
from codereview.ports import KeyStore, ReviewStore

_MINISTACK = pytest.param("ministack", marks=pytest.mark.slow)
#: Those that keep reviews and keys durably.
BACKENDS = ("sqlite", "moto", _MINISTACK)
#: All that keep reviews; in memory nothing expires.
REVIEW_BACKENDS = ("memory", *BACKENDS)
#: Those that keep large bodies outside of the rows.
WITH_BODIES = ("moto", _MINISTACK)
#: Those where several processes can meet.
ACROSS_PROCESSES = ("sqlite", _MINISTACK)

#: Makes a store in another process: a function that can be pickled, and its arguments.
Elsewhere = tuple[Callable[..., ReviewStore], tuple[str, ...]]
REGION = "us-east-1"


@dataclass(frozen=True)
class Backend:
    """One place to keep reviews and keys, and what a test may ask of it.

    ``reviews`` and ``keys`` open the same data anew, as another process would; ``elsewhere`` is how one really does,
    where processes can meet. ``bodies`` counts the bodies kept outside of rows, where there are such.
    """

    reviews: Callable[[], ReviewStore]
    keys: Callable[[], KeyStore]
    clock: FixedClock
    elsewhere: Elsewhere | None = None
    bodies: Callable[[], int] | None = None


@dataclass(frozen=True)
class Aws:
    """DynamoDB and S3 of a stand-in, with tables and a bucket made for one test."""

    clients: AwsClients
    reviews_table: str
    keys_table: str
    connections_table: str
    bucket: str

    def objects(self) -> list[str]:
        """Keys of the bodies in the bucket."""
        listing = self.clients.s3().list_objects_v2(Bucket=self.bucket, Prefix=PREFIX)
        return [entry["Key"] for entry in listing.get("Contents", [])]

    def item(self, review_id: str) -> dict[str, dict[str, object]]:
        """The item of a review as it lies in the table."""
        return self.clients.dynamodb().get_item(TableName=self.reviews_table, Key={"reviewId": {"S": review_id}})[
            "Item"
        ]


def sqlite_elsewhere(path: str, now: str) -> ReviewStore:
    """The SQLite store of another process."""
    return SqliteReviewStore(path, clock=FixedClock(int(now)))


def dynamodb_elsewhere(table: str, bucket: str, endpoint: str, now: str) -> ReviewStore:
    """The DynamoDB store of another process."""
    clients = AwsClients(region=REGION, endpoint_url=endpoint)
    return DynamoReviewStore(table, clients=clients, bucket=bucket, clock=FixedClock(int(now)))


def fill(elsewhere: Elsewhere, worker: int) -> None:
    """Put five reviews of this worker, and five times the one that all share; to run in another process."""
    make, arguments = elsewhere
    store = make(*arguments)
    for number in range(5):
        review = ended(f"rv_{worker}_{number}", created_at=CREATED + number)
        store.put(review)
        assert store.get(review.id) == review
        store.put(a_review("rv_shared", owner="all", notices=(f"{worker}.{number}",)))


def memory(clock: FixedClock) -> Backend:
    """The memory of this process, as the command line uses it; it keeps no keys."""
    store = MemoryReviewStore()
    return Backend(reviews=lambda: store, keys=_no_keys, clock=clock)


def _no_keys() -> KeyStore:
    raise NotImplementedError("keys are kept durably or not at all")


def sqlite(path: Path, clock: FixedClock) -> Backend:
    """A SQLite file."""
    return Backend(
        reviews=lambda: SqliteReviewStore(path, clock=clock),
        keys=lambda: SqliteKeyStore(path),
        clock=clock,
        elsewhere=(sqlite_elsewhere, (str(path), str(clock.now))),
    )


def dynamodb(aws: Aws, clock: FixedClock, endpoint: str = "") -> Backend:
    """DynamoDB and S3; other processes can come to an ``endpoint`` only."""
    arguments = (aws.reviews_table, aws.bucket, endpoint, str(clock.now))
    return Backend(
        reviews=lambda: DynamoReviewStore(aws.reviews_table, clients=aws.clients, bucket=aws.bucket, clock=clock),
        keys=lambda: DynamoKeyStore(aws.keys_table, clients=aws.clients),
        clock=clock,
        elsewhere=(dynamodb_elsewhere, arguments) if endpoint else None,
        bodies=lambda: len(aws.objects()),
    )


def furnish(clients: AwsClients) -> Aws:
    """Tables and a bucket of their own for a test."""
    name = uuid.uuid4().hex[:12]
    aws = Aws(clients, f"reviews-{name}", f"keys-{name}", f"connections-{name}", f"bodies-{name}")
    create_tables(
        clients,
        reviews_table=aws.reviews_table,
        keys_table=aws.keys_table,
        connections_table=aws.connections_table,
        bucket=aws.bucket,
    )
    return aws


def give_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no AWS account knows."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

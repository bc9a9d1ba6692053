"""The Reviews table, the bodies beside it, and what becomes of AWS's errors."""

import gzip
import os
import time
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError
from botocore.stub import Stubber
from support.clock import FixedClock
from support.durable_stores import Aws
from support.ministack import free_port
from support.stored_reviews import CREATED, a_review, ended, everything, large

from codereview.adapters.aws import AwsClients, explained
from codereview.adapters.dynamodb import DynamoKeyStore, DynamoReviewStore, create_tables, reviews
from codereview.adapters.dynamodb.attributes import size_of_item
from codereview.adapters.dynamodb.items import ITEM_LIMIT, inline_item
from codereview.domain.findings import Confidence, Finding, Severity
from codereview.domain.reviews import ReviewStatus
from codereview.errors import BackendUnavailable, ConfigurationError, TooLarge

pytest_plugins = ("support.store_fixtures",)

OpenStore = Callable[..., DynamoReviewStore]


@pytest.fixture
def open_store(aws: Aws, store_clock: FixedClock) -> OpenStore:
    """Opens the store over the test's table."""

    def open_it(**options: Any) -> DynamoReviewStore:
        given = {"clients": aws.clients, "bucket": aws.bucket, "clock": store_clock, **options}
        return DynamoReviewStore(aws.reviews_table, **given)

    return open_it


# --- the item -------------------------------------------------------------------------------------------------------


def test_an_item_has_the_attributes_of_the_specification(aws: Aws, open_store: OpenStore) -> None:
    """By name and type, so that whoever reads the table finds what was agreed."""
    open_store().put(everything())
    item = aws.item("rv_1")
    types = {name: next(iter(attribute)) for name, attribute in item.items()}
    assert types == {
        "reviewId": "S",
        "owner": "S",
        "status": "S",
        "createdAt": "N",
        "completedAt": "N",
        "filename": "S",
        "findings": "L",
        "metrics": "M",
        "expiresAt": "N",
        "summary": "S",
        "details": "B",
    }
    assert item["filename"] == {"S": "diff main…HEAD"}
    assert item["findings"]["L"][0]["M"]["ruleId"] == {"S": "bandit/B602"}
    assert item["metrics"]["M"]["usage"]["M"]["costUsd"] == {"N": "0.123457"}


def test_an_item_expires_seven_days_after_its_completion(aws: Aws, open_store: OpenStore) -> None:
    """In epoch seconds, rounded up: TTL understands nothing else."""
    open_store().put(ended(completed_at=1_790_000_000_001))
    assert aws.item("rv_1")["expiresAt"] == {"N": str(1_790_000_001 + 7 * 86_400)}
    open_store().put(a_review())
    assert "expiresAt" not in aws.item("rv_1")


def test_a_large_review_leaves_a_reference_in_its_item(aws: Aws, open_store: OpenStore) -> None:
    """``code`` says where the body lies; what lists and queries need stays in the item."""
    open_store().put(large())
    item = aws.item("rv_large")
    (key,) = aws.objects()
    assert item["code"] == {"S": f"s3://{aws.bucket}/{key}"}
    assert key.startswith("reviews/rv_large/")
    assert item["findings"] == {"L": []}
    assert item["metrics"]["M"]["findingCount"] == {"N": "2000"}
    assert size_of_item(item) < 5_000
    body = aws.clients.s3().get_object(Bucket=aws.bucket, Key=key)["Body"].read()
    assert gzip.decompress(body).decode() == large().to_json()


@pytest.mark.slow
def test_a_review_lies_in_its_item_up_to_the_limit(aws: Aws, open_store: OpenStore) -> None:
    """One finding more and it lies in S3; no item ever comes near to 400 KB."""
    most = bisect_right(range(1000), ITEM_LIMIT, key=lambda n: size_of_item(inline_item(everything(findings=n), 7))) - 1
    store = open_store()
    store.put(everything(findings=most))
    assert "code" not in aws.item("rv_1")
    assert ITEM_LIMIT - 5_000 < size_of_item(aws.item("rv_1")) <= ITEM_LIMIT < 400_000
    store.put(everything(findings=most + 1))
    assert "code" in aws.item("rv_1")


def test_no_finding_is_too_small_for_the_shortcut() -> None:
    """So many that they never fit are not even tried."""
    empty = Finding(
        **dict.fromkeys(("id", "fingerprint", "agent", "rule_id", "title", "message", "path"), ""),
        severity=Severity.LOW,
        confidence=Confidence.LOW,
    )
    review = a_review(findings=(empty,) * (reviews._MOST_INLINE + 1))
    assert size_of_item(inline_item(review, 7)) > ITEM_LIMIT


def test_a_large_review_without_a_bucket_is_refused_not_cut(aws: Aws, open_store: OpenStore) -> None:
    """And what is stored stays as it was."""
    store = open_store(bucket="")
    store.put(a_review("rv_large"))
    with pytest.raises(ConfigurationError, match="CODEREVIEW_BODIES_BUCKET"):
        store.put(large())
    assert store.get("rv_large") == a_review("rv_large")


def test_a_review_whose_summary_is_too_large_is_refused(aws: Aws, open_store: OpenStore) -> None:
    """Nothing is left in the bucket either."""
    huge = a_review(options=everything().options.model_copy(update={"labels": {"x": "y" * 400_000}}))
    with pytest.raises(TooLarge, match="rv_1"):
        open_store().put(huge)
    assert aws.objects() == []


def test_a_large_baseline_goes_to_the_bucket(aws: Aws, open_store: OpenStore) -> None:
    """It is part of the body, not of the summary."""
    prints = tuple(os.urandom(32).hex() for _ in range(12_000))
    review = a_review(options=everything().options.model_copy(update={"baseline": prints}))
    open_store().put(review)
    assert open_store().get("rv_1") == review
    assert len(aws.objects()) == 1


# --- the body -------------------------------------------------------------------------------------------------------


def test_bodies_are_read_after_the_bucket_setting_changed(open_store: OpenStore) -> None:
    """The reference names the bucket."""
    open_store().put(large())
    assert open_store(bucket="").get("rv_large") == large()


def test_putting_the_same_review_twice_leaves_one_body(aws: Aws, open_store: OpenStore) -> None:
    """Two finalizers do that; neither may take away what the other's item names."""
    for _ in range(2):
        open_store().put(large())
    assert len(aws.objects()) == 1
    assert open_store().get("rv_large") == large()


def test_a_review_replaced_while_it_is_read_is_read_again(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its item was read, then its body was gone."""
    store, other = open_store(), open_store()
    store.put(large())
    read = store._bodies.read

    def read_after_replacement(reference: str) -> bytes | None:
        monkeypatch.setattr(store._bodies, "read", read)
        other.put(large(notices=("second",)))
        return read(reference)

    monkeypatch.setattr(store._bodies, "read", read_after_replacement)
    assert store.get("rv_large") == large(notices=("second",))


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_lost_or_damaged_body_is_an_error(aws: Aws, open_store: OpenStore, damage: str) -> None:
    """It is never an empty review."""
    open_store().put(large())
    (key,) = aws.objects()
    if damage == "gone":
        aws.clients.s3().delete_object(Bucket=aws.bucket, Key=key)
    else:
        aws.clients.s3().put_object(Bucket=aws.bucket, Key=key, Body=gzip.compress(a_review().to_json().encode()))
    with pytest.raises(BackendUnavailable, match="rv_large"):
        open_store().get("rv_large")


def test_a_stale_body_that_cannot_be_removed_does_not_undo_the_put(
    aws: Aws, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the bucket's lifecycle rule comes after."""
    store = open_store()
    store.put(large())
    client = aws.clients.s3()
    with Stubber(client) as stubber:
        stubber.add_client_error("delete_object", "AccessDenied", http_status_code=403)
        store.put(a_review("rv_large"))
    assert store.get("rv_large") == a_review("rv_large")
    assert [record.getMessage() for record in caplog.records] == ["stale_body_left"]


def test_an_unreadable_item_is_an_error_without_its_content(aws: Aws, open_store: OpenStore) -> None:
    """Messages reach logs and clients; reviewed code must not."""
    open_store().put(everything())
    item = aws.item("rv_1")
    item["findings"]["L"][0]["M"]["snippet"] = {"M": {"secret_source": {"S": "x"}}}
    aws.clients.dynamodb().put_item(TableName=aws.reviews_table, Item=item)
    with pytest.raises(BackendUnavailable, match="rv_1") as raised:
        open_store().get("rv_1")
    assert "secret_source" not in raised.value.detail
    assert raised.value.__cause__ is None


# --- listing --------------------------------------------------------------------------------------------------------


def test_a_filter_that_fits_little_is_followed_page_by_page(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request costs a bounded number of queries; the cursor of a short page goes on, and nothing is lost."""
    monkeypatch.setattr(reviews, "_QUERIES_PER_PAGE", 2)
    monkeypatch.setattr("codereview.adapters.dynamodb.queries._FILTERED", 3)
    store = open_store()
    for number in range(20):
        status = ReviewStatus.FAILED if number in (2, 17) else ReviewStatus.RUNNING
        store.put(a_review(f"rv_{number:02}", created_at=CREATED + number, status=status))
    sizes, ids, cursor = [], [], None
    while True:
        page = store.page(owner="alice", limit=1, status=ReviewStatus.FAILED, cursor=cursor)
        sizes.append(len(page.reviews))
        ids += [review.id for review in page.reviews]
        cursor = page.cursor
        if cursor is None:
            break
    assert ids == ["rv_17", "rv_02"]
    assert 0 in sizes


def test_an_index_carries_no_findings(aws: Aws, open_store: OpenStore) -> None:
    """A listing is read from the index, and is paid by what lies there."""
    open_store().put(everything())
    table = aws.clients.dynamodb().describe_table(TableName=aws.reviews_table)["Table"]
    projections = {index["IndexName"]: index["Projection"] for index in table["GlobalSecondaryIndexes"]}
    assert projections["StatusIndex"] == {"ProjectionType": "KEYS_ONLY"}
    assert set(projections["OwnerIndex"]["NonKeyAttributes"]) == {"status", "expiresAt", "summary"}


# --- tables ---------------------------------------------------------------------------------------------------------


def test_making_tables_twice_changes_nothing(aws: Aws, open_store: OpenStore) -> None:
    """Every process of a deployment may do it at its start."""
    open_store().put(a_review())
    for _ in range(2):
        create_tables(aws.clients, reviews_table=aws.reviews_table, keys_table=aws.keys_table, bucket=aws.bucket)
    assert open_store().get("rv_1") == a_review()


def test_tables_expire_items_and_can_be_recovered(aws: Aws) -> None:
    """TTL on the reviews only; 35 days of point-in-time recovery on both; bodies go a week after their items."""
    client = aws.clients.dynamodb()
    ttl = client.describe_time_to_live(TableName=aws.reviews_table)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expiresAt")
    assert (
        client.describe_time_to_live(TableName=aws.keys_table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        == "DISABLED"
    )
    for table in (aws.reviews_table, aws.keys_table):
        backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    (rule,) = aws.clients.s3().get_bucket_lifecycle_configuration(Bucket=aws.bucket)["Rules"]
    assert (rule["Filter"], rule["Expiration"]["Days"]) == ({"Prefix": "reviews/"}, 14)


def test_stores_verify_their_tables(aws: Aws, open_store: OpenStore) -> None:
    """Before anything is served."""
    open_store().verify()
    DynamoKeyStore(aws.keys_table, clients=aws.clients).verify()
    with pytest.raises(ConfigurationError, match="table nowhere"):
        DynamoKeyStore("nowhere", clients=aws.clients).verify()
    with pytest.raises(ConfigurationError, match="no index StatusIndex"):
        DynamoReviewStore(aws.keys_table, clients=aws.clients).verify()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ProvisionedThroughputExceededException", 400, BackendUnavailable),
        ("ThrottlingException", 400, BackendUnavailable),
        ("SlowDown", 503, BackendUnavailable),
        ("InternalServerError", 500, BackendUnavailable),
        ("ResourceNotFoundException", 400, ConfigurationError),
        ("AccessDeniedException", 400, ConfigurationError),
        ("UnrecognizedClientException", 400, ConfigurationError),
        ("ValidationException", 400, ClientError),
    ],
)
def test_errors_of_aws_say_whether_to_try_again(code: str, status: int, expected: type[Exception]) -> None:
    """Passing ones are 503; wrong settings name what to set right; our own mistakes stay what they are."""
    error = ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")
    with pytest.raises(expected, match=code) as raised, explained("table codereview-reviews"):
        raise error
    assert expected is ClientError or "table codereview-reviews" in str(raised.value)


def test_what_goes_wrong_before_aws_answers_is_told_too() -> None:
    """A timeout is passing; missing credentials are not."""
    with pytest.raises(BackendUnavailable, match="bucket b"), explained("bucket b"):
        raise ReadTimeoutError(endpoint_url="http://x")
    with pytest.raises(ConfigurationError, match="credentials"), explained("bucket b"):
        raise NoCredentialsError


def test_an_endpoint_that_does_not_answer_is_unavailable_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few tries, then the caller hears of it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    clients = AwsClients(region="us-east-1", endpoint_url=f"http://127.0.0.1:{free_port()}")
    started = time.monotonic()
    for call in (
        lambda: DynamoReviewStore("t", clients=clients).get("rv_1"),
        lambda: DynamoKeyStore("t", clients=clients).all(),
    ):
        with pytest.raises(BackendUnavailable, match="table t"):
            call()
    assert time.monotonic() - started < 30


def test_clients_are_shared_in_a_process_and_not_with_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their connections would be, too."""
    clients = AwsClients(region="us-east-1")
    first = clients.dynamodb()
    assert clients.dynamodb() is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert clients.dynamodb() is not first

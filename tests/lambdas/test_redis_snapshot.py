"""The export of Redis snapshots, against the answers ElastiCache gives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from codereview.adapters.elasticache import NoSnapshot, SnapshotExporter
from codereview.errors import BackendUnavailable, ConfigurationError
from lambdas.redis_snapshot import handler

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
GROUP = "codereview-prod"
ASKED = {"ReplicationGroupId": GROUP, "SnapshotSource": "system"}


def _snapshot(name: str, age: timedelta, status: str = "available") -> dict[str, Any]:
    return {"SnapshotName": name, "SnapshotStatus": status, "NodeSnapshots": [{"SnapshotCreateTime": NOW - age}]}


@pytest.fixture
def elasticache() -> Iterator[Stubber]:
    client = boto3.client("elasticache", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def _export(stub: Stubber, **named: str) -> Any:
    return SnapshotExporter(stub.client, lambda: NOW).export(GROUP, "backups", **named)


def test_the_newest_finished_snapshot_is_copied_to_the_bucket(elasticache: Stubber) -> None:
    """Not one that is still being taken; on whichever page it is listed."""
    old, new = _snapshot("old", timedelta(hours=26)), _snapshot("new", timedelta(hours=2))
    creating = _snapshot("creating", timedelta(minutes=1), "creating")
    elasticache.add_response("describe_snapshots", {"Snapshots": [new, creating], "Marker": "m"}, ASKED)
    elasticache.add_response("describe_snapshots", {"Snapshots": [old]}, {**ASKED, "Marker": "m"})
    wanted = {
        "SourceSnapshotName": "new",
        "TargetSnapshotName": f"{GROUP}-20261123-0400",
        "TargetBucket": "backups",
        "KmsKeyId": "key",
    }
    elasticache.add_response("copy_snapshot", {"Snapshot": {}}, wanted)
    exported = _export(elasticache, kms_key_id="key")
    assert (exported.snapshot, exported.target, exported.began) == ("new", f"{GROUP}-20261123-0400", True)


def test_a_second_invocation_of_the_day_copies_nothing_again(elasticache: Stubber) -> None:
    """Schedules deliver at least once: the name says which snapshot it is."""
    elasticache.add_response("describe_snapshots", {"Snapshots": [_snapshot("new", timedelta(hours=2))]}, ASKED)
    elasticache.add_client_error("copy_snapshot", "SnapshotAlreadyExistsFault", http_status_code=400)
    assert _export(elasticache).began is False


@pytest.mark.parametrize(
    ("snapshots", "said"),
    [
        ([], "has no automatic snapshot"),
        ([_snapshot("s", timedelta(hours=2), "creating")], "has no automatic snapshot"),
        ([_snapshot("s", timedelta(hours=40))], "is of 2026-11-21 14:00 UTC"),
    ],
)
def test_a_backup_that_was_missed_is_an_error(elasticache: Stubber, snapshots: list[dict[str, Any]], said: str) -> None:
    """Silence would be found out on the day it is needed."""
    elasticache.add_response("describe_snapshots", {"Snapshots": snapshots}, ASKED)
    with pytest.raises(NoSnapshot, match=said):
        _export(elasticache)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AccessDenied", 403, ConfigurationError),
        ("Throttling", 400, BackendUnavailable),
        ("Internal", 500, BackendUnavailable),
    ],
)
def test_what_fails_is_said_by_whether_it_may_pass(
    elasticache: Stubber, code: str, status: int, expected: type[Exception]
) -> None:
    """A missing permission is not retried."""
    elasticache.add_response("describe_snapshots", {"Snapshots": [_snapshot("s", timedelta(hours=2))]}, ASKED)
    elasticache.add_client_error("copy_snapshot", code, http_status_code=status)
    with pytest.raises(expected, match=GROUP):
        _export(elasticache)


@pytest.mark.parametrize("event", [{}, {"bucket": "b"}, {"replicationGroupId": "g", "bucket": ""}, {"bucket": 1}])
def test_a_schedule_without_its_input_is_a_mistake_of_the_template(event: dict[str, Any]) -> None:
    """Which the message names."""
    with pytest.raises(ConfigurationError, match="the schedule's input has no"):
        handler(event, None)

"""Backups of ElastiCache in a bucket of our own.

ElastiCache keeps its daily snapshots in storage of its own, which a lost account or a wrong click takes along; copying
the newest one to S3 is how it leaves.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from codereview.adapters.aws import error_code, explained
from codereview.errors import BackendUnavailable

#: A daily snapshot older than this was missed.
_FRESH = timedelta(hours=36)


class NoSnapshot(BackendUnavailable):
    """There is no recent snapshot to export."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A snapshot in the bucket. ``began`` is false when it was there, or on its way, already."""

    snapshot: str
    target: str
    taken_at: datetime
    began: bool


class SnapshotExporter:
    """Copies the newest automatic snapshot of a replication group. ``client`` is boto3's for ElastiCache."""

    def __init__(self, client: Any, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._client = client
        self._now = now

    def export(self, replication_group: str, bucket: str, *, kms_key_id: str = "") -> Exported:
        """Start the copy to ``s3://{bucket}/{group}-{time}.rdb``; once, however often it is asked for.

        Raises NoSnapshot when there is none of the last day and a half, BackendUnavailable, ConfigurationError.
        """
        with explained(f"ElastiCache group {replication_group}"):
            taken_at, snapshot = max(self._available(replication_group), default=(None, ""))
            if taken_at is None:
                raise NoSnapshot(f"{replication_group} has no automatic snapshot: are they switched on?")
            if self._now() - taken_at > _FRESH:
                raise NoSnapshot(f"the newest snapshot of {replication_group} is of {taken_at:%Y-%m-%d %H:%M} UTC")
            target = f"{replication_group}-{taken_at:%Y%m%d-%H%M}"
            request = {"SourceSnapshotName": snapshot, "TargetSnapshotName": target, "TargetBucket": bucket}
            if kms_key_id:
                request["KmsKeyId"] = kms_key_id
            try:
                self._client.copy_snapshot(**request)
            except ClientError as error:
                if error_code(error) not in ("SnapshotAlreadyExistsFault", "SnapshotAlreadyExists"):
                    raise
                return Exported(snapshot, target, taken_at, began=False)
            return Exported(snapshot, target, taken_at, began=True)

    def _available(self, replication_group: str) -> Iterator[tuple[datetime, str]]:
        pages = self._client.get_paginator("describe_snapshots")
        for page in pages.paginate(ReplicationGroupId=replication_group, SnapshotSource="system"):
            for snapshot in page["Snapshots"]:
                if snapshot["SnapshotStatus"] == "available":
                    times = [node["SnapshotCreateTime"] for node in snapshot["NodeSnapshots"]]
                    yield max(times).astimezone(UTC), snapshot["SnapshotName"]

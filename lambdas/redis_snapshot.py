"""Every day, by schedule: the newest snapshot of Redis, copied to a bucket of our own."""

import logging
from typing import Any

import boto3

from codereview.adapters.elasticache import SnapshotExporter
from codereview.config import load_settings
from codereview.errors import ConfigurationError
from codereview.logs import configure_logging

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """``{"replicationGroupId", "bucket"}``, and ``"kmsKeyId"`` where the copy has its own key, as the schedule's input.

    Raises NoSnapshot, BackendUnavailable and ConfigurationError: a failed invocation is what the alarm watches.
    """
    settings = load_settings()
    configure_logging(settings.log_level)
    for name in ("replicationGroupId", "bucket"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise ConfigurationError(f"the schedule's input has no {name}")
    client = boto3.client(
        "elasticache", region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url or None
    )
    exported = SnapshotExporter(client).export(
        event["replicationGroupId"], event["bucket"], kms_key_id=event.get("kmsKeyId", "")
    )
    told = {
        "snapshot": exported.snapshot,
        "object": f"s3://{event['bucket']}/{exported.target}.rdb",
        "takenAt": exported.taken_at.isoformat(),
        "began": exported.began,
    }
    log.info("snapshot_exported", extra=told)
    return told

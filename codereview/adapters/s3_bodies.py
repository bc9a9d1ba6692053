"""Bodies of reviews too large for a DynamoDB item, as objects of S3.

The key is ``reviews/{review id}/{SHA-256 of the object}-{8 hex digits}.json.gz``. The digits are new with every write:
an object is named by one item only, so removing what an item no longer names can never take a body from another
write of the same content. What a crash between the two writes leaves behind belongs to no item; give the bucket a
lifecycle rule that expires ``reviews/`` a few days after the retention time.
"""

import hashlib
import logging
import secrets

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained
from codereview.errors import BackendUnavailable, CodeReviewError, ConfigurationError

log = logging.getLogger(__name__)

PREFIX = "reviews/"
_SUFFIX = ".json.gz"


class S3Bodies:
    """Packed bodies in ``bucket``; "" when there is none to write to.

    A reference is ``s3://{bucket}/{key}``, so that bodies stay readable when another bucket is configured later.
    """

    def __init__(self, bucket: str, clients: AwsClients) -> None:
        self.bucket = bucket
        self._clients = clients

    def reference(self, review_id: str, packed: bytes) -> str:
        """A new reference for this body. Raises ConfigurationError when there is no bucket."""
        if not self.bucket:
            raise ConfigurationError(
                f"review {review_id} is too large for a DynamoDB item: set CODEREVIEW_BODIES_BUCKET to an S3 bucket"
            )
        digest = hashlib.sha256(packed).hexdigest()
        return f"s3://{self.bucket}/{PREFIX}{review_id}/{digest}-{secrets.token_hex(4)}{_SUFFIX}"

    def write(self, reference: str, packed: bytes) -> None:
        """Store the body. Raises BackendUnavailable or ConfigurationError."""
        bucket, key = _split(reference)
        with explained(f"bucket {bucket}"):
            self._clients.s3().put_object(Bucket=bucket, Key=key, Body=packed, ContentType="application/gzip")

    def read(self, reference: str) -> bytes | None:
        """The body, or None when it is not there (any more).

        Raises BackendUnavailable, also when the object is not what was written, or ConfigurationError.
        """
        bucket, key = _split(reference)
        with explained(f"bucket {bucket}"):
            try:
                packed = self._clients.s3().get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise
        if hashlib.sha256(packed).hexdigest() != key.rpartition("/")[2].partition("-")[0]:
            raise BackendUnavailable(f"{reference} is damaged: its content does not fit its name")
        return packed

    def remove(self, reference: str) -> None:
        """Remove a body that no item names any more. A failure is logged: the bucket's lifecycle rule comes after."""
        bucket, key = _split(reference)
        try:
            with explained(f"bucket {bucket}"):
                self._clients.s3().delete_object(Bucket=bucket, Key=key)
        except CodeReviewError as error:
            log.warning("stale_body_left", extra={"reference": reference, "reason": error.detail})


def _split(reference: str) -> tuple[str, str]:
    bucket, _, key = reference.removeprefix("s3://").partition("/")
    return bucket, key

"""Plain objects of an S3 bucket, for what passes between the steps of a batch."""

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained


class S3Objects:
    """One bucket. Both methods raise BackendUnavailable and ConfigurationError."""

    def __init__(self, bucket: str, clients: AwsClients) -> None:
        self._bucket = bucket
        self._clients = clients

    def read(self, key: str) -> bytes | None:
        """An object's content, None when there is none."""
        with explained(f"bucket {self._bucket}"):
            try:
                return self._clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise

    def write(self, key: str, content: bytes, content_type: str = "application/json") -> None:
        """Make or replace an object."""
        with explained(f"bucket {self._bucket}"):
            self._clients.s3().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

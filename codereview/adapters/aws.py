"""Clients of AWS services, and what their errors mean to the person who runs the service."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  botocore's own, not a subclass of Python's
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from codereview.errors import BackendUnavailable, ConfigurationError

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

#: Four tries at most unless said otherwise, with growing pauses; then the caller hears of it rather than waiting on.
_MANNERS = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 4},
    user_agent_extra="codereview",
)

#: A model answers for minutes, its stream silent for no longer than this; who calls it decides about another try.
_MODEL_MANNERS = _MANNERS.merge(Config(read_timeout=90, retries={"mode": "standard", "total_max_attempts": 1}))

_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidSignatureException",
    "NoSuchBucket",
    "ResourceNotFoundException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


class AwsClients:
    """The clients of one region, made when first used, shared by threads, never carried into a forked child.

    Credentials come from where boto3 looks for them. ``endpoint_url`` is that of a stand-in; "" for AWS itself.
    ``attempts`` are made at a request before the caller hears of a failure.
    """

    def __init__(self, *, region: str, endpoint_url: str = "", attempts: int = 4) -> None:
        self.region = region
        self._endpoint_url = endpoint_url or None
        self._manners = _MANNERS.merge(Config(retries={"mode": "standard", "total_max_attempts": attempts}))
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._session: Session | None = None
        self._dynamodb: DynamoDBClient | None = None
        self._s3: S3Client | None = None
        self._models: Any = None
        self._endpoints: Any = None
        self._others: dict[str, Any] = {}

    def dynamodb(self) -> "DynamoDBClient":
        """The client of DynamoDB."""
        with self._lock:
            session = self._session_of_this_process()
            if self._dynamodb is None:
                self._dynamodb = session.client("dynamodb", endpoint_url=self._endpoint_url, config=self._manners)
            return self._dynamodb

    def s3(self) -> "S3Client":
        """The client of S3."""
        with self._lock:
            session = self._session_of_this_process()
            if self._s3 is None:
                # A stand-in has no host name per bucket.
                style = Config(s3={"addressing_style": "path" if self._endpoint_url else "auto"})
                self._s3 = session.client("s3", endpoint_url=self._endpoint_url, config=self._manners.merge(style))
            return self._s3

    def sagemaker_runtime(self) -> Any:
        """The client that calls models on SageMaker; it makes one attempt."""
        with self._lock:
            session = self._session_of_this_process()
            if self._models is None:
                self._models = session.client(
                    "sagemaker-runtime", endpoint_url=self._endpoint_url, config=_MODEL_MANNERS
                )
            return self._models

    def sagemaker(self) -> Any:
        """The client that describes SageMaker's endpoints."""
        with self._lock:
            session = self._session_of_this_process()
            if self._endpoints is None:
                self._endpoints = session.client("sagemaker", endpoint_url=self._endpoint_url, config=self._manners)
            return self._endpoints

    def other(self, service: str) -> Any:
        """The client of a service that is used too seldom to have its types here."""
        with self._lock:
            session: Any = self._session_of_this_process()
            if service not in self._others:
                self._others[service] = session.client(service, endpoint_url=self._endpoint_url, config=self._manners)
            return self._others[service]

    def _session_of_this_process(self) -> "Session":
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._session = self._dynamodb = self._s3 = self._models = self._endpoints = None
            self._others = {}
        if self._session is None:
            import boto3.session  # noqa: PLC0415  0.2 s that a review on the command line never needs

            self._session = boto3.session.Session(region_name=self.region)
        return self._session


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Within it, errors of AWS are raised as BackendUnavailable (passing) or ConfigurationError (not), naming ``what``
    was used, "table codereview-reviews". What only a mistake in our requests can cause stays what it is.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in _REFUSED:
            raise ConfigurationError(f"{what} cannot be used: {code}: {_message(error)}") from error
        if code in _THROTTLED or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise BackendUnavailable(f"{what} cannot be used now: {code}") from error
        raise
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigurationError(f"{what} cannot be used: {error}") from error
    except (ConnectionError, HTTPClientError, CredentialRetrievalError) as error:
        raise BackendUnavailable(f"{what} cannot be reached: {error}") from error


def error_code(error: ClientError) -> str:
    """The service's code of an error, e.g. "ConditionalCheckFailedException"."""
    return error.response.get("Error", {}).get("Code", "")


def _message(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Message", "")

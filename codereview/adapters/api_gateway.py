"""Sending to WebSockets through API Gateway's management API."""

import threading
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from codereview.adapters.aws import error_code, explained
from codereview.errors import BackendUnavailable
from codereview.live_connections import ConnectionGone, FrameTooLarge

#: One try each: whoever sends has other connections to serve meanwhile, and tries again itself.
_MANNERS = Config(
    connect_timeout=2,
    read_timeout=5,
    max_pool_connections=64,
    retries={"mode": "standard", "total_max_attempts": 1},
    user_agent_extra="codereview",
)


class ApiGatewaySockets:
    """`codereview.live_connections.SocketGateway` at ``url``: ``https://{api}.execute-api.{region}.amazonaws.com/{stage}``.

    Safe to share between threads.
    """

    def __init__(self, url: str, *, region: str, client: Any = None) -> None:
        self._url = url
        self._region = region
        self._lock = threading.Lock()
        self._made = client

    def post(self, connection_id: str, message: bytes) -> None:
        """Send one text message."""
        with explained(f"connections of {self._url}"):
            try:
                self._client().post_to_connection(ConnectionId=connection_id, Data=message)
            except ClientError as error:
                raise _translated(error, connection_id) from error

    def close(self, connection_id: str) -> None:
        """End the connection, if there is one."""
        with explained(f"connections of {self._url}"):
            try:
                self._client().delete_connection(ConnectionId=connection_id)
            except ClientError as error:
                meant = _translated(error, connection_id)
                if not isinstance(meant, ConnectionGone):
                    raise meant from error

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                import boto3.session  # noqa: PLC0415  0.2 s for who posts nothing

                session: Any = boto3.session.Session(region_name=self._region)
                self._made = session.client("apigatewaymanagementapi", endpoint_url=self._url, config=_MANNERS)
            return self._made


def _translated(error: ClientError, connection_id: str) -> Exception:
    match error_code(error):
        case "GoneException":
            return ConnectionGone(connection_id)
        case "PayloadTooLargeException":
            return FrameTooLarge(connection_id)
        case "LimitExceededException":
            return BackendUnavailable("API Gateway takes no more messages just now")
        case "BadRequestException":
            # What an id that was never given out is told: nobody is there.
            return ConnectionGone(connection_id)
        case _:
            return error

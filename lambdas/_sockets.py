"""What the functions of the WebSocket API share: their events, and the connections behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Self

from redis import Redis

from codereview.adapters.api_gateway import ApiGatewaySockets
from codereview.adapters.aws_functions import LambdaBroadcasts
from codereview.adapters.dynamodb.connections import DynamoConnectionStore
from codereview.adapters.redis.audience import RedisAudience
from codereview.adapters.redis.client import connect
from codereview.errors import ConfigurationError
from codereview.web.problems import InvalidMessage
from lambdas._settings import REDIS_TOKEN, clients, secret, settings

#: What API Gateway is told; what a client is told goes by `SocketGateway.post`, since an answer of a function is sent
#: only where a route says so.
DONE = {"statusCode": 200}


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """An event of the WebSocket API, as far as it matters here. ``connected_at`` in milliseconds since the epoch."""

    connection_id: str
    connected_at: int
    body: str
    #: What the authoriser said of the client.
    client: Mapping[str, Any]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read an event. Raises InvalidMessage for one that is none."""
        context = event.get("requestContext")
        if not isinstance(context, dict) or not isinstance(context.get("connectionId"), str):
            raise InvalidMessage("this is no event of a WebSocket API: it has no requestContext.connectionId")
        body = event.get("body")
        client = context.get("authorizer")
        return cls(
            connection_id=context["connectionId"],
            connected_at=int(context.get("connectedAt") or 0),
            body=body if isinstance(body, str) else "",
            client=client if isinstance(client, dict) else {},
        )


@cache
def store() -> DynamoConnectionStore:
    """The table of connections. Raises ConfigurationError."""
    return DynamoConnectionStore(_required("connections_table"), clients=clients())


@cache
def gateway() -> ApiGatewaySockets:
    """Reaches connections. Raises ConfigurationError."""
    return ApiGatewaySockets(_required("connections_url"), region=settings().aws_region)


@cache
def starter() -> LambdaBroadcasts:
    """Starts the broadcast of a review. Raises ConfigurationError."""
    return LambdaBroadcasts(_required("broadcast_function"), clients())


def redis() -> Redis:
    """Redis, with the token as it is now. Raises ConfigurationError, BackendUnavailable."""
    return _redis(secret(REDIS_TOKEN) or settings().redis_auth_token.get_secret_value())


def audience() -> RedisAudience:
    """Who follows what. Raises ConfigurationError, BackendUnavailable."""
    return RedisAudience(redis())


@lru_cache(maxsize=1)
def _redis(token: str) -> Redis:
    return connect(
        _required("redis_url"),
        auth_token=token,
        socket_timeout_s=settings().redis_timeout_s,
        retries=settings().redis_retries,
    )


def _required(name: str) -> str:
    value = str(getattr(settings(), name))
    if not value:
        raise ConfigurationError(f"CODEREVIEW_{name.upper()} is not set")
    return value

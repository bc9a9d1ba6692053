"""Connections to Redis: TLS, AUTH, time limits, retries; and what the errors of redis-py mean to us."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from redis import ConnectionPool, Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from codereview.errors import BackendUnavailable, ConfigurationError

SCHEMES = ("redis", "rediss", "unix")
#: What redis-py raises when the server is away, failing over, or full: not our fault, and it may pass.
UNAVAILABLE = (
    RedisConnectionError,
    RedisTimeoutError,
    ReadOnlyError,
    MasterDownError,
    OutOfMemoryError,
)
_REFUSALS = ("READONLY", "OOM", "MASTERDOWN")
_KEEPALIVE = {socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
if hasattr(socket, "TCP_KEEPIDLE"):  # macOS names it otherwise
    _KEEPALIVE[socket.TCP_KEEPIDLE] = 15
if hasattr(socket, "TCP_USER_TIMEOUT"):
    # Keepalive is silent while data waits to be acknowledged: then this ends a connection nobody answers on.
    _KEEPALIVE[socket.TCP_USER_TIMEOUT] = 15_000


def connect(
    url: str,
    *,
    auth_token: str = "",
    client_name: str = "codereview",
    socket_timeout_s: float = 5.0,
    connect_timeout_s: float = 3.0,
    health_check_interval_s: int = 15,
    retries: int = 2,
) -> Redis:
    """A client for ``redis://``, ``rediss://`` (certificate and host name checked) or ``unix://``.

    ``auth_token`` is used where the URL carries no password. Nothing connects before the first command. A command
    whose reply was lost is sent again, up to ``retries`` times: every script of this package gives the same answer
    to the second sending. Replies are bytes: payloads go to their parser undecoded.

    Raises ConfigurationError for another kind of URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(f"the Redis URL must begin with {', '.join(f'{s}://' for s in SCHEMES)}")
    options: dict[str, object] = {}
    if parts.scheme != "unix":
        options = {
            "socket_keepalive": True,
            "socket_keepalive_options": _KEEPALIVE,
            "socket_connect_timeout": connect_timeout_s,
        }
    return Redis.from_url(
        url,
        password=auth_token or None,
        client_name=client_name,
        # Nothing here needs RESP3, and without it no maintenance pushes arrive between replies.
        protocol=2,
        decode_responses=False,
        # Without a time limit a half-open connection is never noticed.
        socket_timeout=socket_timeout_s,
        health_check_interval=health_check_interval_s,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries),
        # After a failover the old primary answers READONLY until the connection is made anew.
        retry_on_error=[ReadOnlyError],
        **options,
    )


def without_retries(client: Redis) -> Redis:
    """A client of the same server whose commands fail at once, for callers that must not be kept waiting."""
    pool = client.connection_pool
    kwargs = {**pool.connection_kwargs, "retry": Retry(NoBackoff(), 0), "retry_on_error": []}
    return Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **kwargs))


def redact(url: str) -> str:
    """The URL without its user, password and query, for logs."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    if netloc != parts.netloc:
        netloc = f"***@{netloc}"
    return parts._replace(netloc=netloc, query="", fragment="").geturl()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise BackendUnavailable for what redis-py raises when the server is away, failing over, or full."""
    try:
        yield
    except UNAVAILABLE as error:
        raise BackendUnavailable(f"Redis is not available ({type(error).__name__})") from error
    except ResponseError as error:
        # What a command inside a script answered comes wrapped from servers before version 7.
        reason = next((reason for reason in _REFUSALS if f"-{reason} " in str(error)), None)
        if reason is None:
            raise
        raise BackendUnavailable(f"Redis is not available ({reason})") from error

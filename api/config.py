"""What the API takes from the settings of the deployment."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from codereview.config import Settings


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """The part of `codereview.config.Settings` the API needs, and the secret that signs tickets."""

    secret_key: str
    #: Whether API keys are asked for.
    keys_required: bool = False
    #: The address clients see, without a trailing slash; "": the one they asked for.
    public_url: str = ""
    allowed_origins: frozenset[str] = frozenset()
    max_request_bytes: int = 20_000_000
    max_live_connections: int = 2_000
    #: Seconds between heartbeats on a live stream.
    heartbeat_s: float = 30.0
    #: Seconds a ticket is good for.
    ticket_ttl_s: int = 600
    #: Seconds one write to a live connection may take.
    write_limit_s: float = 10.0

    @classmethod
    def of(cls, settings: Settings, secret_key: str) -> Self:
        """The configuration these settings describe."""
        return cls(
            secret_key=secret_key,
            keys_required=settings.auth == "keys",
            public_url=settings.public_url.rstrip("/"),
            allowed_origins=frozenset(origin.rstrip("/") for origin in settings.allowed_origins),
            max_request_bytes=settings.max_request_bytes,
            max_live_connections=settings.max_live_connections,
            heartbeat_s=settings.heartbeat_s,
            ticket_ttl_s=settings.ticket_ttl_s,
        )

    @property
    def public_host(self) -> str:
        """Host and port of the public address, "" when it is not configured."""
        return urlsplit(self.public_url).netloc

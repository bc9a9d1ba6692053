"""Which pages may use the service, and by which names it may be called (CORS, cross-site requests, DNS rebinding)."""

import ipaddress
from urllib.parse import urlsplit

from flask import Request, Response

from api.config import ApiConfig
from codereview.web.problems import HostRefused, OriginRefused

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Api-Key, X-Request-Id"
_EXPOSED_HEADERS = "ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Request-Id"
_METHODS = "GET, POST, DELETE"
_PREFLIGHT_S = 600


def check_host(request: Request, config: ApiConfig) -> None:
    """Raise HostRefused where no keys protect the service and a page could have sent its own domain here.

    A page that points its DNS name at this machine (rebinding) shares an origin with the service under that name.
    Addresses, ``localhost`` and names without a dot cannot be had by a stranger.
    """
    if config.keys_required or _harmless(request.host, config):
        return
    raise HostRefused(
        f"the service is not known as {request.host[:100]!r}; set CODEREVIEW_PUBLIC_URL to its address, or use API keys"
    )


def check_origin(request: Request, config: ApiConfig, *, upgrade: bool = False) -> None:
    """Raise OriginRefused for a request that changes something, or opens a socket, from a page of another origin."""
    origin = request.headers.get("Origin")
    if origin is None or (request.method in _SAFE and not upgrade):
        return
    if not is_allowed(origin, request, config):
        raise OriginRefused(f"pages of {origin[:100]} may not use this service; see CODEREVIEW_ALLOWED_ORIGINS")


def is_allowed(origin: str, request: Request, config: ApiConfig) -> bool:
    """Whether the origin is the service's own, or configured."""
    if origin in config.allowed_origins:
        return True
    return urlsplit(origin).netloc in {request.host, config.public_host} - {""}


def add_cors(response: Response, request: Request, config: ApiConfig) -> None:
    """Let a page of an allowed origin read the answer."""
    if not config.allowed_origins:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in config.allowed_origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_S)


def _harmless(host: str, config: ApiConfig) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if "." not in name and ":" not in name:
        return True  # "localhost", "coordinator"
    configured = {config.public_host, *(urlsplit(origin).netloc for origin in config.allowed_origins)}
    if name.endswith(".localhost") or host in configured:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

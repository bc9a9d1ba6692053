"""What a function stands on: built at its first invocation, kept while the instance lives."""

from dataclasses import dataclass
from functools import cache

from codereview.adapters.aws import AwsClients
from codereview.adapters.parameter_store import ParameterStore
from codereview.bootstrap import Service, build
from codereview.config import Settings, load_settings
from codereview.logs import configure_logging

#: The one secret these functions need.
_REDIS_TOKEN = "redis-auth-token"  # noqa: S105  the name of a parameter


@dataclass
class _Instance:
    """What this instance built, and with which token."""

    token: str
    service: Service


_instances: list[_Instance] = []


def product() -> Service:
    """The service as it submits and reads; it carries no agents. Built anew after the token of Redis was rotated.

    Raises ConfigurationError, and BackendUnavailable when the token cannot be had.
    """
    token = _token()
    if not _instances or _instances[0].token != token:
        while _instances:
            _instances.pop().service.redis.close()
        overrides = {"redis_auth_token": token} if token else {}
        _instances.append(_Instance(token, build(load_settings(**overrides))))
    return _instances[0].service


@cache
def settings() -> Settings:
    """The settings of the function, without secrets; what is logged is configured with them."""
    loaded = load_settings()
    configure_logging(loaded.log_level)
    return loaded


@cache
def clients() -> AwsClients:
    """Clients of AWS in the function's region."""
    return AwsClients(region=settings().aws_region, endpoint_url=settings().aws_endpoint_url)


@cache
def _secrets() -> ParameterStore:
    return ParameterStore(clients(), settings().secrets_path)


def _token() -> str:
    return _secrets().read(_REDIS_TOKEN)[_REDIS_TOKEN] if settings().secrets_path else ""

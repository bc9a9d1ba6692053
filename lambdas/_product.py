"""What a function that submits or reads reviews stands on, built at its first invocation and kept while it lives."""

from dataclasses import dataclass

from codereview.bootstrap import Service, build
from codereview.config import load_settings
from codereview.web.surface import Surface
from lambdas._settings import HASTE, REDIS_TOKEN, secret, settings
from lambdas._tickets import tickets


@dataclass
class _Instance:
    """What this instance built, and with which token."""

    token: str
    service: Service
    surface: Surface | None = None


_instances: list[_Instance] = []


def product() -> Service:
    """The service as it submits and reads; it carries no agents. Built anew after the token of Redis was rotated.

    Raises ConfigurationError, and BackendUnavailable when the token cannot be had.
    """
    return _instance().service


def surface() -> Surface:
    """What there is to do over it, tickets included. Raises as `product` does."""
    instance = _instance()
    if instance.surface is None or instance.surface.tickets is not tickets():
        instance.surface = Surface.over(instance.service.service, instance.service.idempotency, tickets())
    return instance.surface


def _instance() -> _Instance:
    settings()  # configures what is logged
    token = secret(REDIS_TOKEN)
    if not _instances or _instances[0].token != token:
        while _instances:
            _instances.pop().service.redis.close()
        overrides = {"redis_auth_token": token} if token else {}
        _instances.append(_Instance(token, build(load_settings(**HASTE, **overrides))))
    return _instances[0]

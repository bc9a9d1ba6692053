"""What every request needs, in reach of every view."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import Flask, current_app

from api.config import ApiConfig
from api.live.connections import Connections
from api.live.hub import Hub
from codereview.adapters.redis.status import AgentStatus
from codereview.application.keys import KeyRing
from codereview.application.review_service import ReviewService
from codereview.ports import EventBus, IdempotencyStore, ReviewStore
from codereview.telemetry import Telemetry
from codereview.web.surface import Surface

EXTENSION = "codereview"


class StatusBoard(Protocol):
    """Who is there to work: see `codereview.adapters.redis.status.AgentStatusBoard`."""

    def all(self) -> Sequence[AgentStatus]:
        """Every worker. Raises BackendUnavailable."""
        ...


class Product(Protocol):
    """The parts of `codereview.bootstrap.Service` the API uses."""

    @property
    def service(self) -> ReviewService:
        """Everything there is to do."""
        ...

    @property
    def bus(self) -> EventBus:
        """The events of reviews."""
        ...

    @property
    def store(self) -> ReviewStore:
        """The reviews, for the readiness check."""
        ...

    @property
    def keys(self) -> KeyRing | None:
        """The API keys, where they are asked for."""
        ...

    @property
    def idempotency(self) -> IdempotencyStore:
        """The idempotency keys."""
        ...

    @property
    def board(self) -> StatusBoard:
        """The workers."""
        ...

    @property
    def telemetry(self) -> Telemetry:
        """Where measurements and traces go."""
        ...

    @property
    def exposition(self) -> Callable[[], bytes] | None:
        """What Prometheus reads; None where measurements go elsewhere."""
        ...


@dataclass(frozen=True)
class State:
    """One application's parts."""

    product: Product
    config: ApiConfig
    surface: Surface
    hub: Hub
    connections: Connections
    openapi: Mapping[str, object]


def state() -> State:
    """The parts of the application that serves this request."""
    return state_of(current_app)


def state_of(app: Flask) -> State:
    """The parts of an application."""
    return cast("State", app.extensions[EXTENSION])

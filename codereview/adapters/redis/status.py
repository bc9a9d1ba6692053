"""Heartbeats of workers, and the commands they listen to."""

import logging
import time
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import TypeVar, cast

from pydantic import ConfigDict, NonNegativeInt, ValidationError
from redis import Redis

from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors, without_retries
from codereview.adapters.redis.subscription import Subscription
from codereview.domain.model import Model
from codereview.errors import BackendUnavailable

log = logging.getLogger(__name__)

#: A worker that was silent for so long is gone.
HEARTBEAT_TTL_S = 30.0
_RECONNECT_S = 1.0
_SCAN_COUNT = 1000


_M = TypeVar("_M", bound=Model)


class AgentState(StrEnum):
    """What a worker is doing."""

    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"  # finishing its unit, taking no other


class AgentStatus(Model):
    """One worker, as it says itself; ``since`` and ``at`` (of this heartbeat) in milliseconds since the epoch.

    ``agent`` is its type: "security", "bug" or "coordinator". A busy one says what it works on.
    """

    # While a deployment rolls, old and new processes read each other's heartbeats and commands.
    model_config = ConfigDict(extra="ignore")

    agent_id: str
    agent: str
    state: AgentState = AgentState.IDLE
    since: NonNegativeInt = 0
    at: NonNegativeInt = 0
    review_id: str = ""
    unit_id: str = ""
    host: str = ""
    pid: NonNegativeInt = 0
    version: str = ""


class CommandName(StrEnum):
    """What workers can be told."""

    CANCEL = "cancel"  # stop working on a review
    DRAIN = "drain"  # finish, and take nothing new
    RESUME = "resume"  # take work again
    RELOAD = "reload"  # read rules and configuration again
    PING = "ping"  # send a heartbeat now


class AgentCommand(Model):
    """A command to workers: to all, to those of one agent, or to one."""

    model_config = ConfigDict(extra="ignore")

    command: CommandName
    review_id: str = ""
    agent_id: str = ""
    agent: str = ""

    def addresses(self, *, agent_id: str, agent: str) -> bool:
        """Whether this worker is meant."""
        return self.agent_id in ("", agent_id) and self.agent in ("", agent)


class AgentStatusBoard:
    """Who is there. Every method raises BackendUnavailable when Redis cannot be reached."""

    def __init__(self, client: Redis, *, ttl_s: float = HEARTBEAT_TTL_S) -> None:
        self._client = client
        self._ttl_ms = int(ttl_s * 1000)

    def beat(self, status: AgentStatus) -> None:
        """Put up a worker's heartbeat; it comes down by itself when no other follows."""
        with translated_errors():
            self._client.set(keys.agent_status(status.agent_id), status.to_json(), px=self._ttl_ms)

    def leave(self, agent_id: str) -> None:
        """Take a worker's heartbeat down: it is shutting down."""
        with translated_errors():
            self._client.delete(keys.agent_status(agent_id))

    def all(self) -> list[AgentStatus]:
        """Every worker that is there, by agent and id. A heartbeat that cannot be read is left out and logged."""
        with translated_errors():
            names = list(self._client.scan_iter(match=keys.AGENT_STATUSES, count=_SCAN_COUNT))
            payloads = cast("list[bytes | None]", self._client.mget(names)) if names else []
        statuses = (_parsed(AgentStatus, payload) for payload in payloads if payload is not None)
        return sorted((s for s in statuses if s is not None), key=lambda s: (s.agent, s.agent_id))


class AgentCommands:
    """The channel on which workers are told things.

    Delivery is not promised: a worker that is not listening misses a command. What matters stands in the ledger too,
    and is met at the next checkpoint.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def send(self, command: AgentCommand) -> int:
        """Tell the workers; how many connections heard it. Raises BackendUnavailable."""
        with translated_errors():
            return int(self._client.publish(keys.AGENT_COMMANDS, command.to_json()))

    def listen(self, *, idle_s: float = 1.0) -> Iterator[AgentCommand | None]:
        """Commands as they come, for ever; None at least after each ``idle_s`` seconds without one.

        Outages of Redis are waited out. A message that is no command is logged and passed over.
        """
        while True:
            try:
                with Subscription(self._subscriber, keys.AGENT_COMMANDS) as subscription:
                    while True:
                        payload = subscription.get(idle_s)
                        yield None if payload is None else _parsed(AgentCommand, payload)
            except BackendUnavailable as error:
                log.warning("commands_not_heard", extra={"error": str(error)})
                time.sleep(min(idle_s, _RECONNECT_S))
                yield None

    @cached_property
    def _subscriber(self) -> Redis:
        return without_retries(self._client)


def _parsed(kind: type[_M], payload: bytes) -> _M | None:
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        log.warning("message_not_understood", extra={"kind": kind.__name__, "errors": error.error_count()})
        return None

"""Heartbeats of workers and commands to them."""

import logging
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from support.redis_process import RedisProcess

from codereview.adapters.redis import (
    AgentCommand,
    AgentCommands,
    AgentStatus,
    AgentStatusBoard,
    CommandName,
    connect,
    keys,
)
from codereview.adapters.redis.status import AgentState
from codereview.errors import BackendUnavailable


def _busy(agent_id: str, agent: str = "security") -> AgentStatus:
    return AgentStatus(
        agent_id=agent_id, agent=agent, state=AgentState.BUSY, since=5, at=7, review_id="rv_1", unit_id="security-b0"
    )


def _heard(listening: Iterator[AgentCommand | None], within_s: float = 10.0) -> AgentCommand:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        command = next(listening)
        if command is not None:
            return command
    raise AssertionError("no command was heard")


def test_the_board_shows_who_is_there_by_agent_and_id(redis_client: Redis) -> None:
    """The health check and the page read it; the last heartbeat of a worker stands."""
    board = AgentStatusBoard(redis_client)
    board.beat(AgentStatus(agent_id="s:2", agent="security"))
    for status in (_busy("s:2"), _busy("s:1"), _busy("b:1", "bug")):
        board.beat(status)
    assert board.all() == [_busy("b:1", "bug"), _busy("s:1"), _busy("s:2")]


def test_nobody_is_there_at_first(redis_client: Redis) -> None:
    """An empty board is a list too."""
    assert AgentStatusBoard(redis_client).all() == []


def test_a_silent_worker_is_gone(redis_client: Redis) -> None:
    """It may have crashed: it cannot say so itself."""
    board = AgentStatusBoard(redis_client, ttl_s=0.03)
    board.beat(_busy("s:1"))
    time.sleep(0.04)
    assert board.all() == []


def test_a_worker_that_shuts_down_leaves(redis_client: Redis) -> None:
    """At once, and alone."""
    board = AgentStatusBoard(redis_client)
    board.beat(_busy("s:1"))
    board.beat(_busy("s:2"))
    board.leave("s:1")
    assert [status.agent_id for status in board.all()] == ["s:2"]


def test_heartbeats_of_newer_and_of_broken_workers_do_not_hide_the_others(
    redis_client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """While a deployment rolls there are both."""
    board = AgentStatusBoard(redis_client)
    board.beat(_busy("s:1"))
    redis_client.set(keys.agent_status("s:2"), '{"agentId":"s:2","agent":"security","mood":"good"}', ex=10)
    redis_client.set(keys.agent_status("s:3"), "not json", ex=10)
    with caplog.at_level(logging.WARNING):
        assert [status.agent_id for status in board.all()] == ["s:1", "s:2"]
    assert [record.message for record in caplog.records] == ["message_not_understood"]


def test_a_command_reaches_every_worker_that_listens(redis_client: Redis) -> None:
    """In the wire form other languages can send too."""
    commands = AgentCommands(redis_client)
    listeners = [commands.listen(idle_s=0.05) for _ in range(3)]
    assert [next(listening) for listening in listeners] == [None] * 3
    command = AgentCommand(command=CommandName.CANCEL, review_id="rv_1")
    assert commands.send(command) == 3
    assert [_heard(listening) for listening in listeners] == [command] * 3
    redis_client.publish("agent:commands", '{"command": "cancel", "reviewId": "rv_2"}')
    assert _heard(listeners[0]) == AgentCommand(command=CommandName.CANCEL, review_id="rv_2")


def test_nobody_listening_is_told(redis_client: Redis) -> None:
    """Commands are not kept."""
    assert AgentCommands(redis_client).send(AgentCommand(command=CommandName.DRAIN)) == 0


def test_what_is_no_command_is_passed_over(redis_client: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever can publish must not be able to stop the workers from listening."""
    commands = AgentCommands(redis_client)
    listening = commands.listen(idle_s=0.05)
    next(listening)
    with caplog.at_level(logging.WARNING):
        for message in ("", "[]", '{"command": "explode"}', b"\xff\x00"):
            redis_client.publish(keys.AGENT_COMMANDS, message)
        commands.send(AgentCommand(command=CommandName.PING))
        assert _heard(listening).command is CommandName.PING
    assert [record.message for record in caplog.records] == ["message_not_understood"] * 4


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (AgentCommand(command=CommandName.DRAIN), True),
        (AgentCommand(command=CommandName.DRAIN, agent="security"), True),
        (AgentCommand(command=CommandName.DRAIN, agent="bug"), False),
        (AgentCommand(command=CommandName.DRAIN, agent_id="s:1"), True),
        (AgentCommand(command=CommandName.DRAIN, agent_id="s:2"), False),
        (AgentCommand(command=CommandName.DRAIN, agent_id="s:1", agent="bug"), False),
    ],
)
def test_a_command_says_whom_it_means(command: AgentCommand, meant: bool) -> None:
    """All, those of one agent, or one."""
    assert command.addresses(agent_id="s:1", agent="security") is meant


def test_listening_goes_on_after_an_outage(private_redis: RedisProcess) -> None:
    """A worker that stopped hearing commands could not be drained."""
    commands = AgentCommands(connect(private_redis.url))
    listening = commands.listen(idle_s=0.05)
    assert next(listening) is None
    private_redis.kill()
    assert [next(listening) for _ in range(3)] == [None] * 3
    with pytest.raises(BackendUnavailable):
        commands.send(AgentCommand(command=CommandName.PING))
    private_redis.start()
    until = time.monotonic() + 10
    while commands.send(AgentCommand(command=CommandName.PING)) == 0:
        next(listening)
        assert time.monotonic() < until
    assert _heard(listening).command is CommandName.PING


def test_who_stops_listening_leaves_no_subscription_behind(redis_client: Redis) -> None:
    """Closing the generator closes its connection."""
    listening = AgentCommands(redis_client).listen(idle_s=0.05)
    next(listening)
    listening.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 5
    while redis_client.pubsub_numsub("agent:commands") != [(b"agent:commands", 0)]:
        assert time.monotonic() < until
        time.sleep(0.01)

"""Live and ready are two questions."""

import pytest
from support.api_app import Api

from codereview.adapters.redis.status import AgentState, AgentStatus
from codereview.errors import BackendUnavailable


def test_the_process_is_alive_whatever_else_is_away(api: Api) -> None:
    """A platform restarts what is not alive; that would not mend Redis."""
    api.board.away = True
    for path in ("/health", "/api/health"):
        answer = api.client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok", "liveConnections": 0})


def test_it_is_ready_with_a_worker_for_every_queue(api: Api) -> None:
    """How many there are is told."""
    api.board.statuses.append(AgentStatus(agent_id="bug-2", agent="bug", state=AgentState.BUSY))
    answer = api.client.get("/api/ready")
    assert answer.status_code == 200
    assert answer.json["workers"] == {"security": 1, "bug": 2, "coordinator": 1}


def test_a_worker_that_takes_nothing_new_does_not_count(api: Api) -> None:
    """What is missing is listed."""
    api.board.statuses[0] = api.board.statuses[0].model_copy(update={"state": AgentState.DRAINING})
    answer = api.client.get("/api/ready")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/not-ready")
    assert answer.json["missing"] == ["worker:security"]


def test_without_redis_or_store_it_is_not_ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked by itself."""
    api.board.away = True

    def away(**_: object) -> None:
        raise BackendUnavailable("no table")

    monkeypatch.setattr(api.store, "page", away)
    assert api.client.get("/api/ready").json["missing"] == ["store", "redis"]

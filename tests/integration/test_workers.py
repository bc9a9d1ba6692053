"""Reviews by real Celery workers over a real Redis, and what happens when parts of that die."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.deployment import Deployment
from support.workers import eventually

from codereview.adapters.redis.status import AgentCommand, AgentState, CommandName
from codereview.domain.reviews import Outcome, ReviewOptions, ReviewStatus, Verdict
from codereview.domain.submission import Submission

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

Deploy = Callable[..., Deployment]


def _started(deployment: Deployment, review_id: str, agent: str) -> None:
    eventually(
        lambda: any(e.type == "finding" and e.agent == agent for e in deployment.events(review_id)),
        f"the {agent} agent has reported its first finding",
    )


def _ended_once_with_everything_once(deployment: Deployment, review_id: str, findings: int) -> None:
    types = Counter(deployment.types(review_id))
    ends = sum(count for name, count in types.items() if name in ("review_completed", "review_failed"))
    assert ends == 1
    assert types["finding"] == findings
    prints = [e.data["finding"]["fingerprint"] for e in deployment.events(review_id) if e.type == "finding"]  # type: ignore[index,call-overload]
    assert len(set(prints)) == findings
    assert [e.id for e in deployment.events(review_id)] == list(range(1, len(deployment.events(review_id)) + 1))


def test_a_chord_reviews_and_finalizes(deploy: Deploy) -> None:
    """Two agents on their queues, the end on the coordinator's."""
    it = deploy()
    it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\n")
    review = it.ended(review_id)
    assert (review.outcome, review.verdict) == (Outcome.COMPLETE, Verdict.FINDINGS)
    _ended_once_with_everything_once(it, review_id, findings=4)
    eventually(lambda: it.service.redis.keys("unacked*") == [], "every message is acknowledged")


def test_a_chord_of_one_agent_ends_too(deploy: Deploy) -> None:
    """A header of one task is a case of its own in Celery."""
    it = deploy()
    it.start_workers("security", "coordinator")
    options = ReviewOptions(agents=("security",))
    review_id = it.service.service.submit(Submission(code="danger\n", filename="a.py", options=options)).id
    assert it.ended(review_id).outcome is Outcome.COMPLETE


def test_workers_are_named_for_their_agent_and_report_what_they_do(deploy: Deploy) -> None:
    """`celery -A workers worker -Q security` is all it takes."""
    it = deploy()
    (worker,) = it.start_workers("security")
    (status,) = worker.statuses()
    assert status.agent_id == f"security@{socket.gethostname()}"
    key = f"agent:{status.agent_id}:status"
    assert 0 < it.service.redis.ttl(key) <= 30
    review_id = it.submit("danger\nsleep 8\n")
    eventually(
        lambda: (
            [(s.state, s.review_id, s.unit_id) for s in worker.statuses()]
            == [(AgentState.BUSY, review_id, "security-b001")]
        ),
        "the heartbeat says which unit the worker has",
    )
    assert worker.stop() == 0
    assert not it.service.redis.exists(key)


def test_a_drained_worker_takes_nothing_until_it_is_resumed(deploy: Deploy) -> None:
    """A deployment can empty a worker before it replaces it."""
    it = deploy()
    worker, *_ = it.start_workers("security", "bug", "coordinator")
    it.service.commands.send(AgentCommand(command=CommandName.DRAIN, agent="security"))
    eventually(lambda: worker.statuses()[0].state is AgentState.DRAINING, "the worker drains", within_s=10)
    review_id = it.submit("danger\n")
    eventually(lambda: "agent_completed" in it.types(review_id), "the other agent finished")
    assert not any(e.agent == "security" for e in it.events(review_id))
    it.service.commands.send(AgentCommand(command=CommandName.RESUME, agent="security"))
    assert it.ended(review_id).outcome is Outcome.COMPLETE


def test_a_killed_pool_process_costs_time_and_nothing_else(deploy: Deploy, tmp_path: Path) -> None:
    """The kernel kills for memory; the review does not notice."""
    it = deploy()
    it.start_workers("security", "bug", "coordinator")
    review_id = it.submit(f"danger\nsecurity: die {tmp_path / 'mark'}\n")
    review = it.ended(review_id)
    assert (tmp_path / "mark").exists()
    assert review.outcome is Outcome.COMPLETE
    _ended_once_with_everything_once(it, review_id, findings=4)


def test_a_batch_that_kills_every_process_is_given_up_and_the_rest_is_kept(deploy: Deploy) -> None:
    """A poison batch circles three times at most."""
    it = deploy()
    it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\nsecurity: poison\n")
    review = it.ended(review_id, within_s=60)
    assert (review.status, review.verdict) == (ReviewStatus.COMPLETED, Verdict.INCOMPLETE)
    assert any("given up after 3 attempts" in reason for agent in review.agents for reason in agent.reasons)
    # The first analyser of the poisoned unit had reported before it died; the bug agent's two are all there.
    _ended_once_with_everything_once(it, review_id, findings=3)


def test_a_review_survives_a_killed_worker_and_a_restarted_redis(deploy: Deploy) -> None:
    """Both in one review, with the settings a user has: it ends once, with every finding once, within 30 s."""
    it = deploy(impatient=False)
    doomed, bug, coordinator = it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\nsecurity: sleep 3\nbug: sleep 2\n")
    _started(it, review_id, "security")
    doomed.kill()
    began = time.monotonic()
    it.start_workers("security")
    time.sleep(1.2)  # the append-only file is synced every second
    it.redis.restart(crash=True, away_s=1.0)
    review = it.ended(review_id)
    assert time.monotonic() - began < 30
    assert review.outcome is Outcome.COMPLETE
    _ended_once_with_everything_once(it, review_id, findings=4)
    assert bug.process is not None
    assert coordinator.process is not None
    assert (bug.process.poll(), coordinator.process.poll()) == (None, None)


def test_a_busy_worker_survives_a_redis_that_goes_away(deploy: Deploy) -> None:
    """Unguarded, kombu 5.7.0 ends the worker process here."""
    it = deploy()
    worker, *_ = it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\nsecurity: sleep 5\n")
    _started(it, review_id, "security")
    time.sleep(1.2)
    it.redis.restart(crash=True, away_s=2.0)
    assert it.ended(review_id).outcome is Outcome.COMPLETE
    assert worker.process is not None
    assert worker.process.poll() is None
    second = it.submit("danger\n")
    assert it.ended(second).outcome is Outcome.COMPLETE


def test_cancelling_reaches_a_running_unit(deploy: Deploy) -> None:
    """The end comes at once; the worker drops what it holds and takes the next review."""
    it = deploy()
    it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\nsleep 4\n")
    _started(it, review_id, "security")
    review = it.service.service.cancel(review_id)
    assert review.verdict is Verdict.CANCELLED
    assert it.types(review_id)[-1] == "review_cancelled"
    assert it.ended(it.submit("danger\n")).verdict is Verdict.FINDINGS
    assert it.types(review_id).count("review_cancelled") == 1
    assert it.types(review_id)[-1] == "review_cancelled"


def test_every_key_of_a_review_expires(deploy: Deploy) -> None:
    """Nothing a review leaves in Redis stays for ever."""
    it = deploy()
    it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\n")
    it.ended(review_id)
    keys = it.service.redis.keys(f"review:{review_id}:*")
    assert {key.decode().rpartition(":")[2] for key in keys} >= {"state", "events", "findings"}
    assert all(it.service.redis.ttl(key) > 0 for key in keys)


def test_a_warm_shutdown_finishes_the_unit_under_way(deploy: Deploy) -> None:
    """SIGTERM is how every orchestrator says goodbye."""
    it = deploy()
    worker, *_ = it.start_workers("security", "bug", "coordinator")
    review_id = it.submit("danger\nsecurity: sleep 2\n")
    _started(it, review_id, "security")
    assert worker.stop() == 0
    assert it.ended(review_id).outcome is Outcome.COMPLETE
    assert sum(unit.attempt for unit in it.service.ledger.read(review_id).units.values()) == 2  # type: ignore[union-attr]

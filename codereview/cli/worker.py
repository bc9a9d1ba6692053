"""``codereview worker``: one Celery worker for one agent type."""

import os
import socket
import sys

import click

from codereview.adapters.celery.config import broker_url
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.redis.client import connect
from codereview.adapters.redis.status import AgentStatusBoard
from codereview.config import load_settings
from codereview.errors import BackendUnavailable


@click.command()
@click.argument("agent", type=click.Choice(QUEUES))
@click.option("--concurrency", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def worker(agent: str, concurrency: int) -> None:
    """Work on the queue of AGENT; the same as `celery -A workers worker -Q AGENT`."""
    argv = [sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", agent, "-c", str(concurrency)]
    # Replaced, not started as a child: signals of a supervisor reach Celery itself.
    os.execv(sys.executable, [*argv, "--without-gossip", "--without-mingle"])  # noqa: S606


@click.command("worker-health")
def worker_health() -> None:
    """Succeed when this host's worker is on the status board: for container health checks."""
    settings = load_settings()
    host = socket.gethostname()
    with connect(broker_url(settings)) as client:
        if not any(status.host == host for status in AgentStatusBoard(client).all()):
            raise BackendUnavailable(f"no worker of host {host} has reported lately")

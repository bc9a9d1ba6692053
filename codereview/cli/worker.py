"""``codereview worker``: one Celery worker for one agent type."""

import os
import sys

import click

from codereview.adapters.celery.names import QUEUES


@click.command()
@click.argument("agent", type=click.Choice(QUEUES))
@click.option("--concurrency", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def worker(agent: str, concurrency: int) -> None:
    """Work on the queue of AGENT; the same as `celery -A workers worker -Q AGENT`."""
    argv = [sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", agent, "-c", str(concurrency)]
    # Replaced, not started as a child: signals of a supervisor reach Celery itself.
    os.execv(sys.executable, [*argv, "--without-gossip", "--without-mingle"])  # noqa: S606

"""``codereview coordinator``: the API and the coordinator's worker together, as one container runs them."""

import os

import click

from codereview.adapters.celery.config import broker_url
from codereview.adapters.celery.names import COORDINATOR
from codereview.adapters.embedded.stack import api_child, refuse_public_without_keys, worker_child
from codereview.adapters.embedded.supervisor import Supervisor
from codereview.cli.serve import wait_for_stop
from codereview.config import load_settings
from codereview.logs import configure_logging


@click.command()
def coordinator() -> None:
    """Run the API and the coordinator worker against the Redis of CODEREVIEW_REDIS_URL."""
    settings = load_settings()
    configure_logging(settings.log_level)
    broker_url(settings)
    refuse_public_without_keys(settings)
    env = dict(os.environ)
    supervisor = Supervisor([worker_child(COORDINATOR, env), api_child(env)])
    supervisor.start()
    try:
        wait_for_stop()
    finally:
        supervisor.stop()

"""Every minute, by schedule: how much waits for each agent, and who is connected. Scaling follows these figures."""

import logging
from collections import Counter
from typing import Any

from codereview.adapters.celery.names import QUEUES
from codereview.adapters.redis.audience import RedisAudience
from codereview.domain.metrics import WEBSOCKET_CONNECTIONS
from lambdas._product import product

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """The figures, which are published by their lines in the log. Raises BackendUnavailable without Redis."""
    here = product()
    there = Counter(status.agent for status in here.board.all())
    workers = {queue: there[queue] for queue in QUEUES}
    depths = here.service.measure(workers)
    connections = RedisAudience(here.redis).connections()
    here.telemetry.metrics.record(WEBSOCKET_CONNECTIONS.of(connections, Source="gateway"))
    figures = {"waiting": depths, "workers": workers, "connections": connections}
    log.info("queues_measured", extra=figures)
    return figures

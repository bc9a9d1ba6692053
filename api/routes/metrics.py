"""What Prometheus reads."""

from collections import Counter
from contextlib import suppress

from flask import Response

from api.operations import Answer, Routes
from api.state import state
from codereview.adapters.celery.names import QUEUES
from codereview.errors import BackendUnavailable
from codereview.web.problems import NotFound

routes = Routes()

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@routes.get(
    "/metrics",
    answers={200: Answer("The measurements, in Prometheus' text format.", media_types=("text/plain",))},
    problems=(NotFound,),
    standalone=True,
)
def get_metrics() -> Response:
    """What every process of this machine counted, for Prometheus.

    How much waits is measured with each reading; without Redis the rest is told all the same.
    """
    product = state().product
    if product.exposition is None:
        raise NotFound("the measurements of this deployment do not go to Prometheus")
    with suppress(BackendUnavailable):
        there = Counter(status.agent for status in product.board.all())
        product.service.measure({queue: there[queue] for queue in QUEUES})
    response = Response(product.exposition(), content_type=_CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response

"""A task within the trace of who sent it, its log lines under the review's id."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Task, signals

from codereview.adapters.celery.names import TRACE_HEADER
from codereview.logs import logged_with
from codereview.ports import Attributes, SpanKind
from workers.runtime import built, runtime


@contextmanager
def observed(task: Task, about: Attributes) -> Iterator[None]:
    """Around the work of a task."""
    names = {"codereview.review.id": "reviewId", "codereview.unit.id": "unitId"}
    fields = {field: about[name] for name, field in names.items() if name in about}
    queue: dict[str, Any] = task.request.delivery_info or {}
    attributes = {
        "messaging.system": "celery",
        "messaging.destination.name": str(queue.get("routing_key", "")),
        "messaging.message.id": str(task.request.id),
        **about,
    }
    parent = (task.request.headers or {}).get(TRACE_HEADER)
    span = runtime().telemetry.tracer.span(task.name, attributes, kind=SpanKind.CONSUMER, parent=parent)
    with logged_with(**fields), span:
        yield


@signals.worker_process_shutdown.connect
def _send_last_spans(**_: object) -> None:
    if (service := built()) is not None:
        service.telemetry.tracer.flush()

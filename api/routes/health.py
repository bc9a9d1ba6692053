"""Whether the process lives, and whether it can review."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from flask import Response

from api.answers import answer
from api.operations import Answer, Routes
from api.schemas import Alive, Ready
from api.state import Product, state
from codereview.adapters.celery.names import QUEUES
from codereview.adapters.redis.status import AgentState
from codereview.errors import BackendUnavailable
from codereview.web.problems import NotReady

routes = Routes()
T = TypeVar("T")

_ALIVE = {200: Answer("The process serves requests.", Alive)}


@routes.get("/api/health", answers=_ALIVE, secured=False, standalone=True)
def get_health() -> Response:
    """Whether the process lives. Asks nothing of anybody else: a restart would not mend Redis."""
    return answer(Alive(live_connections=state().connections.count))


@routes.get("/health", answers=_ALIVE, secured=False, standalone=True)
def get_container_health() -> Response:
    """The same, where container platforms look."""
    return get_health()


@routes.get(
    "/api/ready",
    answers={200: Answer("Everything a review needs is there.", Ready)},
    problems=(NotReady,),
    secured=False,
    standalone=True,
)
def get_ready() -> Response:
    """Whether a review could be made now: Redis, the store, and a worker for every queue."""
    missing, workers = check(state().product)
    if missing:
        raise NotReady(f"not there: {', '.join(missing)}", missing=missing, workers=workers)
    return answer(Ready(workers=workers))


def check(product: Product) -> tuple[list[str], dict[str, int]]:
    """What is missing, and how many workers take work from each queue."""
    missing: list[str] = []
    workers = dict.fromkeys(QUEUES, 0)
    if _answers(lambda: product.store.page(owner="", limit=1)) is None:
        missing.append("store")
    statuses = _answers(product.board.all)
    if statuses is None:
        return [*missing, "redis"], workers
    workers |= Counter(s.agent for s in statuses if s.agent in workers and s.state is not AgentState.DRAINING)
    return [*missing, *(f"worker:{queue}" for queue, count in workers.items() if not count)], workers


def _answers(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except BackendUnavailable:
        return None

"""The routes, by what they are about."""

from api.operations import Operation, Routes
from api.routes import events, health, meta, metrics, pages, results, reviews

#: Every route there is but the static files and the WebSocket.
ROUTES: tuple[Routes, ...] = (
    reviews.routes,
    events.routes,
    results.routes,
    health.routes,
    metrics.routes,
    meta.routes,
    pages.routes,
)


def operations() -> list[Operation]:
    """The operations of all routes."""
    return [operation for routes in ROUTES for operation in routes.operations]

"""Making the application."""

from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Flask, request

from api import error_handlers, headers, request_log, tracing
from api.config import ApiConfig
from api.live import websocket
from api.live.connections import Connections
from api.live.feed import LogFeed
from api.live.hub import Hub, HubSettings
from api.openapi import document
from api.origins import check_host, check_origin
from api.routes import ROUTES, operations
from api.state import EXTENSION, Product, State, state
from codereview.domain.metrics import WEBSOCKET_CONNECTIONS
from codereview.web.surface import Surface
from codereview.web.tickets import TicketOffice

_STATIC = Path(__file__).parent / "static"


def create_app(product: Product, config: ApiConfig, feed: LogFeed, settings: HubSettings | None = None) -> Flask:
    """The API over a product, following its reviews' events through ``feed``. Connects to nothing yet."""
    app = Flask("api", static_folder=str(_STATIC))
    app.config["MAX_CONTENT_LENGTH"] = config.max_request_bytes
    # An address is right or wrong; nothing is redirected.
    app.url_map.redirect_defaults = app.url_map.merge_slashes = False
    app.extensions[EXTENSION] = State(
        product=product,
        config=config,
        surface=Surface.over(
            product.service, product.idempotency, TicketOffice(config.secret_key, config.ticket_ttl_s)
        ),
        hub=Hub(feed, settings or HubSettings()),
        connections=Connections(
            config.max_live_connections, write_limit_s=config.write_limit_s, changed=partial(_count_sockets, product)
        ),
        openapi=_openapi(),
    )
    # The id first, so that whatever is refused later is logged under it.
    request_log.install(app)
    tracing.install(app)
    app.before_request(_check_source)
    headers.install(app)
    error_handlers.install(app)
    for routes in ROUTES:
        routes.register(app)
    websocket.install(app, config)
    return app


def _count_sockets(product: Product, count: int) -> None:
    product.telemetry.metrics.record(WEBSOCKET_CONNECTIONS.of(count, Source="api"))


@cache
def _openapi() -> dict[str, Any]:
    return document(operations())


def _check_source() -> None:
    """Refuse other pages, and names the service is not known by."""
    config = state().config
    check_host(request, config)
    check_origin(request, config)

"""The application gunicorn serves: ``gunicorn -c python:api.gunicorn_conf api.wsgi:app``.

Imported in the worker, after its gevent monkey patching.
"""

import logging

from flask import Flask

from api.app import create_app
from api.config import ApiConfig
from api.live.redis_feed import RedisFeed
from api.request_log import install_filter
from codereview.adapters.embedded.stack import refuse_public_without_keys
from codereview.bootstrap import build, secret_key
from codereview.config import load_settings
from codereview.logs import configure_logging

log = logging.getLogger("codereview.api")


def make() -> Flask:
    """The application the environment describes.

    Raises ConfigurationError, also for an address strangers reach without API keys: whoever starts gunicorn.
    """
    settings = load_settings()
    refuse_public_without_keys(settings)
    configure_logging(settings.log_level)
    install_filter()
    log.info("api_started", extra={"settings": settings.effective()})
    product = build(settings)
    return create_app(product, ApiConfig.of(settings, secret_key(settings)), RedisFeed(product.redis))


app = make()

"""The application gunicorn serves: ``gunicorn -c python:api.gunicorn_conf api.wsgi:app``.

Imported in the worker, after its gevent monkey patching.
"""

from flask import Flask

from api.app import create_app
from api.config import ApiConfig
from api.live.redis_feed import RedisFeed
from api.request_log import install_filter
from codereview.bootstrap import build, secret_key
from codereview.config import load_settings
from codereview.logs import configure_logging


def make() -> Flask:
    """The application the environment describes. Raises ConfigurationError."""
    settings = load_settings()
    configure_logging(settings.log_level)
    install_filter()
    product = build(settings)
    return create_app(product, ApiConfig.of(settings, secret_key(settings)), RedisFeed(product.redis))


app = make()

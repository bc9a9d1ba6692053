"""The application as `api.wsgi` makes it, but impatient with readers, so that a test need not wait ten seconds."""

import os
from dataclasses import replace

from api.app import create_app
from api.config import ApiConfig
from api.live import session
from api.live.redis_feed import RedisFeed
from codereview.bootstrap import build, secret_key
from codereview.config import load_settings
from codereview.logs import configure_logging

session.MAX_LAG = 100

_settings = load_settings()
configure_logging(_settings.log_level)
_product = build(_settings)
_config = replace(
    ApiConfig.of(_settings, secret_key(_settings)), write_limit_s=float(os.environ.get("TEST_WRITE_LIMIT_S", "10"))
)
app = create_app(_product, _config, RedisFeed(_product.redis))

"""The Celery application. Importing it connects to nothing and reads no environment; the first use does."""

from celery import Celery

from codereview.adapters.celery.config import celery_config, guard_reconnect
from codereview.config import load_settings

guard_reconnect()

app = Celery("codereview", include=["workers.tasks", "workers.lifecycle"])
app.add_defaults(lambda: celery_config(load_settings()))

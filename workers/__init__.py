"""The Celery workers: ``celery -A workers worker -Q security`` (or ``bug``, or ``coordinator``)."""

"""Structured logs: one JSON object a line, static event names with fields; never source code, prompts or secrets.

Saved queries on AWS read ``eventType``, ``reviewId``, ``duration`` (milliseconds) and ``findingCount``.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_NO_FIELDS: Mapping[str, object] = {}
_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default=_NO_FIELDS)


class JsonFormatter(logging.Formatter):
    """``{"time", "level", "logger", "eventType", …fields}``; fields come from ``extra`` and from `logged_with`.

    A message that is no event's name but another package's sentence stands in ``message``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        text = record.getMessage()
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        line |= {"eventType": text} if text.isidentifier() else {"message": text}
        extra = {_camel(key): value for key, value in record.__dict__.items() if key not in _STANDARD}
        line |= {key: value for key, value in {**_fields.get(), **extra}.items() if key not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _camel(name: str) -> str:
    """Fields are spelled as on the wire, however the code spells them."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@contextmanager
def logged_with(**fields: object) -> Iterator[None]:
    """Within it, every line of this thread has these fields."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def configure_logging(level: str = "INFO") -> None:
    """Log JSON lines to standard error. Raises ValueError for an unknown level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Their INFO lines tell a person nothing about reviews.
    for noisy in ("botocore", "urllib3", "kombu", "celery.worker.strategy", "celery.app.trace", "amqp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))

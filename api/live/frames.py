"""Encoding an event once for everybody who follows it."""

import struct

from pydantic_core import from_json

from codereview.domain.events import TERMINAL_EVENT
from codereview.domain.reviews import ReviewStatus

_FINAL_TEXT = 0x81
#: The status each terminal event tells of.
_TOLD = {str(event): status for status, event in TERMINAL_EVENT.items()}


def text_frame(payload: bytes) -> bytes:
    """An unmasked, uncompressed WebSocket text message (RFC 6455 §5.2), as a server sends it."""
    size = len(payload)
    if size < 126:
        header = struct.pack("!BB", _FINAL_TEXT, size)
    elif size < 65_536:
        header = struct.pack("!BBH", _FINAL_TEXT, 126, size)
    else:
        header = struct.pack("!BBQ", _FINAL_TEXT, 127, size)
    return header + payload


def payload_of(frame: bytes) -> bytes:
    """The payload of a frame made by `text_frame`."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def sse_event(payload: bytes, event_id: int | None = None) -> bytes:
    """A server-sent event. Payloads are JSON on one line; one without an id leaves the client's last id alone."""
    return b"data: %b\n\n" % payload if event_id is None else b"id: %d\ndata: %b\n\n" % (event_id, payload)


def read_head(payload: bytes) -> tuple[int, ReviewStatus | None]:
    """An event's id, and the status it ends the review with if it does."""
    event = from_json(payload)
    return int(event["id"]), _TOLD.get(event["type"])

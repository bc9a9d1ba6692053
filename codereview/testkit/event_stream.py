"""AWS's event stream encoding: how Bedrock and SageMaker frame what they stream."""

import base64
import json
import struct
from zlib import crc32

#: The header value type "string".
_STRING = 7


def frame(payload: bytes, **headers: str) -> bytes:
    """One message: prelude, headers (``event_type`` becomes ``:event-type``), payload, each sealed by a checksum."""
    named = b"".join(_header(":" + name.replace("_", "-"), value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(named) + len(payload), len(named))
    head = prelude + struct.pack("!I", crc32(prelude))
    return head + named + payload + struct.pack("!I", crc32(head + named + payload))


def event(kind: str, payload: bytes, content_type: str = "application/json") -> bytes:
    """A message that carries an event."""
    return frame(payload, event_type=kind, content_type=content_type, message_type="event")


def exception(kind: str, **said: str) -> bytes:
    """A message that ends the stream with an error. Services differ in what they say: ``message``, or ``Message``."""
    body = json.dumps(said).encode()
    return frame(body, exception_type=kind, content_type="application/json", message_type="exception")


def chunk(data: bytes) -> bytes:
    """A piece of Bedrock's answer."""
    return event("chunk", json.dumps({"bytes": base64.b64encode(data).decode(), "p": "abcdefgh"}).encode())


def part(data: bytes) -> bytes:
    """A piece of a SageMaker container's answer."""
    return event("PayloadPart", data, "application/octet-stream")


def _header(name: str, value: str) -> bytes:
    raw = value.encode()
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(raw)) + raw

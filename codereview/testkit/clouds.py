"""The Messages API as Bedrock and SageMaker pass it on: other frames, other errors."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from codereview.domain.tokens import Tokens
from codereview.testkit import event_stream, wire
from codereview.testkit.exchange import Asked, Reply, Surface
from codereview.testkit.validation import Refused

EVENT_STREAM = "application/vnd.amazon.eventstream"
#: Bytes in a part of a SageMaker stream: events do not end where parts do.
_PART = 97

_BEDROCK_ERRORS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
#: How an error within a stream is called, by what it is called in Anthropic's own.
_BEDROCK_STREAM_ERRORS = {
    "rate_limit_error": "throttlingException",
    "overloaded_error": "serviceUnavailableException",
    "invalid_request_error": "validationException",
    "timeout_error": "modelTimeoutException",
}

Failure = tuple[int, dict[str, str], dict[str, Any]]


def bedrock_frames(asked: Asked, reply: Reply, tokens: Tokens) -> Iterator[bytes]:
    """Every event a frame of its own; the last one carries the counts as Bedrock's own metrics too."""
    for event in wire.events(asked, reply, tokens):
        if event["type"] == "error":
            kind = _BEDROCK_STREAM_ERRORS.get(event["error"]["type"], "internalServerException")
            yield event_stream.exception(kind, message=event["error"]["message"])
            return
        if event["type"] == "message_stop":
            event["amazon-bedrock-invocationMetrics"] = {
                "inputTokenCount": tokens.input,
                "outputTokenCount": tokens.output,
                "cacheReadInputTokenCount": tokens.cache_read,
                "cacheWriteInputTokenCount": tokens.cache_write_5m + tokens.cache_write_1h,
            }
        yield event_stream.chunk(json.dumps(event).encode())


def sagemaker_frames(asked: Asked, reply: Reply, tokens: Tokens) -> Iterator[bytes]:
    """The container's server-sent events, in parts that end anywhere."""
    held = b""
    for event in wire.events(asked, reply, tokens):
        if event["type"] == "error":
            yield from _parts(held)
            said = {"Message": event["error"]["message"], "ErrorCode": "InternalModelError"}
            yield event_stream.exception("ModelStreamError", **said)
            return
        held += wire.sse(event)
        whole = len(held) // _PART * _PART
        yield from _parts(held[:whole])
        held = held[whole:]
    yield from _parts(held)


def failure(surface: Surface, reply: Reply) -> Failure:
    """Status, headers and body of the error a rule asks for."""
    if surface == "bedrock":
        kind = _BEDROCK_ERRORS.get(reply.status, "InternalServerException")
        return reply.status, {"x-amzn-ErrorType": kind}, {"message": reply.message}
    if reply.status == 429:
        return 400, {"x-amzn-ErrorType": "ThrottlingException"}, {"message": reply.message}
    if reply.status == 503:
        return 503, {"x-amzn-ErrorType": "ServiceUnavailable"}, {"Message": reply.message}
    body = {
        "Message": f"Received server error ({reply.status}) from primary with message {reply.message!r}",
        "OriginalStatusCode": reply.status,
        "OriginalMessage": reply.message,
        "LogStreamArn": "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/sagemaker/Endpoints/test",
    }
    return 424, {"x-amzn-ErrorType": "ModelError"}, body


def refused(error: Refused) -> Failure:
    """Status, headers and body for what is not taken at all."""
    kind = _BEDROCK_ERRORS.get(error.status, "ValidationException")
    body: Mapping[str, Any] = {"message": error.message}
    return error.status, {"x-amzn-ErrorType": kind}, dict(body)


def _parts(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _PART):
        yield event_stream.part(data[at : at + _PART])

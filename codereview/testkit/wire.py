"""Messages and the events of their streams, as the service words them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from codereview.domain.tokens import Tokens
from codereview.testkit.exchange import Asked, Reply
from codereview.testkit.prompt_cache import count

Json = dict[str, Any]

#: What stands for the signature of a thought.
_SIGNATURE = "EqQBCgIYAhIkMmQ5"


def fitted(reply: Reply, max_tokens: int, room: int) -> Reply:
    """The reply cut to the request's limit, or to the ``room`` left in the model's context, as the service cuts it."""
    most = min(max_tokens, room)
    thinking = min(reply.thinking_tokens or count(reply.thinking), most)
    left = most - thinking
    if count(reply.text) <= left:
        return replace(reply, thinking_tokens=thinking)
    stop = "max_tokens" if max_tokens <= room else "model_context_window_exceeded"
    text = reply.text.encode("utf-8", "surrogatepass")[: left * 4].decode(errors="ignore")
    return replace(reply, text=text, stop_reason=stop, thinking_tokens=thinking)


def shown(reply: Reply) -> str:
    """The text that is sent before the connection breaks, or all of it."""
    return reply.text if reply.cut_at is None else reply.text[: reply.cut_at]


def output_tokens(reply: Reply, most: int) -> int:
    """What an answer has used when it ends; one token ends a whole answer."""
    ended = reply.cut_at is None
    return min(count(shown(reply)) + reply.thinking_tokens + ended, most)


def message(asked: Asked, reply: Reply, tokens: Tokens) -> Json:
    """A whole message."""
    content = [_thought(asked, reply)] if _thinks(asked, reply) else []
    if reply.text or reply.stop_reason != "refusal":
        content.append({"type": "text", "text": reply.text})
    return {
        "id": f"msg_{asked.number:06}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        **stopped(reply),
        "usage": {**_prompt_usage(tokens), **_output_usage(reply, tokens), "service_tier": _tier(asked)},
    }


def stopped(reply: Reply) -> Json:
    """Why a message ended."""
    details = {"type": "refusal", "category": reply.category or None, "explanation": None}
    refused = details if reply.stop_reason == "refusal" else None
    return {"stop_reason": reply.stop_reason, "stop_sequence": None, "stop_details": refused}


def events(asked: Asked, reply: Reply, tokens: Tokens) -> Iterator[Json]:
    """The stream of a message, up to where the reply breaks off.

    Usage of the prompt is known at the start and told again at the end; that of the output is only right at the end.
    """
    usage = {**_prompt_usage(tokens), "output_tokens": min(1, tokens.output), "service_tier": _tier(asked)}
    begun = message(asked, reply, tokens)
    begun |= {"content": [], "stop_reason": None, "stop_details": None, "usage": usage}
    yield {"type": "message_start", "message": begun}
    yield {"type": "ping"}
    index = 0
    if _thinks(asked, reply):
        yield from _thought_events(asked, reply)
        index = 1
    if reply.text or reply.stop_reason != "refusal":
        yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
        text = shown(reply)
        for at in range(0, len(text), reply.piece):
            delta = {"type": "text_delta", "text": text[at : at + reply.piece]}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        if reply.stream_error or reply.cut_at is not None:
            if reply.stream_error:
                yield {"type": "error", "error": {"type": reply.stream_error, "message": reply.message}}
            return
        yield {"type": "content_block_stop", "index": index}
    elif reply.stream_error:
        yield {"type": "error", "error": {"type": reply.stream_error, "message": reply.message}}
        return
    at_end = {**_prompt_usage(tokens), **_output_usage(reply, tokens)}
    del at_end["cache_creation"]
    yield {"type": "message_delta", "delta": stopped(reply), "usage": at_end}
    yield {"type": "message_stop"}


def sse(event: Json) -> bytes:
    """An event as server-sent events have it."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def sse_frames(asked: Asked, reply: Reply, tokens: Tokens) -> Iterator[bytes]:
    """The stream of a message as server-sent events."""
    return map(sse, events(asked, reply, tokens))


def error(type_: str, message_: str, request_id: str) -> Json:
    """The body of an error."""
    return {"type": "error", "error": {"type": type_, "message": message_}, "request_id": request_id}


def _thinks(asked: Asked, reply: Reply) -> bool:
    return asked.thinks and reply.thinking_tokens > 0


def _thought(asked: Asked, reply: Reply) -> Json:
    hidden = (asked.body.get("thinking") or {}).get("display") == "omitted"
    return {"type": "thinking", "thinking": "" if hidden else reply.thinking, "signature": _SIGNATURE}


def _thought_events(asked: Asked, reply: Reply) -> Iterator[Json]:
    yield {"type": "content_block_start", "index": 0, "content_block": _thought(asked, reply) | _NO_THOUGHT}
    thought = str(_thought(asked, reply)["thinking"])
    for at in range(0, len(thought), reply.piece):
        delta = {"type": "thinking_delta", "thinking": thought[at : at + reply.piece]}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": _SIGNATURE}}
    yield {"type": "content_block_stop", "index": 0}


_NO_THOUGHT = {"thinking": "", "signature": ""}


def _prompt_usage(tokens: Tokens) -> Json:
    return {
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write_5m,
            "ephemeral_1h_input_tokens": tokens.cache_write_1h,
        },
        "cache_read_input_tokens": tokens.cache_read,
    }


def _output_usage(reply: Reply, tokens: Tokens) -> Json:
    details = {"thinking_tokens": min(reply.thinking_tokens, tokens.output)}
    return {"output_tokens": tokens.output, "output_tokens_details": details}


def _tier(asked: Asked) -> str:
    return "batch" if asked.surface == "batch" else "standard"

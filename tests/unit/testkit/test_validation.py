"""The messages server refuses what the service refuses, so that no test passes on a request that would fail."""

from typing import Any

import anthropic
import httpx2
import pytest

from codereview.agents.answers import schema
from codereview.testkit.exchange import Reply

MODEL = "claude-sonnet-5-5"
ASK: dict[str, Any] = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": "Hello"}]}
CACHED = {"type": "ephemeral"}


def marked(*ttls: str) -> list[dict[str, Any]]:
    """Text blocks with a breakpoint behind each."""
    return [{"type": "text", "text": "block", "cache_control": {**CACHED, "ttl": ttl}} for ttl in ttls]


def formatted(**form: Any) -> dict[str, Any]:
    """An output format."""
    return {"output_config": {"format": {"type": "json_schema", "schema": form}}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": -1}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": 200_000}, "128000, which is the maximum allowed number of output tokens"),
        ({"temperature": 0}, "temperature: no longer supported"),
        ({"top_p": 0.5}, "top_p: no longer supported"),
        ({"output_format": {}}, "output_format: Extra inputs are not permitted"),
        ({"messages": []}, "at least one message is required"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message must use the 'user' role"),
        ({"messages": [*ASK["messages"], {"role": "assistant", "content": "{"}]}, "does not support assistant message"),
        ({"messages": [{"role": "user", "content": ""}]}, "content must not be empty"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "type: Field required"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "must be non-empty"),
        ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
        ({"system": [{"type": "image"}]}, "system.0.type: Input should be 'text'"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "greater than or equal to 1024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "must be greater than `thinking.budget_tokens`"),
        ({"output_config": {"effort": "extreme"}}, "output_config.effort"),
        ({"output_config": {"schema": {}}}, "output_config.schema: Extra inputs"),
        ({"output_config": {"format": {"type": "json"}}}, "output_config.format"),
        (formatted(type="object", properties={}), "'additionalProperties' must be explicitly set to false"),
        (
            formatted(type="object", additionalProperties=False, properties={"a": {"type": "integer", "minimum": 1}}),
            "property 'minimum' is not supported",
        ),
        (formatted(type="array", items={"$ref": "#/$defs/Missing"}), "cannot be resolved"),
        ({"system": marked("5m", "5m", "5m", "5m", "5m")}, "A maximum of 4 blocks with cache_control"),
        ({"system": marked("2h")}, "cache_control: Input should be"),
        ({"system": marked("5m", "1h")}, "must not come after a ttl='5m'"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(serve: Any, connect: Any, changed: dict[str, Any], said: str) -> None:
    server = serve(Reply("ok"))
    with pytest.raises(anthropic.BadRequestError) as refused:
        connect(server).post("/v1/messages", body=without_none({**ASK, **changed}), cast_to=object)
    assert said in str(refused.value)
    assert server.entries == [], "the rule does not even see it"


def without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def test_what_the_product_sends_is_taken(serve: Any, connect: Any) -> None:
    """Its own schema, as the client turns it into one the service enforces."""
    transformed = anthropic.transform_schema(schema())
    message = connect(serve(Reply("ok"))).messages.create(
        **ASK,
        system=marked("1h"),
        thinking={"type": "adaptive", "display": "omitted"},
        output_config={"effort": "high", "format": {"type": "json_schema", "schema": transformed}},
        metadata={"user_id": "hashed"},
    )
    assert message.content[-1].text == "ok"


def test_an_unknown_model_is_not_found(serve: Any, connect: Any) -> None:
    with pytest.raises(anthropic.NotFoundError, match="model: claude-2"):
        connect(serve(Reply("ok"))).messages.create(**{**ASK, "model": "claude-2"})


def test_a_prompt_beyond_the_context_is_refused(serve: Any, connect: Any) -> None:
    long = [{"role": "user", "content": "w" * 4 * 1_000_001}]
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long: 1000001 tokens > 1000000 maximum"):
        connect(serve(Reply("ok"))).messages.create(**{**ASK, "messages": long})


def test_a_body_over_the_limit_is_too_large(serve: Any) -> None:
    headers = {"authorization": "Bearer key", "anthropic-version": "2026-10-21"}
    response = httpx2.post(f"{serve(Reply('ok')).url}/v1/messages", headers=headers, content=b" " * 33 * 1024 * 1024)
    assert (response.status_code, response.json()["error"]["type"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("headers", "content", "status", "said"),
    [
        ({}, b"{}", 401, "x-api-key header is required"),
        ({"x-api-key": "wrong"}, b"{}", 401, "invalid x-api-key"),
        ({"x-api-key": "key"}, b"{}", 400, "anthropic-version"),
        ({"x-api-key": "key", "anthropic-version": "2026-10-21"}, b"{", 400, "not valid JSON"),
        ({"x-api-key": "key", "anthropic-version": "2026-10-21"}, b"[]", 400, "not a JSON object"),
        ({"x-api-key": "key", "anthropic-version": "2026-10-21"}, b"{}", 400, "model: Field required"),
    ],
)
def test_headers_and_body_are_looked_at_first(
    serve: Any, headers: dict[str, str], content: bytes, status: int, said: str
) -> None:
    server = serve(Reply("ok"), keys=("key",))
    response = httpx2.post(f"{server.url}/v1/messages", headers=headers, content=content)
    assert response.status_code == status
    assert said in response.json()["error"]["message"]


def test_there_is_nothing_at_other_paths(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    for method in (client.get, client.delete):
        with pytest.raises(anthropic.NotFoundError):
            method("/v1/complete", cast_to=object)
    with pytest.raises(anthropic.NotFoundError):
        client.post("/v1/complete", body={"a": 1}, cast_to=object)

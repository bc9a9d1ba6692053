"""Claude over HTTP: the real client against a server that speaks the Messages API."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codereview.adapters.anthropic_credentials import has_credentials
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.model_catalogue import load_catalogue
from codereview.agents.answers import schema
from codereview.domain.tokens import Tokens
from codereview.language_model import (
    Block,
    ModelCall,
    ModelRejected,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    Stop,
    StreamBroken,
)
from codereview.testkit.exchange import Asked, Reply, answer
from codereview.testkit.messages_server import MessagesServer

MODEL = "claude-sonnet-5-5"
LONG = "word " * 2000


@pytest.fixture
def serve() -> Iterator[Callable[..., MessagesServer]]:
    servers: list[MessagesServer] = []

    def start(reply: Reply | Callable[[Asked], Reply]) -> MessagesServer:
        rule = reply if callable(reply) else lambda _: reply
        servers.append(MessagesServer(rule, load_catalogue(), keys=("key",)))
        return servers[-1].__enter__()

    yield start
    for server in servers:
        server.__exit__()


def model_at(server: MessagesServer, key: str = "key") -> AnthropicModel:
    return AnthropicModel(api_key=key, base_url=server.url)


def call(own: str = "the task", **more: object) -> ModelCall:
    fields: dict[str, object] = {
        "model": MODEL,
        "system": (Block("rules", cached=True),),
        "content": (Block(LONG, cached=True), Block(own)),
        "schema": schema(),
        "max_output_tokens": 4000,
        "timeout_s": 60.0,
    }
    return ModelCall(**{**fields, **more})  # type: ignore[arg-type]


def test_the_answer_streams_in_pieces_and_ends_whole(serve: Callable[..., MessagesServer]) -> None:
    pieces: list[str] = []
    reply = model_at(serve(answer(findings=[{"title": "x" * 200}]))).complete(call(), pieces.append)
    assert pieces[0] == "", "the answer has begun"
    assert len(pieces) > 3
    assert "".join(pieces) == reply.text
    assert (reply.stop, reply.model) == (Stop.END, MODEL)


def test_the_request_is_what_the_service_takes(serve: Callable[..., MessagesServer]) -> None:
    server = serve(answer())
    model_at(server).complete(call(effort="high"))
    (asked,) = server.asked
    body = asked.body
    assert body["output_config"]["effort"] == "high"
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["output_config"]["format"]["schema"]["additionalProperties"] is False
    assert [bool(block.get("cache_control")) for block in (*body["system"], *body["messages"][0]["content"])] == [
        True,
        True,
        False,
    ]
    assert body["stream"] is True
    assert "tools" not in body


def test_what_the_service_billed_is_told_cached_parts_apart(serve: Callable[..., MessagesServer]) -> None:
    server = serve(answer())
    model = model_at(server)
    first = model.complete(call("one")).tokens
    second = model.complete(call("another")).tokens
    assert first.cache_write_5m > 2000
    assert (first.cache_read, second.cache_write_5m) == (0, 0)
    assert second.cache_read == first.cache_write_5m
    assert server.spend.tokens == first + second


def test_an_hour_long_prefix_is_billed_as_one(serve: Callable[..., MessagesServer]) -> None:
    lasting = (Block(LONG, cached=True, long_lived=True), Block("x"))
    tokens = model_at(serve(answer())).complete(call(content=lasting, system=())).tokens
    assert (tokens.cache_write_1h > 2000, tokens.cache_write_5m) == (True, 0)


@pytest.mark.parametrize(
    ("reply", "stop"),
    [
        (Reply("{", stop_reason="max_tokens"), Stop.TRUNCATED),
        (Reply("", stop_reason="refusal", category="cyber"), Stop.REFUSED),
        (Reply("", stop_reason="model_context_window_exceeded"), Stop.CONTEXT_EXCEEDED),
    ],
)
def test_why_it_stopped_is_told(serve: Callable[..., MessagesServer], reply: Reply, stop: Stop) -> None:
    told = model_at(serve(reply)).complete(call())
    assert told.stop is stop
    assert told.tokens.prompt > 2000, "it is billed all the same"
    assert told.refusal_category == reply.category


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=500), ModelUnavailable),
        (Reply(status=503), ModelUnavailable),
        (Reply(status=529, error="overloaded_error"), ModelUnavailable),
        (Reply(status=408), ModelUnavailable),
        (Reply(status=400, error="invalid_request_error", message="no"), ModelRejected),
        (Reply(status=402, error="billing_error"), ModelRejected),
        (Reply(status=403, error="permission_error"), ModelRejected),
        (Reply(status=413, error="request_too_large"), PromptTooLong),
        (
            Reply(status=400, error="invalid_request_error", message="prompt is too long: 1200000 tokens > 1000000"),
            PromptTooLong,
        ),
        (Reply(status=429, error="rate_limit_error"), ModelThrottled),
        (Reply("{", cut_at=1), StreamBroken),
        (Reply("{}", stream_error="overloaded_error"), StreamBroken),
        (Reply(raw="this is no stream"), StreamBroken),
    ],
)
def test_every_failure_has_one_meaning(
    serve: Callable[..., MessagesServer], reply: Reply, error: type[Exception]
) -> None:
    server = serve(reply)
    with pytest.raises(error):
        model_at(server).complete(call())
    assert len(server.entries) == 1, "one layer owns the retries, and it is not this one"


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({"retry-after-ms": "250"}, 0.25), ({}, None)]
)
def test_how_long_to_wait_is_told(
    serve: Callable[..., MessagesServer], headers: dict[str, str], seconds: float | None
) -> None:
    server = serve(Reply(status=429, error="rate_limit_error", headers=headers))
    with pytest.raises(ModelThrottled) as throttled:
        model_at(server).complete(call())
    assert throttled.value.retry_after_s == seconds


def test_a_broken_stream_gives_what_it_had_and_what_it_cost(serve: Callable[..., MessagesServer]) -> None:
    text = json.dumps({"findings": [{"title": "one"}, {"title": "two" * 400}]})
    server = serve(Reply(text, cut_at=120))
    pieces: list[str] = []
    with pytest.raises(StreamBroken) as broken:
        model_at(server).complete(call(), pieces.append)
    assert "".join(pieces) == text[:120]
    billed = server.spend.tokens
    assert broken.value.tokens.prompt == billed.prompt
    assert broken.value.tokens.output >= billed.output, "rather too much than too little"


def test_an_answer_that_never_ends_is_ended(serve: Callable[..., MessagesServer]) -> None:
    slow = Reply("x" * 4000, piece=1, piece_delay_s=0.05)
    with pytest.raises(StreamBroken, match="no whole answer"):
        model_at(serve(slow)).complete(call(timeout_s=0.5))


def test_a_wrong_key_and_an_unknown_model_are_told(serve: Callable[..., MessagesServer]) -> None:
    server = serve(answer())
    with pytest.raises(ModelRejected, match="invalid x-api-key"):
        model_at(server, "wrong").complete(call())
    with pytest.raises(ModelRejected, match="404"):
        model_at(server).complete(call(model="claude-of-tomorrow"))


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        AnthropicModel(api_key="k", base_url="http://127.0.0.1:9").complete(call())


def test_what_the_listener_raises_ends_the_call(serve: Callable[..., MessagesServer]) -> None:
    def stop(text: str) -> None:
        if text:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        model_at(serve(answer(findings=[{"a": "b" * 900}]))).complete(call(), stop)


def test_tokens_and_facts_can_be_asked_for(serve: Callable[..., MessagesServer]) -> None:
    model = model_at(serve(answer()))
    assert (model.count_tokens(call()) or 0) > 2000
    assert model.describe(MODEL)["lifecycle"] == "active"
    with pytest.raises(ModelRejected):
        model.describe("claude-of-tomorrow")


def test_usage_names_every_kind_of_token() -> None:
    assert Tokens(1, 2, 3, 4, 5).prompt == 10


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({}, False),
        ({"ANTHROPIC_API_KEY": ""}, False),
        ({"ANTHROPIC_API_KEY": "k"}, True),
        ({"ANTHROPIC_PROFILE": "work"}, True),
        ({"ANTHROPIC_IDENTITY_TOKEN_FILE": "/t"}, True),
    ],
)
def test_credentials_are_found_without_loading_the_client(environment: dict[str, str], there: bool) -> None:
    assert has_credentials({"HOME": "/nowhere", **environment}) is there


# --- streams in the shapes the service sends them


def recorded(name: str) -> Reply:
    stream = (Path(__file__).parent / "streams" / f"{name}.sse").read_text()
    return Reply(raw=stream, headers={"Content-Type": "text/event-stream"})


def test_thought_is_billed_and_not_taken_for_the_answer(serve: Callable[..., MessagesServer]) -> None:
    reply = model_at(serve(recorded("thinking"))).complete(call())
    assert json.loads(reply.text)["findings"] == []
    assert reply.tokens == Tokens(input=712, cache_read=11204, output=341)


def test_a_refusal_without_a_word_is_a_refusal(serve: Callable[..., MessagesServer]) -> None:
    reply = model_at(serve(recorded("refusal"))).complete(call())
    assert (reply.stop, reply.refusal_category, reply.text) == (Stop.REFUSED, "cyber", "")
    assert reply.tokens == Tokens(input=90, cache_write_5m=2048, output=1)


def test_an_overload_in_the_middle_keeps_what_came(serve: Callable[..., MessagesServer]) -> None:
    pieces: list[str] = []
    with pytest.raises(StreamBroken, match="Overloaded") as broken:
        model_at(serve(recorded("overloaded"))).complete(call(), pieces.append)
    assert "".join(pieces) == '{"findings":[{"path":"app.py"}'
    assert broken.value.tokens.input == 500

"""Claude on Bedrock: the real client, its event streams and its errors, in the words of the port."""

from collections.abc import Callable, Iterator

import pytest

from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.model_catalogue import load_catalogue
from codereview.agents.answers import schema
from codereview.language_model import (
    Block,
    ModelCall,
    ModelError,
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
PROFILE = "global.anthropic.claude-sonnet-5-5"
FOUND = answer(findings=[{"title": "“x” ☃" * 100}])


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer(lambda _: answer(), load_catalogue()) as running:
        yield running


@pytest.fixture
def ask(server: MessagesServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AnthropicModel]]:
    """A model on Bedrock that gets this reply, or what a rule decides."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server.entries.clear()
    models: list[AnthropicModel] = []

    def gets(reply: Reply | Callable[[Asked], Reply]) -> AnthropicModel:
        server.rule = reply if callable(reply) else lambda _: reply
        resolve = {MODEL: PROFILE}.__getitem__
        models.append(AnthropicModel(provider="bedrock", base_url=server.url, region="eu-west-1", resolve=resolve))
        return models[-1]

    yield gets
    for model in models:
        model.client().close()


def call(own: str = "the task", *, about: str = "word " * 2000) -> ModelCall:
    return ModelCall(
        model=MODEL,
        system=(Block("rules", cached=True),),
        content=(Block(about, cached=True), Block(own)),
        schema=schema(),
        max_output_tokens=4000,
        timeout_s=30.0,
    )


def test_the_answer_streams_and_is_the_inference_profiles(ask: Callable[..., AnthropicModel], server: object) -> None:
    """Frames of AWS's event stream, around the same events."""
    pieces: list[str] = []
    reply = ask(FOUND).complete(call(), pieces.append)
    assert isinstance(server, MessagesServer)
    assert (pieces[0], "".join(pieces), reply.stop) == ("", FOUND.text, Stop.END)
    assert len(pieces) > 3
    (asked,) = server.asked
    assert (asked.surface, asked.model) == ("bedrock", PROFILE)
    assert "AWS4-HMAC-SHA256" in asked.headers["authorization"]


def test_what_was_billed_is_told_with_the_cache_apart(
    ask: Callable[..., AnthropicModel], server: MessagesServer
) -> None:
    model = ask(answer())
    first = model.complete(call("one", about="cached " * 2000)).tokens
    second = model.complete(call("two", about="cached " * 2000)).tokens
    assert first.cache_write_5m == second.cache_read > 3000
    assert server.spend.tokens == first + second
    assert server.spend.nano_usd == sum(load_catalogue().spec(MODEL).nano_usd(tokens) for tokens in (first, second))


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (Reply(status=429, message="Too many requests"), ModelThrottled),
        (Reply(status=503, message="busy"), ModelUnavailable),
        (Reply(status=500, message="broken"), ModelUnavailable),
        (Reply(status=408, message="too slow"), ModelUnavailable),
        (Reply(status=403, message="no access to the model"), ModelRejected),
        (Reply(status=404, message="no such model"), ModelRejected),
        (Reply(status=400, message="Input is too long: prompt is too long"), PromptTooLong),
        (Reply(status=400, message="malformed"), ModelRejected),
        (Reply(FOUND.text, cut_at=200), StreamBroken),
        (Reply(FOUND.text, cut_at=200, stream_error="overloaded_error"), StreamBroken),
        (Reply(FOUND.text, cut_at=200, stream_error="invalid_request_error"), ModelRejected),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else f"{value.status}{value.stream_error}",
)
def test_every_failure_has_one_meaning(
    ask: Callable[..., AnthropicModel], server: MessagesServer, reply: Reply, meaning: type[ModelError]
) -> None:
    """As those of the provider's own service; and nothing is tried twice here."""
    with pytest.raises(ModelError) as raised:
        ask(reply).complete(call())
    assert type(raised.value) is meaning
    assert len(server.entries) == 1


def test_a_throttling_within_the_stream_is_one(ask: Callable[..., AnthropicModel]) -> None:
    """With what had been billed until then."""
    with pytest.raises(ModelError) as raised:
        ask(Reply(FOUND.text, cut_at=200, stream_error="rate_limit_error")).complete(call())
    assert isinstance(raised.value, ModelThrottled)
    assert raised.value.tokens.total > 2000


def test_a_wait_that_bedrock_asks_for_is_told(ask: Callable[..., AnthropicModel]) -> None:
    with pytest.raises(ModelThrottled) as raised:
        ask(Reply(status=429, headers={"retry-after": "7"})).complete(call())
    assert raised.value.retry_after_s == 7


def test_what_bedrock_has_no_call_for_is_not_asked(ask: Callable[..., AnthropicModel], server: MessagesServer) -> None:
    model = ask(answer())
    assert model.count_tokens(call()) is None
    assert model.describe(MODEL) == {"id": PROFILE}
    assert server.entries == []

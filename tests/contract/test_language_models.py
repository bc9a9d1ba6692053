"""What every way to a language model promises, over HTTP with the provider's own client.

One server stands for all of them, and its ledger is what each bill is compared with.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from codereview.adapters.anthropic_batches import AnthropicBatches
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.aws import AwsClients
from codereview.adapters.batched_model import BatchedModel, BatchTerms
from codereview.adapters.model_catalogue import load_catalogue
from codereview.adapters.sagemaker_messages import SageMakerModel
from codereview.agents.answers import schema
from codereview.domain.tokens import Tokens
from codereview.language_model import (
    Block,
    LanguageModel,
    ModelCall,
    ModelError,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    Stop,
    StreamBroken,
)
from codereview.testkit.exchange import Asked, Reply, answer
from codereview.testkit.messages_server import MessagesServer

MODEL = "claude-sonnet-5-5"
LONG = "word" * 2000
#: What a model writes, 950 characters of it.
TEXT = json.dumps({"findings": [{"title": "Total is divided by zero"}] * 24})


@dataclass
class Provider:
    """A way to a model, and the server at its end."""

    name: str
    model: LanguageModel
    server: MessagesServer

    def ask(self, reply: Reply | Callable[[Asked], Reply], own: str = "the task", **more: object) -> ModelReply:
        """Have it answer like this; the ledger is of this question alone."""
        self.server.rule = reply if callable(reply) else lambda _: reply
        self.server.entries.clear()
        return self.model.complete(call(own, **more), self.pieces.append)

    def __post_init__(self) -> None:
        self.pieces: list[str] = []


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


@pytest.fixture(params=["anthropic", "bedrock", "sagemaker", "batches"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    catalogue = load_catalogue()
    with MessagesServer(lambda _: answer(), catalogue, batch_looks=0) as server:
        claude = AnthropicModel(api_key="key", base_url=server.url)
        bedrock = AnthropicModel(
            provider="bedrock", base_url=server.url, region="eu-west-1", resolve=catalogue.bedrock_id
        )
        clients = AwsClients(region="eu-west-1", endpoint_url=server.url)
        quick = BatchTerms(quiet_s=0.02, poll_s=0.02, slowest_poll_s=0.02)
        models: dict[str, Callable[[], LanguageModel]] = {
            "anthropic": lambda: claude,
            "bedrock": lambda: bedrock,
            "sagemaker": lambda: SageMakerModel(clients, endpoint="claude"),
            "batches": lambda: BatchedModel(claude, AnthropicBatches(claude), quick),
        }
        yield Provider(request.param, models[request.param](), server)
        for used in (claude, bedrock):
            used.client().close()


#: A batch is not a stream.
streams = pytest.mark.parametrize("provider", ["anthropic", "bedrock", "sagemaker"], indirect=True)


def test_an_answer_is_whole_and_billed_as_the_provider_billed_it(provider: Provider) -> None:
    """Whatever a text holds, and wherever a stream's pieces end."""
    text = json.dumps({"findings": [], "note": "Ä ☃ 不 \\ \n"}, ensure_ascii=False) * 20
    reply = provider.ask(Reply(text, thinking="Let me see.", thinking_tokens=30, piece=7))
    assert (reply.text, "".join(provider.pieces), reply.stop) == (text, text, Stop.END)
    assert reply.tokens == provider.server.spend.tokens
    assert reply.tokens.cache_write_5m > 2000
    assert not reply.estimated


def test_what_a_prefix_saves_is_told(provider: Provider) -> None:
    first, second = provider.ask(answer(), "one").tokens, provider.ask(answer(), "other").tokens
    assert second.cache_read == first.cache_write_5m
    assert second == provider.server.spend.tokens


@streams
def test_the_answer_arrives_while_it_is_written(provider: Provider) -> None:
    provider.ask(Reply("x" * 300, piece=30))
    assert len(provider.pieces) > 3


@pytest.mark.parametrize(
    ("given", "stop"),
    [
        (Reply("{", stop_reason="max_tokens"), Stop.TRUNCATED),
        (Reply("", stop_reason="refusal", category="cyber"), Stop.REFUSED),
        (Reply("", stop_reason="model_context_window_exceeded"), Stop.CONTEXT_EXCEEDED),
        (Reply("word" * 5000), Stop.TRUNCATED),
    ],
)
def test_why_it_stopped_is_told_and_billed(provider: Provider, given: Reply, stop: Stop) -> None:
    reply = provider.ask(given)
    assert (reply.stop, reply.refusal_category) == (stop, given.category)
    assert reply.tokens == provider.server.spend.tokens
    assert reply.tokens.output <= 4000


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Reply(status=500), ModelUnavailable),
        (Reply(status=529), ModelUnavailable),
        (Reply(status=400, message="no"), ModelRejected),
        (Reply(status=403), ModelRejected),
        (Reply(status=413), PromptTooLong),
        (Reply(status=400, message="prompt is too long: 1200000 tokens > 1000000 maximum"), PromptTooLong),
        (Reply(status=429), ModelThrottled),
    ],
)
def test_a_failure_means_the_same_everywhere_and_is_asked_once(
    provider: Provider, given: Reply, error: type[ModelError]
) -> None:
    """One layer owns the retries, and it is not this one."""
    with pytest.raises(error) as failed:
        provider.ask(given)
    assert type(failed.value) is error
    assert len(provider.server.entries) == 1
    assert failed.value.tokens == Tokens()


@streams
@pytest.mark.parametrize(
    "given",
    [
        Reply(TEXT, cut_at=300),
        Reply(TEXT, cut_at_byte=1500),
        Reply(TEXT, cut_at=300, stream_error="api_error"),
        Reply(TEXT, cut_at=300, stream_error="overloaded_error"),
    ],
)
def test_an_answer_that_breaks_off_keeps_what_came_and_its_bill(provider: Provider, given: Reply) -> None:
    """A provider never says what a broken answer cost: what is reckoned is rather too much than too little."""
    with pytest.raises(StreamBroken) as broken:
        provider.ask(given)
    arrived = "".join(provider.pieces)
    assert TEXT.startswith(arrived)
    if given.cut_at is not None:
        billed = provider.server.spend.tokens
        assert len(arrived) > 200, "but for what stood in the piece that never came whole"
        assert broken.value.tokens.prompt == billed.prompt
        assert broken.value.tokens.output >= len(arrived) // 4


def test_what_the_listener_raises_ends_the_call(provider: Provider) -> None:
    def stop(_: str) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        provider.model.complete(call(), stop)


def test_a_model_that_is_not_there_is_told(provider: Provider) -> None:
    with pytest.raises(ModelError):
        provider.ask(answer(), model="global.anthropic.claude-of-tomorrow")

"""SageMaker endpoints and message batches: the product's own adapters against the test kit, bills compared."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from codereview.adapters.anthropic_batches import AnthropicBatches
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.aws import AwsClients
from codereview.adapters.batched_model import BatchedModel, BatchTerms
from codereview.adapters.model_catalogue import load_catalogue
from codereview.adapters.sagemaker_messages import SageMakerModel
from codereview.agents.answers import schema
from codereview.domain.tokens import Tokens
from codereview.language_model import Block, ModelCall, ModelError, ModelThrottled, ModelUnavailable, Stop, StreamBroken
from codereview.testkit.exchange import Asked, Reply, answer
from codereview.testkit.messages_server import MessagesServer

FOUND = answer(findings=[{"title": "☃ “x”" * 50}])
TERMS = BatchTerms(quiet_s=0.3, longest_s=10, poll_s=0.02, slowest_poll_s=0.05)
Serve = Callable[..., MessagesServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda rule: stack.enter_context(MessagesServer(rule, load_catalogue()))


def call(own: str = "the task") -> ModelCall:
    return ModelCall(
        model="claude-sonnet-5-5",
        system=(Block("rules", cached=True),),
        content=(Block("word " * 2000, cached=True), Block(own)),
        schema=schema(),
        max_output_tokens=4000,
        timeout_s=30.0,
    )


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[MessagesServer], SageMakerModel]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def at(server: MessagesServer) -> SageMakerModel:
        return SageMakerModel(AwsClients(region="eu-west-1", endpoint_url=server.url), endpoint="reviewer")

    return at


def test_an_endpoints_answer_streams_and_is_billed_as_the_container_counted(
    serve: Serve, endpoint: Callable[[MessagesServer], SageMakerModel]
) -> None:
    server, pieces = serve(lambda _: FOUND), list[str]()
    reply = endpoint(server).complete(call(), pieces.append)
    assert ("".join(pieces), reply.stop) == (FOUND.text, Stop.END)
    assert reply.tokens == server.spend.tokens
    assert [asked.surface for asked in server.asked] == ["sagemaker"]


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (Reply(status=429, message="slower"), ModelThrottled),
        (Reply(status=503, message="busy"), ModelUnavailable),
        (Reply(FOUND.text, cut_at=100), StreamBroken),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value.status),
)
def test_an_endpoints_failure_has_the_meaning_of_the_services_own(
    serve: Serve, endpoint: Callable[[MessagesServer], SageMakerModel], reply: Reply, meaning: type[ModelError]
) -> None:
    with pytest.raises(ModelError) as raised:
        endpoint(serve(lambda _: reply)).complete(call())
    assert isinstance(raised.value, meaning)


def test_calls_gathered_into_a_batch_are_answered_each_and_cost_half(serve: Serve) -> None:
    def rule(asked: Asked) -> Reply:
        return Reply(f'{{"findings": ["{asked.blocks[-1]}"]}}')

    server = serve(rule)
    provider = AnthropicModel(api_key="key", base_url=server.url)
    model = BatchedModel(provider, AnthropicBatches(provider), TERMS)
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda own: model.complete(call(own)), ("one", "two", "three")))
    provider.client().close()
    assert [reply.text for reply in replies] == [f'{{"findings": ["{own}"]}}' for own in ("one", "two", "three")]
    assert [asked.surface for asked in server.asked] == ["batch"] * 3
    assert server.spend.tokens == sum((reply.tokens for reply in replies), Tokens())
    full = sum(load_catalogue().spec("claude-sonnet-5-5").nano_usd(reply.tokens) for reply in replies)
    assert server.spend.nano_usd * 2 == full

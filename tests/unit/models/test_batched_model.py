"""Calls gathered into the provider's batches, over HTTP with the provider's own client."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from support.batch_server import BatchServer, Json, errored, succeeded

from codereview.adapters.anthropic_batches import AnthropicBatches
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.batched_model import BatchedModel, BatchTerms
from codereview.domain.tokens import Tokens
from codereview.language_model import (
    Block,
    ModelCall,
    ModelError,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    Stop,
)

QUICK = BatchTerms(quiet_s=0.05, longest_s=5, poll_s=0.02, slowest_poll_s=0.05)
#: For calls that must be in one batch, on a machine with other work too.
TOGETHER = BatchTerms(quiet_s=1.0, poll_s=0.02, slowest_poll_s=0.05)
Start = Callable[..., tuple[BatchedModel, BatchServer]]


def call(question: str = "0") -> ModelCall:
    """A call whose answer repeats its question."""
    return ModelCall("claude-sonnet-5-5", (Block("rules", cached=True),), (Block(question),), {"type": "object"}, 100)


def echo(params: Json) -> Json | None:
    """Answers with what was asked."""
    return succeeded(f"{{{params['messages'][0]['content'][0]['text']}}}", cache_read_input_tokens=3)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server and a model on it."""
    with ExitStack() as stack:

        def begin(
            answer: Callable[[Json], Json | None] = echo, *, polls: int | None = 1, terms: BatchTerms = QUICK
        ) -> tuple[BatchedModel, BatchServer]:
            server = stack.enter_context(BatchServer(answer, polls=polls).running())
            provider = AnthropicModel(api_key="k", base_url=server.url)
            return BatchedModel(provider, AnthropicBatches(provider), terms), server

        yield begin


def ask_all(model: BatchedModel, questions: list[str]) -> "list[Future[ModelReply]]":
    """Ask each question in a thread of its own; done when all are."""
    with ThreadPoolExecutor(len(questions)) as pool:
        return [pool.submit(model.complete, call(question)) for question in questions]


def test_calls_made_at_about_the_same_time_go_out_in_one_batch(start: Start) -> None:
    """Each caller gets its own answer and bill, in whatever order the results come."""
    model, server = start(terms=TOGETHER)
    questions = [str(n) for n in range(12)]
    replies = [future.result() for future in ask_all(model, questions)]
    assert [reply.text for reply in replies] == [f"{{{question}}}" for question in questions]
    assert {reply.stop for reply in replies} == {Stop.END}
    assert {reply.tokens for reply in replies} == {Tokens(input=10, cache_read=3, output=5)}
    assert [len(batch) for batch in server.batches] == [12]


def test_the_batch_holds_whole_calls_that_do_not_stream(start: Start) -> None:
    """As the provider takes them: ids of their own, cache breakpoints, the schema."""
    model, server = start()
    model.complete(call("x"))
    ((request,),) = server.batches
    assert request["custom_id"] == "c0"
    assert "stream" not in request["params"]
    assert request["params"]["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert request["params"]["output_config"]["format"]["type"] == "json_schema"


def test_a_caller_hears_that_it_waits_and_then_the_whole_answer(start: Start) -> None:
    """So that others that share its prefix need not wait for it, and it can be stopped."""
    model, _ = start()
    heard: list[str] = []
    model.complete(call("x"), heard.append)
    assert heard[0] == ""
    assert [piece for piece in heard if piece] == ["{x}"]


def test_a_full_batch_does_not_wait_for_more(start: Start) -> None:
    """It goes at once, and what comes then is in the next."""
    model, server = start(terms=BatchTerms(quiet_s=1.5, max_calls=4, poll_s=0.02))
    for future in ask_all(model, [str(n) for n in range(6)]):
        future.result()
    assert sorted(len(batch) for batch in server.batches) == [2, 4]


def test_a_batch_of_many_bytes_goes_at_once(start: Start) -> None:
    """Providers bound the size of a batch; a call that is larger than that goes alone."""
    model, server = start(terms=BatchTerms(quiet_s=30, max_bytes=1_000, poll_s=0.02))
    began = time.monotonic()
    for future in ask_all(model, ["x" * 1_100, "y" * 1_100, "z" * 1_100]):
        future.result()
    assert time.monotonic() - began < 10
    assert [len(batch) for batch in server.batches] == [1, 1, 1]


def test_a_trickle_of_calls_does_not_hold_up_the_first(start: Start) -> None:
    """However often another comes."""
    model, server = start(terms=BatchTerms(quiet_s=0.2, longest_s=0.3, poll_s=0.02))
    with ThreadPoolExecutor(8) as pool:
        futures = []
        for n in range(6):
            futures.append(pool.submit(model.complete, call(str(n))))
            time.sleep(0.1)
        for future in futures:
            future.result()
    assert len(server.batches) >= 2


FATES: dict[str, tuple[Json | None, type[ModelError]]] = {
    "overloaded": (errored("overloaded_error"), ModelUnavailable),
    "broken": (errored("api_error"), ModelUnavailable),
    "throttled": (errored("rate_limit_error"), ModelThrottled),
    "wrong": (errored("invalid_request_error"), ModelRejected),
    "too long": (errored("invalid_request_error", "prompt is too long: 2 > 1"), PromptTooLong),
    "expired": ({"type": "expired"}, ModelUnavailable),
    "paused": (succeeded("", stop="pause_turn"), ModelUnavailable),
    "missing": (None, ModelUnavailable),
}


def test_a_call_that_failed_fails_alone(start: Start) -> None:
    """Each in its own way; the others of its batch are answered."""

    def answer(params: Json) -> Json | None:
        question = params["messages"][0]["content"][0]["text"]
        return FATES[question][0] if question in FATES else echo(params)

    model, server = start(answer, terms=TOGETHER)
    good, *bad = ask_all(model, ["good", *FATES])
    assert good.result().text == "{good}"
    kinds = {question: type(future.exception()) for question, future in zip(FATES, bad, strict=True)}
    assert kinds == {question: kind for question, (_, kind) in FATES.items()}
    assert len(server.batches) == 1


def test_how_an_answer_ended_is_told(start: Start) -> None:
    """As of any other call."""
    model, _ = start(lambda params: succeeded("{}", stop=params["messages"][0]["content"][0]["text"]))
    ends = [future.result().stop for future in ask_all(model, ["max_tokens", "refusal", "end_turn"])]
    assert ends == [Stop.TRUNCATED, Stop.REFUSED, Stop.END]


def test_a_batch_that_cannot_be_made_fails_all_its_calls(start: Start) -> None:
    """Each with an error of its own, of the same kind."""
    model, server = start(terms=TOGETHER)
    server.failing = [401]
    errors = [future.exception() for future in ask_all(model, ["1", "2"])]
    assert [type(error) for error in errors] == [ModelRejected] * 2
    assert errors[0] is not errors[1]


def test_a_look_that_fails_is_made_again(start: Start) -> None:
    """The batch goes on at the provider's; it is looked at, and its results are read, as often as it takes."""
    model, server = start()
    server.failing = [200, 503, 500, 529, 429, 200, 200, 503, 200, 503]
    assert model.complete(call("x")).text == "{x}"
    assert len(server.batches) == 1


def test_a_caller_that_gives_up_lets_the_others_go_on(start: Start) -> None:
    """What its listener raises comes out."""
    model, server = start(polls=5, terms=TOGETHER)
    stopped = threading.Event()

    def listen(_: str) -> None:
        if stopped.is_set():
            raise KeyError("stop")

    with ThreadPoolExecutor(2) as pool:
        leaving = pool.submit(model.complete, call("1"), listen)
        staying = pool.submit(model.complete, call("2"))
        stopped.set()
        assert isinstance(leaving.exception(), KeyError)
        assert staying.result().text == "{2}"
    assert server.cancelled == []


def test_a_batch_nobody_waits_for_is_cancelled(start: Start) -> None:
    """It would cost and be of no use."""
    model, server = start(polls=None)
    sent = threading.Event()

    def listen(_: str) -> None:
        if server.batches:
            sent.set()
            raise KeyError("stop")

    with pytest.raises(KeyError):
        model.complete(call(), listen)
    until = time.monotonic() + 5
    while not server.cancelled and time.monotonic() < until:
        time.sleep(0.01)
    assert server.cancelled == ["b0"]


def test_a_batch_that_takes_too_long_is_cancelled_and_its_calls_fail(start: Start) -> None:
    """They may be asked otherwise then."""
    model, server = start(polls=None, terms=BatchTerms(quiet_s=0.02, poll_s=0.02, patience_s=0.1))
    with pytest.raises(ModelUnavailable, match="canceled"):
        model.complete(call())
    assert server.cancelled == ["b0"]


def test_it_is_named_and_described_as_its_provider(start: Start) -> None:
    """For surfaces and the doctor."""
    assert start()[0].name == "anthropic"

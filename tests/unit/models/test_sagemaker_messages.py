"""A model behind a SageMaker endpoint, over HTTP: streams cut anywhere, usage reported or not, errors in our words."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sagemaker_server import Answer, SageMakerServer, failure, part, refusal

from codereview.adapters.aws import AwsClients
from codereview.adapters.messages_stream import MessageStream
from codereview.adapters.sagemaker_messages import SageMakerModel
from codereview.domain.estimating import estimate_tokens
from codereview.domain.tokens import Tokens
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

CALL = ModelCall(
    model="claude-sonnet-5-5",
    system=(Block("You review code.", cached=True, long_lived=True),),
    content=(Block("def f(): pass", cached=True), Block("Find bugs.")),
    schema={"type": "object"},
    max_output_tokens=1000,
    effort="high",
)
TEXTS = ['{"findings": [', '{"title": "Ä ☃ 不"}', "]}"]
USAGE = {
    "input_tokens": 10,
    "cache_read_input_tokens": 200,
    "cache_creation_input_tokens": 30,
    "cache_creation": {"ephemeral_1h_input_tokens": 5},
    "output_tokens": 1,
}


def events(*, usage: dict[str, Any] | None = USAGE, stop: str = "end_turn", **delta: Any) -> list[dict[str, Any]]:
    """The events of one answer."""
    begun: dict[str, Any] = {"id": "msg_1", "model": "claude-sonnet-5-5-20260928", "content": []}
    ended: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": stop, **delta}}
    if usage is not None:
        begun["usage"], ended["usage"] = usage, {"output_tokens": 77}
    return [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "ping"},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *[{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": t}} for t in TEXTS],
        {"type": "content_block_stop", "index": 1},
        ended,
        {"type": "message_stop"},
    ]


def as_sse(some: list[dict[str, Any]]) -> bytes:
    """Server-sent events, as the Messages API sends them."""
    return b"".join(
        f"event: {event['type']}\r\ndata: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode() for event in some
    )


def as_lines(some: list[dict[str, Any]]) -> bytes:
    """One JSON a line, the last without its end."""
    return b"\n".join(json.dumps(event).encode() for event in some)


@pytest.fixture(scope="module")
def stand() -> Iterator[tuple[SageMakerModel, SageMakerServer]]:
    """A server, and a model on it."""
    with SageMakerServer().running() as server, pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ACCESS_KEY_ID", "k")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "s")
        clients = AwsClients(region="eu-west-1", endpoint_url=server.url)
        yield SageMakerModel(clients, endpoint="reviewer"), server


Serve = Callable[[Answer], tuple[SageMakerModel, SageMakerServer]]


@pytest.fixture
def serve(stand: tuple[SageMakerModel, SageMakerServer]) -> Serve:
    """Has the server give this answer."""

    def give(answer: Answer) -> tuple[SageMakerModel, SageMakerServer]:
        stand[1].answer = answer
        stand[1].requests.clear()
        return stand

    return give


class TestAnswers:
    def test_a_streamed_answer_is_put_together(self, serve: Serve) -> None:
        """Its text as it comes, its model, its usage by kind; thinking is not text."""
        model, _ = serve(Answer([part(as_sse(events()))]))
        heard: list[str] = []
        reply = model.complete(CALL, heard.append)
        assert heard == TEXTS
        assert (reply.text, reply.stop, reply.model) == ("".join(TEXTS), Stop.END, "claude-sonnet-5-5-20260928")
        assert reply.tokens == Tokens(input=10, cache_read=200, cache_write_5m=25, cache_write_1h=5, output=77)
        assert (reply.request_id, reply.estimated) == ("msg_1", False)

    def test_the_endpoint_gets_the_call_in_the_messages_format(self, serve: Serve) -> None:
        """With its cache breakpoints, its schema, and the wish for a stream."""
        model, server = serve(Answer([part(as_sse(events()))]))
        model.complete(CALL)
        (path, body), *others = server.requests
        assert (path, others) == ("/endpoints/reviewer/invocations-response-stream", [])
        assert body["stream"] is True
        assert body["max_tokens"] == 1000
        assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
        assert [block.get("cache_control") for block in body["messages"][0]["content"]] == [{"type": "ephemeral"}, None]
        assert body["output_config"] == {
            "effort": "high",
            "format": {"type": "json_schema", "schema": {"type": "object"}},
        }

    @pytest.mark.parametrize("write", [as_sse, as_lines])
    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_parts_may_cut_anything_anywhere(self, serve: Serve, write: Callable[..., bytes], size: int) -> None:
        """Lines, JSON and characters: SageMaker keeps no border."""
        data = write(events())
        model, _ = serve(Answer([part(data[i : i + size]) for i in range(0, len(data), size)]))
        reply = model.complete(CALL)
        assert (reply.text, reply.tokens.output) == ("".join(TEXTS), 77)

    def test_a_container_that_does_not_stream_is_understood(self, serve: Serve) -> None:
        """The whole message comes at once."""
        whole = {
            "type": "message",
            "id": "msg_2",
            "content": [{"type": "text", "text": "{}"}],
            "stop_reason": "max_tokens",
            "usage": {"input_tokens": 3, "output_tokens": 4},
        }
        model, _ = serve(Answer([part(json.dumps(whole).encode())]))
        reply = model.complete(CALL)
        assert (reply.text, reply.stop, reply.tokens) == ("{}", Stop.TRUNCATED, Tokens(input=3, output=4))

    def test_usage_that_is_not_reported_is_estimated_and_marked(self, serve: Serve) -> None:
        """The budget is kept all the same."""
        model, _ = serve(Answer([part(as_sse(events(usage=None)))]))
        reply = model.complete(CALL)
        assert reply.estimated
        assert reply.tokens.output == estimate_tokens("".join(TEXTS))
        assert reply.tokens.input >= estimate_tokens("You review code.def f(): passFind bugs.")

    @pytest.mark.parametrize(
        ("said", "stop"),
        [
            ("end_turn", Stop.END),
            ("max_tokens", Stop.TRUNCATED),
            ("model_context_window_exceeded", Stop.CONTEXT_EXCEEDED),
            ("refusal", Stop.REFUSED),
        ],
    )
    def test_why_it_stopped_is_told(self, serve: Serve, said: str, stop: Stop) -> None:
        """A refusal with its category."""
        model, _ = serve(Answer([part(as_sse(events(stop=said, stop_details={"category": "cyber"})))]))
        reply = model.complete(CALL)
        assert (reply.stop, reply.refusal_category) == (stop, "cyber")

    def test_the_listener_can_stop_the_call(self, serve: Serve) -> None:
        """What it raises comes out as it is."""

        def stop(_: str) -> None:
            raise KeyError("stop")

        model, _ = serve(Answer([part(as_sse(events()))]))
        with pytest.raises(KeyError, match="stop"):
            model.complete(CALL, stop)


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "kind", "says"),
        [
            (refusal(429, "ThrottlingException", message="slow down"), ModelThrottled, "slow down"),
            (refusal(429, "ModelNotReadyException", Message="loading"), ModelUnavailable, "loading"),
            (refusal(503, "ServiceUnavailable", Message="busy"), ModelUnavailable, "busy"),
            (refusal(500, "InternalFailure", Message="oops"), ModelUnavailable, "oops"),
            (refusal(530, "InternalDependencyException", Message="oops"), ModelUnavailable, "oops"),
            (refusal(400, "ValidationError", Message="Endpoint reviewer not found"), ModelRejected, "not found"),
            (refusal(403, "AccessDeniedException", Message="no"), ModelRejected, "AccessDenied"),
            (
                refusal(424, "ModelError", Message="m", OriginalStatusCode=429, OriginalMessage="busy"),
                ModelThrottled,
                "answered 429: busy",
            ),
            (
                refusal(424, "ModelError", Message="m", OriginalStatusCode=503, OriginalMessage="starting"),
                ModelUnavailable,
                "starting",
            ),
            (
                refusal(424, "ModelError", Message="m", OriginalStatusCode=400, OriginalMessage="prompt is too long"),
                PromptTooLong,
                "too long",
            ),
            (
                refusal(424, "ModelError", Message="m", OriginalStatusCode=400, OriginalMessage="unknown field"),
                ModelRejected,
                "unknown field",
            ),
        ],
    )
    def test_errors_are_told_in_the_words_of_the_port(
        self, serve: Serve, answer: Answer, kind: type[ModelError], says: str
    ) -> None:
        """One attempt each: whether to try again is decided above. Nothing was billed."""
        model, server = serve(answer)
        with pytest.raises(ModelError, match=says) as raised:
            model.complete(CALL)
        assert type(raised.value) is kind
        assert (raised.value.tokens, raised.value.request_id) == (Tokens(), "req-1")
        assert len(server.requests) == 1

    def test_how_long_to_wait_is_passed_on(self, serve: Serve) -> None:
        """When the service says so."""
        answer = refusal(429, "ThrottlingException", message="slow down")
        answer.headers["retry-after"] = "7"
        with pytest.raises(ModelThrottled) as raised:
            serve(answer)[0].complete(CALL)
        assert raised.value.retry_after_s == 7

    @pytest.mark.parametrize(
        "ending",
        [
            Answer([part(as_sse(events()[:7]))]),
            Answer([part(as_sse(events()[:7]))], cut=True),
            Answer([part(as_sse(events()[:7])), part(b"data: {")[:20]]),
            Answer([part(as_sse(events()[:7])), part(b"data: {nonsense\n")]),
            Answer([part(as_sse(events()[:7])), failure("ModelStreamError", "the container died")]),
            Answer([part(as_sse(events()[:7])), failure("InternalStreamFailure", "oops")]),
            Answer([part(as_sse([*events()[:7], {"type": "error", "error": {"type": "overloaded_error"}}]))]),
        ],
    )
    def test_an_answer_that_breaks_off_keeps_what_came_and_what_it_cost(self, serve: Serve, ending: Answer) -> None:
        """However it breaks: nothing is lost but the rest."""
        heard: list[str] = []
        with pytest.raises(StreamBroken) as raised:
            serve(ending)[0].complete(CALL, heard.append)
        assert heard == TEXTS[:2]
        assert raised.value.tokens == Tokens(10, 200, 25, 5, estimate_tokens("".join(TEXTS[:2])))

    def test_an_answer_that_takes_too_long_is_broken_off(self, serve: Serve) -> None:
        """The unit of work has an end."""
        model, _ = serve(Answer([part(as_sse(events()))]))
        hurried = ModelCall(CALL.model, CALL.system, CALL.content, CALL.schema, 1, timeout_s=0.0)
        with pytest.raises(StreamBroken, match="no whole answer in 0 s"):
            model.complete(hurried)

    @pytest.mark.parametrize(
        ("kind", "error"),
        [("rate_limit_error", ModelThrottled), ("invalid_request_error", ModelRejected), ("api_error", StreamBroken)],
    )
    def test_an_error_event_is_told_by_its_type(self, serve: Serve, kind: str, error: type[ModelError]) -> None:
        """It comes when the status was sent already."""
        answer = Answer([part(as_sse([{"type": "error", "error": {"type": kind, "message": "because"}}]))])
        with pytest.raises(error, match="because"):
            serve(answer)[0].complete(CALL)

    def test_a_stop_nobody_knows_is_no_answer(self, serve: Serve) -> None:
        """Never taken for a whole one."""
        with pytest.raises(ModelUnavailable, match="pause_turn"):
            serve(Answer([part(as_sse(events(stop="pause_turn")))]))[0].complete(CALL)

    def test_an_endpoint_that_cannot_be_reached_is_unavailable(self, serve: Serve) -> None:
        """Nothing listens there."""
        _, server = serve(Answer())
        gone = AwsClients(region="eu-west-1", endpoint_url=server.url.rpartition(":")[0] + ":9")
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            SageMakerModel(gone, endpoint="reviewer").complete(CALL)

    def test_without_credentials_the_call_is_rejected(self, monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
        """Trying again is no use."""
        _, server = serve(Answer())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        without = AwsClients(region="eu-west-1", endpoint_url=server.url)
        with pytest.raises(ModelRejected, match="credentials"):
            SageMakerModel(without, endpoint="reviewer").complete(CALL)

    def test_a_body_sagemaker_would_not_take_is_not_sent(self, serve: Serve) -> None:
        """Six megabytes are its limit."""
        model, server = serve(Answer())
        huge = ModelCall(CALL.model, (), (Block("x" * 6_000_001),), {}, 1)
        with pytest.raises(PromptTooLong):
            model.complete(huge)
        assert server.requests == []


class TestTheEndpoint:
    def test_its_state_is_told(self, serve: Serve) -> None:
        """For the doctor."""
        answer = Answer([b'{"EndpointStatus": "InService"}'], headers={"Content-Type": "application/x-amz-json-1.1"})
        assert serve(answer)[0].describe("m")["lifecycle"] == "in service"

    def test_one_that_is_not_in_service_is_unavailable(self, serve: Serve) -> None:
        """With what it is instead."""
        answer = Answer([b'{"EndpointStatus": "Updating"}'], headers={"Content-Type": "application/x-amz-json-1.1"})
        with pytest.raises(ModelUnavailable, match="is Updating"):
            serve(answer)[0].describe("m")


@given(data=st.data())
def test_however_a_stream_is_cut_it_says_the_same(data: st.DataObject) -> None:
    """The same text and usage from any cut of the bytes."""
    whole = as_sse(events())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    stream = MessageStream(CALL, lambda _: None, estimate=len)
    stream.read(chunks)
    assert (stream.reply().text, stream.tokens().output) == ("".join(TEXTS), 77)

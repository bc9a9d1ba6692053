"""The real client talks to the messages server as to the service: answers, streams, failures."""

import json
import threading
import time
from typing import Any

import anthropic
import httpx2
import pytest

from codereview.testkit.exchange import Asked, Reply, answer
from codereview.testkit.messages_server import Limits

MODEL = "claude-sonnet-5-5"
HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
ASK: dict[str, Any] = {"model": MODEL, "max_tokens": 1000, "messages": HELLO}
THINKING: Any = {"type": "adaptive"}


# --- answers


def test_a_whole_message_is_one_the_client_knows(serve: Any, connect: Any) -> None:
    server = serve(Reply("Good morning", headers={"x-of-the-test": "yes"}))
    raw = connect(server).messages.with_raw_response.create(**ASK)
    message = raw.parse()
    assert (message.content[0].text, message.stop_reason, message.model) == ("Good morning", "end_turn", MODEL)
    assert (message.usage.input_tokens, message.usage.output_tokens, message.usage.service_tier) == (2, 4, "standard")
    assert raw.headers["request-id"] == "req_000001"
    assert raw.headers["x-of-the-test"] == "yes"


def test_a_stream_has_the_events_of_the_service_in_their_order(serve: Any, connect: Any) -> None:
    server = serve(Reply("x" * 100, thinking="Let me see.", piece=50))
    with connect(server).messages.create(**ASK, thinking=THINKING, stream=True) as stream:
        types = [event.type for event in stream]
    assert types == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_the_clients_own_accumulation_of_a_stream_is_the_message(serve: Any, connect: Any) -> None:
    """Start and end of the stream together hold what a whole message holds."""
    server = serve(Reply('{"a": "☃ ' + "y" * 300 + '"}', thinking="Let me see.", thinking_tokens=40, piece=7))
    client = connect(server)
    with client.messages.stream(**ASK, thinking=THINKING) as stream:
        streamed = stream.get_final_message()
    whole = client.messages.create(**ASK, thinking=THINKING)
    assert [block.model_dump() for block in streamed.content] == [block.model_dump() for block in whole.content]
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.usage.output_tokens_details.thinking_tokens == 40
    assert streamed.usage.input_tokens == whole.usage.input_tokens


def test_thought_is_hidden_where_the_request_wants_it_and_absent_where_it_is_off(serve: Any, connect: Any) -> None:
    server = serve(Reply("ok", thinking="secret thought"))
    client = connect(server)
    omitted = client.messages.create(**ASK, thinking={"type": "adaptive", "display": "omitted"})
    off = client.messages.create(**ASK)
    assert [(block.type, getattr(block, "thinking", None)) for block in omitted.content] == [
        ("thinking", ""),
        ("text", None),
    ]
    assert [block.type for block in off.content] == ["text"]
    assert omitted.usage.output_tokens > off.usage.output_tokens, "it is billed, seen or not"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_longer_than_the_limit_is_cut_there(serve: Any, connect: Any, stream: bool) -> None:
    client = connect(serve(Reply("word " * 100)))
    if stream:
        with client.messages.stream(**{**ASK, "max_tokens": 10}) as events:
            message = events.get_final_message()
    else:
        message = client.messages.create(**{**ASK, "max_tokens": 10})
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 10)
    assert message.content[0].text == "word " * 8


def test_a_call_for_no_tokens_warms_the_cache_and_says_nothing(serve: Any, connect: Any) -> None:
    message = connect(serve(Reply("long answer"))).messages.create(**{**ASK, "max_tokens": 0})
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 0)


def test_an_answer_that_does_not_fit_the_models_context_is_cut_there(serve: Any, connect: Any) -> None:
    almost = [{"role": "user", "content": "w" * 4 * 999_990}]
    message = connect(serve(Reply("word " * 100))).messages.create(**{**ASK, "messages": almost})
    assert message.stop_reason == "model_context_window_exceeded"
    assert message.usage.input_tokens + message.usage.output_tokens <= 1_000_000


@pytest.mark.parametrize("stop", ["pause_turn", "model_context_window_exceeded", "max_tokens"])
def test_any_reason_to_stop_can_be_given(serve: Any, connect: Any, stop: str) -> None:
    assert connect(serve(Reply("half", stop_reason=stop))).messages.create(**ASK).stop_reason == stop


def test_a_refusal_names_its_category_and_has_no_content(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply(stop_reason="refusal", category="cyber")))
    whole = client.messages.create(**ASK)
    with client.messages.stream(**ASK) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert (message.stop_reason, message.stop_details.category, message.content) == ("refusal", "cyber", [])


# --- rules


def test_a_rule_reads_the_request(serve: Any, connect: Any) -> None:
    asked: list[Asked] = []

    def rule(one: Asked) -> Reply:
        asked.append(one)
        return answer()

    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    connect(serve(rule)).messages.create(
        **ASK,
        system=[{"type": "text", "text": "Be brief."}],
        output_config={"format": {"type": "json_schema", "schema": schema}},
        extra_headers={"x-review": "rv_1"},
    )
    (one,) = asked
    assert (one.model, one.system, one.blocks, one.schema) == (MODEL, "Be brief.", ["Hello"], schema)
    assert (one.headers["x-review"], one.number, one.attempt, one.surface) == ("rv_1", 1, 1, "messages")


def test_the_clients_own_retries_are_attempts_at_one_request(serve: Any, connect: Any) -> None:
    overloaded = Reply(status=529, headers={"retry-after-ms": "1"})
    server = serve(lambda asked: overloaded if asked.attempt < 3 else Reply("at last"))
    assert connect(server, max_retries=2).messages.create(**ASK).content[0].text == "at last"
    assert [(asked.number, asked.attempt) for asked in server.asked] == [(1, 1), (2, 2), (3, 3)]


def test_a_rule_that_fails_is_heard_of(serve: Any, connect: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def rule(asked: Asked) -> Reply:
        raise KeyError("of the test")

    with pytest.raises(anthropic.InternalServerError, match="of the test"):
        connect(serve(rule)).messages.create(**ASK)
    printed, until = "", time.monotonic() + 30
    while "KeyError: 'of the test'" not in printed:  # by the server's thread, when it gets to it
        assert time.monotonic() < until, printed
        printed += capfd.readouterr().err


# --- failures


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (402, "billing_error", anthropic.APIStatusError),
        (403, "permission_error", anthropic.PermissionDeniedError),
        (404, "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", anthropic.APIStatusError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (500, "api_error", anthropic.InternalServerError),
        (503, "api_error", anthropic.InternalServerError),
        (504, "timeout_error", anthropic.InternalServerError),
        (529, "overloaded_error", anthropic.InternalServerError),
    ],
)
def test_every_status_is_the_error_the_client_knows(
    serve: Any, connect: Any, status: int, kind: str, error: type[anthropic.APIStatusError]
) -> None:
    server = serve(Reply(status=status, message="so it is", headers={"retry-after": "7"}))
    with pytest.raises(error, match="so it is") as raised:
        connect(server).messages.create(**ASK)
    failed = raised.value
    assert (failed.status_code, failed.type, failed.request_id) == (status, kind, "req_000001")
    assert failed.response.headers["retry-after"] == "7"
    assert server.spend.nano_usd == 0


def test_the_client_obeys_whether_to_retry(serve: Any, connect: Any) -> None:
    server = serve(Reply(status=500, headers={"x-should-retry": "false"}))
    with pytest.raises(anthropic.InternalServerError):
        connect(server, max_retries=2).messages.create(**ASK)
    assert len(server.entries) == 1


def test_an_error_in_the_middle_of_a_stream_is_an_event(serve: Any, connect: Any) -> None:
    server = serve(Reply("x" * 100, cut_at=70, stream_error="overloaded_error", message="Overloaded"))
    got = []
    with (
        pytest.raises(anthropic.APIStatusError, match="Overloaded") as raised,
        connect(server).messages.stream(**ASK) as stream,
    ):
        got.extend(stream.text_stream)
    assert raised.value.type == "overloaded_error"
    assert "".join(got) == "x" * 70


@pytest.mark.parametrize(("cut", "arrived"), [({"cut_at": 90}, 90), ({"cut_at_byte": 900}, 0)])
def test_a_cut_connection_is_a_transport_error(serve: Any, connect: Any, cut: dict[str, int], arrived: int) -> None:
    got = []
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        connect(serve(Reply("x" * 4000, **cut))).messages.stream(**ASK) as stream,
    ):
        got.extend(stream.text_stream)
    assert len("".join(got)) >= arrived
    assert len("".join(got)) < 1000


def test_a_server_that_hangs_up_is_a_connection_error(serve: Any, connect: Any) -> None:
    server = serve(Reply("never", hang_up=True))
    with pytest.raises(anthropic.APIConnectionError):
        connect(server).messages.create(**ASK)
    assert server.spend.nano_usd == 0


def test_a_body_that_is_not_json_is_no_message(serve: Any, connect: Any) -> None:
    with pytest.raises((anthropic.APIError, json.JSONDecodeError, AttributeError)):
        _ = connect(serve(Reply(raw='{"id": "msg_1", '))).messages.create(**ASK).content


def test_a_delay_runs_into_the_clients_timeout(serve: Any, connect: Any) -> None:
    server = serve(Reply("late", delay_s=0.5))
    with pytest.raises(anthropic.APITimeoutError):
        connect(server, timeout=0.1).messages.create(**ASK)


def test_a_stream_can_trickle_so_that_no_timeout_between_bytes_helps(serve: Any, connect: Any) -> None:
    server = serve(Reply("x", byte_delay_s=0.004))
    began = time.monotonic()
    with connect(server, timeout=2.0).messages.stream(**ASK) as stream:
        assert stream.get_final_text() == "x"
    assert time.monotonic() - began > 2.0


# --- counting, models, limits


def test_tokens_are_counted_as_they_are_billed(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    prompt: dict[str, Any] = {
        "model": MODEL,
        "system": [{"type": "text", "text": "Rules. " * 100, "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}],
    }
    usage = client.messages.create(**prompt, max_tokens=10).usage
    billed = usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens
    assert client.messages.count_tokens(**prompt).input_tokens == billed


def test_models_tell_their_limits(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    model = client.models.retrieve(MODEL)
    assert (model.id, model.lifecycle, model.max_input_tokens, model.max_tokens) == (
        MODEL,
        "active",
        1_000_000,
        128_000,
    )
    assert MODEL in [each.id for each in client.models.list()]
    with pytest.raises(anthropic.NotFoundError, match="claude-of-tomorrow"):
        client.models.retrieve("claude-of-tomorrow")


def test_every_answer_tells_what_is_left_of_the_limits(serve: Any, connect: Any, clock: Any) -> None:
    server = serve(Reply("ok"), limits=Limits(requests=2, input_tokens=1000), clock=clock)
    client = connect(server)
    left = []
    for _ in range(2):
        headers = client.messages.with_raw_response.create(**ASK).headers
        left.append(headers["anthropic-ratelimit-requests-remaining"])
        assert headers["anthropic-ratelimit-input-tokens-limit"] == "1000"
    assert left == ["1", "0"]
    with pytest.raises(anthropic.RateLimitError) as limited:
        client.messages.create(**ASK)
    assert limited.value.response.headers["retry-after"] == "60"
    clock.now += 60
    assert client.messages.create(**ASK).content[0].text == "ok"


def test_the_most_requests_at_once_are_known(serve: Any, connect: Any) -> None:
    together = threading.Barrier(3)

    def rule(asked: Asked) -> Reply:
        together.wait(30)
        return Reply("ok")

    server = serve(rule)
    client = connect(server)
    threads = [threading.Thread(target=client.messages.create, kwargs=ASK) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.most_at_once == 3

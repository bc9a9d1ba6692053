"""Bedrock and SageMaker, through the clients that are used for them."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import anthropic
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from codereview.testkit.exchange import Reply
from codereview.testkit.messages_server import MessagesServer

MODEL = "global.anthropic.claude-sonnet-5-5"
LONG = "word" * 2000
CONTENT = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "Hello"}]
ASK: dict[str, Any] = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": CONTENT}]}
CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


@pytest.fixture
def bedrock() -> Iterator[Callable[[MessagesServer], anthropic.AnthropicBedrock]]:
    clients = []

    def to(server: MessagesServer) -> anthropic.AnthropicBedrock:
        made = anthropic.AnthropicBedrock(
            aws_region="eu-west-1",
            aws_access_key=CREDENTIALS["aws_access_key_id"],
            aws_secret_key=CREDENTIALS["aws_secret_access_key"],
            base_url=server.url,
            max_retries=0,
        )
        clients.append(made)
        return made

    yield to
    for client in clients:
        client.close()


@pytest.fixture
def aws() -> Iterator[Callable[[str, MessagesServer], Any]]:
    clients = []
    config = Config(retries={"total_max_attempts": 1})

    def to(service: str, server: MessagesServer) -> Any:
        made = boto3.client(service, "eu-west-1", endpoint_url=server.url, config=config, **CREDENTIALS)  # type: ignore[call-overload]
        clients.append(made)
        return made

    yield to
    for client in clients:
        client.close()


def test_bedrock_answers_whole_and_streamed_with_one_bill(serve: Any, bedrock: Any) -> None:
    server = serve(Reply('{"a": "☃"}' * 30, piece=7))
    client = bedrock(server)
    whole = client.messages.create(**ASK)
    with client.messages.stream(**ASK) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].text == whole.content[0].text == '{"a": "☃"}' * 30
    assert (whole.usage.cache_creation_input_tokens, streamed.usage.cache_read_input_tokens) == (2000, 2000)
    assert [asked.surface for asked in server.asked] == ["bedrock"] * 2
    assert server.asked[0].model == MODEL
    assert server.spend.nano_usd > 0


def test_an_error_of_bedrock_is_the_one_of_its_status(serve: Any, bedrock: Any) -> None:
    with pytest.raises(anthropic.RateLimitError, match="slower"):
        bedrock(serve(Reply(status=429, message="slower"))).messages.create(**ASK)
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        bedrock(serve(Reply("ok"))).messages.create(**{**ASK, "max_tokens": 200_000}, timeout=5)


def test_an_error_within_bedrocks_stream_is_raised_as_one(serve: Any, bedrock: Any) -> None:
    got = []
    server = serve(Reply("x" * 100, cut_at=60, stream_error="rate_limit_error", message="slower"))
    with (
        pytest.raises(anthropic.APIStatusError, match="slower") as raised,
        bedrock(server).messages.stream(**ASK) as stream,
    ):
        got.extend(stream.text_stream)
    assert "".join(got) == "x" * 60
    assert raised.value.type == "throttlingException"


def test_boto3_reads_bedrocks_stream_too(serve: Any, aws: Any) -> None:
    body = {name: value for name, value in ASK.items() if name != "model"} | {"anthropic_version": "bedrock-2023-05-31"}
    answer = aws("bedrock-runtime", serve(Reply("Good morning"))).invoke_model_with_response_stream(
        modelId=MODEL, body=json.dumps(body)
    )
    with closing(answer["body"]) as stream:
        events = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert events[0]["type"] == "message_start"
    assert events[-1]["amazon-bedrock-invocationMetrics"]["cacheWriteInputTokenCount"] == 2000


def sagemaker_body(**more: Any) -> str:
    return json.dumps({**ASK, "model": "claude-sonnet-5-5", "stream": True, **more})


def test_a_sagemaker_endpoint_streams_events_in_parts_that_end_anywhere(serve: Any, aws: Any) -> None:
    server = serve(Reply("☃" * 200))
    answer = aws("sagemaker-runtime", server).invoke_endpoint_with_response_stream(
        EndpointName="claude", Body=sagemaker_body(), ContentType="application/json"
    )
    with closing(answer["Body"]) as stream:
        parts = [event["PayloadPart"]["Bytes"] for event in stream]
    lines = b"".join(parts).decode().splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    deltas = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(deltas) == "☃" * 200
    assert not all(part.endswith(b"\n\n") for part in parts)
    assert server.asked[0].surface == "sagemaker"


def test_a_sagemaker_endpoint_answers_whole_too(serve: Any, aws: Any) -> None:
    answer = aws("sagemaker-runtime", serve(Reply("Good morning"))).invoke_endpoint(
        EndpointName="claude", Body=sagemaker_body(stream=False), ContentType="application/json"
    )
    with closing(answer["Body"]) as body:
        assert json.loads(body.read())["content"][0]["text"] == "Good morning"


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "ModelError"), (429, "ThrottlingException"), (503, "ServiceUnavailable"), (400, "ModelError")],
)
def test_errors_of_an_endpoint_carry_what_its_container_said(serve: Any, aws: Any, status: int, code: str) -> None:
    with pytest.raises(ClientError, match="so it is") as raised:
        aws("sagemaker-runtime", serve(Reply(status=status, message="so it is"))).invoke_endpoint_with_response_stream(
            EndpointName="claude", Body=sagemaker_body(), ContentType="application/json"
        )
    assert raised.value.response["Error"]["Code"] == code
    if code == "ModelError":
        assert raised.value.response["OriginalStatusCode"] == status


def test_an_error_within_an_endpoints_stream_is_raised_as_one(serve: Any, aws: Any) -> None:
    server = serve(Reply("x" * 300, cut_at=200, stream_error="api_error", message="out of memory"))
    answer = aws("sagemaker-runtime", server).invoke_endpoint_with_response_stream(
        EndpointName="claude", Body=sagemaker_body(), ContentType="application/json"
    )
    with pytest.raises(EventStreamError, match="out of memory"), closing(answer["Body"]) as stream:
        list(stream)


def test_a_request_without_a_signature_is_not_taken(serve: Any) -> None:
    import httpx2

    response = httpx2.post(f"{serve(Reply('ok')).url}/endpoints/claude/invocations", content=sagemaker_body())
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")

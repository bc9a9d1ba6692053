"""Message batches, through the real client."""

from typing import Any

import anthropic
import pytest

from codereview.testkit.exchange import Asked, Reply

MODEL = "claude-sonnet-5-5"


def request(name: str, text: str = "Hello", **params: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return {"custom_id": name, "params": {"model": MODEL, "max_tokens": 100, "messages": messages, **params}}


def rule(asked: Asked) -> Reply:
    return {"fail": Reply(status=529), "expire": Reply(hang_up=True)}.get(asked.blocks[0], Reply("answered"))


def test_a_batch_is_answered_after_a_while_and_each_request_has_its_own_end(serve: Any, connect: Any) -> None:
    batches = connect(serve(rule)).messages.batches
    wrong = request("wrong", temperature=1)
    made = batches.create(requests=[request("a"), request("b", "fail"), request("c", "expire"), wrong])
    assert (made.processing_status, made.request_counts.processing, made.results_url) == ("in_progress", 4, None)
    assert batches.retrieve(made.id).processing_status == "in_progress"
    ended = batches.retrieve(made.id)
    assert ended.processing_status == "ended"
    counts = ended.request_counts
    assert (counts.succeeded, counts.errored, counts.expired, counts.processing) == (1, 2, 1, 0)
    results = {line.custom_id: line.result for line in batches.results(made.id)}
    assert results["a"].message.content[0].text == "answered"
    assert results["a"].message.usage.service_tier == "batch"
    assert results["b"].error.error.type == "overloaded_error"
    assert results["c"].type == "expired"
    assert results["wrong"].error.error.type == "invalid_request_error"


def test_results_come_in_another_order_than_they_were_asked_for(serve: Any, connect: Any) -> None:
    batches = connect(serve(rule, batch_looks=0)).messages.batches
    made = batches.create(requests=[request("a"), request("b")])
    batches.retrieve(made.id)
    assert [line.custom_id for line in batches.results(made.id)] == ["b", "a"]


def test_a_batch_costs_half(serve: Any, connect: Any) -> None:
    server = serve(rule, batch_looks=0)
    client = connect(server)
    client.messages.create(**request("x", "word" * 999)["params"])
    made = client.messages.batches.create(requests=[request("x", "word" * 999)])
    client.messages.batches.retrieve(made.id)
    full, half = server.entries
    assert (half.tokens, half.asked.surface) == (full.tokens, "batch")
    assert half.usd * 2 == full.usd


def test_a_cancelled_batch_ends_without_asking(serve: Any, connect: Any) -> None:
    server = serve(rule, batch_looks=99)
    batches = connect(server).messages.batches
    made = batches.create(requests=[request("a")])
    assert batches.cancel(made.id).processing_status == "canceling"
    assert batches.retrieve(made.id).request_counts.canceled == 1
    assert [line.result.type for line in batches.results(made.id)] == ["canceled"]
    assert server.entries == []


def test_batches_are_listed_and_forgotten(serve: Any, connect: Any) -> None:
    batches = connect(serve(rule, batch_looks=0)).messages.batches
    first, second = (batches.create(requests=[request("a")]).id for _ in range(2))
    assert [batch.id for batch in batches.list()] == [second, first]
    with pytest.raises(anthropic.BadRequestError, match="cancel it first"):
        batches.delete(first)
    batches.retrieve(first)
    assert batches.delete(first).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        batches.retrieve(first)


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([], "1 to 100000"),
        ([request("a"), request("a")], "must be unique"),
        ([request("not a name")], "should match pattern"),
    ],
)
def test_a_batch_that_is_none_is_refused(serve: Any, connect: Any, requests: list[Any], said: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        connect(serve(rule)).messages.batches.create(requests=requests)


def test_results_are_not_there_before_the_end(serve: Any, connect: Any) -> None:
    server = serve(rule)
    client = connect(server)
    made = client.messages.batches.create(requests=[request("a")])
    with pytest.raises(anthropic.NotFoundError, match="not available yet"):
        client.get(f"/v1/messages/batches/{made.id}/results", cast_to=object)

"""The ledger: what was asked, what it used, and what that costs by the price list."""

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.adapters.model_catalogue import load_catalogue
from codereview.domain.pricing import ModelPrice, ModelSpec
from codereview.domain.tokens import Spend, Tokens
from codereview.model_catalogue import ModelCatalogue
from codereview.testkit.exchange import Asked, Reply
from codereview.testkit.ledger import bill, cost_usd, spend_in
from codereview.testkit.messages_server import MessagesServer

MODEL = "claude-sonnet-5-5"
ASK: dict[str, Any] = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": "word" * 5000}]}
PRICE = ModelPrice(Decimal(3), Decimal(15), Decimal("0.30"), Decimal("3.75"), Decimal(6))


def test_a_price_list_of_the_tests_own_is_charged(connect: Any) -> None:
    """5,000 tokens in at 3 dollars a million, 101 out at 15."""
    catalogue = load_catalogue()
    spec = replace(catalogue.specs[MODEL], price=PRICE)
    own = ModelCatalogue(catalogue.as_of, "a test", {MODEL: spec}, catalogue.defaults)
    with MessagesServer(lambda _: Reply("word" * 100), own) as server:
        connect(server).messages.create(**ASK)
        (entry,) = server.entries
    assert entry.usd == Decimal("0.015") + Decimal("0.001515")
    assert server.spend == Spend(1, Tokens(input=5000, output=101), 16_515_000)


tokens = st.builds(Tokens, *[st.integers(0, 3_000_000)] * 5)


@given(st.sampled_from(sorted(load_catalogue().specs.values(), key=lambda spec: spec.id)), tokens, st.booleans())
def test_two_ways_of_reckoning_agree_on_every_price(spec: ModelSpec, used: Tokens, batch: bool) -> None:
    """The product reckons with fractions, the ledger with decimals."""
    assert bill(spec, used, batch=batch) == spec.nano_usd(used, batch=batch)


def test_prompts_beyond_a_limit_cost_more_where_the_list_says_so() -> None:
    price = load_catalogue().specs["claude-haiku-5-5"].price
    assert cost_usd(price, Tokens(input=100_000)) == Decimal("0.01")
    assert cost_usd(price, Tokens(input=100_000, cache_read=1)) == Decimal("0.05") + Decimal("0.00000005")


def test_what_failed_costs_nothing_and_is_in_the_ledger_all_the_same(serve: Any, connect: Any) -> None:
    server = serve(lambda asked: Reply(status=500) if asked.number == 1 else Reply("ok"))
    connect(server, max_retries=1).messages.create(**ASK)
    assert [entry.nano_usd > 0 for entry in server.entries] == [False, True]
    assert server.spend.requests == 1


def test_a_stream_that_was_cut_is_billed_for_what_was_sent(serve: Any, connect: Any) -> None:
    server = serve(Reply("word" * 100, cut_at=40))
    with pytest.raises(Exception, match="closed"), connect(server).messages.stream(**ASK) as stream:
        stream.get_final_text()
    assert server.spend.tokens == Tokens(input=5000, output=10)


def rule_of_a_process(asked: Asked) -> Reply:
    """What the server in a process of its own answers."""
    return Reply(f"number {asked.number}")


def test_a_server_in_its_own_process_keeps_its_ledger_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "codereview.testkit.messages_server", "--ledger", str(file), "--key", "k"]
    rule = f"{Path(__file__).stem}:rule_of_a_process"
    process = subprocess.Popen([*command, "--rule", rule], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as client:
            texts = [client.messages.create(**ASK).content[0].text for _ in range(2)]  # type: ignore[union-attr]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()  # type: ignore[union-attr]
    assert texts == ["number 1", "number 2"]
    assert process.returncode == 0
    assert spend_in(file) == Spend(2, Tokens(input=10_000, output=6), 2 * (5000 * 2_000 + 3 * 10_000))
    first = json.loads(file.read_text().splitlines()[0])
    assert (first["model"], first["status"], first["stopReason"], first["usd"]) == (MODEL, 200, "end_turn", "0.01003")
    assert "word" not in file.read_text(), "no prompt is written down"

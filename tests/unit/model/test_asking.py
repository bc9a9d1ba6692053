"""Asking a model: retries, fallback, budgets, caches; what each failure costs and says."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from support.scripted_model import CHEAP, FALLBACK, HASTY, MAIN, UNLIMITED, ScriptedModel, finding, task_of, whole
from support.scripted_model import reviewer as make_reviewer

from codereview.adapters.memory.calling import MemoryAnswerCache
from codereview.adapters.memory.spending import MemorySpendLedger
from codereview.agents.prompting import Prompt
from codereview.application.model.asking import (
    LEFT_ALONE,
    BudgetSpent,
    CallRecord,
    Conversation,
    NoModel,
    Question,
    State,
    Stopped,
)
from codereview.domain.tokens import NANO, Tokens
from codereview.language_model import (
    ModelCall,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    Stop,
    StreamBroken,
)
from codereview.spending import Caps

PROMPT = Prompt(("the rules",), ("the code",), "the task")
ONE, TWO = finding("first quote"), finding("second quote")


def conversation(model: ScriptedModel, *, caps: Caps = UNLIMITED, **desk: object) -> Conversation:
    reviewer = make_reviewer(model, caps=caps, **desk)  # type: ignore[arg-type]
    return Conversation(reviewer.desk, "rv_1", "untrusted-0000", caps, threading.Event())


def question(prompt: Prompt = PROMPT, **more: object) -> Question:
    return Question(prompt, "find:logic", **more)  # type: ignore[arg-type]


def in_turn(*said: object) -> Callable[[ModelCall], object]:
    left = list(said)
    return lambda _: left.pop(0)


def test_parts_are_handed_out_as_they_come_and_the_answer_is_whole() -> None:
    heard: list[tuple[str, str]] = []
    talk = conversation(ScriptedModel(lambda _: {"findings": [ONE, TWO]}))
    answered = talk.ask(question(), lambda key, part, model: heard.append((key, model)))
    assert (answered.state, answered.model) == (State.WHOLE, MAIN)
    assert heard == [("findings", MAIN)] * 2


def test_what_passes_is_tried_again() -> None:
    model = ScriptedModel(in_turn(ModelUnavailable("overloaded"), ModelUnavailable("again"), {"findings": [ONE]}))  # type: ignore[arg-type]
    assert conversation(model).ask(question()).state is State.WHOLE
    assert len(model.calls) == 3


def test_a_model_that_fails_three_times_is_replaced_by_the_next() -> None:
    records: list[CallRecord] = []
    model = ScriptedModel(lambda call: ModelUnavailable("down") if call.model == MAIN else {"findings": [ONE]})
    answered = conversation(model, records=records).ask(question())
    assert (answered.state, answered.model) == (State.WHOLE, FALLBACK)
    assert [(r.model, r.outcome, r.attempt) for r in records] == [
        (MAIN, "error", 1),
        (MAIN, "error", 2),
        (MAIN, "error", 3),
        (FALLBACK, "end", 1),
    ]


def test_when_no_model_can_be_had_every_reason_is_told() -> None:
    talk = conversation(ScriptedModel(lambda call: ModelUnavailable(f"no {call.model}")))
    with pytest.raises(NoModel, match=f"{MAIN}: no {MAIN}; {FALLBACK}: no {FALLBACK}"):
        talk.ask(question())


def test_a_model_that_keeps_failing_is_left_alone() -> None:
    """The circuit breaker: other questions do not wait for it any more."""
    records: list[CallRecord] = []
    model = ScriptedModel(lambda call: ModelUnavailable("down") if call.model == MAIN else {})
    talk = conversation(model, records=records)
    for number in range(4):
        talk.ask(question(Prompt(("r",), ("c",), f"task {number}")))
    assert [r.outcome for r in records if r.model == MAIN][-1] == LEFT_ALONE


def test_a_rate_limit_is_waited_for_in_place_when_it_is_short() -> None:
    model = ScriptedModel(in_turn(ModelThrottled("slow down", retry_after_s=0.01), {"findings": [ONE]}))  # type: ignore[arg-type]
    assert conversation(model).ask(question()).state is State.WHOLE


def test_a_long_rate_limit_is_not_waited_for_and_no_other_model_is_tried() -> None:
    """It holds for the key: another model would not help, and a worker must not sleep."""
    model = ScriptedModel(lambda _: ModelThrottled("slow down", retry_after_s=60))
    with pytest.raises(ModelThrottled):
        conversation(model).ask(question())
    assert len(model.calls) == 1


def test_a_refusal_goes_to_the_next_model_and_is_told_when_all_refuse() -> None:
    refusal = ModelReply("", Stop.REFUSED, Tokens(input=10), MAIN, refusal_category="cyber")
    model = ScriptedModel(lambda call: refusal if call.model == MAIN else {"findings": [ONE]})
    assert conversation(model).ask(question()).state is State.WHOLE
    answered = conversation(ScriptedModel(lambda _: refusal)).ask(question())
    assert answered.state is State.REFUSED
    assert "cyber" in answered.detail


def test_what_is_wrong_with_the_key_is_found_out_once() -> None:
    model = ScriptedModel(lambda _: ModelRejected("invalid key"))
    talk = conversation(model)
    for number in range(3):
        with pytest.raises(NoModel, match="invalid key"):
            talk.ask(question(Prompt(("r",), ("c",), f"task {number}")))
    assert len(model.calls) == 2  # one for each model


@pytest.mark.parametrize(
    "said",
    [
        PromptTooLong("too long"),
        ModelReply('{"findings": [', Stop.TRUNCATED, Tokens(input=9, output=9), MAIN),
        ModelReply("", Stop.CONTEXT_EXCEEDED, Tokens(input=9), MAIN),
    ],
    ids=["prompt", "output", "context"],
)
def test_too_long_is_told_so_that_the_code_is_split(said: object) -> None:
    assert conversation(ScriptedModel(lambda _: said)).ask(question()).state is State.TOO_LONG  # type: ignore[return-value]


def test_malformed_answers_are_asked_for_once_more_then_told() -> None:
    model = ScriptedModel(in_turn("no json", '{"findings": []}'))  # type: ignore[arg-type]
    assert conversation(model).ask(question()).state is State.WHOLE
    broken = ScriptedModel(lambda _: '{"findings": [')
    assert conversation(broken).ask(question()).state is State.MALFORMED
    assert len(broken.calls) == 2


def test_of_a_stream_that_breaks_only_the_unfinished_part_is_asked_for_again() -> None:
    """The finding that was whole is kept and named to the next attempt; nothing comes twice; both calls are billed."""
    text = whole(findings=[ONE, TWO])
    ledger = MemorySpendLedger()
    heard: list[str] = []

    class Breaking(ScriptedModel):
        def complete(self, call, on_text=lambda _: None):  # type: ignore[no-untyped-def]
            if self.calls:
                return super().complete(call, on_text)
            self.calls.append(call)
            on_text("")
            on_text(text[: text.index("second")])
            raise StreamBroken("cut", tokens=Tokens(input=100, output=30))

    model = Breaking(lambda _: {"findings": [ONE, TWO]})
    answered = conversation(model, ledger=ledger).ask(question(), lambda key, part, _: heard.append(part))
    assert answered.state is State.WHOLE
    assert len(heard) == 2
    assert "first quote" in task_of(model.calls[1])
    assert "second quote" not in task_of(model.calls[1])
    spent = ledger.spent("rv_1")
    assert spent.requests == 2
    assert spent.tokens.input > 100


# --- money


def test_a_call_is_billed_at_the_price_of_its_model() -> None:
    ledger = MemorySpendLedger()
    tokens = Tokens(input=1000, cache_read=2000, cache_write_5m=3000, output=400)
    model = ScriptedModel(lambda _: ModelReply(whole(), Stop.END, tokens, MAIN))
    conversation(model, ledger=ledger).ask(question())
    usd = (1000 * Decimal(2) + 2000 * Decimal("0.10") + 3000 * Decimal("2.50") + 400 * Decimal(10)) / 1_000_000
    assert ledger.spent("rv_1").nano_usd == int(usd * NANO)


def test_at_the_cap_no_call_is_made() -> None:
    model = ScriptedModel(lambda _: {})
    talk = conversation(model, caps=Caps(review_nano_usd=1000))
    with pytest.raises(BudgetSpent, match="budget of the review"):
        talk.ask(question())
    assert model.calls == []


def test_what_is_left_of_a_budget_bounds_the_answer() -> None:
    """A call never costs more than there is: its output is limited to what can be paid."""
    model = ScriptedModel(lambda _: {})
    conversation(model, caps=Caps(review_nano_usd=int(0.03 * NANO))).ask(question(output=16_000))
    assert 2_000 <= model.calls[0].max_output_tokens < 3_100


def test_money_set_aside_is_freed_when_the_call_fails() -> None:
    ledger = MemorySpendLedger()
    model = ScriptedModel(lambda _: ModelUnavailable("down"))
    talk = conversation(model, ledger=ledger, caps=Caps(review_nano_usd=NANO))
    with pytest.raises(NoModel):
        talk.ask(question())
    assert ledger.spent("rv_1").nano_usd == 0


# --- the cache


def test_the_same_question_is_not_asked_twice_even_in_another_review() -> None:
    """The fence differs; the question does not."""
    cache, model = MemoryAnswerCache(), ScriptedModel(lambda _: {"findings": [ONE]})
    first = conversation(model, cache=cache)
    assert first.ask(question()).state is State.WHOLE
    second = Conversation(first.desk, "rv_2", "untrusted-1111", UNLIMITED, threading.Event())
    heard: list[str] = []
    answered = second.ask(question(), lambda key, part, model: heard.append(part))
    assert answered.cached
    assert len(heard) == len(model.calls) == 1


@pytest.mark.parametrize("other", [{"effort": "high"}, {"cheap": True}, {"prompt": Prompt(("r",), ("c",), "other")}])
def test_another_question_is_asked(other: dict[str, object]) -> None:
    model = ScriptedModel(lambda _: {"findings": []})
    talk = conversation(model)
    talk.ask(question())
    talk.ask(question(**other))  # type: ignore[arg-type]
    assert len(model.calls) == 2


def test_an_incomplete_answer_is_not_kept() -> None:
    model = ScriptedModel(in_turn("no", "no", {"findings": []}))  # type: ignore[arg-type]
    talk = conversation(model)
    assert talk.ask(question()).state is State.MALFORMED
    assert talk.ask(question()).state is State.WHOLE


# --- the rest


def test_trivial_questions_go_to_the_cheap_model() -> None:
    model = ScriptedModel(lambda _: {})
    conversation(model).ask(question(cheap=True))
    assert model.calls[0].model == CHEAP


def test_a_stopped_unit_stops_in_the_middle_of_an_answer() -> None:
    ledger = MemorySpendLedger()
    model = ScriptedModel(lambda _: {"findings": [ONE] * 20}, piece=5)
    talk = conversation(model, ledger=ledger)

    def stop_at_once(key: str, part: str, model: str) -> None:
        talk.stop.set()

    with pytest.raises(Stopped):
        talk.ask(question(), stop_at_once)
    assert ledger.spent("rv_1").requests == 1, "what was used until then is paid for"


def test_every_call_shares_the_prefix_and_ends_it_with_a_breakpoint() -> None:
    model = ScriptedModel(lambda _: {})
    conversation(model).ask(question())
    (call,) = model.calls
    assert [block.cached for block in (*call.system, *call.content)] == [True, True, False]
    assert call.content[-1].text == "the task"


def test_patience_is_bounded() -> None:
    model = ScriptedModel(lambda _: ModelThrottled("slow", retry_after_s=0.001))
    with pytest.raises(ModelThrottled):
        conversation(model).ask(question())
    assert len(model.calls) == HASTY.max_waits + 1

"""Asking a model: the one place that retries, falls back, keeps to budgets, fills caches and counts what it costs."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from codereview.agents.answers import schema
from codereview.agents.prompting import Prompt
from codereview.agents.prompts import version
from codereview.application.model.listening import Heard, OnPart, Part, Turn
from codereview.domain.identity import content_hash
from codereview.domain.pricing import ModelSpec
from codereview.domain.tokens import Spend, Tokens
from codereview.errors import CodeReviewError
from codereview.language_model import (
    LanguageModel,
    ModelCall,
    ModelChoice,
    ModelError,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    Stop,
)
from codereview.model_catalogue import ModelCatalogue
from codereview.spending import AnswerCache, Caps, CircuitBreaker, PrefixGate, Refusal, Reservation, SpendLedger

log = logging.getLogger(__name__)

#: Seconds a call waits for other calls' reservations to be settled.
_BUDGET_S = 120.0
#: The outcome of a call that the circuit breaker forbade.
LEFT_ALONE = "left alone"


class BudgetSpent(CodeReviewError):
    """A budget is used up; what was found until then stands."""


class Stopped(CodeReviewError):
    """The unit's work is over: its lease is lost, its review cancelled, or its time up."""


class NoModel(CodeReviewError):
    """No model could be had; the sentence says why for each."""


class State(StrEnum):
    """What became of a question."""

    WHOLE = "whole"
    TOO_LONG = "too long"  # for the model, in or out: ask about less
    REFUSED = "refused"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and how to ask it. ``output`` and ``least_output`` are tokens."""

    prompt: Prompt
    purpose: str
    effort: str = "medium"
    cheap: bool = False
    output: int = 16_000
    least_output: int = 2_000


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, perhaps only a part of one. ``parts`` went to ``on_part`` as they came."""

    state: State
    parts: tuple[Part, ...] = ()
    model: str = ""
    detail: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call to a model, for metrics and logs. ``outcome`` is a `Stop`, "throttled", "error", or `LEFT_ALONE` when
    the circuit breaker forbade the call."""

    purpose: str
    model: str
    outcome: str
    seconds: float
    spend: Spend
    attempt: int


@dataclass(frozen=True, slots=True)
class Manners:
    """How patient the desk is. Times in seconds."""

    attempts: int = 3
    backoff_s: float = 0.5
    max_wait_s: float = 20.0
    max_waits: int = 3
    timeout_s: float = 300.0


@dataclass
class Desk:
    """What every unit of a process asks through. ``slots`` bounds the calls in flight."""

    model: LanguageModel
    choice: ModelChoice
    catalogue: ModelCatalogue
    ledger: SpendLedger
    breaker: CircuitBreaker
    gate: PrefixGate
    cache: AnswerCache
    estimate: Callable[[str], int]
    slots: threading.Semaphore
    manners: Manners = Manners()
    batch: bool = False
    observe: Callable[[CallRecord], None] = lambda record: None  # noqa: ARG005  nobody watches by default

    def models(self, *, cheap: bool) -> Iterator[str]:
        """The models to try, in order, each once."""
        yield from dict.fromkeys((self.choice.cheap if cheap else self.choice.main, *self.choice.fallbacks))


@dataclass
class Conversation:
    """The questions about one unit. Its methods are called from several threads.

    ``spent`` hears of each call that cost something; ``stop`` ends all waiting and streaming.
    """

    desk: Desk
    review_id: str
    fence: str
    caps: Caps
    stop: threading.Event
    spent: Callable[[Spend], None] = lambda spend: None  # noqa: ARG005
    #: Hears, in a sentence, of what a person who watches should know: another try, a wait, another model.
    note: Callable[[str], None] = lambda sentence: None  # noqa: ARG005
    _rejected: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Question, on_part: OnPart = lambda key, part, model: None) -> Answered:  # noqa: ARG005
        """The answer, its parts handed to ``on_part`` as each is complete, none of them twice.

        Raises BudgetSpent, NoModel, ModelThrottled (for longer than one waits in place) and Stopped; parts that came
        before were handed out.
        """
        key = self._key(question)
        kept = self.desk.cache.get(key)
        if kept is not None:
            return _replayed(kept, on_part)
        heard = Heard(on_part)
        answered = self._of_some_model(question, heard)
        if answered.state is State.WHOLE:
            stored = {"model": answered.model, "parts": answered.parts}
            self.desk.cache.put(key, json.dumps(stored, ensure_ascii=False))
        return answered

    def _key(self, question: Question) -> str:
        """Everything the answer depends on, the fence apart, which is new in every review."""
        model = next(self.desk.models(cheap=question.cheap))
        parts = (version(), content_hash(json.dumps(schema())), model, question.effort, question.prompt.key)
        return "answer:" + ":".join(parts)

    def _of_some_model(self, question: Question, heard: Heard) -> Answered:
        reasons: list[str] = []
        refused = ""
        for model in self.desk.models(cheap=question.cheap):
            if model in self._rejected:
                reasons.append(self._rejected[model])
            elif not self.desk.breaker.allow(model):
                reasons.append(f"{model}: failed too often just now")
                self.desk.observe(CallRecord(question.purpose, model, LEFT_ALONE, 0.0, Spend(), 0))
            else:
                try:
                    answered = self._of(model, question, heard)
                except ModelRejected as error:
                    self.desk.breaker.succeeded(model)  # it is there
                    # What is wrong with a key or a name is wrong for every call: the others need not find out.
                    self._rejected[model] = f"{model}: {error.detail}"
                    reasons.append(self._rejected[model])
                except ModelUnavailable as error:
                    reasons.append(f"{model}: {error.detail}")
                else:
                    if answered.state is not State.REFUSED:
                        return answered
                    refused = answered.detail or "no reason given"
                    self.note(f"{model} refused ({refused})")
                    reasons.append(f"{model} refused ({refused})")
        if refused:
            return Answered(State.REFUSED, heard.parts, detail="; ".join(reasons))
        raise NoModel("; ".join(reasons))

    def _of(self, model: str, question: Question, heard: Heard) -> Answered:
        """What one model says. Malformed answers are asked for once more, then told."""
        for last in (False, True):
            try:
                reply = self._patiently(model, question, heard)
            except PromptTooLong as error:
                return Answered(State.TOO_LONG, heard.parts, model, error.detail)
            match reply.stop:
                case Stop.REFUSED:
                    return Answered(State.REFUSED, heard.parts, reply.model, reply.refusal_category)
                case Stop.TRUNCATED | Stop.CONTEXT_EXCEEDED:
                    return Answered(State.TOO_LONG, heard.parts, reply.model, f"the answer was {reply.stop}")
                case Stop.END if heard.ended:
                    return Answered(State.WHOLE, heard.parts, reply.model)
                case _ if last:
                    return Answered(State.MALFORMED, heard.parts, reply.model, "the answer was not whole JSON")
        raise AssertionError("the loop returns")  # pragma: no cover

    def _patiently(self, model: str, question: Question, heard: Heard) -> ModelReply:
        """One call, repeated after what passes. Raises what does not."""
        manners, failures, waits = self.desk.manners, 0, 0
        while True:
            try:
                reply = self._once(
                    model, replace(question, prompt=heard.continued(question.prompt)), heard, failures + waits + 1
                )
            except ModelThrottled as error:
                self.desk.breaker.succeeded(model)  # it is there, and says when
                wait = error.retry_after_s if error.retry_after_s is not None else manners.backoff_s * 2 ** (waits + 2)
                waits += 1
                if wait > manners.max_wait_s or waits > manners.max_waits:
                    raise
                self.note(f"{model}: its rate limit was reached; waiting {wait:.0f} s")
                self._sleep(wait)
            except ModelUnavailable as error:
                self.desk.breaker.failed(model)
                failures += 1
                if failures >= manners.attempts:
                    self.note(f"{model} was given up after {failures} attempts: {error.detail}")
                    raise
                self.note(f"{model} is asked again: {error.detail}")
                self._sleep(manners.backoff_s * 2 ** (failures - 1) * random.uniform(0.75, 1.25))  # noqa: S311
            else:
                self.desk.breaker.succeeded(model)
                return reply

    def _once(self, model: str, question: Question, heard: Heard, attempt: int) -> ModelReply:
        spec = self.desk.catalogue.spec(model)
        tokens = self.desk.estimate(question.prompt.text())
        output = min(question.output, spec.max_output_tokens)
        if tokens + min(output, question.least_output) > spec.context_tokens:
            raise PromptTooLong(f"{tokens} tokens are too many for {model}")
        with self._in_turn(question.prompt, spec) as begun:
            reservation = self._reserve(spec, tokens, output, min(output, question.least_output))
            affordable = _affordable(reservation, spec, tokens, output)
            system, content = question.prompt.blocks(self.fence, long_lived=self.desk.batch)
            call = ModelCall(
                model=model,
                system=system,
                content=content,
                schema=schema(),
                max_output_tokens=affordable,
                effort=question.effort,
                purpose=question.purpose,
                timeout_s=self.desk.manners.timeout_s,
            )
            return self._call(call, spec, reservation, heard, begun, attempt)

    def _call(
        self,
        call: ModelCall,
        spec: ModelSpec,
        reservation: Reservation,
        heard: Heard,
        begun: Callable[[], None],
        attempt: int,
    ) -> ModelReply:
        heard.restart(call.model)
        started, outcome = time.monotonic(), "error"
        # What is billed when we leave without being told: the whole prompt, and what we saw of the answer.
        billed, prompt = Tokens(), self.desk.estimate(_text(call))

        def listen(text: str) -> None:
            nonlocal billed
            begun()
            heard.feed(text)
            if self.stop.is_set():
                billed = Tokens(input=prompt, output=self.desk.estimate(heard.text_so_far))
                raise Stopped

        try:
            with self.desk.slots:
                self._check()
                reply = self.desk.model.complete(call, listen)
            billed, outcome = reply.tokens, str(reply.stop)
            return reply
        except ModelError as error:
            billed, outcome = error.tokens, "throttled" if isinstance(error, ModelThrottled) else "error"
            raise
        finally:
            spend = Spend(1, billed, spec.nano_usd(billed, batch=self.desk.batch)) if billed.total else Spend()
            self._settle(reservation, spend)
            record = CallRecord(call.purpose, call.model, outcome, time.monotonic() - started, spend, attempt)
            self._tell(record)

    def _settle(self, reservation: Reservation, spend: Spend) -> None:
        if spend.requests:
            self.desk.ledger.settle(reservation, spend)
            self.spent(spend)
        else:
            self.desk.ledger.release(reservation)

    def _reserve(self, spec: ModelSpec, tokens: int, output: int, least: int) -> Reservation:
        """The right to spend what the call can cost at most, or as much of that as is left."""
        prompt = Tokens(cache_write_1h=tokens) if self.desk.batch else Tokens(cache_write_5m=tokens)
        until = time.monotonic() + _BUDGET_S
        while True:
            granted = self.desk.ledger.reserve(
                self.review_id,
                want_nano_usd=spec.nano_usd(prompt + Tokens(output=output), batch=self.desk.batch),
                want_tokens=tokens + output,
                least_nano_usd=spec.nano_usd(prompt + Tokens(output=least), batch=self.desk.batch),
                least_tokens=tokens + least,
                caps=self.caps,
            )
            if isinstance(granted, Reservation):
                return granted
            self._wait_for_budget(granted, until)

    def _wait_for_budget(self, refusal: Refusal, until: float) -> None:
        if not refusal.wait or time.monotonic() > until:
            raise BudgetSpent(refusal.reason)
        self._sleep(0.25)

    def _in_turn(self, prompt: Prompt, spec: ModelSpec) -> Turn:
        """Calls that share a prefix go one ahead, then all: the first one fills the provider's cache."""
        shared = self.desk.estimate("\n".join((*prompt.system, *prompt.shared)))
        name = "" if shared < spec.min_cache_tokens else f"{spec.id}:{self.fence}:{prompt.prefix_key[:32]}"
        return Turn(self.desk.gate, name)

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped

    def _check(self) -> None:
        if self.stop.is_set():
            raise Stopped

    def _tell(self, record: CallRecord) -> None:
        self.desk.observe(record)
        tokens = record.spend.tokens
        log.info(
            "model_call",
            extra={
                "reviewId": self.review_id,
                "purpose": record.purpose,
                "model": record.model,
                "outcome": record.outcome,
                "attempt": record.attempt,
                "duration": int(record.seconds * 1000),
                "promptTokens": tokens.prompt,
                "cacheReadTokens": tokens.cache_read,
                "outputTokens": tokens.output,
                "costUsd": record.spend.nano_usd / 1e9,
            },
        )


def _replayed(kept: str, on_part: OnPart) -> Answered:
    stored: dict[str, Any] = json.loads(kept)
    parts = tuple((key, part) for key, part in stored["parts"])
    for part in parts:
        on_part(*part, stored["model"])
    return Answered(State.WHOLE, parts, stored["model"], cached=True)


def _affordable(reservation: Reservation, spec: ModelSpec, tokens: int, output: int) -> int:
    """Output tokens the reservation pays for."""
    low, high = 1, min(output, max(1, reservation.tokens - tokens))
    while low < high:
        middle = (low + high + 1) // 2
        if spec.nano_usd(Tokens(cache_write_5m=tokens, output=middle)) <= reservation.nano_usd:
            low = middle
        else:
            high = middle - 1
    return low


def _text(call: ModelCall) -> str:
    return "\n".join(block.text for block in (*call.system, *call.content))

"""A language model in this process whose answers a test writes, and the desk around it."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from codereview.adapters.memory.calling import MemoryAnswerCache, MemoryCircuitBreaker, MemoryPrefixGate
from codereview.adapters.memory.spending import MemorySpendLedger
from codereview.adapters.model_catalogue import load_catalogue
from codereview.application.model.asking import CallRecord, Desk, Manners
from codereview.application.model.fixing import OpenWorkspace
from codereview.application.model.reviewing import ModelReviewer, Sizes
from codereview.domain.estimating import estimate_tokens
from codereview.domain.tokens import Tokens
from codereview.language_model import LanguageModel, ModelCall, ModelChoice, ModelReply, Stop
from codereview.spending import Caps

MAIN, CHEAP, FALLBACK = "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5"

UNLIMITED, HASTY, SIZES = Caps(), Manners(backoff_s=0.001, max_wait_s=0.2), Sizes()
CHOICE = ModelChoice(MAIN, CHEAP, (FALLBACK,))

#: What a script gives: the lists of an answer, text as it is, a reply, or an error to raise.
Said = dict[str, Any] | str | ModelReply | Exception
Script = Callable[[ModelCall], Said]


@dataclass
class ScriptedModel:
    """Answers by a script. ``calls`` keeps what was asked; text arrives in pieces of ``piece`` characters."""

    script: Script
    piece: int = 40
    calls: list[ModelCall] = field(default_factory=list)
    name: str = "scripted"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = lambda _: None) -> ModelReply:
        with self._lock:
            self.calls.append(call)
        said = self.script(call)
        if isinstance(said, Exception):
            raise said
        reply = said if isinstance(said, ModelReply) else ModelReply("", Stop.END, Tokens(), call.model)
        text = said if isinstance(said, str) else reply.text if isinstance(said, ModelReply) else whole(**said)
        on_text("")
        for start in range(0, len(text), self.piece):
            on_text(text[start : start + self.piece])
        billed = (
            reply.tokens if reply.tokens.total else Tokens(input=len(prompt_of(call)) // 4, output=len(text) // 4 + 1)
        )
        return replace(reply, text=text, tokens=billed)

    def count_tokens(self, call: ModelCall) -> int | None:
        return None

    def describe(self, model: str) -> dict[str, str]:
        return {"id": model}

    def purposes(self) -> list[str]:
        """What the calls were for, sorted."""
        return sorted(call.purpose for call in self.calls)


def whole(
    findings: Sequence[object] = (),
    assessments: Sequence[object] = (),
    edits: Sequence[object] = (),
    addressed_to_reviewer: Sequence[object] = (),
) -> str:
    """The JSON of an answer."""
    parts = {
        "findings": list(findings),
        "assessments": list(assessments),
        "edits": list(edits),
        "addressed_to_reviewer": list(addressed_to_reviewer),
    }
    return json.dumps(parts)


def finding(quote: str, line: int = 1, path: str = "app.py", **changed: object) -> dict[str, object]:
    """A finding as a model words it."""
    return {
        "path": path,
        "start_line": line,
        "end_line": line,
        "quote": quote,
        "title": "Total is divided by a count that can be zero",
        "category": "logic",
        "cwe": 369,
        "message": "The count is not checked before it divides the total.",
        "failure_scenario": "An empty list of orders makes count 0, and mean() raises ZeroDivisionError.",
        "trace": [],
        "severity": "medium",
        "confidence": "high",
        **changed,
    }


def vote(ref: str, verdict: str, quote: str = "", line: int = 1, path: str = "app.py") -> dict[str, object]:
    """A verifier's word."""
    cited = [{"path": path, "line": line, "quote": quote}] if quote else []
    return {"ref": ref, "verdict": verdict, "reason": "The code above says so.", "cited": cited}


def prompt_of(call: ModelCall) -> str:
    """The whole prompt."""
    return "\n".join(block.text for block in (*call.system, *call.content))


def task_of(call: ModelCall) -> str:
    """What this call alone asks."""
    return call.content[-1].text


def reviewer(
    model: LanguageModel,
    *,
    caps: Caps = UNLIMITED,
    manners: Manners = HASTY,
    sizes: Sizes = SIZES,
    open_workspace: OpenWorkspace | None = None,
    records: list[CallRecord] | None = None,
    choice: ModelChoice = CHOICE,
    ledger: MemorySpendLedger | None = None,
    cache: MemoryAnswerCache | None = None,
) -> ModelReviewer:
    """The model half on memory adapters."""
    kept = records if records is not None else []
    desk = Desk(
        model=model,
        choice=choice,
        catalogue=load_catalogue(),
        ledger=ledger or MemorySpendLedger(),
        breaker=MemoryCircuitBreaker(),
        gate=MemoryPrefixGate(),
        cache=cache or MemoryAnswerCache(),
        estimate=estimate_tokens,
        slots=threading.Semaphore(4),
        manners=manners,
        observe=kept.append,
    )
    return ModelReviewer(desk=desk, caps=lambda _: caps, open_workspace=open_workspace or _no_workspace, sizes=sizes)


def _no_workspace(batch: object) -> Any:
    raise AssertionError("no workspace was expected to be opened")

"""Calls gathered into batches: half the price, answered within a day. For runs over whole repositories at night."""

import copy
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from codereview.language_model import LanguageModel, ModelCall, ModelError, ModelReply, ModelThrottled, ModelUnavailable

log = logging.getLogger(__name__)

#: Seconds between two signs of life to a caller that waits.
_TICK_S = 0.5
#: Seconds given to a batch that was cancelled to end and hand over what it has.
_GRACE_S = 600.0


class BatchApi(Protocol):
    """A provider's batches. Every method raises ModelError."""

    def create(self, calls: Mapping[str, ModelCall]) -> str:
        """Begin a batch of calls by their ids ([A-Za-z0-9_-], at most 64); its own id."""
        ...

    def ended(self, batch_id: str) -> bool:
        """Whether every call of it has its result."""
        ...

    def results(self, batch_id: str) -> Iterable[tuple[str, ModelReply | ModelError]]:
        """The result of each call of an ended batch, in any order."""
        ...

    def cancel(self, batch_id: str) -> None:
        """End it soon; calls under way may still be answered, and billed."""
        ...


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """When a batch is sent, and how it is waited for. Times in seconds."""

    #: A batch is sent when no call came for this long …
    quiet_s: float = 3.0
    #: … or this long after its first one, or when it has so many calls or bytes of prompts.
    longest_s: float = 60.0
    max_calls: int = 1_000
    max_bytes: int = 100_000_000
    #: Between two looks at a batch: the first pause, growing to the longest.
    poll_s: float = 5.0
    slowest_poll_s: float = 60.0
    #: A batch is cancelled after this long; providers end theirs after a day.
    patience_s: float = 86_400.0


@dataclass(eq=False, slots=True)
class _Pending:
    call: ModelCall
    size: int
    done: threading.Event = field(default_factory=threading.Event)
    result: ModelReply | ModelError | None = None
    abandoned: bool = False
    #: Set when a caller gives up, for the thread that sees its batch through.
    stirred: threading.Event = field(default_factory=threading.Event)

    def deliver(self, result: ModelReply | ModelError) -> None:
        if not self.done.is_set():
            self.result = result
            self.done.set()


class BatchedModel:
    """`codereview.language_model.LanguageModel` whose calls of many threads go out together.

    ``complete`` blocks until the batch has ended: its caller needs a thread and hours. While it waits ``on_text`` gets
    "" now and then, at first as soon as the call is in line, so that what it raises can stop the call; then it gets the
    answer in one piece. The call's own time limit does not hold, that of the terms does.
    """

    def __init__(self, model: LanguageModel, api: BatchApi, terms: BatchTerms | None = None) -> None:
        self._model = model
        self._api = api
        self._terms = terms or BatchTerms()
        self._changed = threading.Condition()
        self._pid = os.getpid()
        self._line: list[_Pending] = []
        self._came_at = 0.0

    @property
    def name(self) -> str:
        """The provider."""
        return self._model.name

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = lambda _: None) -> ModelReply:
        """Ask once, in a batch with other calls: see `codereview.language_model.LanguageModel.complete`."""
        pending = self._enter(call)
        try:
            on_text("")
            while not pending.done.wait(_TICK_S):
                on_text("")
        except BaseException:
            pending.abandoned = True
            pending.stirred.set()
            raise
        match pending.result:
            case ModelReply() as reply:
                if reply.text:
                    on_text(reply.text)
                return reply
            case ModelError() as error:
                raise copy.copy(error)  # the same one may go to many threads
            case _:
                raise AssertionError("a call is done when it has its result")  # pragma: no cover

    def count_tokens(self, call: ModelCall) -> int | None:
        """Tokens of the prompt as the provider counts them."""
        return self._model.count_tokens(call)

    def describe(self, model: str) -> Mapping[str, str]:
        """What the provider says of a model."""
        return self._model.describe(model)

    def _enter(self, call: ModelCall) -> _Pending:
        pending = _Pending(call, sum(len(block.text) for block in (*call.system, *call.content)))
        with self._changed:
            if self._pid != os.getpid():  # the line of our parent is not ours
                self._pid, self._line = os.getpid(), []
            self._line.append(pending)
            self._came_at = time.monotonic()
            if len(self._line) == 1:
                self._start()
            self._changed.notify_all()
        return pending

    def _start(self) -> None:
        threading.Thread(target=self._gather, name="batch", daemon=True).start()

    def _gather(self) -> None:
        """Wait for company, send the batch, and see it through; one thread each."""
        with self._changed:
            first = time.monotonic()
            while (left_s := self._left_s(first)) > 0:
                self._changed.wait(left_s)
            batch = self._first_in_line()
            if self._line:
                self._start()
        if not batch:
            return
        try:
            _Batch(self._api, self._terms, batch).run()
        finally:
            # Whatever happened to this thread, nobody waits for it in vain.
            for pending in batch:
                pending.deliver(ModelUnavailable("the batch gave no answer"))

    def _first_in_line(self) -> list[_Pending]:
        """As many calls as one batch takes, off the line."""
        taken, size = 0, 0
        for pending in self._line[: self._terms.max_calls]:
            size += pending.size
            if taken and size > self._terms.max_bytes:
                break
            taken += 1
        first, self._line = self._line[:taken], self._line[taken:]
        return [pending for pending in first if not pending.abandoned]

    def _left_s(self, first: float) -> float:
        terms = self._terms
        if len(self._line) >= terms.max_calls or sum(pending.size for pending in self._line) >= terms.max_bytes:
            return 0.0
        return min(self._came_at + terms.quiet_s, first + terms.longest_s) - time.monotonic()


class _Batch:
    """One batch, from its making to its results."""

    def __init__(self, api: BatchApi, terms: BatchTerms, pending: list[_Pending]) -> None:
        self._api = api
        self._terms = terms
        self._pending = {f"c{number}": call for number, call in enumerate(pending)}
        self._stirred = threading.Event()
        for call in pending:
            call.stirred = self._stirred
        self._ends_at = time.monotonic() + terms.patience_s
        self._cancelled = False

    def run(self) -> None:
        """Raises nothing of the provider's: every call gets its answer or error."""
        try:
            batch_id = self._api.create({name: pending.call for name, pending in self._pending.items()})
            log.info("model_batch", extra={"batch": batch_id, "calls": len(self._pending)})
            for name, result in self._results(batch_id):
                if name in self._pending:
                    self._pending[name].deliver(result)
        except ModelError as error:
            for pending in self._pending.values():
                pending.deliver(error)

    def _results(self, batch_id: str) -> list[tuple[str, ModelReply | ModelError]]:
        """What came of the calls, as soon as the batch has ended. A look that fails is made again later."""
        pause_s = self._terms.poll_s
        while not (self._cancelled and time.monotonic() > self._ends_at):
            asked_s = 0.0
            try:
                if self._api.ended(batch_id):
                    return list(self._api.results(batch_id))
                self._cancel_if_useless(batch_id)
            except ModelThrottled as error:
                asked_s = error.retry_after_s or 0.0
            except ModelUnavailable as error:
                log.warning("model_batch_unreachable", extra={"batch": batch_id, "errorType": type(error).__name__})
            self._stirred.wait(max(pause_s, asked_s))
            self._stirred.clear()
            pause_s = min(pause_s * 1.5, self._terms.slowest_poll_s)
        raise ModelUnavailable(f"the batch {batch_id} did not end in time")

    def _cancel_if_useless(self, batch_id: str) -> None:
        nobody_waits = all(pending.abandoned for pending in self._pending.values())
        if not self._cancelled and (nobody_waits or time.monotonic() >= self._ends_at):
            self._api.cancel(batch_id)
            self._cancelled = True
            self._ends_at = time.monotonic() + _GRACE_S

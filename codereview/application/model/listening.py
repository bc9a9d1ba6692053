"""Listening to an answer while it streams in, and waiting for one's turn to ask."""

import json
import time
from collections.abc import Callable

from codereview.agents.answers import PartStream
from codereview.agents.prompting import Prompt
from codereview.spending import PrefixGate

#: One part of an answer: the list it stands in, and its JSON.
Part = tuple[str, str]
#: Takes the list, the JSON, and the model that said it.
OnPart = Callable[[str, str, str], None]

#: Seconds a follower waits for the leader's prefix.
_GATE_S = 45.0


class Turn:
    """One call's place among those that share its prefix. Entered, it is the leader or has waited for one."""

    def __init__(self, gate: PrefixGate, name: str) -> None:
        self._gate = gate
        self._name = name
        self._leads = False
        self._opened = False

    def __enter__(self) -> Callable[[], None]:
        until = time.monotonic() + _GATE_S
        while self._name and not self._leads and (left := until - time.monotonic()) > 0:
            self._leads = self._gate.enter(self._name)
            if not self._leads and self._gate.wait(self._name, left):
                break
        return self._begun

    def __exit__(self, *_: object) -> None:
        if self._leads and not self._opened:
            self._gate.abandon(self._name)

    def _begun(self) -> None:
        if self._name and not self._opened:
            self._opened = True
            self._gate.opened(self._name)


class Heard:
    """What was heard of an answer over all attempts; a part that comes again is not handed out again."""

    def __init__(self, on_part: OnPart) -> None:
        self._on_part = on_part
        self._parts: dict[Part, None] = {}
        self._stream = PartStream()
        self._text: list[str] = []
        self._model = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything so far, in order."""
        return tuple(self._parts)

    @property
    def ended(self) -> bool:
        """Whether the last attempt brought a whole answer."""
        return self._stream.ended

    @property
    def text_so_far(self) -> str:
        """The last attempt's text."""
        return "".join(self._text)

    def restart(self, model: str) -> None:
        """A new attempt begins."""
        self._stream, self._text, self._model = PartStream(), [], model

    def feed(self, text: str) -> None:
        """Take a piece of the answer."""
        self._text.append(text)
        for part in self._stream.feed(text):
            if part not in self._parts:
                self._parts[part] = None
                self._on_part(*part, self._model)

    def continued(self, prompt: Prompt) -> Prompt:
        """The prompt, asking only for the rest when an attempt broke off in the middle."""
        if not self._parts:
            return prompt
        received = "\n".join(f"{key}: {json.dumps(json.loads(part), ensure_ascii=True)}" for key, part in self._parts)
        return prompt.continued(received)

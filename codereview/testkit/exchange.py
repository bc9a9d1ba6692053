"""One exchange with the Messages API: what was asked, and what the server is to do with it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server got it. ``number`` counts the requests to messages from 1."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    number: int

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body["model"])

    @property
    def system(self) -> str:
        """The system prompt."""
        return "\n".join(_texts(self.body.get("system", [])))

    @property
    def blocks(self) -> list[str]:
        """The texts of the last user message."""
        return _texts(self.body["messages"][-1]["content"])

    @property
    def text(self) -> str:
        """The whole prompt."""
        messages = [text for message in self.body["messages"] for text in _texts(message["content"])]
        return "\n".join([self.system, *messages])


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does. ``text`` is streamed in pieces; or ``status`` is an error with ``error`` as its type.

    ``stop_reason`` "max_tokens" cuts nothing by itself: give the text as far as it came. ``cut_at`` ends the
    connection after so many characters of text, ``stream_error`` sends an error event there instead. Times in seconds.
    """

    text: str = ""
    stop_reason: str = "end_turn"
    category: str = ""
    thinking_tokens: int = 0
    piece: int = 60
    delay_s: float = 0.0
    piece_delay_s: float = 0.0
    cut_at: int | None = None
    stream_error: str = ""
    status: int = 200
    error: str = "api_error"
    message: str = "as the test wants"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Sent instead of a well-formed body.
    raw: str | None = None


#: Decides what a request gets.
Rule = Callable[[Asked], Reply]


def answer(**lists: list[Any]) -> Reply:
    """A reply in the form codereview asks for; lists not named are empty."""
    names = ("findings", "assessments", "edits", "addressed_to_reviewer")
    return Reply(json.dumps({name: lists.get(name, []) for name in names}))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [str(block.get("text", "")) for block in content]

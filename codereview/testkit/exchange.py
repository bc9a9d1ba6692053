"""One exchange with the Messages API: what was asked, and what the server is to do with it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: The way a request came: Anthropic's own path, a message batch, or one of the clouds that resell it.
Surface = Literal["messages", "batch", "bedrock", "sagemaker"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server got it. ``number`` counts the requests from 1, ``attempt`` those with this very body.

    ``headers`` are by their names in lower case.
    """

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    number: int
    attempt: int = 1
    surface: Surface = "messages"

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

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema the answer must have; None when any text will do."""
        found = ((self.body.get("output_config") or {}).get("format") or {}).get("schema")
        return found if isinstance(found, dict) else None

    @property
    def thinks(self) -> bool:
        """Whether it lets the model think."""
        kind: object = (self.body.get("thinking") or {}).get("type", "disabled")
        return kind != "disabled"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does. ``text`` is streamed in pieces; or ``status`` is an error with ``error`` as its type.

    ``stop_reason`` "max_tokens" cuts nothing by itself: give the text as far as it came (what exceeds the request's
    own limit is cut in any case). ``cut_at`` ends the connection after so many characters of text, ``cut_at_byte``
    after so many bytes of the stream, wherever that is; ``stream_error`` sends an error event after ``cut_at``
    characters instead. ``hang_up`` ends it before a single byte. Times are in seconds: before the answer, before each
    piece, before each byte.
    """

    text: str = ""
    stop_reason: str = "end_turn"
    category: str = ""
    #: What the model thought, shown where the request wants it, and how many tokens that was (else it is counted).
    thinking: str = ""
    thinking_tokens: int = 0
    piece: int = 60
    delay_s: float = 0.0
    piece_delay_s: float = 0.0
    byte_delay_s: float = 0.0
    cut_at: int | None = None
    cut_at_byte: int | None = None
    hang_up: bool = False
    stream_error: str = ""
    status: int = 200
    error: str = ""
    message: str = "as the test wants"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Sent instead of a well-formed body.
    raw: str | None = None

    @property
    def answers(self) -> bool:
        """Whether it is an answer, which costs something, however it ends."""
        return self.status == 200 and self.raw is None and not self.hang_up


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

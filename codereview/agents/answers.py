"""The form of every answer a model gives, and reading it while it streams in.

Finders, disprovers and fixers share one form, with lists they leave empty: a change of form would change the prompt's
prefix, and with it what the provider has cached of the code.
"""

import json
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from codereview.domain.findings import Confidence, Severity

Category = Literal[
    "injection",
    "access",
    "secrets",
    "cryptography",
    "deserialization",
    "files",
    "requests",
    "configuration",
    "exposure",
    "logic",
    "boundary",
    "error-handling",
    "resources",
    "concurrency",
    "contract",
    "changed-behaviour",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=False)


class Citation(_Part):
    """A place in the code and what stands there."""

    path: str
    line: int = Field(ge=1)
    quote: str


class FlowStep(_Part):
    """One step of a data flow."""

    path: str
    line: int = Field(ge=1)
    note: str


class ReportedFinding(_Part):
    """A finding as a model words it. The scenario stands before the weights, so that it is thought of first."""

    path: str
    start_line: int = Field(ge=1)
    end_line: int = Field(ge=1)
    quote: str = Field(min_length=3, max_length=2000)
    title: str = Field(min_length=3, max_length=300)
    category: Category
    cwe: int = Field(ge=0)
    message: str = Field(min_length=10, max_length=4000)
    failure_scenario: str = Field(min_length=20, max_length=4000)
    trace: tuple[FlowStep, ...] = ()
    severity: Literal["critical", "high", "medium", "low"]
    confidence: Literal["high", "medium", "low"]

    @property
    def weight(self) -> tuple[Severity, Confidence]:
        """Its severity and confidence."""
        return Severity(self.severity), Confidence(self.confidence)


class Assessment(_Part):
    """A verdict on a piece of evidence or on a candidate."""

    ref: str
    verdict: Literal["stands", "refuted", "unsure"]
    reason: str = Field(min_length=5, max_length=4000)
    cited: tuple[Citation, ...] = ()


class ProposedEdit(_Part):
    """Lines to replace, and by what."""

    ref: str
    description: str = Field(min_length=5, max_length=1000)
    path: str
    start_line: int = Field(ge=1)
    end_line: int = Field(ge=1)
    original: str
    replacement: str


class Answer(_Part):
    """A whole answer."""

    findings: tuple[ReportedFinding, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    edits: tuple[ProposedEdit, ...] = ()
    addressed_to_reviewer: tuple[Citation, ...] = ()


#: What each list of an answer holds.
PARTS: dict[str, type[ReportedFinding | Assessment | ProposedEdit | Citation]] = {
    "findings": ReportedFinding,
    "assessments": Assessment,
    "edits": ProposedEdit,
    "addressed_to_reviewer": Citation,
}


def schema() -> dict[str, Any]:
    """The JSON Schema of an answer; every list is required, so that none is forgotten rather than left empty."""
    form: dict[str, Any] = json.loads(_form())
    return form


@cache
def _form() -> str:
    """As JSON: making it takes longer than a call has to wait for, and nobody is to change what others get."""
    form = Answer.model_json_schema()
    form["required"] = list(PARTS)
    return json.dumps(form)


class PartStream:
    """Cuts the text of an answer into the parts of its lists while it arrives.

    A part is handed out when its closing brace is there, whatever becomes of the rest. Each character is looked at
    once. Everything that is not an object in a list at the top level is passed over.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = self._escaped = False
        self._key = ""  # of the list we are in
        self._string: list[str] = []  # the last string at the top level, a key perhaps
        self._part: list[str] = []
        #: Whether the whole object came.
        self.ended = False

    def feed(self, text: str) -> list[tuple[str, str]]:
        """The parts completed by this piece of text: name of the list, JSON of the part."""
        found: list[tuple[str, str]] = []
        for char in text:
            part = self._take(char)
            if part is not None:
                found.append((self._key, part))
        return found

    def _take(self, char: str) -> str | None:
        if self._depth >= 3:
            self._part.append(char)
        if self._in_string:
            self._within_string(char)
            return None
        match char:
            case '"':
                self._in_string = True
                self._string = []
            case "{" | "[":
                self._open(char)
            case "}" | "]":
                return self._close()
            case _:
                pass
        return None

    def _within_string(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._in_string = False
            return
        if self._depth == 1:
            self._string.append(char)

    def _open(self, char: str) -> None:
        self._depth += 1
        if self._depth == 2:
            self._key = "".join(self._string)
        elif self._depth == 3:
            self._part = [char]

    def _close(self) -> str | None:
        self._depth -= 1
        if self._depth == 0:
            self.ended = True
        return "".join(self._part) if self._depth == 2 else None

"""A rule for the messages server that reads what it is asked, as a model would: it finds marked lines, judges
candidates by what they quote, and answers nothing by heart."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from codereview.testkit.exchange import Asked, Reply, answer

_FENCE = re.compile(r"The fence of this conversation is `(?P<name>[^`]+)`")
_LINE = re.compile(r"^\+?(?P<number>\d+)\| (?P<text>.*)$")
_TASK = re.compile(r"^# Your task: (\w+)$", re.MULTILINE)
_CANDIDATE = re.compile(
    r"^(?P<ref>C\d+): (?P<title>.*?), at (?P<path>\S+):(?P<first>\d+)-\d+\n(?P<code>(?:    .*\n)+)", re.MULTILINE
)


@dataclass(frozen=True)
class Question:
    """What a prompt asks, read from its text."""

    asked: Asked

    @property
    def fence(self) -> str:
        found = _FENCE.search(self.asked.text)
        return found["name"] if found else ""

    @property
    def task(self) -> str:
        """ "find", "disprove" or "repair"."""
        found = _TASK.search(self.asked.blocks[-1])
        return found[1] if found else ""

    @property
    def lens(self) -> str:
        """The first words of the lens."""
        text = self.asked.blocks[-1]
        return text.partition("The lens: ")[2][:40] if self.task == "find" else text[:400]

    def lines(self, kind: str = "code") -> list[tuple[str, int, str]]:
        """Path, number and text of every line of the code under review."""
        pattern = re.compile(
            rf'<{self.fence} kind="{kind}" path="(?P<path>[^"]*)"[^>]*>\n(?P<body>.*?)\n</{self.fence}>', re.DOTALL
        )
        return [
            (block["path"], int(match["number"]), match["text"])
            for block in pattern.finditer(self.asked.blocks[1])
            for line in block["body"].split("\n")
            if (match := _LINE.match(line)) is not None
        ]

    def candidates(self) -> list[tuple[str, str, int, str]]:
        """Name, path, line and code of each candidate."""
        found = _CANDIDATE.finditer(self.asked.blocks[-1])
        return [(m["ref"], m["path"], int(m["first"]), m["code"].strip()) for m in found]


@dataclass
class ReadingModel:
    """Reports each line that ``defect`` matches, under the lens whose text begins with ``lens``; every verifier
    confirms, but for lines ``false`` matches, which it refutes. ``meddle`` may change any reply."""

    defect: str = r"/ len\("
    lens: str = "logic"
    false: str = r"NOT A DEFECT"
    meddle: Callable[[Question, Reply], Reply] = lambda question, reply: reply
    tasks: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Reply:
        question = Question(asked)
        with self._lock:
            self.tasks[question.task] += 1
        return self.meddle(question, self._reply(question))

    def _reply(self, question: Question) -> Reply:
        if question.task == "find":
            together = question.lens.startswith("all of the following")
            mine = together or question.lens.startswith(self.lens)
            return answer(
                findings=[_found(*line) for line in question.lines() if mine and re.search(self.defect, line[2])]
            )
        if question.task == "disprove":
            return answer(assessments=[self._judged(*candidate) for candidate in question.candidates()])
        return answer()

    def _judged(self, ref: str, path: str, line: int, code: str) -> dict[str, Any]:
        verdict = "refuted" if re.search(self.false, code) else "stands"
        cited = [{"path": path, "line": line, "quote": code.partition("\n")[0].strip()}]
        return {"ref": ref, "verdict": verdict, "reason": "The line says so.", "cited": cited}


def _found(path: str, number: int, text: str) -> dict[str, Any]:
    return {
        "path": path,
        "start_line": number,
        "end_line": number,
        "quote": text,
        "title": f"Division by the length of an empty list in line {number}",
        "category": "logic",
        "cwe": 369,
        "message": "The length is not checked before it divides.",
        "failure_scenario": "Called with an empty list, the length is 0 and the division raises ZeroDivisionError.",
        "trace": [],
        "severity": "medium",
        "confidence": "high",
    }

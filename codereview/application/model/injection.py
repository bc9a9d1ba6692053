"""Text in the code that addresses an automated reviewer, found without asking one."""

import re
from collections.abc import Iterator

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|your|all)\b.{0,20}"
            r"\b(?:instructions?|rules|prompts?|guidelines)\b"
        ),
        (
            r"\b(?:ai|llm|automat(?:ed|ic)|security|code)[ -]?(?:code[ -]?)?"
            r"(?:review(?:er|ers|s)?|scanners?|auditors?)\b"
            r".{0,80}\b(?:ignore|skip|approve|do not|don't|must not|mark|report nothing|no (?:issues|findings))\b"
        ),
        (
            r"\b(?:note|message|notice|instructions?)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?"
            r"(?:ai|llms?|reviewers?|claude|assistants?|language models?|code review)\b"
        ),
        (
            r"\b(?:do not|don't|never)\s+(?:report|flag|mention|raise)\b.{0,40}"
            r"\b(?:findings?|vulnerabilit\w+|issues?|bugs?|problems?|this (?:file|line|function))\b"
        ),
        r"</?untrusted-[0-9a-f]|\"findings\"\s*:\s*\[\s*\]",
    )
)
_LONGEST_LINE = 2_000


def addressing_lines(lines: list[str]) -> Iterator[int]:
    """The lines (1-based) that hold such text."""
    for number, line in enumerate(lines, start=1):
        if any(pattern.search(line[:_LONGEST_LINE]) for pattern in _PATTERNS):
            yield number

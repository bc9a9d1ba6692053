"""Suppression comments: ``codereview: ignore[rule, …] reason``.

On a line of code it covers that line; alone on a line it covers the next line of code. The reason is required: a
comment without one suppresses nothing. A rule is named by its full id ("bandit/B602"), by the analyser's own name for
it ("B602"), or by the analyser ("bandit").
"""

import re
from dataclasses import dataclass

from codereview.domain.sources import SourceFile

_COMMENT = re.compile(
    r"(?P<lead>#|//|/\*|--|<!--)\s*codereview:\s*ignore\[(?P<rules>[^\]\n]*)\]\s*(?P<reason>[^\n]*?)\s*(?:\*/|-->)?\s*$"
)
_MARK = "codereview:"


@dataclass(frozen=True, slots=True)
class InlineSuppression:
    """One comment: where it stands, the line it covers, the rules it names and why."""

    line: int
    covered_line: int
    rules: tuple[str, ...]
    reason: str

    @property
    def is_valid(self) -> bool:
        """Whether it names a rule and gives a reason; otherwise it suppresses nothing."""
        return bool(self.rules and self.reason)

    def covers(self, rule_id: str, line: int) -> bool:
        """Whether it suppresses this rule on this line."""
        if not self.is_valid or line != self.covered_line:
            return False
        analyser, _, native = rule_id.partition("/")
        return any(rule in (rule_id, analyser, native) for rule in self.rules)


def inline_suppressions(file: SourceFile) -> tuple[InlineSuppression, ...]:
    """The suppression comments of a file, valid or not, in order."""
    if _MARK not in file.text:
        return ()
    lines = file.lines
    found = []
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line) if _MARK in line else None
        if match is None:
            continue
        alone = not line[: match.start()].strip()
        found.append(
            InlineSuppression(
                line=number,
                covered_line=_next_code_line(lines, number) if alone else number,
                rules=tuple(rule.strip() for rule in match["rules"].split(",") if rule.strip()),
                reason=match["reason"].strip(),
            )
        )
    return tuple(found)


def _next_code_line(lines: list[str], after: int) -> int:
    for number in range(after + 1, len(lines) + 1):
        text = lines[number - 1].strip()
        if text and not _COMMENT.search(text):
            return number
    return after

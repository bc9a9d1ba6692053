"""Colours of a terminal: always beside a word or a shape, never instead of it."""

from dataclasses import dataclass

from codereview.domain.findings import Severity
from codereview.domain.reviews import Verdict

_RESET = "\x1b[0m"
_SEVERITIES = {
    Severity.CRITICAL: "1;91",
    Severity.HIGH: "1;31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
    Severity.INFO: "37",
}
_VERDICTS: dict[Verdict | None, str] = {Verdict.PASS: "1;32", Verdict.FINDINGS: "1;31", Verdict.FAILED: "1;31"}


@dataclass(frozen=True, slots=True)
class Ink:
    """Paints text, or leaves it as it is."""

    color: bool

    def bold(self, text: str) -> str:
        """For names of files and headings."""
        return self._paint(text, "1")

    def dim(self, text: str) -> str:
        """For what matters less."""
        return self._paint(text, "2")

    def severity(self, text: str, severity: Severity) -> str:
        """In the severity's colour."""
        return self._paint(text, _SEVERITIES[severity])

    def verdict(self, text: str, verdict: Verdict | None) -> str:
        """Green only for a pass; yellow for whatever is incomplete."""
        return self._paint(text, _VERDICTS.get(verdict, "1;33"))

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}{_RESET}" if self.color and text else text

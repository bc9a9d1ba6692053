"""The identity of a finding: a fingerprint that survives shifted lines and reformatting."""

import hashlib
import re

_WHITESPACE = re.compile(r"\s+")


def normalise(snippet: str) -> str:
    """The snippet with every run of white space folded into one space."""
    return _WHITESPACE.sub(" ", snippet).strip()


def fingerprint(*, path: str, symbol: str, snippet: str, family: str, occurrence: int = 0) -> str:
    """A 32-digit hexadecimal identity of a finding.

    ``family`` is the CWE family, or the rule's own family where it has no CWE. ``occurrence`` counts the equal
    snippets that stand earlier in the same symbol, so that two equal lines are two findings. Neither the line
    number nor the tool enters: a finding keeps its fingerprint when code above it moves or another tool agrees.
    """
    parts = (path, symbol, normalise(snippet), family, str(occurrence))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def content_hash(text: str) -> str:
    """16 hexadecimal digits that name a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

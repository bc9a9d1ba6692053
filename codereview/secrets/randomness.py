"""Whether a text was drawn or written: entropy, mix of characters, and how much it reads like a language."""

import math
import re
from collections import Counter

from codereview.secrets.words import vocabulary

#: The pairs of letters that make up some two thirds of English (and much of other European) text.
_PAIRS = vocabulary("letter_pairs")
_LETTERS = re.compile(r"[A-Za-z]+")
_HEX = re.compile(r"^(?:0x)?[0-9a-fA-F]+$")
#: Regular expressions, templates, paths and addresses have as many symbols.
_EXPRESSION = re.compile(
    r"\\[dwsSWDb.]|\[\^?[\w-]{1,3}-|\(\?|[.\])][*+]|\{\d+,|://|\{\{|\$\{|<[a-z/]|%[sd(]|\w/\w+/|::|->|=>|\(\)"
)
_OPAQUE = re.compile(r"^[A-Za-z0-9+/_=.~-]+$")


def entropy(text: str) -> float:
    """Shannon's, in bits per character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def readable(text: str) -> float:
    """How much of the text reads like words, from 0 to 1; digits and symbols count as not read."""
    runs = _LETTERS.findall(text)
    pairs = [run[i : i + 2].lower() for run in runs for i in range(len(run) - 1)]
    if not pairs:
        return 0.0
    letters = sum(map(len, runs)) / len(text)
    return letters * sum(pair in _PAIRS for pair in pairs) / len(pairs)


def classes(text: str) -> int:
    """How many of the four kinds of characters it has: lower case, upper case, digits, others."""
    return sum(
        any(test(c) for c in text) for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    )


def drawn(text: str, *, shortest: int = 16) -> bool:
    """Whether the text was drawn at random beyond reasonable doubt."""
    if len(text) < shortest or not _OPAQUE.match(text):
        return False
    if _HEX.match(text):
        return entropy(text) >= 2.9 and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    return entropy(text) >= 3.3 and any(c.isdigit() for c in text) and readable(text) < 0.6


def scrambled(text: str) -> bool:
    """Whether the text is a long mix of letters, digits and symbols, as generators of keys make them; no expression."""
    return (
        len(text) >= 24
        and classes(text) >= 3
        and sum(not c.isalnum() for c in text) >= 4
        and entropy(text) >= 4.0
        and readable(text) < 0.45
        and " " not in text.strip()
        and "abcdefgh" not in text.lower()
        and not _EXPRESSION.search(text)
    )

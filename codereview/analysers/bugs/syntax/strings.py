"""String literals: their prefix and the text they stand for."""

import re
import unicodedata

_SIMPLE = {
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_ESCAPE = re.compile(
    r"\\(?:(?P<simple>\r?\n|[\\'\"abfnrtv])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})"
    r"|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}]+)\})"
)
_BYTES_ESCAPE = re.compile(
    r"\\(?:(?P<simple>\r?\n|[\\'\"abfnrtv])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2}))(?P<u>(?!))?(?P<U>(?!))?(?P<name>(?!))?"
)


def prefix(start: str) -> str:
    """The lower-case letters before the quotes."""
    return start.rstrip("\"'").lower()


def decode(text: str, letters: str) -> str:
    """The text a literal's content stands for; escapes that mean nothing stay as they are, as in Python."""
    if "\\" not in text or "r" in letters:
        return text
    return (_BYTES_ESCAPE if "b" in letters else _ESCAPE).sub(_replace, text)


def _replace(match: re.Match[str]) -> str:
    simple = match["simple"]
    if simple is not None:
        return _SIMPLE.get(simple[-1], simple) if simple[0] != "\r" else ""
    if match["octal"] is not None:
        return chr(int(match["octal"], 8) & 0x1FF)
    digits = match["x"] or match["u"] or match["U"]
    if digits:
        number = int(digits, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    try:
        return unicodedata.lookup(match["name"])
    except KeyError:
        return match[0]


def to_bytes(text: str) -> bytes:
    """The value of a bytes literal."""
    return text.encode("latin-1", "replace")

"""Credentials that say by their form what they are."""

import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from codereview.domain.findings import Severity
from codereview.secrets.randomness import drawn

#: How far back on its line a form that is not telling enough alone is looked for company.
_NEAR = 60
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Tokens whose last six characters are a checksum of what stands between prefix and checksum.
_CHECKED = re.compile(r"^(?:gh[pousr]|npm)_(?P<body>[A-Za-z0-9]{30})(?P<sum>[A-Za-z0-9]{6})$")


@dataclass(frozen=True, slots=True)
class Form:
    """One issuer's form: its name, what it is in words, and how it is found."""

    name: str
    what: str
    prefixes: tuple[str, ...]
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None = None
    sample: str = ""
    severity: Severity = Severity.HIGH


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where in a text a form was found: offsets in characters, the end exclusive."""

    form: Form
    start: int
    end: int


@cache
def forms() -> tuple[Form, ...]:
    """Every form there is."""
    document = tomllib.loads((files(__package__) / "formats.toml").read_text(encoding="utf-8"))
    return tuple(
        Form(
            name=name,
            what=table["what"],
            prefixes=tuple(table.get("prefixes", ())),
            pattern=re.compile(rf"(?<![A-Za-z0-9_+])(?:{table['form']})(?![A-Za-z0-9_+])"),
            near=re.compile(table["near"]) if "near" in table else None,
            sample="".join(table.get("sample", ())),
            severity=Severity(table.get("severity", "high")),
        )
        for name, table in document.items()
    )


def occurrences(text: str) -> Iterator[Occurrence]:
    """Everything in the text that has the form of a credential, form by form."""
    for form in forms():
        if form.prefixes and not any(prefix in text for prefix in form.prefixes):
            continue
        if form.near is not None and not form.near.search(text):
            continue
        for match in form.pattern.finditer(text):
            if form.near is None or (drawn(match[0]) and form.near.search(_before(text, match.start()))):
                yield Occurrence(form, match.start(), match.end())


def checksum_holds(token: str) -> bool | None:
    """Whether the token's own checksum holds; None for tokens that carry none.

    GitHub and npm put the CRC-32 of the random part, in base 62, at the end of a token.
    """
    match = _CHECKED.match(token)
    if match is None:
        return None
    return _base62(zlib.crc32(match["body"].encode())) == match["sum"]


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0")


def _before(text: str, start: int) -> str:
    begin = text.rfind("\n", max(0, start - _NEAR), start) + 1 or max(0, start - _NEAR)
    return text[begin:start]

"""From bytes to text: UTF-8, or a reason why not."""

import codecs

from codereview.domain.coverage import SkipReason
from codereview.inputs.refusal import Refusal

_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
#: Bytes looked at to tell a binary file, as git does.
SNIFFED = 8000


def decode(data: bytes) -> str | Refusal:
    """The text of a file's bytes, its byte order mark removed and its line endings kept."""
    if data.startswith(_UTF32_BOMS):
        return Refusal(SkipReason.ENCODING, "encoded in UTF-32; only UTF-8 is read")
    if data.startswith(_UTF16_BOMS) or _looks_like_utf16(data[:SNIFFED]):
        return Refusal(SkipReason.ENCODING, "encoded in UTF-16; only UTF-8 is read")
    if b"\0" in data:
        return Refusal(SkipReason.BINARY, "a binary file")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Refusal(SkipReason.ENCODING, f"not valid UTF-8 (line {line})")


def check_text(text: str) -> str | Refusal:
    """The same of what came as text already, in JSON: it may still hold what no text file does."""
    if "\0" in text:
        return Refusal(SkipReason.BINARY, "holds NUL characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        return Refusal(SkipReason.ENCODING, f"a lone surrogate, which is no character (line {line})")
    return text.removeprefix("\ufeff")


def _looks_like_utf16(head: bytes) -> bool:
    """Text in UTF-16 without a mark: every other byte of Western text is zero, and none of the others."""
    if len(head) < 4 or len(head) % 2 or b"\0" not in head:
        return False
    even, odd = head[::2], head[1::2]
    for zeros, letters in ((even, odd), (odd, even)):
        if 0 not in letters and zeros.count(0) >= 0.9 * len(zeros) and letters.isascii():
            return letters.decode("ascii").replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    return False

"""Characters that nobody sees, made visible."""

import unicodedata

#: Controls, format characters (bidirectional overrides, zero-width, tags), lone surrogates, line and paragraph marks.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def escaped(char: str) -> str:
    """The character as an escape sequence: \\x1b, \\u202e, \\U000e0001."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, *, keep: str = "") -> str:
    """The text with every control, format and bidirectional character shown as an escape, but those in ``keep``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in keep or unicodedata.category(char) not in _INVISIBLE else escaped(char) for char in text
    )

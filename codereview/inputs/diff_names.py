"""File names as diffs write them: quoted, prefixed with a/ and b/, followed by a time."""

import re

_DEV_NULL = "/dev/null"
#: Prefixes git gives the two sides of a diff; letters of one pair never stand on the same side.
_PREFIXES = frozenset({("a", "b"), ("i", "w"), ("c", "i"), ("c", "w"), ("o", "w"), ("o", "i"), ("1", "2")})
_PREFIXED = re.compile(r"^([abciow12])/(.+)$", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def header_name(text: str) -> str:
    """The name in the rest of a ``---``, ``+++`` or ``rename from`` line: unquoted, without a time after a tab."""
    quoted = _QUOTED.match(text)
    return unquote(quoted[0]) if quoted is not None else text.partition("\t")[0]


def unquote(quoted: str) -> str:
    """What a C-style quoted name stands for; bytes that are no UTF-8 come out as backslash escapes."""
    body = quoted[1:-1].encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(_unescaped, body).decode("utf-8", "backslashreplace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 0xFF]) if code[:1].isdigit() else _ESCAPES.get(code, code)


def git_header_names(rest: str) -> tuple[str, str] | None:
    """The two names of a ``diff --git`` line; None when they cannot be told apart.

    Names with spaces are not quoted there: without a quote the line is only read where both names are the same but
    for the prefix, which is so wherever git gives them nowhere else.
    """
    if rest.startswith('"') or rest.endswith('"'):
        return _quoted_pair(rest)
    middle = len(rest) // 2
    old, new = rest[:middle], rest[middle + 1 :]
    if len(rest) % 2 and rest[middle] == " " and _bare(old) == _bare(new):
        return old, new
    words = rest.split(" ")
    return (words[0], words[1]) if len(words) == 2 else None


def strip_prefixes(old: str, new: str) -> tuple[str | None, str | None]:
    """The names of both sides without git's prefixes, None for /dev/null."""
    old_match, new_match = _PREFIXED.match(old), _PREFIXED.match(new)
    if old_match is not None and new_match is not None:
        pair = (old_match[1], new_match[1])
        if pair in _PREFIXES or pair[::-1] in _PREFIXES:
            return old_match[2], new_match[2]
    if old == _DEV_NULL:
        return None, None if new == _DEV_NULL else new_match[2] if new_match is not None else new
    if new == _DEV_NULL:
        return old_match[2] if old_match is not None else old, None
    return old, new


def _quoted_pair(rest: str) -> tuple[str, str] | None:
    if rest.startswith('"'):
        match = _QUOTED.match(rest)
        return (unquote(match[0]), header_name(rest[match.end() + 1 :])) if match is not None else None
    start = rest.find(' "')
    return (rest[:start], unquote(rest[start + 1 :])) if start >= 0 else None


def _bare(name: str) -> str:
    match = _PREFIXED.match(name)
    return match[2] if match is not None else name

"""Predicates on how data stands in a sink's argument: whether it can do there what the rule is about."""

import re
from collections.abc import Callable

from codereview.analysers.dataflow.values import Value

_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//(?P<authority>[^/?#]*)(?P<rest>[/?#].*)?", re.IGNORECASE | re.DOTALL)
_SQL = re.compile(
    r"(?is)\b(select\b.*\bfrom\b|insert\s+into|update\b.*\bset\b|delete\s+from|drop\s+(table|database)|create\s+(table|user|database)"
    r"|alter\s+table|replace\s+into|truncate\s+table|union\s+select|where\b.*[=<>]|where\s+\w+\s+(in|like)|order\s+by|exec(ute)?\s+\w+"
    r"|\bfrom\s+\w+|grant\s+|use\s+|pragma\s+|call\s+\w+|set\s+\w+|show\s+|copy\s+|values\s*\()"
)
_TAG = re.compile(r"<\s*/?[a-zA-Z!][^<>]*>?")
_EVALUATED = frozenset({"$where", "$expr", "$function", "$accumulator", "$regex"})
_SHELLS = re.compile(r"(?i)(^|/|\\)(sh|bash|zsh|ksh|dash|cmd(\.exe)?|powershell(\.exe)?|pwsh)$")
_SHELL_FLAGS = frozenset({"-c", "/c", "/C", "-Command", "-command", "-lc", "-ic"})


def _prefix(value: Value) -> str:
    """The constant text the string begins with."""
    if value.parts:
        first = value.parts[0].single
        return first if isinstance(first, str) and not value.parts[0].flows else ""
    return ""


def constant_text(value: Value) -> str:
    """All constant text in the string, gaps as a blank."""
    if value.parts is None:
        return " ".join(value.texts())
    return " ".join(part.single if isinstance(part.single, str) else " " for part in value.parts)


def url_host(value: Value) -> bool:
    """The data can choose the host: no constant host and the beginning of a path stand before it."""
    prefix = _prefix(value)
    if not prefix:
        return not (value.parts and _ref_prefix(value))
    match = _URL.match(prefix)
    if match is None:
        return not re.match(r"^/[^/\\]|^\?|^#", prefix)
    return not match["authority"] or match["rest"] is None


def _ref_prefix(value: Value) -> bool:
    """The string begins with something that is not the attacker's (a setting), followed by a slash."""
    return value.parts is not None and len(value.parts) >= 2 and not value.parts[0].flows


def sql_text(value: Value) -> bool:
    """The argument reads like SQL, or is the data itself."""
    text = constant_text(value)
    return not text.strip() or _SQL.search(text) is not None


def sql_statement(value: Value) -> bool:
    """The argument certainly is SQL put together with data."""
    return _SQL.search(constant_text(value)) is not None


def html_text(value: Value) -> bool:
    """Markup put together with data."""
    return value.parts is not None and _TAG.search(constant_text(value)) is not None


def program(value: Value) -> bool:
    """The data chooses the program, or is what a shell is told to run."""
    if value.items is None or not value.items:
        return True
    items = value.items
    first = items[0]
    if first.deep:
        return True
    if any(_SHELLS.search(text) for text in first.texts()):
        flags = [text for item in items[1:3] for text in item.texts()]
        return any(flag in _SHELL_FLAGS or flag.startswith("-") for flag in flags)
    return False


def option(value: Value) -> bool:
    """The data stands where the program may take it for an option."""
    if value.items is None or len(value.items) < 2 or value.items[0].deep:
        return False
    seen_end = False
    for item in value.items[1:]:
        if item.single == "--":
            seen_end = True
        if item.deep and not seen_end and not _prefix(item):
            return True
    return False


def whole(value: Value) -> bool:
    """The data is the argument, or its beginning."""
    return not _prefix(value)


def template_text(value: Value) -> bool:
    """The data is part of the template's own text."""
    return not value.is_container


def not_container(value: Value) -> bool:
    """A text, not a structure that is serialised."""
    return not value.is_container and not value.ref.startswith("web.Response")


def filter_object(value: Value) -> bool:
    """The data is (part of) a query document as a whole, so that it may bring operators along."""
    if value.fields is None:
        return True
    for key, item in value.fields.items():
        if item.deep and key in _EVALUATED:
            return True
        # A field that is compared with an object of the client's is compared with whatever operator is in it.
        if key != "$eq" and item.fields is None and any(flow.origin.structured for flow in item.flows):
            return True
        if item.fields is not None and filter_object(item):
            return True
    return False


def url_built(value: Value) -> bool:
    """A URL whose host begins with the data."""
    return re.fullmatch(r"(?i)https?://", _prefix(value)) is not None


def headers(value: Value) -> bool:
    """The data stands in the head of a message, before the first empty line."""
    if value.parts is None:
        return False
    before = ""
    for part in value.parts:
        if part.flows:
            return True
        before += part.single if isinstance(part.single, str) else ""
        if "\r\n\r\n" in before or "\n\n" in before:
            return False
    return False


def composed(value: Value) -> bool:
    """Text put together of constants and data."""
    return value.parts is not None and any(part.texts() for part in value.parts)


SHAPES: dict[str, Callable[[Value], bool]] = {
    "composed": composed,
    "headers": headers,
    "url-built": url_built,
    "url-host": url_host,
    "sql-text": sql_text,
    "sql-statement": sql_statement,
    "html-text": html_text,
    "program": program,
    "option": option,
    "whole": whole,
    "template-text": template_text,
    "not-container": not_container,
    "filter-object": filter_object,
}

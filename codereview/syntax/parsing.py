"""Parsing with tree-sitter, bounded in time and size: any text gives a tree, with error nodes where the grammar
does not fit.
"""

import threading
import time
from collections.abc import Callable
from functools import cache

import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

#: Seconds one file may take to parse. A megabyte of ordinary code takes a fifth of a second; hostile code may not.
PARSE_TIMEOUT_S = 5.0
#: Bytes of the largest text that is parsed; above the default limit of one file.
MAX_BYTES = 2_000_000
#: Bytes handed to the parser at a time. A node's ``text`` is read the same way, so small is quick.
_CHUNK = 4096

_GRAMMARS: dict[str, Callable[[], object]] = {
    "go": tree_sitter_go.language,
    "java": tree_sitter_java.language,
    "javascript": tree_sitter_javascript.language,
    "python": tree_sitter_python.language,
    "tsx": tree_sitter_typescript.language_tsx,
    "typescript": tree_sitter_typescript.language_typescript,
}
#: The grammars there are, by name.
GRAMMARS: tuple[str, ...] = tuple(_GRAMMARS)

_local = threading.local()


class ParseTimeout(Exception):
    """The file is too large to parse, or took too long."""


def grammar_of(language: str, path: str = "") -> str | None:
    """The grammar for a language, None where there is none; .tsx files have their own."""
    if language == "typescript" and path.lower().endswith(".tsx"):
        return "tsx"
    return language if language in _GRAMMARS else None


@cache
def language(grammar: str) -> Language:
    """The grammar itself, for queries. Raises KeyError for an unknown one."""
    return Language(_GRAMMARS[grammar]())


def parse(text: str, grammar: str, *, timeout_s: float = PARSE_TIMEOUT_S) -> Tree:
    """The syntax tree of ``text``; its offsets count bytes of UTF-8, its rows from 0.

    Lone surrogates, which UTF-8 does not have, are parsed as question marks. Raises ParseTimeout, and KeyError for
    an unknown grammar.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise ParseTimeout(f"{len(data)} bytes are too many to parse; the limit is {MAX_BYTES}")
    parser = _parser(grammar)
    deadline = time.monotonic() + timeout_s
    try:
        return parser.parse(
            lambda offset, _point: data[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _has_error: time.monotonic() > deadline,
        )
    except ValueError as error:  # "Parsing failed": the progress callback asked for an end
        parser.reset()
        raise ParseTimeout(f"parsing took longer than {timeout_s:g} s") from error


def _parser(grammar: str) -> Parser:
    # A parser is not safe to share between threads.
    parsers: dict[str, Parser] | None = getattr(_local, "parsers", None)
    if parsers is None:
        parsers = _local.parsers = {}
    if grammar not in parsers:
        parsers[grammar] = Parser(language(grammar))
    return parsers[grammar]

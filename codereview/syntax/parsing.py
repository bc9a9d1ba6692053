"""Parsing with tree-sitter, bounded in time, size and memory: any text gives a tree, with error nodes where the
grammar does not fit.
"""

import threading
from collections.abc import Callable
from functools import cache

import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

from codereview.syntax.rehearsing import RehearsalFailed, Rehearsals

#: Seconds one file may take to parse. A megabyte of ordinary code takes a fifth of a second; hostile code may not.
PARSE_TIMEOUT_S = 5.0
#: Bytes of the largest text that is parsed; above the default limit of one file.
MAX_BYTES = 2_000_000
#: Bytes of address space in which a text must be parsed. A megabyte of ordinary code takes a third of it; some texts
#: that fit no grammar take memory by the square of their length, 150 MB for 6 KB.
MEMORY_BYTES = 320 * 1024 * 1024
#: Texts up to this many bytes are parsed without being tried out: at their worst they take some tenths of a second.
_HARMLESS = 2_000

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
_rehearsals = Rehearsals(
    [f"{make.__module__.removesuffix('._binding')}:{make.__name__}" for make in _GRAMMARS.values()],
    memory_bytes=MEMORY_BYTES,
)


class ParseTimeout(Exception):
    """The file is too large to parse, or took too long or too much memory."""


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
    if len(data) > _HARMLESS:
        try:
            _rehearsals.parse(GRAMMARS.index(grammar), data, timeout_s=timeout_s)
        except RehearsalFailed as error:
            raise ParseTimeout(str(error)) from error
    # Not by a callback, though that could be stopped: the parser never frees the texts it is given so.
    return parser.parse(data)


def _parser(grammar: str) -> Parser:
    # A parser is not safe to share between threads.
    parsers: dict[str, Parser] | None = getattr(_local, "parsers", None)
    if parsers is None:
        parsers = _local.parsers = {}
    if grammar not in parsers:
        parsers[grammar] = Parser(language(grammar))
    return parsers[grammar]

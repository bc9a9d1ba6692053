"""Guessing the language of code that came without a file name."""

import json
import re
from collections.abc import Iterator

from tree_sitter import Tree

from codereview.syntax.languages import language_of_shebang
from codereview.syntax.parsing import ParseTimeout, parse

#: Characters looked at; the head of a program tells as much as all of it.
_HEAD = 20_000
#: Grammars tried, the more usual language first: it wins a tie. Go and Java before TypeScript, which forgives more.
_TRIED = ("python", "javascript", "go", "java", "typescript")
#: Above this part of the text in errors no grammar fits.
_MAX_ERRORS = 0.2

#: What only this language begins with, or always contains.
_TELLTALES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("php", re.compile(r"^\s*<\?(?:php|=)", re.IGNORECASE)),
    ("xml", re.compile(r"^\s*<\?xml\b")),
    ("html", re.compile(r"^\s*<(?:!doctype\s+html|html|head|body|div|script|form)\b", re.IGNORECASE)),
    (
        "dockerfile",
        re.compile(r"^(?:[ \t]*(?:#[^\n]*|ARG[ \t][^\n]*)?\n)*FROM[ \t]+[^\s;]+(?:\s+AS\s+\w\S*)?[ \t]*(?:\n|$)"),
    ),
    ("c", re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]", re.MULTILINE)),
    ("rust", re.compile(r"^[ \t]*(?:pub(?:\([a-z]+\))?[ \t]+)?fn[ \t]+\w+[^\n]*[{,(][ \t]*$", re.MULTILINE)),
    (
        "sql",
        re.compile(r"^\s*(?:SELECT\s.+\sFROM|CREATE\s+TABLE|INSERT\s+INTO|ALTER\s+TABLE)\b", re.IGNORECASE | re.DOTALL),
    ),
    ("terraform", re.compile(r"^(?:resource|data)[ \t]+\"[\w-]+\"[ \t]+\"[\w-]+\"[ \t]*\{", re.MULTILINE)),
)
_YAML = re.compile(
    r"\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:---[ \t]*\n(?:[ \t]*#[^\n]*\n)*)?"
    r"[\w.-]+:(?:[ \t][^\n{;]*)?\n(?:[ \t]+[\w-]|- |[\w.-]+:)"
)


def guess_language(text: str) -> str:
    """The most likely language of ``text``; "" when nothing fits well."""
    head = _head(text)
    if not head.strip():
        return ""
    return language_of_shebang(head) or _by_telltale(head) or _by_grammar(head)


def _head(text: str) -> str:
    return text if len(text) <= _HEAD else text[:_HEAD].rpartition("\n")[0] or text[:_HEAD]


def _by_telltale(text: str) -> str:
    for language, pattern in _TELLTALES:
        if pattern.search(text):
            return language
    if text.lstrip()[:1] in ("{", "[") and _is_json(text):
        return "json"
    return "yaml" if _YAML.match(text) else ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _by_grammar(text: str) -> str:
    errors = {language: _error_part(text, language) for language in _TRIED}
    best = min(_TRIED, key=errors.__getitem__)
    return best if errors[best] <= _MAX_ERRORS else ""


def _error_part(text: str, grammar: str) -> float:
    """How much of the text, from 0 to 1, the grammar makes nothing of."""
    try:
        tree = parse(text, grammar, timeout_s=1.0)
    except ParseTimeout:
        return 1.0
    size = max(1, tree.root_node.end_byte - tree.root_node.start_byte)
    return min(1.0, sum(_errors(tree)) / size)


def _errors(tree: Tree) -> Iterator[int]:
    """Bytes of each outermost error; 1 for a token the parser had to make up."""
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node is not None and node.is_error:
            yield node.end_byte - node.start_byte
        elif node is not None and node.is_missing:
            yield 1
        elif node is not None and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return

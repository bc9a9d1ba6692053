"""Guessing the language of code that came without a file name."""

from collections.abc import Iterator

from tree_sitter import Tree

from codereview.syntax.languages import language_of_shebang
from codereview.syntax.parsing import ParseTimeout, parse
from codereview.syntax.telltales import by_telltale, head_of

#: Grammars tried, the more usual language first: it wins a tie. Go and Java before TypeScript, which forgives more.
_TRIED = ("python", "javascript", "go", "java", "typescript")
#: Above this part of the text in errors no grammar fits.
_MAX_ERRORS = 0.2


def guess_language(text: str) -> str:
    """The most likely language of ``text``; "" when nothing fits well."""
    head = head_of(text)
    if not head.strip():
        return ""
    return language_of_shebang(head) or by_telltale(head) or _by_grammar(head)


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

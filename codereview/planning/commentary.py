"""Lines on which nothing but commentary stands: what an author claims proves nothing about what the code does."""

from tree_sitter import Node

from codereview.domain.sources import SourceFile
from codereview.planning.suppression import is_comment
from codereview.syntax.outline import MAX_NODES
from codereview.syntax.parsing import ParseTimeout, grammar_of, parse


def commentary(file: SourceFile) -> frozenset[int]:
    """The lines (1-based) that hold comments or documentation and no code. In a language without a grammar, those
    that begin as a comment does."""
    grammar = grammar_of(file.language, file.path)
    if grammar is not None:
        try:
            return _told(parse(file.text, grammar).root_node)
        except ParseTimeout:
            pass  # as in a language that cannot be parsed
    return frozenset(number for number, line in enumerate(file.lines, 1) if is_comment(line, file.language))


def _told(root: Node) -> frozenset[int]:
    told: set[int] = set()
    code: set[int] = set()
    nodes = [root]
    for _ in range(MAX_NODES):
        if not nodes:
            break
        node = nodes.pop()
        rows = range(node.start_point[0] + 1, node.end_point[0] + 2)
        if node.type.endswith("comment") or _is_documentation(node):
            told.update(rows)
        elif node.child_count:
            nodes.extend(node.children)
        else:
            code.update(rows)
    return frozenset(told - code)


def _is_documentation(node: Node) -> bool:
    """Whether it is a string that nothing is done with."""
    return node.type == "expression_statement" and [child.type for child in node.children] == ["string"]

"""Patterns of ``case``."""

from collections.abc import Iterator

from tree_sitter import Node

from codereview.analysers.dataflow.lowering import named, text_of

_LITERALS = frozenset({"string", "concatenated_string", "integer", "float", "true", "false", "none", "unary_operator"})


def is_wildcard(pattern: Node) -> bool:
    """Whether it fits anything: ``_``, or a bare name."""
    children = list(named(pattern))
    if not children:
        return text_of(pattern).strip() == "_"
    return len(children) == 1 and children[0].type in ("dotted_name", "identifier") and "." not in text_of(children[0])


def literal_alternatives(pattern: Node) -> list[Node]:
    """The literals of ``'a'`` or ``'a' | 'b'``; none when it is any other pattern."""
    children = list(named(pattern))
    if len(children) != 1:
        return []
    inner = children[0]
    if inner.type in _LITERALS:
        return [inner]
    if inner.type == "dotted_name" and "." in text_of(inner):
        return [inner]
    if inner.type == "union_pattern":
        alternatives = list(named(inner))
        return alternatives if alternatives and all(part.type in _LITERALS for part in alternatives) else []
    return []


def captures(pattern: Node) -> Iterator[str]:
    """The names a pattern binds."""
    stack = [pattern]
    while stack:
        node = stack.pop()
        children = list(named(node))
        if node.type == "case_pattern" and len(children) == 1 and children[0].type in ("dotted_name", "identifier"):
            name = text_of(children[0])
            if "." not in name and name != "_":
                yield name
            continue
        if node.type in ("class_pattern", "keyword_pattern"):
            children = children[1:]  # the class's, or the attribute's name
        if node.type in ("as_pattern", "splat_pattern") and children and children[-1].type == "identifier":
            yield text_of(children.pop())
        stack.extend(children)

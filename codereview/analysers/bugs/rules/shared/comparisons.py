"""What the rules about comparisons share."""

import ast
from collections.abc import Iterator

EQUALITY = (ast.Eq, ast.NotEq)


ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def neighbours(node: ast.Compare) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr]]:
    """The single comparisons of a chain."""
    yield from zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)

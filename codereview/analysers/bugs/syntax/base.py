"""What every part of the builder stands on: one expression by a table, counted in depth."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tree_sitter import Node

from codereview.analysers.bugs.syntax.nodes import Opaque, at, parts
from codereview.analysers.bugs.syntax.targets import hoisted, stored

#: Nesting beyond this is not looked into: no person writes it, and every walk over the tree may then be recursive.
MAX_DEPTH = 90
LOAD = ast.Load()


class Base:
    """Makes `ast` expressions out of tree-sitter nodes. One per file."""

    #: What makes an expression of a kind of node; the first argument is the builder itself.
    handlers: ClassVar[Mapping[str, Callable[[Any, Node], ast.expr]]] = {}

    def __init__(self) -> None:
        self._depth = 0
        #: Whether something stood too deep.
        self.too_deep = False

    def expr(self, node: Node | None) -> ast.expr:
        """The expression at a node; `Opaque` where there is none to be had."""
        if node is None:
            return Opaque(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
        handler = self.handlers.get(node.type)
        if handler is None or node.is_missing:
            return at(Opaque(), node)
        if self._depth >= MAX_DEPTH:
            self.too_deep = True
            return at(Opaque(), node)
        self._depth += 1
        try:
            return handler(self, node)
        finally:
            self._depth -= 1

    def exprs(self, nodes: Sequence[Node]) -> list[ast.expr]:
        """Several of them."""
        return [self.expr(node) for node in nodes]

    def parts_of(self, node: Node) -> list[ast.expr]:
        """The expressions a node consists of."""
        return [hoisted(self.expr(part)) for part in parts(node)]

    def only(self, node: Node) -> ast.expr:
        """The expression a node wraps."""
        inner = parts(node)
        return self.expr(inner[0] if inner else None)

    def target(self, node: Node | None) -> ast.expr:
        """An expression that is assigned to."""
        return stored(self.expr(node), ast.Store())

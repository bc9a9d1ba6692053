"""Attributes, subscripts and calls."""

import ast
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import LOAD, Base
from codereview.analysers.bugs.syntax.nodes import Opaque, at, field_text, parts


class Accesses(Base):
    """Makes expressions of something that belongs to another."""

    def _attribute(self, node: Node) -> ast.expr:
        value = self.expr(node.child_by_field_name("object"))
        return at(ast.Attribute(value=value, attr=field_text(node, "attribute"), ctx=LOAD), node)

    def _subscript(self, node: Node) -> ast.expr:
        value = self.expr(node.child_by_field_name("value"))
        items = node.children_by_field_name("subscript")
        indices = self.exprs(items)
        comma = any(child.type == "," for child in node.children)
        index: ast.expr = indices[0] if indices and not comma else Opaque()
        if comma and indices:
            index = at(ast.Tuple(elts=indices, ctx=LOAD), items[0], items[-1])
        return at(ast.Subscript(value=value, slice=index, ctx=LOAD), node)

    def _slice(self, node: Node) -> ast.expr:
        found: list[ast.expr | None] = [None, None, None]
        place = 0
        for child in node.children:
            if child.type == ":":
                place = min(place + 1, 2)
            elif child.is_named and child.type != "comment":
                found[place] = self.expr(child)
        return at(ast.Slice(lower=found[0], upper=found[1], step=found[2]), node)

    def _call(self, node: Node) -> ast.expr:
        function = self.expr(node.child_by_field_name("function"))
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and arguments.type == "generator_expression":
            return at(ast.Call(func=function, args=[self.expr(arguments)], keywords=[]), node)
        args, keywords = self.arguments(arguments)
        return at(ast.Call(func=function, args=args, keywords=keywords), node)

    def arguments(self, node: Node | None) -> tuple[list[ast.expr], list[ast.keyword]]:
        """Positional and keyword arguments of a call, or bases and keywords of a class."""
        args: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for part in parts(node) if node is not None else ():
            if part.type == "keyword_argument":
                name, value = field_text(part, "name"), self.expr(part.child_by_field_name("value"))
                keywords.append(at(ast.keyword(arg=name, value=value), part))
            elif part.type == "dictionary_splat":
                keywords.append(at(ast.keyword(arg=None, value=self.only(part)), part))
            else:
                args.append(self.expr(part))
        return args, keywords


ACCESSES: dict[str, Callable[[Accesses, Node], ast.expr]] = {
    "attribute": Accesses._attribute,
    "subscript": Accesses._subscript,
    "slice": Accesses._slice,
    "call": Accesses._call,
}

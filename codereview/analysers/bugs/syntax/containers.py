"""Displays of lists, tuples, sets and dictionaries, and comprehensions."""

import ast
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import LOAD, Base
from codereview.analysers.bugs.syntax.nodes import Opaque, at, parts

_COMPREHENSIONS: dict[str, type[ast.ListComp] | type[ast.SetComp] | type[ast.GeneratorExp]] = {
    "list_comprehension": ast.ListComp,
    "set_comprehension": ast.SetComp,
    "generator_expression": ast.GeneratorExp,
}


class Containers(Base):
    """Makes expressions of several elements."""

    def _starred(self, node: Node) -> ast.expr:
        return at(ast.Starred(value=self.only(node), ctx=LOAD), node)

    def _tuple(self, node: Node) -> ast.expr:
        return at(ast.Tuple(elts=self.parts_of(node), ctx=LOAD), node)

    def _list(self, node: Node) -> ast.expr:
        return at(ast.List(elts=self.parts_of(node), ctx=LOAD), node)

    def _set(self, node: Node) -> ast.expr:
        return at(ast.Set(elts=self.parts_of(node)), node)

    def _dict(self, node: Node) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for part in parts(node):
            if part.type == "pair":
                keys.append(self.expr(part.child_by_field_name("key")))
                values.append(self.expr(part.child_by_field_name("value")))
            else:
                keys.append(None)
                values.append(self.only(part))
        return at(ast.Dict(keys=keys, values=values), node)

    def _comprehension(self, node: Node) -> ast.expr:
        body = node.child_by_field_name("body")
        generators: list[ast.comprehension] = []
        for part in parts(node):
            if part.type == "for_in_clause":
                target = self.target(part.child_by_field_name("left"))
                sources = part.children_by_field_name("right")
                source = self.expr(sources[0]) if sources else self.expr(None)
                asynchronous = int(part.children[0].type == "async")
                generators.append(
                    ast.comprehension(target=target, iter=source, ifs=[], is_async=asynchronous),
                )
            elif part.type == "if_clause" and generators:
                generators[-1].ifs.append(self.only(part))
        if node.type == "dictionary_comprehension":
            if body is None or body.type != "pair":
                return at(Opaque(), node)
            key, value = self.expr(body.child_by_field_name("key")), self.expr(body.child_by_field_name("value"))
            return at(ast.DictComp(key=key, value=value, generators=generators), node)
        kind = _COMPREHENSIONS[node.type]
        return at(kind(elt=self.expr(body), generators=generators), node)


CONTAINERS: dict[str, Callable[[Containers, Node], ast.expr]] = {
    "list_splat": Containers._starred,
    "list_splat_pattern": Containers._starred,
    "splat_type": Containers._starred,
    "tuple": Containers._tuple,
    "tuple_pattern": Containers._tuple,
    "pattern_list": Containers._tuple,
    "expression_list": Containers._tuple,
    "list": Containers._list,
    "list_pattern": Containers._list,
    "set": Containers._set,
    "dictionary": Containers._dict,
    "list_comprehension": Containers._comprehension,
    "set_comprehension": Containers._comprehension,
    "generator_expression": Containers._comprehension,
    "dictionary_comprehension": Containers._comprehension,
}

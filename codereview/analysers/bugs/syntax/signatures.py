"""Parameters and annotations."""

import ast
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import LOAD, Base
from codereview.analysers.bugs.syntax.nodes import Opaque, at, parts, text_of

_STARS = ("list_splat_pattern", "dictionary_splat_pattern")


class Signatures(Base):
    """Makes parameter lists, the lambdas that have one, and type expressions."""

    def parameters(self, node: Node | None) -> ast.arguments:
        """The parameters of a function or lambda."""
        result = ast.arguments(
            posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
        )
        keyword_only = False
        for part in parts(node) if node is not None else ():
            if part.type == "positional_separator":
                result.posonlyargs, result.args = result.args, []
            elif part.type == "keyword_separator":
                keyword_only = True
            else:
                keyword_only |= self._parameter(part, result, keyword_only)
        return result

    def _parameter(self, node: Node, into: ast.arguments, keyword_only: bool) -> bool:
        """Adds a parameter; whether it was ``*args``, after which all are keyword-only."""
        kind, name, default = node.type, node.child_by_field_name("name"), node.child_by_field_name("value")
        if kind in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
            inner = parts(node)
            name = inner[0] if inner else node
        elif name is None:
            name = node
        star = name.type if name.type in _STARS else kind
        if name.type in _STARS:
            inner = parts(name)
            name = inner[0] if inner else name
        argument = at(ast.arg(arg=text_of(name), annotation=self.annotation(node.child_by_field_name("type"))), node)
        if star == "list_splat_pattern":
            into.vararg = argument
        elif star == "dictionary_splat_pattern":
            into.kwarg = argument
        elif keyword_only:
            into.kwonlyargs.append(argument)
            into.kw_defaults.append(self.expr(default) if default is not None else None)
        else:
            into.args.append(argument)
            if default is not None:
                into.defaults.append(self.expr(default))
        return star == "list_splat_pattern"

    def _lambda(self, node: Node) -> ast.expr:
        args = self.parameters(node.child_by_field_name("parameters"))
        return at(ast.Lambda(args=args, body=self.expr(node.child_by_field_name("body"))), node)

    def annotation(self, node: Node | None) -> ast.expr | None:
        """A type expression; what only types have (``*Ts``, generic types) is put back into its general form."""
        if node is None:
            return None
        if node.type != "type":
            return self.expr(node)
        inner = parts(node)
        return self.annotation(inner[0]) if len(inner) == 1 else at(Opaque(), node)

    def _type(self, node: Node) -> ast.expr:
        return self.annotation(node) or at(Opaque(), node)

    def _generic(self, node: Node) -> ast.expr:
        head, *rest = parts(node)
        items = [item for group in rest for item in parts(group)]
        if not items:
            return at(Opaque(), node)
        indices = self.exprs(items)
        # Even "X[int,]" has one index only when there is no comma.
        comma = any(child.type == "," for group in rest for child in group.children)
        index = at(ast.Tuple(elts=indices, ctx=LOAD), items[0], items[-1]) if comma else indices[0]
        return at(ast.Subscript(value=self.expr(head), slice=index, ctx=LOAD), node)

    def _union(self, node: Node) -> ast.expr:
        operands = self.parts_of(node)
        if len(operands) != 2:
            return at(Opaque(), node)
        return at(ast.BinOp(left=operands[0], op=ast.BitOr(), right=operands[1]), node)

    def _member(self, node: Node) -> ast.expr:
        first, *rest = parts(node)
        if len(rest) != 1:
            return at(Opaque(), node)
        return at(ast.Attribute(value=self.expr(first), attr=text_of(rest[0]), ctx=LOAD), node)


SIGNATURES: dict[str, Callable[[Signatures, Node], ast.expr]] = {
    "lambda": Signatures._lambda,
    "type": Signatures._type,
    "generic_type": Signatures._generic,
    "union_type": Signatures._union,
    "member_type": Signatures._member,
}

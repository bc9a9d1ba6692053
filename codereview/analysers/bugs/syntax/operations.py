"""Operators, conditions, and what is awaited, yielded or named on the way."""

import ast
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import MAX_DEPTH, Base
from codereview.analysers.bugs.syntax.nodes import Opaque, at, parts

OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "@": ast.MatMult,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<>": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "is": ast.Is,
    "is not": ast.IsNot,
    "in": ast.In,
    "not in": ast.NotIn,
}
_UNARY: dict[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert}


class Operations(Base):
    """Makes expressions of an operator."""

    def _binary(self, node: Node) -> ast.expr:
        """Left operands are followed by a loop: long sums are common, and nest as deep as they are long."""
        chain = [node]
        while (left := chain[-1].child_by_field_name("left")) is not None and left.type == "binary_operator":
            chain.append(left)
        if len(chain) > MAX_DEPTH:
            self.too_deep = True
            del chain[MAX_DEPTH:]
            result: ast.expr = at(Opaque(), chain[-1])
        else:
            result = self.expr(chain[-1].child_by_field_name("left"))
        for link in reversed(chain):
            symbol = link.child_by_field_name("operator")
            operator = OPERATORS.get(symbol.type if symbol is not None else "")
            right = self.expr(link.child_by_field_name("right"))
            result = at(ast.BinOp(left=result, op=operator(), right=right) if operator else Opaque(), link)
        return result

    def _boolean(self, node: Node) -> ast.expr:
        symbol = node.child_by_field_name("operator")
        kind = symbol.type if symbol is not None else "and"
        operands: list[Node | None] = []
        current: Node | None = node
        while current is not None and current.type == "boolean_operator" and _operator(current) == kind:
            operands.append(current.child_by_field_name("right"))
            current = current.child_by_field_name("left")
        operands.append(current)
        values = [self.expr(operand) for operand in reversed(operands)]
        return at(ast.BoolOp(op=ast.And() if kind == "and" else ast.Or(), values=values), node)

    def _unary(self, node: Node) -> ast.expr:
        operand = self.expr(node.child_by_field_name("argument"))
        symbol = node.child_by_field_name("operator")
        operator = _UNARY.get(symbol.type, ast.Not) if symbol is not None else ast.Not
        return at(ast.UnaryOp(op=operator(), operand=operand), node)

    def _comparison(self, node: Node) -> ast.expr:
        operands = self.parts_of(node)
        ops = [_COMPARISONS.get(symbol.type) for symbol in node.children_by_field_name("operators")]
        if len(operands) != len(ops) + 1 or None in ops:
            return at(Opaque(), node)
        left, *comparators = operands
        return at(ast.Compare(left=left, ops=[op() for op in ops if op], comparators=comparators), node)

    def _conditional(self, node: Node) -> ast.expr:
        operands = self.parts_of(node)
        if len(operands) != 3:
            return at(Opaque(), node)
        body, test, orelse = operands
        return at(ast.IfExp(test=test, body=body, orelse=orelse), node)

    def _named(self, node: Node) -> ast.expr:
        target = self.target(node.child_by_field_name("name"))
        value = self.expr(node.child_by_field_name("value"))
        if not isinstance(target, ast.Name):
            return at(Opaque(), node)
        return at(ast.NamedExpr(target=target, value=value), node)

    def _await(self, node: Node) -> ast.expr:
        return at(ast.Await(value=self.only(node)), node)

    def _yield(self, node: Node) -> ast.expr:
        inner = parts(node)
        if any(child.type == "from" for child in node.children):
            return at(ast.YieldFrom(value=self.expr(inner[0] if inner else None)), node)
        return at(ast.Yield(value=self.expr(inner[0]) if inner else None), node)

    def _parenthesised(self, node: Node) -> ast.expr:
        inner = parts(node)
        return self.expr(inner[0]) if len(inner) == 1 else at(Opaque(), node)


def _operator(node: Node) -> str:
    symbol = node.child_by_field_name("operator")
    return symbol.type if symbol is not None else ""


OPERATIONS: dict[str, Callable[[Operations, Node], ast.expr]] = {
    "binary_operator": Operations._binary,
    "boolean_operator": Operations._boolean,
    "not_operator": Operations._unary,
    "unary_operator": Operations._unary,
    "comparison_operator": Operations._comparison,
    "conditional_expression": Operations._conditional,
    "named_expression": Operations._named,
    "await": Operations._await,
    "yield": Operations._yield,
    "parenthesized_expression": Operations._parenthesised,
    "parenthesized_list_splat": Operations._parenthesised,
}

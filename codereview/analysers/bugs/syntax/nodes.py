"""The nodes that `ast` of the oldest supported Python does not have, and how a node gets its place."""

import ast
from typing import TypeVar

from tree_sitter import Node

N = TypeVar("N", bound=ast.AST)


class Opaque(ast.expr):
    """An expression that was not understood, or stands too deep: nothing is known of its value."""


class Unparsed(ast.stmt):
    """A statement the grammar does not fit."""


class TemplateStr(ast.expr):
    """A t-string; its parts are those of a JoinedStr."""

    _fields = ("values",)
    values: list[ast.expr]


class TypeAlias(ast.stmt):
    """``type name = value``; the value is only evaluated on demand."""

    _fields = ("name", "value")
    name: ast.expr
    value: ast.expr


def at(node: N, first: Node, last: Node | None = None) -> N:
    """The node with the place of ``first`` (to the end of ``last``): lines from 1, columns in bytes from 0."""
    row, column = first.start_point
    end_row, end_column = (last or first).end_point
    located: ast.expr = node  # type: ignore[assignment]  # every kind with a place has these four
    located.lineno = row + 1
    located.col_offset = column
    located.end_lineno = end_row + 1
    located.end_col_offset = end_column
    return node


def type_parameters(node: ast.AST) -> tuple[str, ...]:
    """Names of the type parameters of a function, class or type alias (PEP 695)."""
    names: tuple[str, ...] = getattr(node, "type_parameter_names", ())
    return names


def parts(node: Node) -> list[Node]:
    """The named children without comments and line continuations."""
    return [child for child in node.named_children if child.type not in ("comment", "line_continuation")]


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def field_text(node: Node, field: str) -> str:
    """The source text of a field, "" when there is none."""
    child = node.child_by_field_name(field)
    return text_of(child) if child is not None else ""

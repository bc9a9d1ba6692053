"""Every node below others, whatever its kind."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from codereview.analysers.dataflow.ir.expressions import Clause, Expr
from codereview.analysers.dataflow.ir.statements import Case, Class, Function, Handler, Param, Stmt

_NODES = (Expr, Stmt, Clause, Case, Class, Function, Handler, Param)


def walk(roots: Iterable[object]) -> Iterator[object]:
    """The nodes and all below them, in no particular order. Recurses nowhere, however deep they are nested."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, _NODES):
            yield node
            stack.extend(getattr(node, each.name) for each in fields(node))

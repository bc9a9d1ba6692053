"""Walks over parts of a tree."""

import ast
from collections.abc import Iterator, Sequence

from codereview.analysers.bugs.model.scopes import BARE, COMPREHENSIONS, FUNCTIONS, FunctionNode

#: Where a node keeps what is inside it.
_OWN = "codereview_own_nodes"
_NESTED = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
_NESTED_KINDS = frozenset(_NESTED)


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The direct children, in source order; not operators and contexts."""
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            for item in value:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST) and value.__class__ not in BARE:
            yield value


def own_nodes(node: ast.AST) -> list[ast.AST]:
    """Everything inside a function or class that runs with it: nothing inside nested functions and classes.

    The nested definitions themselves are there, without what is in them. Many rules ask, so the node remembers it.
    """
    known: list[ast.AST] | None = vars(node).get(_OWN)
    if known is None:
        body = getattr(node, "body", [])
        known = vars(node)[_OWN] = list(inside(body if isinstance(body, list) else [body]))
    return known


def inside(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and everything below them that is evaluated with them, nested functions and classes left out."""
    stack: list[ast.AST] = list(reversed(nodes))
    while stack:
        current = stack.pop()
        yield current
        if current.__class__ not in _NESTED_KINDS and current._fields:
            below = list(children(current))
            below.reverse()
            stack += below


def is_generator(function: FunctionNode) -> bool:
    """Whether a call gives a generator."""
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _outside_comprehensions(function))


def _outside_comprehensions(function: FunctionNode) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(function.body)
    while stack:
        current = stack.pop()
        yield current
        if not isinstance(current, (*_NESTED, *COMPREHENSIONS)):
            stack.extend(children(current))


def same(left: ast.AST, right: ast.AST) -> bool:
    """Whether two expressions or statements are written alike: positions and contexts aside."""
    stack: list[tuple[object, object]] = [(left, right)]
    while stack:
        a, b = stack.pop()
        if isinstance(a, ast.expr_context):
            continue
        if a.__class__ is not b.__class__:
            return False
        if isinstance(a, ast.AST):
            if not a._fields and isinstance(a, ast.expr | ast.stmt) and not isinstance(a, _EMPTY):
                return False  # not understood: nothing is known to be alike
            stack.extend((getattr(a, name, None), getattr(b, name, None)) for name in a._fields)
        elif isinstance(a, list):
            if not isinstance(b, list) or len(a) != len(b):
                return False
            stack.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True


_EMPTY = (ast.Pass, ast.Break, ast.Continue)


def alike(left: Sequence[ast.AST], right: Sequence[ast.AST]) -> bool:
    """Whether two runs of statements are written alike."""
    return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))


def has_effect(node: ast.expr) -> bool:
    """Whether evaluating it twice may differ from evaluating it once: it calls, awaits, yields or assigns."""
    effects = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    return any(isinstance(part, effects) or not part._fields for part in ast.walk(node) if isinstance(part, ast.expr))


def names_in(node: ast.AST) -> set[str]:
    """Identifiers of all names inside."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def body_without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The statements after the docstring."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return body[1:]
        case _:
            return body


def dotted(node: ast.expr) -> str:
    """ "a.b.c" for a chain of attributes that begins with a name, else ""."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(attributes)]) if isinstance(node, ast.Name) else ""

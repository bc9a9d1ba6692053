"""What the rules about functions share."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.walking import own_nodes

MUTATORS = frozenset(
    [
        "append",
        "extend",
        "update",
        "add",
        "pop",
        "setdefault",
        "clear",
        "insert",
        "remove",
        "sort",
        "discard",
        "popitem",
        "appendleft",
    ]
)


def mutated(default: ast.expr, function: FunctionNode | ast.Lambda, ctx: Context) -> bool:
    """Whether the function changes the parameter that has this default."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = dict(zip(map(id, arguments.defaults), plain[len(plain) - len(arguments.defaults) :], strict=True))
    pairs |= {id(d): a for d, a in zip(arguments.kw_defaults, arguments.kwonlyargs, strict=False)}
    parameter = pairs.get(id(default))
    return parameter is not None and any(mutates(part, parameter.arg, ctx) for part in own_nodes(function))


def mutates(part: ast.AST, name: str, ctx: Context) -> bool:
    """Whether a node is a use of the name that changes its value in place."""
    if not isinstance(part, ast.Name) or part.id != name:
        return False
    parent = ctx.parent(part)
    if isinstance(parent, ast.Subscript):
        return parent.value is part and not isinstance(parent.ctx, ast.Load)
    return isinstance(parent, ast.Attribute) and parent.attr in MUTATORS

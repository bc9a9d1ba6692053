"""What the rules about classes share."""

import ast
from collections.abc import Iterator

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode


def methods_of(node: ast.ClassDef) -> list[FunctionNode]:
    """The functions that stand directly in a class body."""
    return [item for item in node.body if isinstance(item, FUNCTIONS)]


def plain_methods(node: ast.ClassDef, ctx: Context) -> Iterator[tuple[FunctionNode, str]]:
    """The methods of a class whose decorators are understood, with their kind."""
    for method in methods_of(node):
        function = ctx.method(method)
        accessor = any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in method.decorator_list)
        names = [] if accessor else ctx.decorators(method)
        if "" not in names and (function.transparent or all(n in HARMLESS for n in names)):
            yield method, function.kind


HARMLESS = frozenset(
    {"contextlib.contextmanager", "contextlib.asynccontextmanager", "typing.overload", "functools.wraps()"}
)


def used_by_name(method: FunctionNode, ctx: Context) -> bool:
    """Whether the class body itself calls or hands on the function."""
    owner = ctx.parent(method)
    others = [item for item in getattr(owner, "body", []) if item is not method]
    return any(isinstance(n, ast.Name) and n.id == method.name for item in others for n in class_level_names(item))


def class_level_names(item: ast.AST) -> list[ast.AST]:
    """What a statement of a class body evaluates while the class is made."""
    if isinstance(item, FUNCTIONS):
        return [n for d in item.decorator_list for n in ast.walk(d)]
    return list(ast.walk(item)) if isinstance(item, ast.Assign | ast.Expr | ast.AnnAssign) else []

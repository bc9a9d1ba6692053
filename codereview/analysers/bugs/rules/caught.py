"""What is done with an exception that was caught."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.stdlib import catalog

EXCEPTION_ATTRIBUTE = define(
    "exception-attribute",
    "Attribute or item that exceptions do not have",
    severity=HIGH,
    confidence=SURE,
    description="Exceptions have had no `message` and no items since Python 3: their arguments are in `args`.",
    scenario="The handler itself fails with AttributeError or TypeError and hides the error it was to report.",
    fix="Use str(error), or error.args[0].",
    valid=(
        "try:\n    f()\nexcept ValueError as e:\n    print(e.args[0])\n",
        (
            "class E(Exception):\n    def __init__(self, message):\n        self.message = message\n\n\n"
            "try:\n    f()\nexcept E as e:\n    print(e.message)\n"
        ),
        "try:\n    f()\nexcept ValueError as e:\n    print(e.message if hasattr(e, 'message') else e)\n",
    ),
    invalid=(
        "try:\n    f()\nexcept ValueError as e:\n    print(e.message)\n",
        "try:\n    f()\nexcept (KeyError, ValueError) as e:\n    print(e[0])\n",
    ),
)


def _handler(node: ast.ExceptHandler, ctx: Context) -> None:
    if node.name is None or not _only_built_in(node.type, ctx):
        return
    parts = [part for statement in node.body for part in ast.walk(statement)]
    asked = any(isinstance(p, ast.Name) and p.id in ("hasattr", "isinstance", "getattr") for p in parts)
    rebound = any(isinstance(p, ast.Name) and p.id == node.name and isinstance(p.ctx, ast.Store) for p in parts)
    if asked or rebound:
        return
    for part in parts:
        if not isinstance(part, ast.Attribute | ast.Subscript) or getattr(part.value, "id", "") != node.name:
            continue
        message = isinstance(part, ast.Attribute) and part.attr == "message"
        if message and "message" in ctx.project.stored_attributes:
            continue
        if (message or isinstance(part, ast.Subscript)) and not ctx.in_try(part, "AttributeError", "TypeError"):
            ctx.report(EXCEPTION_ATTRIBUTE, part, "A built-in exception has none.")


def _only_built_in(kinds: ast.expr | None, ctx: Context) -> bool:
    elements = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds] if kinds is not None else []
    names = [ctx.qualified(element) for element in elements]
    return bool(names) and all(name.startswith("builtins.") and catalog.klass(name) is not None for name in names)


RULES = (EXCEPTION_ATTRIBUTE,)
CHECKS = (on(ast.ExceptHandler, _handler),)

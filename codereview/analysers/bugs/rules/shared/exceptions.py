"""What the rules about exceptions share."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class


def exception_class(node: ast.expr, ctx: Context) -> Class | None:
    """The class an expression names."""
    value = ctx.value(node)
    return value.cls if value is not None and value.kind == "class" else None


def is_exception(cls: Class) -> bool:
    """Whether it is, or may be, an exception class."""
    return not cls.known or cls.is_a("builtins.BaseException")

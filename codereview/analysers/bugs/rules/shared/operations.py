"""What the rules about operations share."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Value
from codereview.domain.rules import Rule


def lacks(value: Value | None, *methods: str) -> bool:
    """Whether the value certainly has none of these methods."""
    if value is None or value.name == "self":
        return False
    if value.kind == "instance" and value.cls is not None:
        return value.cls.lacks(*methods)
    if value.kind == "class" and value.cls is not None:
        return value.cls.plain and value.cls.metaclass == "" and not any(value.cls.is_a(n) for n in ("enum.Enum",))
    return value.kind in ("function", "module")


def report(rule: Rule, node: ast.AST, ctx: Context, message: str) -> None:
    """Report, unless the code expects the failure."""
    if not ctx.in_try(node, "TypeError", "AttributeError", "ValueError") and not ctx.expects_error(node):
        ctx.report(rule, node, message)


def describe(value: Value | None) -> str:
    """What it is, for a message."""
    if value is None:
        return "this"
    if value.kind == "function" and value.function is not None:
        return f"the function {value.function.name}"
    if value.kind == "module":
        return f"the module {value.name}"
    name = value.cls.name if value.cls is not None else "object"
    return "None" if value.is_none else f"the class {name}" if value.kind == "class" else f"a {name}"

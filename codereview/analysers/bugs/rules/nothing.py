"""Use of a value in the branch in which it is None."""

import ast
from collections.abc import Sequence

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.walking import inside, same
from codereview.analysers.bugs.rule import HIGH, SURE, define, on

USED_AS_NONE = define(
    "used-where-none",
    "Use of a value where it is None",
    severity=HIGH,
    confidence=SURE,
    cwe=476,
    description="The branch runs only when the value is None, and uses an attribute or an item of it all the same.",
    scenario="AttributeError or TypeError each time the branch is taken, often in place of the message it should give.",
    fix="Turn the condition round, or use the value that was meant.",
    valid=(
        "def f(x):\n    if x is None:\n        x = g()\n        x.run()\n",
        "def f(x):\n    if x is not None:\n        return x.name\n",
        "def f(x):\n    return x is None or x.name\n",
    ),
    invalid=(
        "def f(x):\n    if x is None:\n        print(x.name)\n",
        "def f(x):\n    if x is not None:\n        return 1\n    else:\n        return x[0]\n",
        "def f(x):\n    return x is None and x.name\n",
        "def f(x):\n    return x.name if x is None else 1\n",
    ),
)


def _nothing(test: ast.expr) -> tuple[ast.expr, bool] | None:
    """The value a test is about, and whether it is None when the test is true."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]):
            return left, True
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None)]):
            return left, False
        case _:
            return None


def _is_local(subject: ast.expr, ctx: Context) -> bool:
    if not isinstance(subject, ast.Name) or subject.id in ctx.index.shared:
        return False
    found = ctx.index.scope_of_name[subject].resolve(subject.id)
    return found is not None and found[0].is_function


def _if(node: ast.If, ctx: Context) -> None:
    known = _nothing(node.test)
    if known is None or not _is_local(known[0], ctx):
        return
    _look(node.body if known[1] else node.orelse, known[0], ctx)


def _look(block: Sequence[ast.stmt], subject: ast.expr, ctx: Context) -> None:
    for statement in block:
        parts = list(inside([statement]))
        if any(isinstance(p, ast.Name) and same(p, subject) and not isinstance(p.ctx, ast.Load) for p in parts):
            return
        if _use(parts, subject, ctx) or isinstance(statement, ast.Try):
            return


def _use(parts: Sequence[ast.AST], subject: ast.expr, ctx: Context) -> bool:
    if any(_nothing(p) for p in parts if isinstance(p, ast.Compare)) or ctx.is_test:
        return True  # asked again: what is known there is another question
    for part in parts:
        used = isinstance(part, ast.Attribute | ast.Subscript) and same(part.value, subject)
        if used and not (isinstance(part, ast.Attribute) and hasattr(None, part.attr)):
            if not ctx.in_try(part, "AttributeError", "TypeError"):
                ctx.report(USED_AS_NONE, part, f"'{ast.unparse(subject)}' is None here.")
            return True
    return False


def _operands(node: ast.BoolOp, ctx: Context) -> None:
    for first, second in zip(node.values, node.values[1:], strict=False):
        known = _nothing(first)
        if known is not None and _is_local(known[0], ctx) and known[1] == isinstance(node.op, ast.And):
            _use(list(inside([second])), known[0], ctx)


def _conditional(node: ast.IfExp, ctx: Context) -> None:
    known = _nothing(node.test)
    if known is not None and _is_local(known[0], ctx):
        _use(list(inside([node.body if known[1] else node.orelse])), known[0], ctx)


RULES = (USED_AS_NONE,)
CHECKS = (on(ast.If, _if), on(ast.BoolOp, _operands), on(ast.IfExp, _conditional))

"""Arithmetic that fails whatever the values."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import Kind
from codereview.analysers.bugs.rule import HIGH, SURE, define, on

DIVISION_BY_ZERO = define(
    "division-by-zero",
    "Division by zero",
    severity=HIGH,
    confidence=SURE,
    cwe=369,
    description="The divisor is zero: written so, or a local name that is set to zero once and never again.",
    scenario="ZeroDivisionError whenever the line is reached.",
    fix="Divide by what was meant, or treat the empty case first.",
    valid=(
        "def f(x, n):\n    return x / n\n",
        "def f(xs):\n    n = 0\n    for _ in xs:\n        n += 1\n    return sum(xs) / n\n",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\n",
        "'%d' % 0\n",
    ),
    invalid=(
        "def f(x):\n    return x / 0\n",
        "def f(x):\n    return x % 0\n",
        "def f(xs):\n    n = 0\n    return sum(xs) / n\n",
        "def f(x):\n    x //= 0\n",
    ),
)


def _division(node: ast.BinOp | ast.AugAssign, ctx: Context) -> None:
    if not isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
        return
    left, right = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
    if not _is_zero(right, ctx) or ctx.is_test or ctx.expects_error(node):
        return
    dividend = ctx.value(left)
    formatted = dividend is not None and dividend.instance_of("builtins.str", "builtins.bytes")
    operator_of_its_own = dividend is not None and dividend.cls is not None and dividend.cls.node is not None
    if not formatted and not operator_of_its_own and not ctx.in_try(node, "ZeroDivisionError", "ArithmeticError"):
        ctx.report(DIVISION_BY_ZERO, node, "The divisor is zero.")


def _is_zero(node: ast.expr, ctx: Context) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool) and node.value == 0
    if not isinstance(node, ast.Name) or node.id in ctx.index.shared:
        return False
    found = ctx.index.scope_of_name[node].resolve(node.id)
    if found is None or len(found[1]) != 1 or not found[0].is_function:
        return False
    binding = found[1][0]
    return binding.kind is Kind.ASSIGNED and isinstance(binding.value, ast.Constant) and _is_zero(binding.value, ctx)


RULES = (DIVISION_BY_ZERO,)
CHECKS = (on(ast.BinOp, _division), on(ast.AugAssign, _division))

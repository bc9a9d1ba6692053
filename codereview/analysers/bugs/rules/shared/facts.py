"""What a comparison with a constant says about a value."""

import ast

from codereview.analysers.bugs.model.walking import has_effect, same

#: What is compared, how, and with which constant.
Fact = tuple[ast.expr, ast.cmpop, object]


def fact(node: ast.expr) -> Fact | None:
    """A comparison of an expression without side effects with a constant, the constant on the right."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=value)]) if not has_effect(left):
            return left, op, value
        case ast.Compare(
            left=left,
            ops=[op],
            comparators=[ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value))],
        ) if not has_effect(left):
            return left, op, -value
        case ast.Compare(left=ast.Constant(value=value), ops=[op], comparators=[right]) if not has_effect(right):
            flipped = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}.get(type(op), type(op))
            return right, flipped(), value
        case _:
            return None


def excludes(op: ast.cmpop, a: object, other: ast.cmpop, b: object, *, conjunction: bool) -> bool:
    """Whether two comparisons of the same are never both true (``conjunction``), or never both false."""
    equal = type(a) is type(b) and a == b
    if isinstance(op, ast.Eq) and isinstance(other, ast.Eq):
        return conjunction and not equal and type(a) is type(b)
    if isinstance(op, ast.NotEq) and isinstance(other, ast.NotEq):
        return not conjunction and not equal and type(a) is type(b)
    if (isinstance(op, ast.Is) and isinstance(other, ast.IsNot)) or (
        isinstance(op, ast.IsNot) and isinstance(other, ast.Is)
    ):
        return equal
    if (isinstance(op, ast.Eq) and isinstance(other, ast.NotEq)) or (
        isinstance(op, ast.NotEq) and isinstance(other, ast.Eq)
    ):
        return equal
    if not isinstance(a, int | float) or not isinstance(b, int | float) or isinstance(a, bool) or isinstance(b, bool):
        return False
    low = {type(op): a, type(other): b}
    greater = next((v for k, v in low.items() if k in (ast.Gt, ast.GtE)), None)
    less = next((v for k, v in low.items() if k in (ast.Lt, ast.LtE)), None)
    if greater is None or less is None:
        return False
    strict = ast.Gt in low and ast.Lt in low
    if conjunction:
        return greater > less or (greater == less and (ast.Gt in low or ast.Lt in low))
    return greater < less or (greater == less and not strict)


def implies(test: ast.expr, other: ast.expr) -> bool:
    """Whether one condition, a comparison of something with a number, is true only when the other is."""
    first, second = fact(test), fact(other)
    if first is None or second is None or not same(first[0], second[0]):
        return False
    return _within(first[1], first[2], second[1], second[2])


def contradicts(test: ast.expr, other: ast.expr) -> bool:
    """Whether two conditions about the same are never both true."""
    first, second = fact(test), fact(other)
    if first is None or second is None or not same(first[0], second[0]):
        return False
    return excludes(first[1], first[2], second[1], second[2], conjunction=True)


def _within(op: ast.cmpop, a: object, other: ast.cmpop, b: object) -> bool:
    if not isinstance(a, int | float) or not isinstance(b, int | float) or isinstance(a, bool) or isinstance(b, bool):
        return False
    if isinstance(op, ast.Gt | ast.GtE) and isinstance(other, ast.Gt | ast.GtE):
        return a > b or (a == b and (isinstance(op, ast.Gt) or isinstance(other, ast.GtE)))
    if isinstance(op, ast.Lt | ast.LtE) and isinstance(other, ast.Lt | ast.LtE):
        return a < b or (a == b and (isinstance(op, ast.Lt) or isinstance(other, ast.LtE)))
    if isinstance(op, ast.Eq):
        match other:
            case ast.Gt():
                return a > b
            case ast.GtE():
                return a >= b
            case ast.Lt():
                return a < b
            case ast.LtE():
                return a <= b
            case _:
                return False
    return False

"""Operations on constants, per language, bounded in size; and strings known in part."""

import operator
from collections.abc import Callable
from typing import Any

from codereview.analysers.dataflow.values import (
    MAX_CONSTS,
    MAX_PARTS,
    NOTHING,
    Value,
    merge_flows,
)

_MAX_TEXT = 20_000
_MAX_BITS = 512

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "is": lambda a, b: a == b and type(a) is type(b),
    "is not": lambda a, b: not (a == b and type(a) is type(b)),
}


def arithmetic(op: str, left: Any, right: Any, language: str) -> Any:
    """The result of an operation on two constants; NOTHING when it has none, or none of bearable size."""
    function = _ARITHMETIC.get(op)
    if function is None:
        return _shift_or_power(op, left, right)
    if isinstance(left, str) != isinstance(right, str) and op == "+" and language != "python":
        left, right = _script_text(left), _script_text(right)
    if op == "*" and not _product_is_small(left, right):
        return NOTHING
    if op == "/" and language in ("java", "go") and isinstance(left, int) and isinstance(right, int):
        return int(left / right) if right else NOTHING
    if op == "%" and isinstance(left, str):
        return NOTHING
    try:
        result = function(left, right)
    except (TypeError, ValueError, ArithmeticError):
        return NOTHING
    return result if _is_small(result) else NOTHING


def _shift_or_power(op: str, left: Any, right: Any) -> Any:
    small = isinstance(left, int) and isinstance(right, int) and 0 <= right <= 256 and left.bit_length() <= 64
    if not small:
        return NOTHING
    result = {"**": lambda: left**right, "<<": lambda: left << right, ">>": lambda: left >> right}.get(op)
    return result() if result is not None else NOTHING


def _script_text(value: Any) -> Any:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _product_is_small(left: Any, right: Any) -> bool:
    for text, count in ((left, right), (right, left)):
        if isinstance(text, str | bytes):
            return isinstance(count, int) and len(text) * count < _MAX_TEXT
    return True


def _is_small(value: Any) -> bool:
    if isinstance(value, str | bytes):
        return len(value) <= _MAX_TEXT
    if isinstance(value, int):
        return value.bit_length() <= _MAX_BITS
    return isinstance(value, float | complex | bool | type(None))


def comparison(op: str, left: Any, right: Any) -> Any:
    """The result of comparing two constants; NOTHING when they cannot be compared."""
    function = _COMPARISON.get(op)
    if function is None:
        return NOTHING
    try:
        return bool(function(left, right))
    except TypeError:
        return NOTHING


def combine(function: Callable[[Any, Any], Any], left: Value, right: Value) -> tuple[Any, ...] | None:
    """Every result over what both sides may be; None when one is unknown or there are too many."""
    if left.consts is None or right.consts is None or len(left.consts) * len(right.consts) > MAX_CONSTS:
        return None
    results: list[Any] = []
    for first in left.consts:
        for second in right.consts:
            result = function(first, second)
            if result is NOTHING:
                return None
            results.append(result)
    return tuple(dict.fromkeys(results)) if results else None


def concatenate(pieces: list[Value]) -> Value:
    """A string put together; constant when all its pieces are, and it is not too long, else with them as parts."""
    parts: list[Value] = []
    for piece in pieces:
        parts.extend(piece.parts if piece.parts is not None else (piece,))
    merged: list[Value] = []
    for part in parts:
        text = part.single
        before = merged[-1].single if merged and not merged[-1].flows else NOTHING
        if (
            isinstance(text, str)
            and isinstance(before, str)
            and not part.flows
            and len(before) + len(text) <= _MAX_TEXT
        ):
            merged[-1] = Value(consts=(before + text,))
            continue
        merged.append(_spelled(part))
    flows = merged[0].deep if merged else ()
    for part in merged[1:]:
        flows = merge_flows(flows, part.deep)
    if len(merged) == 1 and isinstance(merged[0].single, str) and not flows:
        return merged[0]
    if not merged:
        return Value(consts=("",))
    kept = tuple(merged) if len(merged) <= MAX_PARTS else None
    return Value(flows=flows, parts=kept)


def _spelled(part: Value) -> Value:
    """A piece as it stands in the string: a constant number becomes its digits."""
    single = part.single
    if isinstance(single, int | float) and not isinstance(single, bool) and not part.flows:
        return Value(consts=(str(single),))
    return part


def slice_of(value: Value, lower: Any, upper: Any, step: Any) -> Value | None:
    """``value[lower:upper:step]`` for constant bounds, where that is known exactly; None else."""
    if any(bound is NOTHING or not isinstance(bound, int | None) for bound in (lower, upper, step)):
        return None
    window = slice(lower, upper, step if step != 0 else None)
    if value.consts is not None and all(isinstance(item, str | bytes | tuple) for item in value.consts):
        return value.but(consts=tuple(dict.fromkeys(item[window] for item in value.consts)), parts=None)
    if value.items is not None:
        return value.but(items=value.items[window], consts=None)
    if value.parts is not None and step in (None, 1):
        return _slice_parts(value.parts, lower, upper)
    return None


def _slice_parts(parts: tuple[Value, ...], lower: int | None, upper: int | None) -> Value | None:
    """Cut constant text off either end; the middle stays as it is."""
    kept = list(parts)
    first = kept[0].single if not kept[0].flows else NOTHING
    if upper is not None and upper >= 0:
        if isinstance(first, str) and upper <= len(first):
            return Value(consts=(first[lower:upper],))
        return None
    if lower is not None and lower > 0:
        if not isinstance(first, str) or lower > len(first):
            return None
        kept[0] = Value(consts=(first[lower:],))
    elif lower is not None and lower < 0:
        return None
    if upper is not None:
        last = kept[-1].single if not kept[-1].flows else NOTHING
        if not isinstance(last, str) or -upper > len(last):
            return None
        kept[-1] = Value(consts=(last[:upper],))
    return concatenate(kept)


def truth(value: Value) -> bool | None:
    """Whether the value is truthy; None when that is not known."""
    if value.consts is not None and value.consts:
        results = {bool(item) for item in value.consts}
        return results.pop() if len(results) == 1 else None
    if value.items is not None and value.rest is None and not value.flows:
        return bool(value.items)
    if value.parts is not None and any(isinstance(part.single, str) and part.single for part in value.parts):
        return True
    return True if value.target is not None else None

"""Expressions of the intermediate form."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from codereview.analysers.dataflow.ir.statements import Function

Literal: TypeAlias = str | bytes | int | float | complex | bool | None


@dataclass(slots=True, eq=False)
class Expr:
    """An expression."""

    line: int


@dataclass(slots=True, eq=False)
class Const(Expr):
    """A literal."""

    value: Literal


@dataclass(slots=True, eq=False)
class Name(Expr):
    """A variable."""

    id: str


@dataclass(slots=True, eq=False)
class Attr(Expr):
    """``obj.name``."""

    obj: Expr
    name: str


@dataclass(slots=True, eq=False)
class Index(Expr):
    """``obj[key]``."""

    obj: Expr
    key: Expr


@dataclass(slots=True, eq=False)
class Slice(Expr):
    """``lower:upper:step``, as the key of an `Index`."""

    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(slots=True, eq=False)
class Star(Expr):
    """``*value``, or with ``double`` ``**value``, among arguments or elements."""

    value: Expr
    double: bool = False


@dataclass(slots=True, eq=False)
class Call(Expr):
    """A call. Columns are 1-based; a keyword named "**" spreads its value. ``new``: of a class by keyword."""

    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...] = ()
    end_line: int = 0
    column: int = 1
    new: bool = False


@dataclass(slots=True, eq=False)
class Chain(Expr):
    """``first op operand op operand …``, from the left; flat, however long the source's chain is."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@dataclass(slots=True, eq=False)
class Compare(Expr):
    """``left op right`` with op one of == != < <= > >= in, not in, is, is not."""

    left: Expr
    op: str
    right: Expr


@dataclass(slots=True, eq=False)
class Logic(Expr):
    """``and``, ``or`` or ``??`` between operands."""

    op: str
    operands: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Not(Expr):
    """Logical negation."""

    operand: Expr


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """``-``, ``+`` or ``~``."""

    op: str
    operand: Expr


@dataclass(slots=True, eq=False)
class Cond(Expr):
    """``then if test else other``."""

    test: Expr
    then: Expr
    other: Expr


@dataclass(slots=True, eq=False)
class Format(Expr):
    """A string put together of parts (f-string, template literal)."""

    parts: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Sequence(Expr):
    """A "list", "tuple" or "set"."""

    kind: str
    items: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Mapping(Expr):
    """A dictionary or object literal; a key of None spreads the value."""

    items: tuple[tuple[Expr | None, Expr], ...]


@dataclass(slots=True, eq=False)
class Lambda(Expr):
    """A function as a value."""

    function: "Function"


@dataclass(slots=True, eq=False)
class Clause:
    """``for target in iterable if tests``."""

    target: Expr
    iterable: Expr
    tests: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Comprehension(Expr):
    """A "list", "set", "dict" or "generator" by clauses; ``key`` for a dict."""

    kind: str
    element: Expr
    key: Expr | None
    clauses: tuple[Clause, ...]


@dataclass(slots=True, eq=False)
class Walrus(Expr):
    """An assignment that is an expression."""

    target: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Yield(Expr):
    """A value handed out by a generator."""

    value: Expr | None


@dataclass(slots=True, eq=False)
class Cast(Expr):
    """A value seen as a type (Java casts, Go conversions and assertions, TypeScript ``as``)."""

    value: Expr
    type: Expr


@dataclass(slots=True, eq=False)
class Opaque(Expr):
    """Anything else, by its parts."""

    parts: tuple[Expr, ...]

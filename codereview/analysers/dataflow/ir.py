"""The intermediate form all languages are lowered to: a small structured language of expressions and statements.

Nodes know their 1-based line. What a grammar has and this form has not becomes `Opaque`, whose parts are evaluated
and whose value is whatever flows out of them, so that nothing is lost silently.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

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


@dataclass(slots=True, eq=False)
class Stmt:
    """A statement."""

    line: int


@dataclass(slots=True, eq=False)
class ExprStmt(Stmt):
    """An expression for its effects."""

    value: Expr


@dataclass(slots=True, eq=False)
class Assign(Stmt):
    """``target = … = value``; ``annotation`` is the declared type."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None = None


@dataclass(slots=True, eq=False)
class AugAssign(Stmt):
    """``target op= value``."""

    target: Expr
    op: str
    value: Expr


@dataclass(slots=True, eq=False)
class Return(Stmt):
    """End of the function."""

    value: Expr | None


@dataclass(slots=True, eq=False)
class Raise(Stmt):
    """An exception leaves."""

    value: Expr | None


@dataclass(slots=True, eq=False)
class Jump(Stmt):
    """ "break" or "continue"."""

    kind: str


@dataclass(slots=True, eq=False)
class If(Stmt):
    """Branches in the order they are tried, flat, and what is left."""

    branches: tuple[tuple[Expr, tuple[Stmt, ...]], ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class While(Stmt):
    """A loop with a test; ``update`` runs after the body and after ``continue``; ``test_last`` for do-while."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()
    update: tuple[Stmt, ...] = ()
    test_last: bool = False


@dataclass(slots=True, eq=False)
class For(Stmt):
    """A loop over the elements of something; ``index`` receives positions or keys (Go, JavaScript for-in)."""

    target: Expr | None
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()
    index: Expr | None = None


@dataclass(slots=True, eq=False)
class Handler:
    """An ``except`` or ``catch``."""

    line: int
    types: tuple[Expr, ...]
    name: str
    body: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class Try(Stmt):
    """Body, handlers, what runs without an exception, what runs always."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class With(Stmt):
    """Context managers and the body they enclose."""

    items: tuple[tuple[Expr, Expr | None], ...]
    body: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class Case:
    """One arm of a match or switch. ``values`` are compared with the subject; without values it is the default.

    ``binds`` receive (parts of) the subject; ``opaque`` says that the pattern may or may not fit.
    """

    values: tuple[Expr, ...]
    binds: tuple[str, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    opaque: bool = False


@dataclass(slots=True, eq=False)
class Match(Stmt):
    """``match`` or ``switch``; with ``falls_through`` an arm that does not jump runs on into the next."""

    subject: Expr
    cases: tuple[Case, ...]
    falls_through: bool = False


@dataclass(slots=True, eq=False)
class Assert(Stmt):
    """``assert test``."""

    test: Expr


@dataclass(slots=True, eq=False)
class Delete(Stmt):
    """``del`` of targets."""

    targets: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Import(Stmt):
    """Bindings (local name, module, attribute of the module or ""). ``level`` counts the dots of a relative import.

    A local name of "*" takes everything in.
    """

    names: tuple[tuple[str, str, str], ...]
    level: int = 0


@dataclass(slots=True, eq=False)
class Define(Stmt):
    """A function becomes known by its name."""

    function: "Function"


@dataclass(slots=True, eq=False)
class DefineClass(Stmt):
    """A class becomes known by its name."""

    cls: "Class"


@dataclass(slots=True, eq=False)
class Global(Stmt):
    """Names that mean an outer scope's variable."""

    names: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Block(Stmt):
    """Statements in a row."""

    body: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class Param:
    """A parameter. ``kind`` is "", "*" or "**"; ``only`` "keyword" for one that has to be named."""

    name: str
    line: int
    default: Expr | None = None
    annotation: Expr | None = None
    kind: str = ""
    keyword_only: bool = False
    decorators: tuple[Expr, ...] = ()
    pattern: Expr | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function or method; ``assigned`` are the names its body binds, ``outer`` those it declares as another's."""

    name: str
    line: int
    end_line: int
    params: tuple[Param, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...] = ()
    returns: Expr | None = None
    is_generator: bool = False
    is_static: bool = False
    is_public: bool = True
    receiver: str = ""  # the type a Go method belongs to
    assigned: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    #: Expression functions (lambdas, arrows) are evaluated where they are called, not reported on by themselves.
    is_literal: bool = False


@dataclass(slots=True, eq=False)
class Class:
    """A class: its bases and the statements of its body."""

    name: str
    line: int
    bases: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...] = ()
    keywords: tuple[tuple[str, Expr], ...] = ()


@dataclass(slots=True, eq=False)
class Damage:
    """A stretch of the file the grammar (or a limit of the lowering) did not get through."""

    line: int
    end_line: int
    reason: str


@dataclass(slots=True, eq=False)
class ModuleIR:
    """A whole file."""

    body: tuple[Stmt, ...]
    package: str = ""  # Java and Go
    damages: list[Damage] = field(default_factory=list)
    nodes: int = 0

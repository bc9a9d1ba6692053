"""Statements of the intermediate form, and what they define: functions, classes, files."""

from dataclasses import dataclass, field

from codereview.analysers.dataflow.ir.expressions import Expr


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

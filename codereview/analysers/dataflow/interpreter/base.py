"""The interpreter's skeleton: what its layers know of each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.state import Budget, Env, Frame, FunctionRef, Module
from codereview.analysers.dataflow.reporting import Findings
from codereview.analysers.dataflow.values import UNKNOWN, Flow, Value

#: Frames of Python an expression may take: deeper ones are unknown.
MAX_EXPRESSION_DEPTH = 120


@dataclass(slots=True)
class Arguments:
    """The arguments of a call: values, the expressions they came from, and whether more may hide in a spread."""

    values: list[Value]
    keywords: dict[str, Value]
    exprs: Sequence[ir.Expr] = ()
    keyword_exprs: dict[str, ir.Expr] = field(default_factory=dict)
    spread: bool = False

    def all(self) -> list[Value]:
        """Every argument."""
        return [*self.values, *self.keywords.values()]


@dataclass(slots=True)
class CallSite:
    """A call of something outside the batch, as the rules see it."""

    node: ir.Call
    path: str
    last: str
    receiver: Value
    receiver_name: str
    args: Arguments

    language: str = ""

    @property
    def receiver_known(self) -> bool:
        """Whether the receiver is a known object of the outside world, so that its name need not speak for it."""
        if self.language == "java":  # types are simple names there; a dotted path is a field nobody declared here
            return bool(self.receiver.ref) and "." not in self.receiver.ref
        return bool(self.receiver.ref)


class Base:
    """State of one analysis of one batch."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self.findings = Findings()
        self.budget = Budget(0)
        self.depth = 0
        self.active: list[ir.Function] = []
        #: The URL path of the handler being run, when it can have no other.
        self.route = ""
        self.memo: dict[tuple[Any, ...], Any] = {}
        #: Names what is being evaluated is assigned to, innermost last.
        self.context: list[str] = []
        self._eval: dict[type[ir.Expr], Callable[[Any, Frame], Value]] = {}

    def eval(self, node: ir.Expr, frame: Frame) -> Value:
        """The value of an expression, with its effects on the frame."""
        if frame.env is None or self.depth > MAX_EXPRESSION_DEPTH:
            return UNKNOWN
        self.budget.spend()
        self.depth += 1
        try:
            return self._eval[type(node)](node, frame)
        finally:
            self.depth -= 1

    def run_block(self, body: Sequence[ir.Stmt], frame: Frame) -> None:
        """Statements in a row."""
        raise NotImplementedError

    def assign(self, target: ir.Expr, value: Value, frame: Frame, node: ir.Expr | None = None) -> None:
        """Store a value; ``node`` is the expression it came from."""
        raise NotImplementedError

    def store(self, target: ir.Expr, value: Value, frame: Frame) -> None:
        """Write a changed value back to where it was read from, without a step in its trace."""
        raise NotImplementedError

    def invoke(
        self, function: FunctionRef, args: Arguments, frame: Frame, node: ir.Expr, receiver: Value | None = None
    ) -> Value | None:
        """Follow a call into the batch; None when it is not followed."""
        raise NotImplementedError

    def absolute(self, name: str, level: int, importer: Module) -> str:
        """A module's full name, relative imports resolved."""
        raise NotImplementedError

    def neighbour(self, name: str, module: Module) -> Value | None:
        """What a module sees of others of its package without importing it (Java, Go)."""
        raise NotImplementedError

    def is_package(self, name: str) -> bool:
        """Whether modules of the batch lie in this package."""
        raise NotImplementedError

    def on_import(self, path: str, line: int, frame: Frame, name: str = "") -> None:
        """Something is imported."""
        raise NotImplementedError

    def on_define(self, function: FunctionRef, frame: Frame) -> None:
        """A function is defined."""
        raise NotImplementedError

    def module_named(self, name: str, importer: Module) -> Module | None:
        """A module of the batch, run; None when there is no such module."""
        raise NotImplementedError

    def condition(self, test: ir.Expr, frame: Frame) -> tuple[Env | None, Env | None]:
        """Evaluate a test: the state where it holds and the state where it does not; None where that cannot be."""
        raise NotImplementedError

    def assume(self, test: ir.Expr, value: Value, env: Env, *, holds: bool) -> Env | None:
        """The state once a test, evaluated to ``value``, is known to hold or not; None when that cannot be."""
        raise NotImplementedError

    def dangerous(self, value: Value, kind: str, frame: Frame) -> tuple[Flow, ...]:
        """The flows in a value that can hurt in a sink of this kind on the current path."""
        return frame.dangerous(value.deep, kind) if value.deep else ()


def spelled(node: ir.Expr) -> str:
    """The last identifier of an expression: what a person would call it. "" when it has none."""
    for _ in range(8):
        if isinstance(node, ir.Name):
            return node.id
        if isinstance(node, ir.Attr):
            return node.name
        if isinstance(node, ir.Index) and isinstance(node.key, ir.Const) and isinstance(node.key.value, str):
            return node.key.value
        if isinstance(node, ir.Index):
            node = node.obj
        elif isinstance(node, ir.Call):
            node = node.func
        elif isinstance(node, ir.Star | ir.Cast):
            node = node.value
        else:
            break
    return ""

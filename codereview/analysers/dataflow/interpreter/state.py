"""What the interpreter keeps while it runs: environments, frames, and the things of a batch a value can stand for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.rules.index import Rulebook
from codereview.analysers.dataflow.values import ALL, Flow, Origin, Value, join

#: Data of an origin that a test has shown to be harmless for a kind, on the current path.
Safe: TypeAlias = frozenset[tuple[Origin, str]]
NO_SAFE: Safe = frozenset()


class OutOfBudget(Exception):
    """The file costs more work than it is given."""


class Env:
    """The variables of a frame on one path."""

    __slots__ = ("safe", "vars")

    def __init__(self, variables: dict[str, Value], safe: Safe = NO_SAFE) -> None:
        self.vars = variables
        self.safe = safe

    def copy(self) -> "Env":
        """An independent path from here."""
        return Env(dict(self.vars), self.safe)


def join_envs(first: Env | None, second: Env | None) -> Env | None:
    """What is known where two paths meet; None stands for a path that ends before."""
    if first is None or second is None or first is second:
        return first if first is not None else second
    if first.safe != second.safe:
        # What only one path has shown is made part of that path's values before it is forgotten.
        first, second = _settle_all(first, first.safe - second.safe), _settle_all(second, second.safe - first.safe)
    merged = dict(first.vars)
    for name, value in second.vars.items():
        known = merged.get(name)
        if known is None:
            merged[name] = value
        elif known is not value:
            merged[name] = join(known, value)
    return Env(merged, first.safe & second.safe)


def settled(value: Value, safe: Safe) -> Value:
    """The value with what tests have shown made part of it."""
    flows = tuple(_cleared(flow, safe) for flow in value.flows)
    return value if flows == value.flows else value.but(flows=flows)


def _cleared(flow: Flow, safe: Safe) -> Flow:
    kinds = [kind for origin, kind in safe if origin == flow.origin]
    return flow.cleared(kinds) if kinds else flow


def _settle_all(env: Env, safe: Safe) -> Env:
    if not safe:
        return env
    changed = {name: settled(value, safe) for name, value in env.vars.items() if value.flows}
    return Env({**env.vars, **changed}, env.safe)


def join_many(envs: Iterable[Env | None]) -> Env | None:
    """What is known where many paths meet."""
    found: Env | None = None
    for env in envs:
        found = join_envs(found, env)
    return found


def widen(before: Env, after: Env | None) -> tuple[Env, bool]:
    """The state at a loop's head after another round, and whether it is the one before: constants that change go."""
    joined = join_envs(before, after)
    if joined is None or joined is before:
        return before, True
    stable = joined.safe == before.safe
    for name, value in joined.vars.items():
        known = before.vars.get(name)
        if known is value:
            continue
        if known is not None and known.key == value.key:
            joined.vars[name] = known
            continue
        stable = False
        changed = known is not None and known.consts is not None and value.consts != known.consts
        if changed or value.parts is not None:
            joined.vars[name] = value.but(consts=None, parts=None)
    return joined, stable


class Loop:
    """Where ``break`` and ``continue`` of a loop lead."""

    __slots__ = ("breaks", "continues")

    def __init__(self) -> None:
        self.breaks: list[Env] = []
        self.continues: list[Env] = []


@dataclass(eq=False)
class Module:
    """A file of the batch. ``frame`` is there once it ran."""

    path: str
    name: str
    language: str
    code: ir.ModuleIR
    rules: Rulebook
    is_test: bool = False
    lines: int = 0
    frame: "Frame | None" = None
    running: bool = False
    functions: "list[FunctionRef]" = field(default_factory=list)
    classes: "dict[str, ClassRef]" = field(default_factory=dict)


@dataclass(eq=False)
class FunctionRef:
    """A function with the frame it was made in."""

    code: ir.Function
    module: Module
    closure: "Frame | None"
    owner: "ClassRef | None" = None
    decorators: tuple[Value, ...] = ()

    @property
    def is_method(self) -> bool:
        """Whether its first parameter is the instance (Python) or it has one implicitly."""
        return self.owner is not None and not self.code.is_static


@dataclass(eq=False)
class ClassRef:
    """A class of the batch; ``frame`` holds its attributes, ``bases`` what it derives from."""

    code: ir.Class
    module: Module
    frame: "Frame | None" = None
    bases: tuple[Value, ...] = ()
    entry_instance: Value | None = None
    building: bool = False

    def lookup(self, name: str, depth: int = 0) -> Value | None:
        """An attribute of the class or of a base in the batch."""
        if self.frame is not None:
            found = self.frame.visible.get(name)
            if found is not None:
                return found
        if depth < 8:
            for base in self.bases:
                if isinstance(base.target, ClassRef) and base.target is not self:
                    inherited = base.target.lookup(name, depth + 1)
                    if inherited is not None:
                        return inherited
        return None

    def outside_bases(self, depth: int = 0) -> list[str]:
        """Paths of the bases that are not of the batch."""
        found: list[str] = []
        for base in self.bases:
            if isinstance(base.target, ClassRef) and base.target is not self and depth < 8:
                found += base.target.outside_bases(depth + 1)
            elif base.ref:
                found.append(base.ref)
        return found


@dataclass(eq=False)
class InstanceOf:
    """What a value's ``target`` says of an instance of a class of the batch."""

    cls: ClassRef


@dataclass(eq=False)
class Bound:
    """A method together with the value it was read from."""

    function: FunctionRef
    receiver: Value


@dataclass(eq=False)
class ModuleHandle:
    """A module, or a package some of whose modules are of the batch, as a value."""

    name: str
    module: Module | None


class Frame:
    """One run of a function, class body or module. ``env`` None: no path leads here."""

    __slots__ = (
        "call_depth",
        "env",
        "exits",
        "final",
        "function",
        "loops",
        "module",
        "owner",
        "parent",
        "returns",
        "yields",
    )

    def __init__(
        self,
        module: Module,
        env: Env,
        function: ir.Function | None = None,
        parent: "Frame | None" = None,
        owner: ClassRef | None = None,
        call_depth: int = 0,
    ) -> None:
        self.module = module
        self.env: Env | None = env
        self.function = function
        self.parent = parent
        self.owner = owner
        self.call_depth = call_depth
        self.returns: list[tuple[Value, Env]] = []
        self.yields: list[Value] = []
        self.loops: list[Loop] = []
        self.final: dict[str, Value] = {}

    @property
    def visible(self) -> dict[str, Value]:
        """The variables as an inner function sees them."""
        return self.env.vars if self.env is not None else self.final

    def close(self) -> None:
        """The run ended: what inner functions still see of it."""
        env = join_many([self.env, *(end for _value, end in self.returns)])
        if env is not None:
            self.final = env.vars

    def is_safe(self, flow: Flow, kind: str) -> bool:
        """Whether the data cannot hurt in a sink of this kind on the current path."""
        if flow.harmless(kind):
            return True
        if self.env is None or not self.env.safe:
            return False
        return (flow.origin, kind) in self.env.safe or (flow.origin, ALL) in self.env.safe

    def dangerous(self, flows: Iterable[Flow], kind: str) -> tuple[Flow, ...]:
        """The flows that can hurt there."""
        return tuple(flow for flow in flows if not self.is_safe(flow, kind))


class Budget:
    """Work allowed, in evaluated nodes: for a file, and within it for calls that are followed from one function."""

    def __init__(self, nodes: int) -> None:
        self.left = nodes
        self.inlining = 0

    def spend(self) -> None:
        """One node. Raises OutOfBudget."""
        self.left -= 1
        if self.left < 0:
            raise OutOfBudget

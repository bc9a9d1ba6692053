"""Tests and what their outcome tells: dead branches, data shown to be harmless, constants narrowed."""

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Base
from codereview.analysers.dataflow.interpreter.folding import truth
from codereview.analysers.dataflow.interpreter.guards import chain, origins_of
from codereview.analysers.dataflow.interpreter.state import Env, Frame, join_envs
from codereview.analysers.dataflow.values import NOTHING, Guard, Value


class Conditions(Base):
    """Evaluates tests to the states that follow them."""

    def condition(self, test: ir.Expr, frame: Frame) -> tuple[Env | None, Env | None]:
        """The state where the test holds and where it does not; None where that cannot be."""
        if frame.env is None:
            return None, None
        if isinstance(test, ir.Not):
            holds, fails = self.condition(test.operand, frame)
            return fails, holds
        if isinstance(test, ir.Logic) and test.op in ("and", "or"):
            return self._connected(test, frame)
        value = self.eval(test, frame)
        known = truth(value)
        value = self._read_again(test, value, frame)
        env = frame.env
        holds = None if known is False else self.assume(test, value, env, holds=True)
        fails = None if known is True else self.assume(test, value, env, holds=False)
        return holds, fails

    def _connected(self, test: ir.Logic, frame: Frame) -> tuple[Env | None, Env | None]:
        """``and`` goes on while parts hold, ``or`` while they fail; the other outcome leaves at any part."""
        left: Env | None = None
        conjunction = test.op == "and"
        for operand in test.operands:
            holds, fails = self.condition(operand, frame)
            left = join_envs(left, fails if conjunction else holds)
            frame.env = holds if conjunction else fails
            if frame.env is None:
                break
        return (frame.env, left) if conjunction else (left, frame.env)

    def _read_again(self, test: ir.Expr, value: Value, frame: Frame) -> Value:
        """What a test tells of ``req.query.x`` holds when that is read again."""
        if not any(guard.origins for guard in value.guards):
            return value
        found: list[Guard] = []
        for node in _attributes(test):
            tested = origins_of(self.eval(node, frame))
            place = chain(node)
            if place is not None and tested:
                found += [Guard(g.when, frozenset({place}), g.kinds) for g in value.guards if tested <= g.origins]
        return value.but(guards=(*value.guards, *found)) if found else value

    def assume(self, test: ir.Expr, value: Value, env: Env, *, holds: bool) -> Env | None:
        """The state once a test, evaluated to ``value``, is known to hold or not; None when that cannot be."""
        found = env.copy()
        for guard in value.guards:
            if guard.when is holds:
                found.safe |= {(origin, kind) for origin in guard.origins for kind in guard.kinds}
        name, keeps = _narrowing(test, holds)
        known = found.vars.get(name) if name else None
        if known is not None and known.consts is not None and not known.flows:
            kept = tuple(const for const in known.consts if keeps(const))
            if not kept:
                return None
            if len(kept) < len(known.consts):
                found.vars[name] = known.but(consts=kept)
        return found


def _attributes(test: ir.Expr) -> list[ir.Attr]:
    """The attributes a test looks at: those compared, those that are arguments, the receiver of its method."""
    operands: list[ir.Expr] = []
    if isinstance(test, ir.Compare):
        operands = [test.left, test.right]
    elif isinstance(test, ir.Call):
        operands = [*test.args]
        if isinstance(test.func, ir.Attr):
            operands.append(test.func.obj)
    return [node for node in operands if isinstance(node, ir.Attr)]


def _narrowing(test: ir.Expr, holds: bool) -> tuple[str, "_Keeps"]:
    """The variable a test tells of, and which of its constants are left."""
    if isinstance(test, ir.Name):
        return test.id, _Keeps(NOTHING, same=holds)
    if isinstance(test, ir.Compare) and isinstance(test.left, ir.Name) and isinstance(test.right, ir.Const):
        if test.op in ("==", "is"):
            return test.left.id, _Keeps(test.right.value, same=holds)
        if test.op in ("!=", "is not"):
            return test.left.id, _Keeps(test.right.value, same=not holds)
    return "", _Keeps(NOTHING, same=True)


class _Keeps:
    """Whether a constant is still possible: (un)equal to another one, or with NOTHING (not) truthy."""

    def __init__(self, other: object, *, same: bool) -> None:
        self._other = other
        self._same = same

    def __call__(self, const: object) -> bool:
        if self._other is NOTHING:
            return bool(const) is self._same
        return (const == self._other) is self._same

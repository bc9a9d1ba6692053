"""Evaluating operators."""

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import spelled
from codereview.analysers.dataflow.interpreter.folding import arithmetic, combine, comparison, concatenate, truth
from codereview.analysers.dataflow.interpreter.formatting import percent_format
from codereview.analysers.dataflow.interpreter.guards import comparison_guards, logic_guards, membership
from codereview.analysers.dataflow.interpreter.state import Env, Frame, join_envs
from codereview.analysers.dataflow.interpreter.watching import Watching
from codereview.analysers.dataflow.values import (
    FALSE,
    MAX_ITEMS,
    TRUE,
    UNKNOWN,
    Guard,
    Value,
    constant,
    element_of,
    join,
    join_all,
    merge_flows,
)


class Operators(Watching):
    """One method per kind of operator."""

    def _chain(self, node: ir.Chain, frame: Frame) -> Value:
        left = self.eval(node.first, frame)
        for op, operand in node.rest:
            left = self.binary(op, left, self.eval(operand, frame), frame)
        return left

    def binary(self, op: str, left: Value, right: Value, frame: Frame) -> Value:
        """``left op right``."""
        flows = merge_flows(left.flows, right.flows)
        language = frame.module.language
        consts = combine(lambda a, b: arithmetic(op, a, b, language), left, right)
        if consts is not None:
            return Value(consts=consts, flows=flows)
        if op == "+":
            return self._plus(left, right)
        if op == "%" and left.texts():
            formatted = percent_format(left, right)
            if formatted is not None:
                return formatted
        if op == "|" and left.fields is not None and right.fields is not None:
            return Value(fields={**left.fields, **right.fields}, flows=flows)
        if op == "/" and (left.ref or right.ref):
            return Value(flows=merge_flows(left.deep, right.deep), ref=left.ref)  # pathlib
        if op in ("|", "&") and (left.ref or right.ref):
            return Value(flows=flows, ref=left.ref, items=(*_alternatives(left), *_alternatives(right))[:8])
        return (
            Value(flows=merge_flows(left.deep, right.deep))
            if flows or left.is_container or right.is_container
            else UNKNOWN
        )

    def _plus(self, left: Value, right: Value) -> Value:
        if left.items is not None or right.items is not None or left.rest is not None or right.rest is not None:
            known = left.items is not None and right.items is not None and left.rest is None and right.rest is None
            if known and left.items is not None and right.items is not None:
                items = left.items + right.items
                if len(items) <= MAX_ITEMS:
                    return Value(items=items, flows=merge_flows(left.flows, right.flows))
            return Value(rest=join(element_of(left), element_of(right)), flows=merge_flows(left.flows, right.flows))
        return concatenate([left, right])

    def _compare(self, node: ir.Compare, frame: Frame) -> Value:
        left, right = self.eval(node.left, frame), self.eval(node.right, frame)
        if node.op in ("==", "!="):
            for side, value, other in ((node.left, right, node.right), (node.right, left, node.left)):
                if isinstance(other, ir.Const) and isinstance(other.value, str) and not isinstance(side, ir.Const):
                    self.on_name(spelled(side), value, other, node.line, frame)
            if (
                (left.flows or right.flows)
                and not isinstance(node.left, ir.Const)
                and not isinstance(node.right, ir.Const)
            ):
                self.on_comparison(node.line, (left, right), frame)
        return self.compare(node.op, left, right)

    def compare(self, op: str, left: Value, right: Value) -> Value:
        """``left op right``, with what the answer tells of their data."""
        guards = comparison_guards(op, left, right)
        if op in ("in", "not in") and right.consts is None:
            answer = membership(left, right)
            if answer is not None:
                return constant(answer if op == "in" else not answer).but(guards=guards)
            return Value(guards=guards)
        if left.target is not None and right.single is None and op in ("is", "is not", "==", "!="):
            return FALSE if op in ("is", "==") else TRUE
        if left.flows or right.flows:
            return Value(guards=guards)
        consts = combine(lambda a, b: comparison(op, a, b), left, right)
        return Value(consts=consts, guards=guards)

    def _logic(self, node: ir.Logic, frame: Frame) -> Value:
        results: list[Value] = []
        ends: list[Env | None] = []
        for index, operand in enumerate(node.operands):
            value = self.eval(operand, frame)
            known = truth(value)
            results.append(value)
            if (known is (node.op == "or") and node.op != "??") or index == len(node.operands) - 1 or frame.env is None:
                break
            if known is not None and node.op != "??":
                results.pop()  # certainly not the result
                continue
            ends.append(frame.env.copy())
            if node.op != "??":
                frame.env = self.assume(operand, value, frame.env, holds=node.op == "and") or frame.env
        for end in ends:
            frame.env = join_envs(frame.env, end)
        joined = join_all(results)
        guards = logic_guards(node.op, results)
        return joined.but(guards=guards) if guards or joined.guards else joined

    def _not(self, node: ir.Not, frame: Frame) -> Value:
        value = self.eval(node.operand, frame)
        known = truth(value)
        guards = tuple(Guard(not guard.when, guard.origins, guard.kinds) for guard in value.guards)
        return Value(consts=None if known is None else (not known,), guards=guards)

    def _unary(self, node: ir.Unary, frame: Frame) -> Value:
        value = self.eval(node.operand, frame)
        number = value.single
        if node.op == "-" and isinstance(number, int | float) and not value.flows:
            return constant(-number)
        if node.op in ("&", "*"):  # Go's pointers
            return value
        return Value(flows=value.flows) if value.flows else UNKNOWN

    def _cond(self, node: ir.Cond, frame: Frame) -> Value:
        holds, fails = self.condition(node.test, frame)
        values: list[Value] = []
        ends: list[Env | None] = []
        for env, branch in ((holds, node.then), (fails, node.other)):
            if env is not None:
                frame.env = env
                values.append(self.eval(branch, frame))
                ends.append(frame.env)
        frame.env = join_envs(ends[0], ends[1]) if len(ends) > 1 else ends[0] if ends else frame.env
        return join_all(values)


def _alternatives(value: Value) -> tuple[Value, ...]:
    """The members of ``A | B``, for flags."""
    return value.items if value.items is not None else (value,)

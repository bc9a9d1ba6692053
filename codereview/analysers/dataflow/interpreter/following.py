"""Following calls into functions of the batch: binding, running, remembering, and what comes back."""

from collections.abc import Iterable
from dataclasses import dataclass

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Arguments
from codereview.analysers.dataflow.interpreter.conditions import Conditions
from codereview.analysers.dataflow.interpreter.folding import truth
from codereview.analysers.dataflow.interpreter.state import (
    NO_SAFE,
    ClassRef,
    Env,
    Frame,
    FunctionRef,
    InstanceOf,
    Safe,
)
from codereview.analysers.dataflow.interpreter.stores import Stores
from codereview.analysers.dataflow.rules.model import Entry
from codereview.analysers.dataflow.values import (
    NONE,
    UNKNOWN,
    Flow,
    Guard,
    Key,
    Origin,
    Value,
    join_all,
    merge_flows,
)

MAX_CALL_DEPTH = 6
#: Work (in nodes) spent on following calls out of one function before the rest are taken as unknown.
INLINING_BUDGET = 12_000
_MAX_MEMO = 20_000
CONSTRUCTORS = ("__init__", "constructor", "<init>")


@dataclass(slots=True)
class Outcome:
    """What a call left: its result, parameters it changed in place, data it has shown to be harmless."""

    result: Value
    changed: dict[str, Value]
    safe: Safe


class Following(Conditions, Stores):
    """Runs functions of the batch in the place of their calls."""

    def invoke(
        self, function: FunctionRef, args: Arguments, frame: Frame, node: ir.Expr, receiver: Value | None = None
    ) -> Value | None:
        """Follow a call; None when it is not followed (recursion, depth, budget)."""
        if frame.env is None:
            return UNKNOWN
        bound = self._bind(function, args, frame, node, receiver)
        outcome = self._outcome(function, bound, frame)
        if outcome is None:
            return None
        frame.env.safe |= outcome.safe
        self._write_back(function, outcome, node, args, frame, receiver)
        result = outcome.result
        if result.flows:
            moved = tuple(
                flow.moved(frame.module.path, node.line, f"returned by {function.code.name}()") for flow in result.flows
            )
            result = result.but(flows=moved)
        return result

    def instantiate(self, cls: ClassRef, args: Arguments, frame: Frame, node: ir.Expr) -> Value:
        """An instance of a class of the batch, after its constructor ran."""
        instance = Value(target=InstanceOf(cls), fields={})
        for name in CONSTRUCTORS:
            constructor = cls.lookup(name)
            if constructor is not None and isinstance(constructor.target, FunctionRef):
                function = constructor.target
                bound = self._bind(function, args, frame, node, instance)
                outcome = self._outcome(function, bound, frame)
                if outcome is not None:
                    return outcome.changed.get(instance_name(function), instance)
                break
        fields: dict[Key, Value] = {name: value for name, value in args.keywords.items() if name != "**"}
        names = [
            s.targets[0].id for s in cls.code.body if isinstance(s, ir.Assign) and isinstance(s.targets[0], ir.Name)
        ]
        fields.update(zip(names, args.values, strict=False))
        flows: tuple[Flow, ...] = ()
        for value in args.values[len(names) :]:
            flows = merge_flows(flows, value.deep)
        return instance.but(fields=fields, flows=flows)

    def mark_entry(self, function: FunctionRef, entry: Entry) -> None:
        """The outside calls this function."""
        raise NotImplementedError

    def declared(self, value: Value, annotation: ir.Expr, frame: Frame) -> Value:
        """A value as seen through the type it is declared with."""
        if value.target is not None or (value.consts is not None and value.consts != (None,)):
            return value
        path = self.type_path(annotation, frame)
        path = frame.module.rules.instance(path)
        if frame.module.language == "java":
            known = value.ref in frame.module.rules.known_types
            return value if known or not path or path in ("Object", "var") else value.but(ref=path)
        if not path or (value.ref and value.ref != path and frame.module.language == "python"):
            return value
        return value.but(ref=path) if "." in path or not value.ref else value

    def _bind(
        self, function: FunctionRef, args: Arguments, frame: Frame, node: ir.Expr, receiver: Value | None
    ) -> dict[str, Value]:
        """Parameters to values."""
        code = function.code
        params = list(code.params)
        bound: dict[str, Value] = {}
        if receiver is not None:
            name = instance_name(function)
            if name == "this":
                bound["this"] = receiver
            elif params and not code.is_static:
                bound[params.pop(0).name] = receiver
        values = list(args.values)
        extra = args.keywords.get("**")
        for param in params:
            if param.kind == "*":
                bound[param.name] = Value(items=tuple(self._moved(value, function, frame, node) for value in values))
                values = []
            elif param.kind == "**":
                rest: dict[Key, Value] = {
                    key: value for key, value in args.keywords.items() if key != "**" and key not in bound
                }
                bound[param.name] = Value(fields=rest, rest=extra)
            elif values and not param.keyword_only:
                bound[param.name] = self._moved(values.pop(0), function, frame, node)
            elif param.name in args.keywords:
                bound[param.name] = self._moved(args.keywords[param.name], function, frame, node)
            elif extra is not None:
                bound[param.name] = extra
            else:
                bound[param.name] = self._default(param, function)
        return bound

    def _moved(self, value: Value, function: FunctionRef, frame: Frame, node: ir.Expr) -> Value:
        if not value.flows:
            return value
        message = f"passed to {function.code.name}()"
        return value.but(flows=tuple(flow.moved(frame.module.path, node.line, message) for flow in value.flows))

    def _default(self, param: ir.Param, function: FunctionRef) -> Value:
        if param.default is None:
            return UNKNOWN
        if isinstance(param.default, ir.Const):
            return Value(consts=(param.default.value,))
        if function.closure is None:
            return UNKNOWN
        scope = Frame(function.module, Env({}), None, function.closure, None, 1)
        return self.eval(param.default, scope)

    def _outcome(self, function: FunctionRef, bound: dict[str, Value], frame: Frame) -> Outcome | None:
        code = function.code
        safe = frame.env.safe if frame.env is not None else NO_SAFE
        key = (id(code), id(function.closure), tuple((name, value.key) for name, value in bound.items()), safe)
        known = self.memo.get(key)
        if known is not None:
            return known if isinstance(known, Outcome) else None
        if frame.call_depth >= MAX_CALL_DEPTH or self.active.count(code) > 1 or self.budget.inlining <= 0:
            return None
        inner = Frame(
            function.module, Env(dict(bound), safe), code, function.closure, function.owner, frame.call_depth + 1
        )
        before, context = self.budget.left, self.context
        self.context = []
        self.active.append(code)
        try:
            self._destructure(code, inner)
            self.run_block(code.body, inner)
        finally:
            self.active.pop()
            self.context = context
            self.budget.inlining -= before - self.budget.left
        outcome = self._left(code, inner, bound, safe)
        if len(self.memo) < _MAX_MEMO:
            self.memo[key] = outcome
        return outcome

    def _destructure(self, code: ir.Function, frame: Frame) -> None:
        for param in code.params:
            if param.pattern is not None and frame.env is not None:
                self.assign(param.pattern, frame.env.vars.get(param.name, UNKNOWN), frame)

    def _left(self, code: ir.Function, inner: Frame, bound: dict[str, Value], safe: Safe) -> Outcome:
        if inner.env is not None:
            inner.returns.append((NONE, inner.env))
        inner.close()
        if code.is_generator:
            result = Value(rest=join_all(inner.yields))
        else:
            result = join_all(value for value, _env in inner.returns) if inner.returns else UNKNOWN
            guards = _return_guards(inner.returns, safe)
            if guards:
                result = result.but(guards=result.guards + guards)
        changed = {
            name: inner.final[name]
            for name, value in bound.items()
            if name not in code.assigned and name in inner.final and inner.final[name] is not value
        }
        shown = [env.safe for _value, env in inner.returns]
        return Outcome(result, changed, frozenset.intersection(*shown) - safe if shown else NO_SAFE)

    def _write_back(
        self,
        function: FunctionRef,
        outcome: Outcome,
        node: ir.Expr,
        args: Arguments,
        frame: Frame,
        receiver: Value | None,
    ) -> None:
        if not outcome.changed or not isinstance(node, ir.Call):
            return
        params = [param.name for param in function.code.params]
        if receiver is not None:
            name = instance_name(function)
            if name in outcome.changed and isinstance(node.func, ir.Attr):
                self.store(node.func.obj, outcome.changed[name], frame)
            if name != "this":
                params = params[1:]
        for name, expr in zip(params, args.exprs, strict=False):
            if name in outcome.changed and not isinstance(expr, ir.Star):
                self.store(expr, outcome.changed[name], frame)
        for name, expr in args.keyword_exprs.items():
            if name in outcome.changed:
                self.store(expr, outcome.changed[name], frame)


def instance_name(function: FunctionRef) -> str:
    """What a method calls its instance."""
    if function.module.language in ("python", "go"):
        return function.code.params[0].name if function.code.params else ""
    return "this"


def _return_guards(returns: Iterable[tuple[Value, Env]], before: Safe) -> tuple[Guard, ...]:
    """What it tells of the data when the result is truthy, and when it is falsy."""
    shown: dict[bool, set[tuple[Origin, str]] | None] = {True: None, False: None}
    for value, env in returns:
        known = truth(value)
        for outcome in (True, False):
            if known is not None and known is not outcome:
                continue
            here = set(env.safe - before)
            for guard in value.guards:
                if guard.when is outcome:
                    here |= {(origin, kind) for origin in guard.origins for kind in guard.kinds}
            earlier = shown[outcome]
            shown[outcome] = here if earlier is None else earlier & here
    return tuple(
        Guard(outcome, frozenset({origin}), frozenset({kind}))
        for outcome, facts in shown.items()
        for origin, kind in sorted(facts or (), key=lambda fact: (fact[0].path, fact[0].line, fact[0].what, fact[1]))
    )

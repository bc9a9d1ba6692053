"""Running statements."""

from collections.abc import Callable, Sequence
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Arguments
from codereview.analysers.dataflow.interpreter.calls import Calls
from codereview.analysers.dataflow.interpreter.state import (
    ClassRef,
    Env,
    Frame,
    FunctionRef,
    InstanceOf,
    Loop,
    ModuleHandle,
    join_envs,
    join_many,
    widen,
)
from codereview.analysers.dataflow.interpreter.stores import iterated
from codereview.analysers.dataflow.reporting import Place
from codereview.analysers.dataflow.values import (
    ALL,
    NONE,
    UNKNOWN,
    Value,
    join,
)

#: Rounds of a loop until its state no longer changes; then it is taken as it is.
_ROUNDS = 3


class Statements(Calls):
    """One method per kind of statement."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._run: dict[type[ir.Stmt], Callable[[Any, Frame], None]] = {
            ir.ExprStmt: self._expr_stmt,
            ir.Assign: self._assign,
            ir.AugAssign: self._aug_assign,
            ir.Return: self._return,
            ir.Raise: self._raise,
            ir.Jump: self._jump,
            ir.If: self._if,
            ir.While: self._while,
            ir.For: self._for,
            ir.Try: self._try,
            ir.With: self._with,
            ir.Match: self._match,
            ir.Assert: self._assert,
            ir.Delete: self._delete,
            ir.Import: self._import,
            ir.Define: self._define,
            ir.DefineClass: self._define_class,
            ir.Global: lambda _node, _frame: None,
            ir.Block: lambda node, frame: self.run_block(node.body, frame),
        }

    def run_block(self, body: Sequence[ir.Stmt], frame: Frame) -> None:
        """Statements in a row, until no path goes on."""
        for statement in body:
            if frame.env is None:
                # What stands after the end of all paths may still define something that is used.
                if isinstance(statement, ir.Define | ir.DefineClass) and frame.call_depth == 0:
                    self._define_unreachable(statement, frame)
                continue
            self.budget.spend()
            self._run[type(statement)](statement, frame)

    def _define_unreachable(self, statement: ir.Define | ir.DefineClass, frame: Frame) -> None:
        frame.env = Env(dict(frame.final))
        self._run[type(statement)](statement, frame)
        frame.env = None

    def _expr_stmt(self, node: ir.ExprStmt, frame: Frame) -> None:
        value = self.eval(node.value, frame)
        if isinstance(node.value, ir.Call):
            self.on_statement_call(node.value, value, frame)

    def _assign(self, node: ir.Assign, frame: Frame) -> None:
        if node.value is None:
            if node.annotation is not None and isinstance(node.targets[0], ir.Name) and frame.env is not None:
                path = self.type_path(node.annotation, frame)
                frame.env.vars.setdefault(node.targets[0].id, Value(ref=frame.module.rules.instance(path)))
            return
        names = [item for target in node.targets for item in _parts(target)]
        self.push_context(names)
        value = self.eval(node.value, frame)
        self.pop_context(names)
        if node.annotation is not None:
            value = self.declared(value, node.annotation, frame)
        for target in node.targets:
            self.assign(target, value, frame, node.value)

    def _aug_assign(self, node: ir.AugAssign, frame: Frame) -> None:
        old = self.eval(node.target, frame)
        self.push_context([node.target])
        value = self.eval(node.value, frame)
        self.pop_context([node.target])
        self.assign(node.target, self.binary(node.op, old, value, frame), frame, node.value)

    def _return(self, node: ir.Return, frame: Frame) -> None:
        value = self.eval(node.value, frame) if node.value is not None else NONE
        if frame.env is not None:
            frame.returns.append((value, frame.env))
            if frame.function is not None and value.flows:
                place = Place(frame.module.path, node.line, node.line)
                self._predictable(frame.function.name, value, place, frame)
        frame.env = None

    def _raise(self, node: ir.Raise, frame: Frame) -> None:
        if node.value is not None:
            self.eval(node.value, frame)
        frame.env = None

    def _jump(self, node: ir.Jump, frame: Frame) -> None:
        if frame.loops and frame.env is not None:
            loop = frame.loops[-1]
            (loop.breaks if node.kind == "break" else loop.continues).append(frame.env)
        frame.env = None

    def _if(self, node: ir.If, frame: Frame) -> None:
        ends: list[Env | None] = []
        for test, body in node.branches:
            holds, fails = self.condition(test, frame)
            frame.env = holds
            self.run_block(body, frame)
            ends.append(frame.env)
            frame.env = fails
            if fails is None:
                break
        self.run_block(node.orelse, frame)
        frame.env = join_many([frame.env, *ends])

    def _while(self, node: ir.While, frame: Frame) -> None:
        exits: Env | None = None
        for _round in range(_ROUNDS):
            if frame.env is None:
                break
            before = frame.env.copy()
            loop = Loop()
            if node.test_last:
                holds: Env | None = frame.env
            else:
                holds, fails = self.condition(node.test, frame)
                exits = join_envs(exits, fails)
            frame.env = holds
            self._loop_body(node.body, loop, frame)
            self.run_block(node.update, frame)
            if node.test_last and frame.env is not None:
                frame.env, fails = self.condition(node.test, frame)
                exits = join_envs(exits, fails)
            exits = join_many([exits, *loop.breaks])
            frame.env, stable = widen(before, frame.env)
            if stable or holds is None:
                break
        frame.env = exits
        self.run_block(node.orelse, frame)

    def _loop_body(self, body: Sequence[ir.Stmt], loop: Loop, frame: Frame) -> None:
        frame.loops.append(loop)
        self.run_block(body, frame)
        frame.loops.pop()
        frame.env = join_many([frame.env, *loop.continues])

    def _for(self, node: ir.For, frame: Frame) -> None:
        source = self.eval(node.iterable, frame)
        key, element = iterated(source)
        if node.index is None and source.fields is not None and source.items is None and source.target is None:
            element = key  # a mapping is iterated by its keys
        exits: Env | None = None
        for _round in range(_ROUNDS):
            if frame.env is None:
                break
            before = frame.env.copy()
            exits = join_envs(exits, before)
            loop = Loop()
            if node.index is not None:
                self.assign(node.index, key, frame)
            if node.target is not None:
                self.assign(node.target, element, frame, node.iterable)
            self._loop_body(node.body, loop, frame)
            exits = join_many([exits, frame.env, *loop.breaks])
            frame.env, stable = widen(before, frame.env)
            if stable:
                break
        if source.items and source.rest is None and frame.env is not None and len(node.body) > 0:
            exits = join_envs(exits, frame.env)
        frame.env = exits
        self.run_block(node.orelse, frame)

    def _try(self, node: ir.Try, frame: Frame) -> None:
        before = frame.env.copy() if frame.env is not None else None
        self.run_block(node.body, frame)
        after = frame.env.copy() if frame.env is not None else None
        self.run_block(node.orelse, frame)
        ends = [frame.env]
        # An exception may come before, within or after the body: a handler sees any of these states.
        thrown = join_envs(before, after)
        for handler in node.handlers:
            frame.env = thrown.copy() if thrown is not None else None
            if frame.env is not None:
                for kind in handler.types:
                    self.eval(kind, frame)
                if handler.name:
                    frame.env.vars[handler.name] = self.read(
                        Value(ref="builtins.exception"), "builtins.exception", handler.line, frame
                    )
            self.run_block(handler.body, frame)
            ends.append(frame.env)
        frame.env = join_many(ends)
        if node.final:
            dead = frame.env is None
            if dead and thrown is not None:
                frame.env = thrown.copy()
            self.run_block(node.final, frame)
            if dead:
                frame.env = None

    def _with(self, node: ir.With, frame: Frame) -> None:
        for context, target in node.items:
            names = [target] if target is not None else []
            self.push_context(names)
            value = self.eval(context, frame)
            self.pop_context(names)
            if target is not None:
                self.assign(target, self._entered(value, context, frame), frame, context)
        self.run_block(node.body, frame)

    def _entered(self, value: Value, context: ir.Expr, frame: Frame) -> Value:
        if isinstance(value.target, InstanceOf):
            method = value.target.cls.lookup("__enter__") or value.target.cls.lookup("__aenter__")
            if method is not None and isinstance(method.target, FunctionRef):
                return self.invoke(method.target, Arguments([], {}), frame, context, value) or value
        return value.rest if value.rest is not None and value.target is None and not value.ref else value

    def _match(self, node: ir.Match, frame: Frame) -> None:
        subject = self.eval(node.subject, frame)
        loop = Loop()
        if node.falls_through:
            frame.loops.append(loop)
        ends: list[Env | None] = []
        falling: Env | None = None
        remaining: Env | None = frame.env
        has_default = False
        for case in (
            sorted(node.cases, key=lambda c: not c.values and not c.opaque and c.guard is None)
            if node.falls_through
            else node.cases
        ):
            fits = self._fits(case, subject, frame, remaining)
            entered = self._entering(case, subject, remaining) if fits is not False else None
            frame.env = join_envs(entered, falling)
            if frame.env is not None and case.guard is not None:
                frame.env, _fails = self.condition(case.guard, frame)
                fits = None
            self.run_block(case.body, frame)
            falling = frame.env if node.falls_through else None
            if not node.falls_through:
                ends.append(frame.env)
            if fits is True:
                remaining, has_default = None, True
        if node.falls_through:
            frame.loops.pop()
            ends += [falling, *loop.breaks]
            if frame.loops:
                frame.loops[-1].continues += loop.continues
        frame.env = join_many([*ends, None if has_default else remaining])

    def _fits(self, case: ir.Case, subject: Value, frame: Frame, state: Env | None) -> bool | None:
        """Whether the arm is taken; None when that is open."""
        if case.opaque:
            return None
        if not case.values:
            return True
        answers: list[bool | None] = []
        frame.env = state
        for value in case.values:
            result = self.compare("==", subject, self.eval(value, frame) if state is not None else UNKNOWN)
            answers.append(result.single if isinstance(result.single, bool) else None)
        if True in answers:
            return True
        return False if all(answer is False for answer in answers) else None

    def _entering(self, case: ir.Case, subject: Value, state: Env | None) -> Env | None:
        if state is None:
            return None
        entered = state.copy()
        for name in case.binds:
            entered.vars[name] = subject if not case.opaque else Value(flows=subject.deep)
        if case.values:
            entered.safe |= {(flow.origin, ALL) for flow in subject.deep}
        return entered

    def _assert(self, node: ir.Assert, frame: Frame) -> None:
        holds, _fails = self.condition(node.test, frame)
        self.on_assert(node, frame)
        if holds is not None:
            frame.env = holds

    def _delete(self, node: ir.Delete, frame: Frame) -> None:
        for target in node.targets:
            if isinstance(target, ir.Name) and frame.env is not None:
                frame.env.vars.pop(target.id, None)

    # --- definitions ------------------------------------------------------------------------------------------

    def _import(self, node: ir.Import, frame: Frame) -> None:
        if frame.env is None:
            return
        for local, module_name, attribute in node.names:
            name = self.absolute(module_name, node.level, frame.module)
            self.on_import(f"{name}.{attribute}" if attribute else name, node.line, frame, local)
            if local == "*":
                self._import_all(name, frame)
            elif attribute:
                frame.env.vars[local] = self._imported(name, attribute, frame)
            elif local == module_name and "." in local:
                top = local.partition(".")[0]
                self.module_named(name, frame.module)
                frame.env.vars[top] = self._handle(top, frame)
            else:
                frame.env.vars[local] = self._handle(name, frame)

    def _handle(self, name: str, frame: Frame) -> Value:
        module = self.module_named(name, frame.module)
        path = frame.module.rules.types.get(name, name)
        if module is not None or self.is_package(name):
            return Value(ref=path, target=ModuleHandle(module.name if module is not None else name, module))
        return Value(ref=path)

    def _imported(self, name: str, attribute: str, frame: Frame) -> Value:
        module = self.module_named(name, frame.module)
        if module is not None and module.frame is not None and attribute in module.frame.visible:
            return module.frame.visible[attribute]
        full = f"{name}.{attribute}" if name else attribute
        inner = self.module_named(full, frame.module)
        if frame.module.language == "java":  # types are known by their simple names
            found = inner.frame.visible.get(attribute) if inner is not None and inner.frame is not None else None
            return found if found is not None else Value(ref=frame.module.rules.alias(attribute))
        path = frame.module.rules.types.get(full, full)
        if inner is not None or self.is_package(full):
            return Value(ref=path, target=ModuleHandle(inner.name if inner is not None else full, inner))
        return Value(ref=path)

    def _import_all(self, name: str, frame: Frame) -> None:
        module = self.module_named(name, frame.module)
        if module is not None and module.frame is not None and frame.env is not None:
            for exported, value in module.frame.visible.items():
                if not exported.startswith("_"):
                    frame.env.vars.setdefault(exported, value)

    def _define(self, node: ir.Define, frame: Frame) -> None:
        function = node.function
        decorators = tuple(self.eval(decorator, frame) for decorator in function.decorators)
        owner = frame.owner if frame.function is None else None
        made = FunctionRef(function, frame.module, frame, owner, decorators)
        self.on_define(made, frame)
        if frame.call_depth == 0:
            frame.module.functions.append(made)
        if frame.env is None:
            return
        value = Value(target=made, ref=f"{frame.module.name}.{function.name}")
        for decorator in decorators:
            if isinstance(decorator.target, FunctionRef):
                value = self._decorated(decorator.target, value, node, frame) or value
        frame.env.vars[function.name] = value

    def _decorated(self, decorator: FunctionRef, value: Value, node: ir.Define, frame: Frame) -> Value | None:
        call = ir.Name(node.line, node.function.name)
        result = self.invoke(decorator, Arguments([value], {}, [call]), frame, call)
        return result if result is not None and isinstance(result.target, FunctionRef) else None

    def _define_class(self, node: ir.DefineClass, frame: Frame) -> None:
        code = node.cls
        cls = ClassRef(code, frame.module, bases=tuple(self.eval(base, frame) for base in code.bases))
        for decorator in code.decorators:
            self.eval(decorator, frame)
        inner = Frame(frame.module, Env({}), None, frame, cls, frame.call_depth)
        cls.frame = inner
        self.run_block(code.body, inner)
        inner.close()
        frame.module.classes[code.name] = cls
        if frame.env is not None:
            value = Value(target=cls, ref=f"{frame.module.name}.{code.name}")
            known = frame.env.vars.get(code.name)
            frame.env.vars[code.name] = value if known is None or known.target is not None else join(value, known)


def _parts(target: ir.Expr) -> tuple[ir.Expr, ...]:
    return target.items if isinstance(target, ir.Sequence) else (target,)

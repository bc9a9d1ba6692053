"""Evaluating expressions other than calls."""

from collections.abc import Callable
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Arguments, Base, spelled
from codereview.analysers.dataflow.interpreter.folding import (
    arithmetic,
    combine,
    comparison,
    concatenate,
    slice_of,
    truth,
)
from codereview.analysers.dataflow.interpreter.methods import percent_format, read_entry
from codereview.analysers.dataflow.interpreter.state import (
    Bound,
    ClassRef,
    Env,
    Frame,
    FunctionRef,
    InstanceOf,
    ModuleHandle,
    join_envs,
    settled,
)
from codereview.analysers.dataflow.interpreter.watching import Watching
from codereview.analysers.dataflow.values import (
    ALL,
    FALSE,
    MAX_ITEMS,
    NOTHING,
    TRUE,
    UNKNOWN,
    Flow,
    Guard,
    Origin,
    Value,
    constant,
    element_of,
    join,
    join_all,
    merge_flows,
    tainted,
    with_entry,
)

_NEGATED = {"!=", "not in", "is not"}
_NUMBERS = frozenset({"int", "float", "bool", "number", "boolean", "long", "double", "Integer", "Long", "Boolean"})
#: Characters whose absence makes data harmless for some kinds, when a test looks for them.
_TELLING = (("..", "path"), ("/", "path"), ("\\", "path"), ("\n", "log"), ("\n", "header"), ("\r", "header"), ("\r", "log"),
            ("<", "xss"), ("'", "sql"), ("'", "code"), ('"', "code"), ("'", "xpath"), ("://", "redirect"), ("*", "ldap"))  # fmt: skip


class Expressions(Watching, Base):
    """One method per kind of expression."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        table: dict[type[ir.Expr], Callable[[Any, Frame], Value]] = {
            ir.Const: lambda node, _frame: constant(node.value),
            ir.Name: self._name,
            ir.Attr: self._attr,
            ir.Index: self._index,
            ir.Slice: lambda node, frame: self._parts(node, frame, node.lower, node.upper, node.step),
            ir.Star: lambda node, frame: self.eval(node.value, frame),
            ir.Chain: self._chain,
            ir.Compare: self._compare,
            ir.Logic: self._logic,
            ir.Not: self._not,
            ir.Unary: self._unary,
            ir.Cond: self._cond,
            ir.Format: lambda node, frame: concatenate([self.eval(part, frame) for part in node.parts]),
            ir.Sequence: self._sequence,
            ir.Mapping: self._mapping,
            ir.Lambda: self._lambda,
            ir.Comprehension: self._comprehension,
            ir.Walrus: self._walrus,
            ir.Yield: self._yield,
            ir.Cast: self._cast,
            ir.Opaque: lambda node, frame: self._parts(node, frame, *node.parts),
        }
        self._eval.update(table)

    def _parts(self, _node: ir.Expr, frame: Frame, *parts: ir.Expr | None) -> Value:
        flows: tuple[Flow, ...] = ()
        for part in parts:
            if part is not None:
                flows = merge_flows(flows, self.eval(part, frame).deep)
        return Value(flows=flows) if flows else UNKNOWN

    # --- names and attributes ---------------------------------------------------------------------------------

    def lookup(self, name: str, frame: Frame) -> Value | None:
        """A variable of the frame or of one it is nested in."""
        current: Frame | None = frame
        while current is not None:
            found = current.visible.get(name)
            if found is not None:
                return found
            current = current.parent
            while _hidden(current):
                current = current.parent if current is not None else None
        return None

    def _name(self, node: ir.Name, frame: Frame) -> Value:
        value = self.lookup(node.id, frame) or self.neighbour(node.id, frame.module)
        if value is None:
            rules = frame.module.rules
            path = rules.types.get(rules.names.get(node.id, node.id), rules.names.get(node.id, node.id))
            return self.read(Value(ref=path), path, node.line, frame)
        if value.flows and frame.env is not None and frame.env.safe:
            value = settled(value, frame.env.safe)
        return value

    def _attr(self, node: ir.Attr, frame: Frame) -> Value:
        return self.attribute(self.eval(node.obj, frame), node.name, frame, node.line, spelled(node.obj))

    def attribute(self, obj: Value, name: str, frame: Frame, line: int, obj_name: str = "") -> Value:
        """``obj.name``."""
        if obj.fields is not None and name in obj.fields:
            return tainted(obj.fields[name], obj.flows)
        found = self._member(obj, name, frame)
        if found is not None:
            return found
        rules = frame.module.rules
        path = f"{obj.ref}.{name}" if obj.ref else ""
        if isinstance(obj.target, InstanceOf):
            for base in obj.target.cls.outside_bases():
                path = f"{base}.{name}"
        path = rules.alias(path) if path else ""
        value = Value(flows=obj.flows, ref=path)
        if obj.rest is not None and obj.target is not None:
            value = tainted(value, obj.rest.deep)
        return self.read(value, path or name, line, frame, obj_name, bool(obj.ref))

    def _member(self, obj: Value, name: str, frame: Frame) -> Value | None:
        target = obj.target
        if isinstance(target, InstanceOf):
            found = target.cls.lookup(name)
            if found is None or not isinstance(found.target, FunctionRef):
                return found
            function = found.target
            if any(value.ref.endswith("property") for value in function.decorators):
                node = ir.Name(function.code.line, function.code.name)
                return self.invoke(function, Arguments([], {}), frame, node, obj)
            return Value(target=Bound(function, obj))
        if isinstance(target, ClassRef):
            return target.lookup(name)
        if isinstance(target, ModuleHandle):
            return self._module_member(target, name, frame)
        return None

    def _module_member(self, handle: ModuleHandle, name: str, frame: Frame) -> Value | None:
        if handle.module is not None and handle.module.frame is not None:
            found = handle.module.frame.visible.get(name)
            if found is not None:
                return found
        inner = self.module_named(f"{handle.name}.{name}", frame.module)
        if inner is not None:
            return Value(ref=f"{handle.name}.{name}", target=ModuleHandle(inner.name, inner))
        return None

    def _index(self, node: ir.Index, frame: Frame) -> Value:
        obj = self.eval(node.obj, frame)
        if isinstance(node.key, ir.Slice):
            return self._slice(node.key, obj, frame)
        key = self.eval(node.key, frame)
        if not obj.is_container and obj.consts is None:
            path = f"{obj.ref}[]" if obj.ref else ""
            value = Value(flows=obj.flows, ref=frame.module.rules.types.get(path, path))
            return self.read(value, path, node.line, frame) if path else value
        found = read_entry(obj, key)
        if obj.ref and not found.ref and found.target is None and found.consts is None:
            found = found.but(ref=frame.module.rules.types.get(f"{obj.ref}[]", f"{obj.ref}[]"))
        return found

    def _slice(self, node: ir.Slice, obj: Value, frame: Frame) -> Value:
        bounds = [self.eval(b, frame).single if b is not None else None for b in (node.lower, node.upper, node.step)]
        exact = slice_of(obj, *bounds)
        if exact is not None:
            return tainted(exact, obj.flows) if obj.parts is None else exact
        return Value(flows=obj.flows, rest=element_of(obj) if obj.is_container else None)

    # --- operators --------------------------------------------------------------------------------------------

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
        return self.compare(node.op, left, right)

    def compare(self, op: str, left: Value, right: Value) -> Value:
        """``left op right``, with what the answer tells of their data."""
        guards = _comparison_guards(op, left, right)
        if op in ("in", "not in") and right.consts is None:
            answer = _membership(left, right)
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
        guards = _logic_guards(node.op, results)
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

    # --- literals and scopes ----------------------------------------------------------------------------------

    def _sequence(self, node: ir.Sequence, frame: Frame) -> Value:
        items: list[Value] = []
        rest: Value | None = None
        for item in node.items:
            value = self.eval(item, frame)
            if isinstance(item, ir.Star):
                if value.items is not None and value.rest is None:
                    items.extend(value.items)
                else:
                    rest = element_of(value) if rest is None else join(rest, element_of(value))
            else:
                items.append(value)
        if len(items) > MAX_ITEMS:
            return Value(rest=join_all(items))
        return Value(items=tuple(items), rest=rest)

    def _mapping(self, node: ir.Mapping, frame: Frame) -> Value:
        made = Value(fields={})
        for key, item in node.items:
            name = self.eval(key, frame).single if key is not None else NOTHING
            if isinstance(name, str):
                self.context.append(name)
            value = self.eval(item, frame)
            if isinstance(name, str):
                self.context.pop()
            if key is None:
                made = made.but(
                    fields={**(made.fields or {}), **(value.fields or {})},
                    rest=value.rest,
                    flows=merge_flows(made.flows, value.flows),
                )
                continue
            made = with_entry(made, name, value)
            if isinstance(name, str):
                self.on_pair(name, value, item, frame)
        return made

    def _lambda(self, node: ir.Lambda, frame: Frame) -> Value:
        function = FunctionRef(node.function, frame.module, frame, frame.owner)
        if frame.call_depth == 0:
            frame.module.functions.append(function)
        return Value(target=function)

    def _comprehension(self, node: ir.Comprehension, frame: Frame) -> Value:
        single: Value | None = None
        for clause in node.clauses:
            source = self.eval(clause.iterable, frame)
            single = source if len(node.clauses) == 1 and not clause.tests else None
            self.assign(clause.target, element_of(source), frame)
            for test in clause.tests:
                holds, _fails = self.condition(test, frame)
                if holds is None:
                    return Value(items=())
                frame.env = holds
        if (
            single is not None
            and single.items is not None
            and single.rest is None
            and node.kind in ("list", "generator")
        ):
            return Value(items=tuple(self._mapped(node, item, frame) for item in single.items))
        element = self.eval(node.element, frame)
        if node.key is not None:
            key = self.eval(node.key, frame)
            return Value(rest=tainted(element, key.flows))
        return Value(rest=element)

    def _mapped(self, node: ir.Comprehension, item: Value, frame: Frame) -> Value:
        self.assign(node.clauses[0].target, item, frame)
        return self.eval(node.element, frame)

    def _walrus(self, node: ir.Walrus, frame: Frame) -> Value:
        value = self.eval(node.value, frame)
        self.assign(node.target, value, frame, node.value)
        return value

    def _yield(self, node: ir.Yield, frame: Frame) -> Value:
        if node.value is not None:
            value = self.eval(node.value, frame)
            frame.yields.append(element_of(value) if isinstance(node.value, ir.Star) else value)
        return UNKNOWN

    def _cast(self, node: ir.Cast, frame: Frame) -> Value:
        value = self.eval(node.value, frame)
        path = self.type_path(node.type, frame)
        if path.rpartition(".")[2] in _NUMBERS:
            return Value(consts=value.consts) if not value.flows else UNKNOWN
        return value if not path or value.target is not None else value.but(ref=value.ref or path)

    def type_path(self, node: ir.Expr, frame: Frame) -> str:
        """The dotted path of a type as it is written in an annotation; the first of a union or an Optional."""
        if isinstance(node, ir.Const) and isinstance(node.value, str):
            return node.value if node.value.replace(".", "").isidentifier() else ""
        if isinstance(node, ir.Index):
            outer = self.type_path(node.obj, frame)
            return self.type_path(node.key, frame) if outer.endswith(("Optional", "Annotated")) else outer
        if isinstance(node, ir.Chain):
            return self.type_path(node.first, frame)
        if isinstance(node, ir.Sequence):
            return self.type_path(node.items[0], frame) if node.items else ""
        if isinstance(node, ir.Name | ir.Attr):
            value = self.eval(node, frame)
            return value.ref
        return ""


def _hidden(frame: Frame | None) -> bool:
    """A class body is not a scope for its methods in Python."""
    return (
        frame is not None and frame.owner is not None and frame.function is None and frame.module.language == "python"
    )


def _alternatives(value: Value) -> tuple[Value, ...]:
    """The members of ``A | B``, for flags."""
    return value.items if value.items is not None else (value,)


def _origins(value: Value) -> frozenset[Origin]:
    return frozenset(flow.origin for flow in value.deep)


def _comparison_guards(op: str, left: Value, right: Value) -> tuple[Guard, ...]:
    if not left.deep and not right.deep:
        return ()
    when = op not in _NEGATED
    if op in ("==", "!=", "is", "is not"):
        checked, against = (left, right) if left.deep else (right, left)
        if against.deep or against.single is None or against.single in ("", b""):
            return ()
        return (Guard(when, _origins(checked), frozenset({ALL})),)
    if op in ("<", "<=", ">", ">="):
        # Whoever compares sizes knows that they are bounded: either outcome is taken for a test of the range.
        origins = _origins(left) | _origins(right)
        return tuple(Guard(outcome, origins, frozenset({"overflow"})) for outcome in (True, False))
    if op in ("in", "not in"):
        if left.deep and not right.deep:
            return (Guard(when, _origins(left), frozenset({ALL})),)
        needles = left.texts()
        if right.deep and needles:
            kinds = frozenset(kind for text, kind in _TELLING if any(text in needle for needle in needles))
            return (Guard(not when, _origins(right), kinds),) if kinds else ()
    return ()


def _membership(left: Value, right: Value) -> bool | None:
    """Whether ``left in right`` for a container known exactly; None when that is open."""
    if left.consts is None or left.flows or right.rest is not None or right.flows:
        return None
    if right.fields is not None and right.items is None:
        members: tuple[Any, ...] = tuple(right.fields)
    elif right.items is not None and all(item.consts is not None and len(item.consts) == 1 for item in right.items):
        members = tuple(item.single for item in right.items)
    else:
        return None
    answers = {any(type(m) is type(c) and m == c for m in members) for c in left.consts}
    return answers.pop() if len(answers) == 1 else None


def _logic_guards(op: str, results: list[Value]) -> tuple[Guard, ...]:
    """Of a conjunction that holds every part holds; of a disjunction that fails every part fails."""
    if len(results) == 1:
        return results[0].guards
    strong = op == "and"
    found = [guard for value in results for guard in value.guards if guard.when is strong]
    # Where one part is enough, only what all parts show is shown.
    first, *others = results
    for guard in first.guards:
        if guard.when is not strong and all(
            any(o.when is guard.when and o.origins == guard.origins and o.kinds >= guard.kinds for o in other.guards)
            for other in others
        ):
            found.append(guard)
    return tuple(found)

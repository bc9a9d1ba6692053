"""Evaluating expressions other than calls."""

from collections.abc import Callable
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Arguments, spelled
from codereview.analysers.dataflow.interpreter.folding import (
    concatenate,
    slice_of,
)
from codereview.analysers.dataflow.interpreter.guards import chain, host_guards
from codereview.analysers.dataflow.interpreter.methods import read_entry
from codereview.analysers.dataflow.interpreter.operators import Operators
from codereview.analysers.dataflow.interpreter.state import (
    Bound,
    ClassRef,
    Frame,
    FunctionRef,
    InstanceOf,
    ModuleHandle,
    settled,
)
from codereview.analysers.dataflow.values import (
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    Flow,
    Value,
    constant,
    element_of,
    join,
    join_all,
    merge_flows,
    tainted,
    with_entry,
)

_COUNTS = frozenset({"length", "byteLength"})
_NUMBERS = frozenset({"int", "float", "bool", "number", "boolean", "long", "double", "Integer", "Long", "Boolean"})


class Expressions(Operators):
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
        value = self.attribute(self.eval(node.obj, frame), node.name, frame, node.line, spelled(node.obj))
        if not value.flows or frame.env is None or not frame.env.safe:
            return value
        place = chain(node)
        kinds = frozenset(kind for origin, kind in frame.env.safe if origin == place)
        return value.but(flows=tuple(flow.cleared(kinds) for flow in value.flows)) if kinds else value

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
        # How long something is, is no text.
        counted = name in _COUNTS and not path.startswith("web.") and frame.module.language != "python"
        value = Value(flows=() if counted else obj.flows, ref=path, guards=host_guards(obj, name))
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

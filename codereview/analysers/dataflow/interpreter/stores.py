"""Writing values to variables, attributes and elements."""

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import spelled
from codereview.analysers.dataflow.interpreter.expressions import Expressions
from codereview.analysers.dataflow.interpreter.state import Frame, ModuleHandle
from codereview.analysers.dataflow.reporting import Place
from codereview.analysers.dataflow.values import (
    NOTHING,
    UNKNOWN,
    Flow,
    Value,
    constant,
    element_of,
    join,
    join_all,
    tainted,
    with_entry,
)

#: The path rules about the key of an assigned element go by.
_ELEMENT_KEY = "%element-key"


class Stores(Expressions):
    """Assignments of every kind."""

    def push_context(self, targets: list[ir.Expr]) -> None:
        """What is evaluated next is for these targets."""
        self.context.extend(spelled(target) for target in targets)

    def pop_context(self, targets: list[ir.Expr]) -> None:
        """It was."""
        if targets:
            del self.context[-len(targets) :]

    def assign(self, target: ir.Expr, value: Value, frame: Frame, node: ir.Expr | None = None) -> None:
        """Store a value, with a step in its trace, and let the rules see it."""
        if frame.env is None:
            return
        if isinstance(target, ir.Name):
            if value.flows:
                value = value.but(flows=self._stepped(value.flows, target.id, target.line, frame))
            self.set_name(target.id, value, frame)
            self.on_name(target.id, value, node, target.line, frame)
        elif isinstance(target, ir.Attr):
            self._assign_attr(target, value, frame, node)
        elif isinstance(target, ir.Index):
            self._assign_index(target, value, frame, node)
        elif isinstance(target, ir.Sequence):
            self._unpack(target, value, frame)
        elif isinstance(target, ir.Mapping):
            for key, inner in target.items:
                name = key.value if isinstance(key, ir.Const) else None
                part = self.attribute(value, name, frame, target.line) if isinstance(name, str) else value
                self.assign(inner, part, frame)
        elif isinstance(target, ir.Star):
            self.assign(target.value, Value(rest=value), frame)

    def _stepped(self, flows: tuple[Flow, ...], name: str, line: int, frame: Frame) -> tuple[Flow, ...]:
        path = frame.module.path
        return tuple(flow.moved(path, line, f"assigned to {name}") for flow in flows)

    def set_name(self, name: str, value: Value, frame: Frame) -> None:
        """Bind a variable, here or in the scope it is declared to belong to."""
        if frame.env is None:
            return
        if frame.function is not None and name in frame.function.outer:
            owner = frame.parent
            while owner is not None and name not in owner.visible and owner.parent is not None:
                owner = owner.parent
            if owner is not None:
                known = owner.visible.get(name)
                owner.visible[name] = value if known is None else join(known, value)
                return
        frame.env.vars[name] = value

    def _assign_attr(self, target: ir.Attr, value: Value, frame: Frame, node: ir.Expr | None) -> None:
        obj = self.eval(target.obj, frame)
        rules = frame.module.rules
        path = f"{obj.ref}.{target.name}" if obj.ref else ""
        path = rules.types.get(path, path)
        self.on_write(
            path, target.name, value, node, target.line, frame, known=bool(obj.ref), receiver_name=spelled(target.obj)
        )
        if (
            isinstance(obj.target, ModuleHandle)
            and obj.target.module is not None
            and obj.target.module.frame is not None
        ):
            visible = obj.target.module.frame.visible
            known = visible.get(target.name)
            visible[target.name] = value if known is None else join(known, value)
            return
        self.store(target.obj, with_entry(obj, target.name, value), frame)

    def _assign_index(self, target: ir.Index, value: Value, frame: Frame, node: ir.Expr | None) -> None:
        obj = self.eval(target.obj, frame)
        key = self.eval(target.key, frame)
        single = NOTHING if isinstance(target.key, ir.Slice) else key.single
        path = f"{obj.ref}[]" if obj.ref else ""
        last = (path or f"{spelled(target.obj)}[]").rpartition(".")[2]
        name = single if isinstance(single, str) else ""
        self.on_write(
            path, last, value, node, target.line, frame, known=bool(obj.ref), receiver_name=spelled(target.obj)
        )
        if name:
            self.on_name(name, value, node, target.line, frame)
        self.on_element_write(path, last, key, target, frame)
        stored = value if single is not NOTHING or not key.flows else tainted(value, key.flows)
        self.store(target.obj, with_entry(obj, single, stored), frame)

    def on_element_write(self, path: str, last: str, key: Value, target: ir.Index, frame: Frame) -> None:
        """Keys that are data are seen by the rules as well (trust boundaries)."""
        if key.flows:
            place = Place(frame.module.path, target.line, target.line)
            for sink in frame.module.rules.sink_calls.of(_ELEMENT_KEY, _ELEMENT_KEY):
                self._arrives(sink, key, place, frame, "the choice of a property that is set")
            self.on_write(
                path, last, key, None, target.line, frame, known=bool(path), receiver_name=spelled(target.obj)
            )

    def store(self, target: ir.Expr, value: Value, frame: Frame) -> None:
        """Write a changed value back to where it was read from."""
        for _ in range(8):
            if isinstance(target, ir.Name):
                self._store_name(target.id, value, frame)
                return
            if isinstance(target, ir.Attr):
                outer = self.eval(target.obj, frame)
                if isinstance(outer.target, ModuleHandle):
                    module = outer.target.module
                    if module is not None and module.frame is not None:
                        module.frame.visible[target.name] = value
                    return
                value = with_entry(outer, target.name, value)
                target = target.obj
            elif isinstance(target, ir.Index) and not isinstance(target.key, ir.Slice):
                outer, key = self.eval(target.obj, frame), self.eval(target.key, frame)
                value = with_entry(outer, key.single, value)
                target = target.obj
            elif isinstance(target, ir.Index):
                target = target.obj  # part of it was written
            elif isinstance(target, ir.Cast | ir.Star):
                target = target.value
            elif isinstance(target, ir.Unary) and target.op in ("&", "*"):
                target = target.operand
            elif isinstance(target, ir.Call):
                if not isinstance(target.func, ir.Attr):
                    if spelled(target.func) == "super" and frame.function is not None:
                        self._store_name(_instance_name(frame), value.but(target=self._instance_target(frame)), frame)
                    return
                target = target.func.obj if _is_fluent(frame) else ir.Opaque(target.line, ())
            else:
                return

    def _instance_target(self, frame: Frame) -> object:
        known = frame.visible.get(_instance_name(frame))
        return known.target if known is not None else None

    def _store_name(self, name: str, value: Value, frame: Frame) -> None:
        current: Frame | None = frame
        while current is not None:
            if name in current.visible:
                current.visible[name] = value if current is frame else join(current.visible[name], value)
                return
            current = current.parent
        if frame.env is not None:
            frame.env.vars[name] = value

    def _unpack(self, target: ir.Sequence, value: Value, frame: Frame) -> None:
        count = len(target.items)
        stars = [index for index, item in enumerate(target.items) if isinstance(item, ir.Star)]
        if value.items is not None and value.rest is None and not stars and len(value.items) == count:
            for item, element in zip(target.items, value.items, strict=True):
                self.assign(item, tainted(element, value.flows), frame)
            return
        if value.items is not None and len(value.items) >= count and not stars:
            for item, element in zip(target.items, value.items, strict=False):
                self.assign(item, tainted(element, value.flows), frame)
            return
        if frame.module.language == "go" and not value.is_container and count > 1:
            for index, item in enumerate(target.items):  # the last of several results is an error or a flag
                self.assign(item, value if index < count - 1 else UNKNOWN, frame)
            return
        element = element_of(value)
        if not element.ref and value.ref:
            element = element.but(ref=value.ref) if frame.module.language == "go" else element
        for item in target.items:
            self.assign(item, element, frame)


def _instance_name(frame: Frame) -> str:
    if frame.function is not None and frame.module.language == "python" and frame.function.params:
        return frame.function.params[0].name
    return "this"


def _is_fluent(frame: Frame) -> bool:
    return frame.module.language != "python"


def iterated(value: Value) -> tuple[Value, Value]:
    """A key (or position) and an element of what is iterated."""
    if value.fields is not None and value.items is None:
        keys = [constant(key) for key in value.fields] if len(value.fields) <= 6 and value.rest is None else []
        key = join_all(keys) if keys else UNKNOWN
        return tainted(key, value.flows), element_of(value)
    return Value(flows=value.flows), element_of(value)

"""Calls: into the batch by following them, out of it by what the tables say of the callee."""

import re
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Arguments, CallSite, spelled
from codereview.analysers.dataflow.interpreter.following import Following
from codereview.analysers.dataflow.interpreter.formatting import format_text, join_text
from codereview.analysers.dataflow.interpreter.matching import Subject, holds, selected
from codereview.analysers.dataflow.interpreter.methods import (
    MUTATORS,
    container_operation,
    fold_text,
    split_text,
)
from codereview.analysers.dataflow.interpreter.natives import native
from codereview.analysers.dataflow.interpreter.state import Bound, ClassRef, Frame, FunctionRef, InstanceOf
from codereview.analysers.dataflow.reporting import Place
from codereview.analysers.dataflow.values import (
    ALL,
    TRUE,
    UNKNOWN,
    Flow,
    Guard,
    Value,
    element_of,
    entry_of,
    join,
    merge_flows,
    tainted,
    with_entry,
)

#: Names of functions outside the batch that say whether their argument is acceptable.
_VALIDATES = re.compile(
    r"^_?(is_?|Is)?(?i:valid|validate|safe|allowed|permitted|whitelist|allowlist|trusted|sanitized)(_|$|[A-Z])"
    r"|(_|is|Is)(?i:valid|safe|allowed|permitted|whitelisted|trusted)(_|$|[A-Z])"
    r"|^(?i:validate|ensure|verify|require)(_|$|[A-Z])|(Valid|Safe|Allowed|Whitelisted|Trusted)(?![a-z])"
)
#: Names of functions that raise when their argument is not acceptable.
_CHECKS = re.compile(r"^_?(?i:validate|ensure|check|assert|verify|require|guard)(_|[A-Z])")
#: Names of functions that make their argument harmless, for whatever it is meant for.
_SANITISES = re.compile(
    r"(^|_)(?i:sanitize|sanitise|escape|clean|quote|encode_for)(_|$|[A-Z])"
    r"|(?i:(sanitize|sanitise|escape)(html|sql|shell|path|url|input|xml|d)?)$"
)


class Calls(Following):
    """Evaluates calls."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._eval[ir.Call] = self._call

    def _call(self, node: ir.Call, frame: Frame) -> Value:
        func = node.func
        if isinstance(func, ir.Attr):
            receiver = self.eval(func.obj, frame)
            receiver_name = spelled(func.obj)
            callee = self.attribute(receiver, func.name, frame, node.line, receiver_name)
            name = func.name
        else:
            receiver, receiver_name = UNKNOWN, ""
            callee = self.eval(func, frame)
            name = spelled(func)
        args = self.arguments(node, frame)
        followed = self._into_batch(node, callee, args, frame)
        if followed is not None:
            self._watch_followed(node, callee, args, frame)
            self._perhaps_filled(args, frame)
            return followed
        path = callee.ref or (name if not isinstance(func, ir.Attr) else "")
        last = path.rpartition(".")[2] or name
        site = CallSite(node, path, last, receiver, receiver_name, args, frame.module.language)
        self.on_call(site, frame)
        result = self._outside(site, name, frame)
        if name != "len":
            self._perhaps_filled(args, frame)
        return result

    def _perhaps_filled(self, args: Arguments, frame: Frame) -> None:
        """Whoever gets a fresh buffer may put something into it."""
        for expr, given in zip(args.exprs, args.values, strict=False):
            if entry_of(given, "zeroed") is not None and isinstance(expr, ir.Name | ir.Attr):
                value = self.eval(expr, frame)
                if entry_of(value, "zeroed") is not None:
                    self.store(expr, Value(ref=value.ref), frame)

    def _watch_followed(self, node: ir.Call, callee: Value, args: Arguments, frame: Frame) -> None:
        for name, value in args.keywords.items():
            self.on_pair(name, value, args.keyword_exprs.get(name, node), frame)
        if callee.ref and isinstance(callee.target, ClassRef):
            for base in callee.target.outside_bases():
                site = CallSite(node, base, base.rpartition(".")[2], UNKNOWN, "", args)
                self.on_call(site, frame)

    def arguments(self, node: ir.Call, frame: Frame) -> Arguments:
        """Evaluate the arguments."""
        args = Arguments([], {})
        exprs: list[ir.Expr] = []
        for expr in node.args:
            value = self.eval(expr, frame)
            if isinstance(expr, ir.Star):
                if value.items is not None and value.rest is None:
                    args.values.extend(tainted(item, value.flows) for item in value.items)
                    exprs.extend([expr] * len(value.items))
                    continue
                args.spread = True
                value = element_of(value)
            args.values.append(value)
            exprs.append(expr)
        args.exprs = exprs
        for name, expr in node.keywords:
            self.context.append(name)
            value = self.eval(expr, frame)
            self.context.pop()
            if name == "**":
                known = {key: item for key, item in (value.fields or {}).items() if isinstance(key, str)}
                args.keywords.update(known)
                args.spread = args.spread or value.fields is None or value.rest is not None
                if value.flows or value.rest is not None:
                    args.keywords["**"] = tainted(value.rest or UNKNOWN, value.flows)
                continue
            args.keywords[name] = value
            args.keyword_exprs[name] = expr
        return args

    def _into_batch(self, node: ir.Call, callee: Value, args: Arguments, frame: Frame) -> Value | None:
        target = callee.target
        if isinstance(target, Bound):
            return self.invoke(target.function, args, frame, node, target.receiver)
        if isinstance(target, FunctionRef):
            return self.invoke(target, args, frame, node)
        if isinstance(target, ClassRef):
            return self.instantiate(target, args, frame, node)
        if isinstance(target, InstanceOf):
            method = target.cls.lookup("__call__")
            if method is not None and isinstance(method.target, FunctionRef):
                return self.invoke(method.target, args, frame, node, callee)
        return None

    # --- out of the batch -------------------------------------------------------------------------------------

    def _outside(self, site: CallSite, name: str, frame: Frame) -> Value:
        rules = frame.module.rules
        where = (site.path, site.last, site.receiver_name, site.receiver_known)
        known = native(self, site, frame) if site.path else None
        if known is None and isinstance(site.node.func, ir.Attr):
            known = self._method(site, name, site.node.func, frame)
        flows = self._carried(site) if known is None else known.flows
        called_back = self._call_back(site, frame)
        if rules.opaque.of(*where):
            flows, known = (), None
        elif called_back:
            flows = merge_flows(flows, called_back)
        for sanitiser in rules.sanitisers.of(*where):
            if holds(sanitiser.where, Subject(site=site)):
                flows = tuple(flow.cleared(sanitiser.kinds) for flow in flows)
        if not rules.sanitisers.of(*where) and flows and _SANITISES.search(name) and not site.path.startswith("re."):
            flows = tuple(flow.cleared((ALL,)) for flow in flows)
        flows = self._sourced(site, flows, frame)
        self._propagate(site, frame)
        if flows and rules.decoders.of(*where):
            flows = tuple(Flow(flow.origin, step=flow.step) for flow in flows)
        path = rules.instance(site.path)
        guards = self._guards(site, name, frame)
        if known is not None:
            changed = flows != known.flows or guards
            result = known.but(flows=flows, guards=guards, ref=known.ref or path) if changed else known
        else:
            result = Value(flows=flows, ref=path, guards=guards)
        return self._marked(site, result, frame)

    def _sourced(self, site: CallSite, flows: tuple[Flow, ...], frame: Frame) -> tuple[Flow, ...]:
        """A source's result is its own data: the name something is asked for by is not part of the answer."""
        subject = Subject(site=site, context=self.names_around(frame))
        rules = frame.module.rules
        for source in rules.source_calls.of(site.path, site.last, site.receiver_name, site.receiver_known):
            if not holds(source.where, subject):
                continue
            origin = self.origin(source, site.node.line, frame)
            if not source.fills:
                flows = (origin,)
            for value, expr in selected(source.fills, subject):
                if expr is not None:
                    self.store(expr, Value(flows=(*value.flows, origin), ref=value.ref), frame)
        return flows

    def _propagate(self, site: CallSite, frame: Frame) -> None:
        rules = frame.module.rules
        for entry in rules.propagators.of(site.path, site.last, site.receiver_name, site.receiver_known):
            subject = Subject(site=site)
            flows: tuple[Flow, ...] = ()
            for value, _expr in selected(entry.sources, subject):
                flows = merge_flows(flows, value.deep)
            if not flows:
                continue
            for selector in entry.targets:
                known, expr = subject.select(selector)
                if known is not None and expr is not None:
                    self.store(expr, tainted(known.but(consts=None, items=None), flows), frame)

    def _marked(self, site: CallSite, result: Value, frame: Frame) -> Value:
        for mark in frame.module.rules.marks.of(site.path, site.last, site.receiver_name, site.receiver_known):
            if not holds(mark.where, Subject(site=site)):
                continue
            if not mark.on_receiver:
                result = with_entry(result, mark.name, TRUE)
            elif isinstance(site.node.func, ir.Attr):
                self.store(site.node.func.obj, with_entry(site.receiver, mark.name, TRUE), frame)
        return result

    def _carried(self, site: CallSite) -> tuple[Flow, ...]:
        """What an unknown callee's result may contain: whatever its receiver and arguments do."""
        receiver = site.receiver
        flows = receiver.flows if receiver.target is not None else receiver.deep
        for value in site.args.all():
            flows = merge_flows(flows, value.deep)
        return flows

    def _method(self, site: CallSite, name: str, func: ir.Attr, frame: Frame) -> Value | None:
        receiver, args = site.receiver, site.args
        for fold in (fold_text, split_text):
            folded = fold(name, receiver, args.values)
            if folded is not None:
                return folded
        if name == "format" and receiver.texts():
            return format_text(receiver, args.values, args.keywords)
        if (
            name == "join"
            and (receiver.texts() or receiver.consts is None)
            and frame.module.language == "python"
            and not receiver.ref
        ):
            return join_text(receiver, args.values)
        if name in ("encode", "decode") and receiver.parts is not None:
            return receiver.but(ref="")
        changed = container_operation(
            name, receiver, [*args.values, *args.keywords.values()] if name == "update" else args.values
        )
        if changed is None:
            return self._absorbed(site, name, func, frame)
        result, after = changed
        if after is not receiver:
            self.store(func.obj, after, frame)
        return after if result is UNKNOWN and frame.module.language == "java" else result

    def _absorbed(self, site: CallSite, name: str, func: ir.Attr, frame: Frame) -> Value | None:
        """A method that puts its arguments into an object otherwise unknown."""
        if name not in MUTATORS or not any(value.deep for value in site.args.all()):
            return None
        flows: tuple[Flow, ...] = ()
        for value in site.args.all():
            flows = merge_flows(flows, value.deep)
        receiver = site.receiver
        if receiver.target is not None:
            return None
        if site.receiver_known and receiver.ref.startswith("web.Response"):
            return None
        after = receiver.but(rest=join(receiver.rest or UNKNOWN, Value(flows=flows)), consts=None, parts=None)
        self.store(func.obj, after, frame)
        language = frame.module.language
        chained = language == "java" or (language in ("javascript", "typescript") and name in ("update", "set", "add"))
        return after if chained else Value(flows=receiver.deep)

    def _call_back(self, site: CallSite, frame: Frame) -> tuple[Flow, ...]:
        """Functions given as arguments are called: with what a framework gives them, or with the other data."""
        functions = [value for value in site.args.all() if isinstance(value.target, FunctionRef | Bound)]
        if not functions:
            return ()
        rules = frame.module.rules
        entries = rules.entry_calls.of(site.path, site.last, site.receiver_name, site.receiver_known)
        data = element_of(site.receiver) if site.receiver.is_container or site.receiver.flows else UNKNOWN
        for value in site.args.all():
            if value.target is None and value.deep:
                data = join(data, tainted(element_of(value), value.flows))
        flows: tuple[Flow, ...] = ()
        for value in functions:
            function = value.target.function if isinstance(value.target, Bound) else value.target
            receiver = value.target.receiver if isinstance(value.target, Bound) else None
            if entries:
                self.mark_entry(function, entries[0])
                continue
            if not data.deep and not function.code.is_literal:
                continue
            values = [data for param in function.code.params[: 3 if function.code.is_literal else 1] if not param.kind]
            result = self.invoke(function, Arguments(values, {}, []), frame, site.node, receiver)
            if result is not None:
                flows = merge_flows(flows, result.deep)
        return flows

    def _guards(self, site: CallSite, name: str, frame: Frame) -> tuple[Guard, ...]:
        rules = frame.module.rules
        found: list[Guard] = []
        subject = Subject(site=site)
        for guard in rules.guards.of(site.path, site.last, site.receiver_name, site.receiver_known):
            if not holds(guard.where, subject):
                continue
            for value, _node in selected(guard.args, subject):
                flows = [flow for flow in value.deep if not guard.needs or flow.harmless(guard.needs)]
                origins = frozenset(flow.origin for flow in flows)
                if origins:
                    found.append(Guard(guard.when, origins, guard.kinds))
        if not found and _VALIDATES.search(name):
            origins = frozenset(flow.origin for value in site.args.all() for flow in value.deep)
            if origins:
                found.append(Guard(True, origins, frozenset({ALL})))
        return tuple(found)

    def on_statement_call(self, node: ir.Call, _value: Value, frame: Frame) -> None:
        """A call whose result nobody looks at: one named after checking raises when its argument is bad."""
        name = spelled(node.func)
        if frame.env is None or not _CHECKS.search(name):
            return
        callee = self.eval(node.func, frame)
        if callee.target is not None:
            return
        for arg in node.args:
            origins = {flow.origin for flow in self.eval(arg, frame).deep}
            frame.env.safe |= {(origin, ALL) for origin in origins}

    def on_assert(self, node: ir.Assert, frame: Frame) -> None:
        """Rules about assertions."""
        names = _names_in(node.test)
        if any(_AUTHORISES.search(name) for name in names) and not frame.module.is_test:
            self.findings.misuse(
                "assert-for-authorisation",
                Place(frame.module.path, node.line, node.line),
                "an assertion decides on access; python -O removes it",
            )


_AUTHORISES = re.compile(
    r"(?i)^(is_)?(admin|superuser|staff|authenticated|authorized|authorised|logged_in|has_perm\w*|permission\w*|allowed|is_owner|can_\w+|check_permission\w*|has_role|role|is_admin\w*)$"
)


def _names_in(node: ir.Expr) -> list[str]:
    found: list[str] = []
    stack = [node]
    while stack and len(found) < 20:
        current = stack.pop()
        name = spelled(current)
        if name:
            found.append(name)
        if isinstance(current, ir.Compare):
            stack += [current.left, current.right]
        elif isinstance(current, ir.Logic):
            stack += current.operands
        elif isinstance(current, ir.Not):
            stack.append(current.operand)
        elif isinstance(current, ir.Call):
            stack.append(current.func)
        elif isinstance(current, ir.Attr):
            stack.append(current.obj)
    return found

"""Where the rules look on: reads, writes, entries of literals, names, calls."""

import re

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import Base, CallSite
from codereview.analysers.dataflow.interpreter.matching import Subject, holds, selected
from codereview.analysers.dataflow.interpreter.shapes import SHAPES
from codereview.analysers.dataflow.interpreter.state import Frame
from codereview.analysers.dataflow.reporting import Place, strongest
from codereview.analysers.dataflow.rules.model import Misuse, Sink, Source
from codereview.analysers.dataflow.secrets import looks_secret
from codereview.analysers.dataflow.values import Flow, Origin, Value, merge_flows

#: Data with these labels is only of interest to sinks that ask for it.
_SPECIAL = frozenset(
    {
        "weak-random",
        "random",
        "error-details",
        "file",
        "http-response",
        "wide-integer",
        "archive",
        "archive-name",
        "mac",
    }
)
#: Kinds of sinks that data of unknown public functions is reported for.
_STRONG = frozenset(
    {
        "command",
        "code",
        "sql",
        "nosql",
        "ldap",
        "xpath",
        "path",
        "ssrf",
        "deserialise",
        "template",
        "xxe",
        "redirect",
        "xss",
        "redos",
        "header",
        "log",
        "archive",
    }
)
_COMPARED = Sink(rule="observable-timing", kind="timing", what="the comparison", labels=("mac",))


class Watching(Base):
    """Turns what happens into findings."""

    def read(
        self, value: Value, path: str, line: int, frame: Frame, receiver_name: str = "", receiver_known: bool = True
    ) -> Value:
        """A path is read: it may be a source, or something one must not use."""
        rules = frame.module.rules
        last = path.rpartition(".")[2]
        if path == "web.Request.path" and self.route:
            return Value(consts=(self.route,))
        if path in rules.constants:
            return Value(consts=(rules.constants[path],), ref=path)
        for source in rules.source_reads.of(path, last, receiver_name, receiver_known):
            value = value.but(flows=merge_flows(value.flows, (self.origin(source, line, frame),)))
        for misuse in rules.misuse_reads.of(path, last, receiver_name, receiver_known):
            subject = Subject(value=value, context=self.names_around(frame))
            self._misused(misuse, subject, Place(frame.module.path, line, line), frame)
        return value

    def origin(self, source: Source, line: int, frame: Frame) -> Flow:
        """The beginning of a flow."""
        return Flow(Origin(source.label, source.what, frame.module.path, line, source.structured))

    def names_around(self, frame: Frame) -> list[str]:
        """What the value being computed is for: names it is assigned to, the function, its class."""
        names = list(self.context)
        if frame.function is not None:
            names.append(frame.function.name)
        if frame.owner is not None:
            names.append(frame.owner.code.name)
        return names

    def on_write(
        self,
        path: str,
        name: str,
        value: Value,
        node: ir.Expr | None,
        line: int,
        frame: Frame,
        *,
        known: bool,
        receiver_name: str,
    ) -> None:
        """A value is stored in an attribute or element of something."""
        rules = frame.module.rules
        subject = Subject(value=value, node=node, target=name, context=self.names_around(frame))
        place = Place(frame.module.path, line, line)
        for sink in rules.sink_writes.of(path, name, receiver_name, known):
            if holds(sink.where, subject):
                self._arrives(sink, value, place, frame, sink.what or f"the assignment to {name}")
        for misuse in rules.misuse_writes.of(path, name, receiver_name, known):
            self._misused(misuse, subject, place, frame)
        self.on_name(name, value, node, line, frame)

    def on_pair(self, key: str, value: Value, node: ir.Expr, frame: Frame) -> None:
        """An entry of a literal, or an argument by name."""
        subject = Subject(value=value, node=node, target=key, context=self.names_around(frame))
        for misuse in frame.module.rules.misuse_pairs.get(key, ()):
            self._misused(misuse, subject, Place(frame.module.path, node.line, node.line), frame)
        self.on_name(key, value, node, node.line, frame)

    def on_name(self, name: str, value: Value, node: ir.Expr | None, line: int, frame: Frame) -> None:
        """A value gets a name: secrets, settings, weak random numbers in names that matter."""
        subject: Subject | None = None
        place = Place(frame.module.path, line, line)
        for misuse in frame.module.rules.misuse_names:
            # What is only passed on is told where it stands, not in everything it is handed to.
            passed_on = misuse.rule == "hardcoded-secret" and isinstance(node, ir.Name | ir.Attr)
            if misuse.names is not None and misuse.names.search(name) and not passed_on:
                subject = subject or Subject(value=value, node=node, target=name, context=self.names_around(frame))
                self._misused(misuse, subject, place, frame)
        if isinstance(node, ir.Const) and isinstance(value.single, str) and looks_secret(name, value.single):
            self.findings.misuse(
                "hardcoded-secret", place, f"{name!r} holds a secret in clear text", is_test=frame.module.is_test
            )
        self._predictable(name, value, place, frame)

    def _predictable(self, name: str, value: Value, place: Place, frame: Frame) -> None:
        if not value.flows or not _SECURITY_NAME.search(name):
            return
        flows = tuple(flow for flow in value.flows if _is_random_here(flow, place))
        if flows:
            self.findings.flow("predictable-random", place, strongest(flows), f"{name!r}", is_test=frame.module.is_test)

    def on_call(self, site: CallSite, frame: Frame) -> None:
        """Something of the outside is called."""
        rules = frame.module.rules
        where = (site.path, site.last, site.receiver_name, site.receiver_known)
        sinks, misuses = rules.sink_calls.of(*where), rules.misuse_calls.of(*where)
        if sinks or misuses:
            subject = Subject(
                site=site,
                target=self.context[-1] if self.context else "",
                context=self.names_around(frame),
                within=frame.function,
            )
            node = site.node
            place = Place(frame.module.path, node.line, max(node.line, node.end_line), node.column)
            for sink in sinks:
                if holds(sink.where, subject):
                    for value, _expr in selected(sink.args, subject):
                        self._arrives(sink, value, place, frame, sink.what or f"{site.path or site.last}()")
            for misuse in misuses:
                self._misused(misuse, subject, place, frame)
        for name, value in site.args.keywords.items():
            self.on_pair(name, value, site.args.keyword_exprs.get(name, site.node), frame)

    def on_comparison(self, line: int, sides: tuple[Value, Value], frame: Frame) -> None:
        """Two values are compared for equality, neither of them written out."""
        for value in sides:
            self._arrives(_COMPARED, value, Place(frame.module.path, line, line), frame, _COMPARED.what)

    def _arrives(self, sink: Sink, value: Value, place: Place, frame: Frame, what: str) -> None:
        flows = self.dangerous(value, sink.kind, frame)
        if sink.labels:
            flows = tuple(flow for flow in flows if flow.origin.label in sink.labels)
        else:
            flows = tuple(flow for flow in flows if flow.origin.label not in _SPECIAL)
        if not flows or (sink.shape and not SHAPES[sink.shape](value)):
            return
        chosen = strongest(flows)
        if chosen.origin.label in ("parameter", "cli") and not _counts(chosen.origin.label, sink, value, frame):
            return
        self.findings.flow(sink.rule, place, chosen, what, is_test=frame.module.is_test)

    def _misused(self, misuse: Misuse, subject: Subject, place: Place, frame: Frame) -> None:
        if holds(misuse.where, subject):
            test = frame.module.is_test
            self.findings.misuse(misuse.rule, place, misuse.what, misuse.severity, misuse.confidence, is_test=test)


def _counts(label: str, sink: Sink, value: Value, frame: Frame) -> bool:
    """Whether a caller's data is worth telling of: who hands over a whole path chooses the file, as it should be."""
    whole_path = sink.kind == "path" and value.parts is None
    if label == "cli":
        return not whole_path
    return sink.kind in _STRONG and not (whole_path and frame.module.language != "python")


def _is_random_here(flow: Flow, place: Place) -> bool:
    """Random data that came here directly: after many steps it is no longer what the name is about."""
    near = flow.step is None or flow.step.count <= _FEW_STEPS
    return flow.origin.label == "weak-random" and near and flow.origin.path == place.path


_FEW_STEPS = 3
_SECURITY_NAME = re.compile(
    r"(?i)(token|passw|pwd|passcode|secret|session_?id|sess_?key|cookie|csrf|nonce|salt|otp|auth|credential|api_?key|"
    r"access_?key|priv(ate)?_?key|signing|encrypt|remember|verification|reset_?code|activation|captcha|\biv\b|_iv$|seed_?phrase|pin_?code|guid|uuid)"
)

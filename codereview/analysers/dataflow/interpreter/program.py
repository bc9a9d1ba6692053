"""Running a batch: its modules, then every function as the outside would call it."""

import re
from collections.abc import Callable, Iterable
from functools import partial

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import spelled
from codereview.analysers.dataflow.interpreter.entries import Entries
from codereview.analysers.dataflow.interpreter.following import INLINING_BUDGET
from codereview.analysers.dataflow.interpreter.matching import Subject
from codereview.analysers.dataflow.interpreter.state import (
    Env,
    Frame,
    FunctionRef,
    Module,
    OutOfBudget,
)
from codereview.analysers.dataflow.reporting import Place
from codereview.analysers.dataflow.rules.model import Entry, Sink
from codereview.analysers.dataflow.values import Value

#: Nodes a file may cost: a base, and more for each of its lines.
_BASE_WORK = 150_000
_WORK_PER_LINE = 400
_EXPLAINED = Sink(rule="error-details-exposed", kind="error", what="the client", labels=("error-details",))
_RETURNED = Sink(rule="cross-site-scripting", kind="xss", what="the page sent to the browser", shape="not-container")
_REDIRECTED = Sink(rule="open-redirect", kind="redirect", what="the target of a redirect")
_URL_BUILT = Sink(
    rule="server-side-request-forgery", kind="ssrf", what="the host of a URL that is returned", shape="url-built"
)
_HTML_BUILT = Sink(rule="cross-site-scripting", kind="xss", what="markup returned as a string", shape="html-text")
#: Annotations of Java by which what is returned is the answer's body, and types of such bodies that may be pages.
_ANSWERING = frozenset({"@RestController", "@ResponseBody", "@GET", "@POST", "@Path"})
_DATA = re.compile(r"(?i)json|plain|csv|octet|pdf|image")
_PAGES = frozenset({"String", "Object", "ResponseEntity", "Response", "HttpEntity", "CharSequence", "Mono", "Uni"})


class Program(Entries):
    """The interpreter over a batch of files."""

    def __init__(self, modules: dict[str, Module]) -> None:
        super().__init__(modules)
        self._by_name = _names(modules.values())
        self._packages = {name.rpartition(".")[0] for name in self._by_name}
        #: Paths whose analysis was cut short, with the reason.
        self.cut: dict[str, str] = {}

    def run(self) -> None:
        """Everything."""
        for module in self.modules.values():
            self._budgeted(module, partial(self._run_module, module))
        for module in self.modules.values():
            self.budget.left = _BASE_WORK + _WORK_PER_LINE * module.lines
            done: set[int] = set()
            index = 0
            while index < len(module.functions):
                function = module.functions[index]
                index += 1
                if id(function.code) not in done:
                    done.add(id(function.code))
                    self._guarded(module, partial(self._run_entry, function))
            self.memo.clear()

    def _budgeted(self, module: Module, work: Callable[[], None]) -> None:
        self.budget.left = _BASE_WORK + _WORK_PER_LINE * module.lines
        self._guarded(module, work)

    def _guarded(self, module: Module, work: Callable[[], None]) -> None:
        self.depth, self.active, self.context = 0, [], []
        self.budget.inlining = INLINING_BUDGET
        try:
            work()
        except OutOfBudget:
            self.cut[module.path] = "timeout"
        except RecursionError:
            self.cut[module.path] = "nested too deeply"

    # --- modules ----------------------------------------------------------------------------------------------

    def module_named(self, name: str, importer: Module) -> Module | None:
        """A module of the batch, run; None when there is no such module."""
        module = self._by_name.get(name)
        if module is None and importer.language != "go":
            package = importer.name.rpartition(".")[0]
            module = self._by_name.get(f"{package}.{name}") if package else None
        if module is None or module.language != importer.language:
            return None
        if module.frame is None and not module.running and self.depth < 60:
            saved = (self.depth, self.active, self.context, self.budget.left)
            self.budget.left = _BASE_WORK + _WORK_PER_LINE * module.lines
            self.active, self.context = [], []
            try:
                self._run_module(module)
            except OutOfBudget:
                self.cut[module.path] = "timeout"
            self.depth, self.active, self.context, self.budget.left = saved
        return module

    def neighbour(self, name: str, module: Module) -> Value | None:
        """What a module sees of others of its package without importing it (Java)."""
        if module.language != "java" or not name[:1].isupper():
            return None
        other = self._by_name.get(f"{module.code.package}.{name}" if module.code.package else name)
        if other is None or other is module:
            return None
        self.module_named(other.name, module)
        return other.frame.visible.get(name) if other.frame is not None else None

    def is_package(self, name: str) -> bool:
        """Whether modules of the batch lie in this package."""
        return name in self._packages

    def absolute(self, name: str, level: int, importer: Module) -> str:
        """A module's full name, relative imports resolved."""
        if level == 0:
            return name
        parts = importer.name.split(".")
        if not importer.path.endswith("__init__.py"):
            parts = parts[:-1]
        parts = parts[: len(parts) - (level - 1)] if level > 1 else parts
        return ".".join([*parts, name] if name else parts)

    def _run_module(self, module: Module) -> None:
        if module.frame is not None or module.running:
            return
        module.running = True
        frame = Frame(module, Env({"__file__": Value(ref="__file__")}))
        module.frame = frame
        try:
            self.run_block(module.code.body, frame)
        finally:
            frame.close()
            module.running = False

    # --- functions --------------------------------------------------------------------------------------------

    def _run_entry(self, function: FunctionRef) -> None:
        code = function.code
        entry = self._entry_of(function)
        variables = self._parameters(function, entry)
        frame = Frame(function.module, Env(variables), code, function.closure, function.owner)
        self.active.append(code)
        self.route = _static_route(code) if entry is not None else ""
        self._destructure(code, frame)
        self.run_block(code.body, frame)
        frame.close()
        self.route = ""
        for value, env in frame.returns:
            frame.env = env
            self._sent(value, entry, frame)

    def _sent(self, value: Value, entry: Entry | None, frame: Frame) -> None:
        """What a handler returns goes to the client."""
        body = value.items[0] if value.items and entry is not None else value
        if frame.function is None or not body.deep:
            return
        line = next((s.line for s in reversed(frame.function.body) if isinstance(s, ir.Return)), frame.function.line)
        place = Place(frame.module.path, line, line)
        if entry is not None and frame.module.language == "python":
            self._arrives(_EXPLAINED, body, place, frame, _EXPLAINED.what)
        if entry is not None and body.parts is not None and "redirect:" in body.parts[0].texts():
            self._arrives(_REDIRECTED, body, place, frame, _REDIRECTED.what)
        elif entry is not None and entry.returns_html and _is_body(frame):
            self._arrives(_RETURNED, body, place, frame, _RETURNED.what)
        elif entry is None:
            self._arrives(_HTML_BUILT, body, place, frame, _HTML_BUILT.what)
            self._arrives(_URL_BUILT, body, place, frame, _URL_BUILT.what)
            for sink in frame.module.rules.sink_results:
                if sink.returned_by is not None and sink.returned_by.search(frame.function.name):
                    self._arrives(sink, body, place, frame, sink.what)

    def on_define(self, function: FunctionRef, frame: Frame) -> None:
        """Rules about functions by their name, and about decorators."""
        rules = frame.module.rules
        for misuse in rules.misuse_defines.get(function.code.name, ()):
            subject = Subject(value=Value(target=function), target=function.code.name)
            place = Place(frame.module.path, function.code.line, function.code.line)
            self._misused(misuse, subject, place, frame)
        for decorator, node in zip(function.decorators, function.code.decorators, strict=False):
            path = decorator.ref
            for misuse in rules.misuse_decorators.of(path, path.rpartition(".")[2]) if path else ():
                place = Place(frame.module.path, node.line, node.line)
                self._misused(misuse, Subject(value=decorator, node=node, within=function.code), place, frame)

    def on_import(self, path: str, line: int, frame: Frame, name: str = "") -> None:
        """Rules about what is imported; ``name`` is what it goes by here."""
        for misuse in frame.module.rules.misuse_imports.of(path, path.rpartition(".")[2]):
            self._misused(misuse, Subject(target=name), Place(frame.module.path, line, line), frame)


def _is_body(frame: Frame) -> bool:
    """Whether what a handler returns is the answer itself; in Java it may be the name of a view."""
    if frame.module.language != "java" or frame.function is None:
        return True
    holders = [frame.function.decorators, frame.owner.code.decorators if frame.owner is not None else ()]
    calls = [(d.func.id, d) for each in holders for d in each if isinstance(d, ir.Call) and isinstance(d.func, ir.Name)]
    if not {name for name, _ in calls} & _ANSWERING:
        return False
    kinds = [value for _, call in calls for key, value in call.keywords if key == "produces"]
    kinds += [value for name, call in calls if name == "@Produces" for value in call.args]
    if any(_DATA.search(str(kind.value) if isinstance(kind, ir.Const) else spelled(kind)) for kind in kinds):
        return False
    returned = frame.function.returns
    kind = returned.id if isinstance(returned, ir.Name) else ""
    return not kind or kind in _PAGES


def _static_route(code: ir.Function) -> str:
    """The URL path of a handler that has only one, without variable parts; "" else."""
    routes: list[str] = []
    for decorator in code.decorators:
        first = decorator.args[0] if isinstance(decorator, ir.Call) and decorator.args else None
        if isinstance(first, ir.Const) and isinstance(first.value, str) and first.value.startswith("/"):
            routes.append(first.value)
    return routes[0] if len(routes) == 1 and not set(routes[0]) & set("<{:*") else ""


def _names(modules: Iterable[Module]) -> dict[str, Module]:
    """Modules by every name they can be imported by: their path, and each end of it that is theirs alone."""
    found: dict[str, Module] = {}
    ambiguous: set[str] = set()
    listed = list(modules)
    for module in listed:
        parts = module.name.split(".")
        for start in range(1, len(parts)):
            name = ".".join(parts[start:])
            if name in found:
                ambiguous.add(name)
            found[name] = module
    for name in ambiguous:
        found.pop(name, None)
    for module in listed:
        found[module.name] = module
    return found

"""Running a batch: its modules, then every function as the outside would call it."""

import re
from collections.abc import Iterable

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.following import INLINING_BUDGET
from codereview.analysers.dataflow.interpreter.matching import Subject
from codereview.analysers.dataflow.interpreter.state import (
    ClassRef,
    Env,
    Frame,
    FunctionRef,
    InstanceOf,
    Module,
    OutOfBudget,
)
from codereview.analysers.dataflow.interpreter.statements import Statements
from codereview.analysers.dataflow.reporting import Place
from codereview.analysers.dataflow.rules.model import Entry, Sink, Source
from codereview.analysers.dataflow.values import Flow, Origin, Value, tainted

#: Nodes a file may cost: a base, and more for each of its lines.
_BASE_WORK = 150_000
_WORK_PER_LINE = 400
_SERVING = re.compile(
    r"(View|ViewSet|Resource|Handler|Endpoint|Controller|Middleware|Admin|Servlet|Api|API|Consumer|Wizard)"
)
_HANDLER_NAME = re.compile(
    r"(?i)^(get|post|put|patch|delete|head|options|handler?|middleware|loader|action|default)$|handler$|controller$"
)
#: Parameters that say where the program's own things are: whoever calls chooses them, an attacker does not.
_PLACES = re.compile(
    r"(?i)^(base|root|dest|destination|api|out|output|work|working|parent|trusted|allowed)_?"
    r"(dir|directory|path|url|uri|folder|domain|host)$|^(base|root|dest|destination)$"
    r"|^(dir|directory|folder|domain)_?(path|name)?$|_(dir|directory|folder|root)$"
)
_OWN_PLACES = frozenset({"path", "archive", "ssrf", "redirect"})
#: Names of parameters that are objects of the program rather than data.
_OBJECTS = re.compile(
    r"(?i)^(self|cls|this|app|application|conn|connection|con|db|database|cursor|cur|session|sess|log|logger|config|conf|cfg|settings|options|opts|"
    r"parser|client|ctx|context|loop|callback|cb|func|fn|function|handler|factory|manager|engine|pool|lock|queue|event|events|stream|socket|sock|"
    r"response|resp|res|reply|w|writer|out|next|done|err|error|exc|e|ex|t|tb|model|schema|serializer|form|view|middleware|.*_?(class|cls|type|func|fn|factory|callback|handler))$"
)
_TEXTUAL = frozenset(
    {
        "str",
        "bytes",
        "Any",
        "AnyStr",
        "Text",
        "object",
        "list",
        "List",
        "dict",
        "Dict",
        "tuple",
        "Tuple",
        "set",
        "Sequence",
        "Iterable",
        "Mapping",
        "Path",
        "PathLike",
        "typing",
        "InputStream",
        "Reader",
        "byte",
        "BinaryIO",
        "String",
        "string",
        "Object",
        "any",
        "interface{}",
        "CharSequence",
    }
)
_EXPLAINED = Sink(rule="error-details-exposed", kind="error", what="the client", labels=("error-details",))
_RETURNED = Sink(rule="cross-site-scripting", kind="xss", what="the page sent to the browser", shape="not-container")
_REDIRECTED = Sink(rule="open-redirect", kind="redirect", what="the target of a redirect")
_URL_BUILT = Sink(
    rule="server-side-request-forgery", kind="ssrf", what="the host of a URL that is returned", shape="url-built"
)
_HTML_BUILT = Sink(rule="cross-site-scripting", kind="xss", what="markup returned as a string", shape="html-text")


class Program(Statements):
    """The interpreter over a batch of files."""

    def __init__(self, modules: dict[str, Module]) -> None:
        super().__init__(modules)
        self._by_name = _names(modules.values())
        self._packages = {name.rpartition(".")[0] for name in self._by_name}
        self._entries: dict[int, Entry] = {}
        #: Paths whose analysis was cut short, with the reason.
        self.cut: dict[str, str] = {}

    def run(self) -> None:
        """Everything."""
        for module in self.modules.values():
            self._budgeted(module, lambda module=module: self._run_module(module))
        for module in self.modules.values():
            self.budget.left = _BASE_WORK + _WORK_PER_LINE * module.lines
            done: set[int] = set()
            index = 0
            while index < len(module.functions):
                function = module.functions[index]
                index += 1
                if id(function.code) not in done:
                    done.add(id(function.code))
                    self._guarded(module, lambda function=function: self._run_entry(function))
            self.memo.clear()

    def _budgeted(self, module: Module, work: "object") -> None:
        self.budget.left = _BASE_WORK + _WORK_PER_LINE * module.lines
        self._guarded(module, work)

    def _guarded(self, module: Module, work: "object") -> None:
        self.depth, self.active, self.context = 0, [], []
        self.budget.inlining = INLINING_BUDGET
        try:
            work()  # type: ignore[operator]
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

    def mark_entry(self, function: FunctionRef, entry: Entry) -> None:
        """The outside calls this function, with parameters of these types."""
        self._entries[id(function.code)] = entry
        function.module.functions.append(function)

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

    def _entry_of(self, function: FunctionRef) -> Entry | None:
        marked = self._entries.get(id(function.code))
        if marked is not None:
            return marked
        rules = function.module.rules
        for decorator, node in zip(function.decorators, function.code.decorators, strict=False):
            path = decorator.ref
            name = node.func if isinstance(node, ir.Call) else node
            last = name.name if isinstance(name, ir.Attr) else name.id if isinstance(name, ir.Name) else ""
            receiver = name.obj.id if isinstance(name, ir.Attr) and isinstance(name.obj, ir.Name) else ""
            found = rules.entry_decorators.of(path or last, path.rpartition(".")[2] or last, receiver, bool(path))
            if found:
                return found[0]
        if function.owner is None:
            return rules.entry_functions.get(function.code.name)
        for base in function.owner.outside_bases():
            for entry in rules.entry_bases.of(base, base.rpartition(".")[2]):
                if function.code.name in entry.methods or not entry.methods:
                    return entry
        return None

    def _parameters(self, function: FunctionRef, entry: Entry | None) -> dict[str, Value]:
        code = function.code
        variables: dict[str, Value] = {}
        params = list(code.params)
        if function.owner is not None and not code.is_static and function.module.language in ("python", "go"):
            if params:
                variables[params.pop(0).name] = self._instance(function.owner)
        elif function.owner is not None:
            variables["this"] = self._instance(function.owner)
        for index, param in enumerate(params):
            variables[param.name] = self._parameter(param, index, function, entry)
        return variables

    def _instance(self, cls: ClassRef) -> Value:
        """An instance as methods see it: after the constructor ran on anything."""
        if cls.entry_instance is None and not cls.building:
            cls.building = True
            instance = Value(target=InstanceOf(cls), fields={})
            cls.entry_instance = instance
            for name in ("__init__", "constructor", "<init>"):
                constructor = cls.lookup(name)
                if constructor is not None and isinstance(constructor.target, FunctionRef) and constructor.target.owner:
                    cls.entry_instance = self._constructed(constructor.target, instance)
            cls.building = False
        return cls.entry_instance or Value(target=InstanceOf(cls), fields={})

    def _constructed(self, constructor: FunctionRef, instance: Value) -> Value:
        variables = self._parameters(constructor, None)
        from codereview.analysers.dataflow.interpreter.following import instance_name  # noqa: PLC0415

        name = instance_name(constructor)
        variables[name] = instance
        frame = Frame(constructor.module, Env(variables), constructor.code, constructor.closure, constructor.owner, 1)
        self.run_block(constructor.code.body, frame)
        frame.close()
        return frame.final.get(name, instance)

    def _parameter(self, param: ir.Param, index: int, function: FunctionRef, entry: Entry | None) -> Value:
        rules = function.module.rules
        frame = function.closure or function.module.frame
        path = ""
        if entry is not None and index < len(entry.types):
            return Value(ref=rules.types.get(entry.types[index], entry.types[index]))
        if param.annotation is not None and frame is not None:
            saved, frame.env = frame.env, frame.env or Env(frame.final)
            path = self.type_path(param.annotation, frame)
            frame.env = saved
            path = rules.instance(path)
        typed = Value(ref=path if "." in path else "")
        source = self._decorated_source(param, function)
        if source is not None:
            return tainted(typed, (source,))
        last = path.rpartition(".")[2]
        if path and last not in _TEXTUAL and not (entry is not None and self._is_model(path, frame)):
            return Value(ref=path)
        if not path and param.name in rules.names and _named_like_a_handlers(param, index, function):
            return Value(ref=rules.types.get(rules.names[param.name], rules.names[param.name]))
        if entry is not None and entry.functions:
            first = Origin(entry.label, entry.what, function.module.path, param.line)
            return tainted(typed, (Flow(first),)) if index == 0 else typed
        origin = self._outside_data(param, function, entry)
        if origin is None:
            return typed
        given = origin.label == "parameter" and _PLACES.search(param.name) is not None
        return tainted(typed, (Flow(origin, _OWN_PLACES if given else frozenset()),))

    def _decorated_source(self, param: ir.Param, function: FunctionRef) -> Flow | None:
        """A parameter that a framework fills, as its decorator or default says (``Query()``, ``@RequestParam``)."""
        rules = function.module.rules
        for decorator in param.decorators:
            name = decorator.func if isinstance(decorator, ir.Call) else decorator
            last = name.id if isinstance(name, ir.Name) else name.name if isinstance(name, ir.Attr) else ""
            for source in rules.source_reads.of(last, last):
                return self._from(source, param, function)
        return None

    def _from(self, source: Source, param: ir.Param, function: FunctionRef) -> Flow:
        return Flow(Origin(source.label, f"{source.what} ({param.name})", function.module.path, param.line))

    def _is_model(self, path: str, frame: Frame | None) -> bool:
        return frame is not None and path.rpartition(".")[2] in frame.module.classes

    def _outside_data(self, param: ir.Param, function: FunctionRef, entry: Entry | None) -> Origin | None:
        code, module = function.code, function.module
        if entry is not None:
            if _OBJECTS.match(param.name) and not entry.types:
                return None
            return Origin(entry.label, f"{entry.what} ({param.name})", module.path, param.line)
        if _is_view(function) and not _OBJECTS.match(param.name):
            return Origin("http", f"a part of the URL ({param.name})", module.path, param.line)
        public = code.is_public and (function.owner is None or not function.owner.code.name.startswith("_"))
        nested = function.closure is not None and function.closure.function is not None
        if not public or nested or module.is_test or code.is_literal:
            return None
        if param.annotation is None and _OBJECTS.match(param.name):
            return None
        if isinstance(param.default, ir.Const) and isinstance(param.default.value, int | float):
            return None
        return Origin("parameter", f"the parameter {param.name} of {code.name}()", module.path, param.line)

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
                self.findings.misuse(
                    misuse.rule, place, misuse.what, misuse.severity, misuse.confidence, is_test=frame.module.is_test
                )

    def on_import(self, path: str, line: int, frame: Frame) -> None:
        """Rules about what is imported."""
        for misuse in frame.module.rules.misuse_imports.of(path, path.rpartition(".")[2]):
            place = Place(frame.module.path, line, line)
            self.findings.misuse(
                misuse.rule, place, misuse.what, misuse.severity, misuse.confidence, is_test=frame.module.is_test
            )


def _is_view(function: FunctionRef) -> bool:
    """Whether it looks like a view that a URL pattern leads to."""
    code = function.code
    names = [param.name for param in code.params if param.name != "self"]
    named = bool(names) and names[0] == "request" and code.is_public and not code.is_literal
    return named and _serves(function) and function.module.language == "python"


def _serves(function: FunctionRef) -> bool:
    """A plain function, or a method of a class that says by its name or bases that it answers requests."""
    if function.owner is None:
        return True
    names = [function.owner.code.name, *function.owner.outside_bases()]
    return any(_SERVING.search(name) for name in names)


def _named_like_a_handlers(param: ir.Param, index: int, function: FunctionRef) -> bool:
    """Whether a parameter's name tells what it is: clients have requests and responses, too."""
    code, language = function.code, function.module.language
    if language == "python" and param.name in ("request", "req"):
        return index == 0 and _serves(function)
    if language in ("javascript", "typescript") and param.name in ("req", "request", "res", "response"):
        others = {other.name for other in code.params}
        paired = bool(others & {"req", "request"}) and bool(others & {"res", "response", "reply", "next"})
        return paired or code.is_literal or _HANDLER_NAME.search(code.name) is not None
    return True


def _is_body(frame: Frame) -> bool:
    """Whether what a handler returns is the answer itself; in Java it may be the name of a view."""
    if frame.module.language != "java" or frame.function is None:
        return True
    holders = [frame.function.decorators, frame.owner.code.decorators if frame.owner is not None else ()]
    names = {
        d.func.id
        for decorators in holders
        for d in decorators
        if isinstance(d, ir.Call) and isinstance(d.func, ir.Name)
    }
    return bool(
        names
        & {
            "@RestController",
            "@ResponseBody",
            "@GET",
            "@POST",
            "@Path",
        }
    )


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

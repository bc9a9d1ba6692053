"""How the outside calls a function: whether it is a handler, and what its parameters then hold."""

import re
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.following import CONSTRUCTORS, instance_name
from codereview.analysers.dataflow.interpreter.state import (
    ClassRef,
    Env,
    Frame,
    FunctionRef,
    InstanceOf,
)
from codereview.analysers.dataflow.interpreter.statements import Statements
from codereview.analysers.dataflow.rules.model import Entry, Source
from codereview.analysers.dataflow.values import Flow, Origin, Value, tainted

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
_OWN_PLACES = frozenset({"path", "archive", "ssrf", "redirect", "ldap"})
#: Names of parameters that are objects of the program rather than data.
_OBJECTS = re.compile(
    r"(?i)^(self|cls|this|app|application|conn|connection|con|db|database|cursor|cur|session|sess|log|logger|config|conf|cfg|settings|options|opts|"
    r"parser|client|proxies|proxy|adapter|timeout|verify|certs?|transport|ctx|context|loop|callback|cb|func|fn|function|handler|factory|manager|engine|pool|lock|queue|event|events|stream|socket|sock|"
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
#: Java's types of values that hold no text of anybody's: a framework refuses what does not fit.
_SCALAR = frozenset(
    {
        *("int", "long", "short", "double", "float", "boolean"),
        *("Integer", "Long", "Short", "Double", "Float", "Boolean", "BigDecimal", "BigInteger"),
        *("UUID", "LocalDate", "LocalDateTime", "Instant", "ZonedDateTime", "OffsetDateTime", "Duration", "Pageable"),
    }
)


class Entries(Statements):
    """Finds out what a function is called with when nobody in the batch is known to call it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._entries: dict[int, Entry] = {}

    def mark_entry(self, function: FunctionRef, entry: Entry) -> None:
        """The outside calls this function, with parameters of these types."""
        self._entries[id(function.code)] = entry
        function.module.functions.append(function)

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
            # A function of AWS Lambda goes by any name; what it is given does not.
            invoked = [param.name for param in function.code.params] == ["event", "context"]
            return rules.entry_functions.get("lambda_handler" if invoked else function.code.name)
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
            for name in CONSTRUCTORS:
                constructor = cls.lookup(name)
                if constructor is not None and isinstance(constructor.target, FunctionRef) and constructor.target.owner:
                    cls.entry_instance = self._constructed(constructor.target, instance)
            cls.building = False
        return cls.entry_instance or Value(target=InstanceOf(cls), fields={})

    def _constructed(self, constructor: FunctionRef, instance: Value) -> Value:
        variables = self._parameters(constructor, None)
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
        if entry is not None and index < len(entry.types) and (index or param.name not in rules.names):
            return Value(ref=rules.types.get(entry.types[index], entry.types[index]))
        if param.annotation is not None and frame is not None:
            saved, frame.env = frame.env, frame.env or Env(frame.final)
            path = self.type_path(param.annotation, frame)
            frame.env = saved
            path = rules.instance(path)
        typed = Value(ref=path if "." in path else "")
        if function.module.language == "java" and path.rpartition(".")[2] in _SCALAR:
            return Value(ref=path)
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
        paired = bool(others & {"req", "request"}) and bool(others & {"res", "response", "reply", "next", "h"})
        return paired or code.is_literal or _HANDLER_NAME.search(code.name) is not None
    return True

"""Attributes and imported names that do not exist."""

import ast
import difflib

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.project import absolute
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode
from codereview.analysers.bugs.model.walking import dotted, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.stdlib import catalog

NO_ATTRIBUTE = define(
    "no-attribute",
    "Attribute that does not exist",
    severity=HIGH,
    confidence=SURE,
    description=(
        "The value's class, all its bases and every assignment to its instances are known; none has this name."
    ),
    scenario="AttributeError whenever the line is reached.",
    fix="Correct the spelling, or define the attribute.",
    family="no-attribute",
    valid=(
        "class Job:\n    def __init__(self):\n        self.state = 1\n\n\nJob().state\n",
        "'a'.upper()\n",
        "class Lazy:\n    def __getattr__(self, name):\n        return name\n\n\nLazy().anything\n",
        "class Open:\n    def __init__(self, parts):\n        parts.start(self)\n\n    def f(self):\n        return self.line\n",
        "class Bag:\n    def __init__(self, **items):\n        self.__dict__.update(items)\n\n    def f(self):\n        return self.a\n",
    ),
    invalid=(
        "class Job:\n    def __init__(self):\n        self.state = 1\n\n\nJob().status\n",
        "'a'.uper()\n",
        "x = [1]\nx.push(2)\n",
        "class Job:\n    def run(self):\n        return self.stat\n",
        "class Open:\n    def __init__(self, a):\n        self.items = a(self)\n\n    def f(self):\n        return self.itmes\n",
    ),
)
NO_IMPORT = define(
    "no-such-import",
    "Import of a name the module does not have",
    severity=HIGH,
    confidence=SURE,
    description=("The module is part of the standard library or of this batch, and has no such name in any version."),
    scenario="ImportError, so that the importing module cannot be loaded at all.",
    fix="Correct the name, or import it from where it is.",
    family="no-such-import",
    valid=(
        "from collections import OrderedDict\n",
        "try:\n    from collections import Gone\nexcept ImportError:\n    Gone = None\n",
    ),
    invalid=("from collections import OrderdDict\n", "import os.paths\n", "import json\n\njson.parse('{}')\n"),
)
BEFORE_DEFINITION = define(
    "attribute-before-definition",
    "Attribute read before it is set",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A method that sets the attribute reads it first; no other method and no base class sets it.",
    scenario="AttributeError the first time the method runs.",
    fix="Set the attribute in __init__.",
    family="attribute-before-definition",
    valid=(
        "class A:\n    def __init__(self):\n        self.n = 0\n        self.m = self.n\n",
        "class A:\n    n = 0\n\n    def up(self):\n        self.n += 1\n",
        "class A:\n    def f(self, x):\n        x(self)\n\n    def g(self):\n        self.n.stop()\n        self.n = None\n",
    ),
    invalid=(
        "class A:\n    def __init__(self):\n        self.m = self.n\n        self.n = 0\n",
        "class A:\n    def up(self):\n        self.n += 1\n",
    ),
)
#: Two names this alike (0 to 1) differ by a slip of the hand.
_SLIP = 0.8
#: They are given an instance and leave it as it is.
_LOOKS_ONLY = frozenset(
    {"isinstance", "type", "id", "repr", "str", "hash", "len", "hasattr", "getattr", "print", "super"}
)
_UNLIKE_OTHERS = ("enum.Enum", "enum.EnumMeta", "unittest.mock.NonCallableMock", "builtins.type")
_FUNCTION_ATTRIBUTES = frozenset(dir(lambda: None)) | {"__wrapped__", "__type_params__", "__annotate__"}
_CLASS_ATTRIBUTES = frozenset(dir(type)) | {
    "__type_params__",
    "__static_attributes__",
    "__firstlineno__",
    "__annotate__",
}


def _attribute(node: ast.Attribute, ctx: Context) -> None:
    if not isinstance(node.ctx, ast.Load) or (node.attr.startswith("__") and node.attr.endswith("__")):
        return
    value = ctx.value(node.value)
    if value is None or _tolerated(node, ctx):
        return
    cls = value.cls
    if value.kind == "module":
        _module_attribute(node, value.name, ctx)
    elif value.kind == "function" and value.function is not None and value.function.node is not None:
        definition = value.function.node
        plain = isinstance(definition, FUNCTIONS) and not definition.decorator_list and not value.bound
        if node.attr not in _FUNCTION_ATTRIBUTES and plain:
            ctx.report(NO_ATTRIBUTE, node, f"The function {value.function.name} has no attribute '{node.attr}'.")
    elif cls is None or not cls.known or cls.is_a(*_UNLIKE_OTHERS):
        return
    elif cls.node is not None and ctx.project.passed_names & {c.name for c in cls.ancestors}:
        return  # what a function makes of a class it is given is not known
    elif value.kind == "instance" and cls.lacks(node.attr):
        if value.name == "self" and (cls.node is None or ctx.is_test):
            return
        if value.name == "self" and _may_grow(node, cls, ctx) and not _is_slip(node.attr, cls, ctx):
            return
        if value.name == "self" and _is_handed_out(cls) and not _resembles_member(node.attr, cls):
            return  # whoever is given the instance may set the attribute
        hidden = cls.node is None and node.attr.startswith("_")
        if not hidden and not _mangled(node, cls):
            what = "None" if value.is_none else f"A {cls.name}"
            ctx.report(NO_ATTRIBUTE, node, f"{what} has no attribute '{node.attr}'.")
    elif (
        value.kind == "class"
        and (value.name != "cls" or (_resembles_member(node.attr, cls) and not _open_ended(cls, ctx)))
        and cls.plain
        and cls.node is not None
        and not cls.node.decorator_list
    ):
        declared = any(node.attr in c.attributes and node.attr not in c.members for c in cls.ancestors)
        if (
            node.attr not in _CLASS_ATTRIBUTES
            and (not cls.has(node.attr) or declared)
            and not _annotated(cls, node.attr)
        ):
            ctx.report(NO_ATTRIBUTE, node, f"The class {cls.name} has no attribute '{node.attr}'.")


def _annotated(cls: Class, name: str) -> bool:
    """Whether a class body declares the name, so that something else may give it a value."""
    return any(
        isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name) and s.target.id == name
        for c in cls.ancestors
        if c.node is not None
        for s in c.node.body
    )


def _tolerated(node: ast.Attribute, ctx: Context) -> bool:
    """Whether the code expects that the attribute may be missing, or sets it somewhere."""
    if node.attr in ctx.project.stored_attributes or ctx.in_try(node, "AttributeError") or ctx.expects_error(node):
        return True
    current: ast.AST | None = node
    while current is not None and not isinstance(current, (*FUNCTIONS, ast.Module)):
        test = getattr(current, "test", None)
        if isinstance(test, ast.AST) and any(
            (isinstance(n, ast.Name) and n.id in ("hasattr", "isinstance", "getattr", "issubclass", "TYPE_CHECKING"))
            or (isinstance(n, ast.Attribute) and n.attr in ("version_info", "platform"))
            for n in ast.walk(test)
        ):
            return True
        current = ctx.parent(current)
    return False


def _mangled(node: ast.Attribute, cls: Class) -> bool:
    return node.attr.startswith("__") or any(
        name.endswith(node.attr) and name.startswith("_") for name in cls.attributes if node.attr.startswith("__")
    )


def _open_ended(cls: Class, ctx: Context) -> bool:
    "Whether a class is made to be completed by others: a mixin, an abstract class, or one that is inherited from."
    if cls not in ctx.open_ended:
        name = cls.name.lower()
        named = "mixin" in name or name.startswith(("base", "abstract")) or name.endswith("base")
        ctx.open_ended[cls] = named or any(_is_abstract(c) for c in cls.ancestors) or cls.name in ctx.project.base_names
    return ctx.open_ended[cls]


def _may_grow(node: ast.Attribute, cls: Class, ctx: Context) -> bool:
    """Whether a class further down may have the attribute; what super() finds is in the bases, or nowhere."""
    if isinstance(node.value, ast.Call):
        function = ctx.function_around(node)
        around = ctx.class_around(function) if function is not None else None
        return around is None or around.name in ctx.project.base_names or cls.has(node.attr)
    return _open_ended(cls, ctx)


def _is_abstract(cls: Class) -> bool:
    if cls.node is None:
        return False
    if any(function.is_abstract for function in cls.methods()):
        return True
    return any(isinstance(n, ast.Name) and n.id == "NotImplementedError" for n in ast.walk(cls.node))


def _module_attribute(node: ast.Attribute, name: str, ctx: Context) -> None:
    if _lacks_name(name, node.attr, ctx) and not _conditional(node, ctx):
        ctx.report(NO_IMPORT, node, f"The module {name} has no '{node.attr}'.")


def _lacks_name(module: str, name: str, ctx: Context) -> bool:
    own = ctx.project.module(module)
    if own is not None:
        # A file found by the end of its path alone may be another module of that name.
        guessed = own.name not in (module, f"src.{module}")
        if guessed or own.syntax.errors or own.has_star_import or own.file.sparse or own.is_package:
            return False
        bindings = own.index.root.bindings
        dynamic = any(load.id in ("globals", "vars", "setattr", "exec", "locals") for load in own.index.all(ast.Name))
        modules = any(a.attr == "modules" for a in own.index.all(ast.Attribute))
        return (
            name not in bindings
            and "__getattr__" not in bindings
            and not dynamic
            and not modules
            and not name.startswith("__")
        )
    if not catalog.is_module(module) or name.startswith("_"):
        return False
    return name not in catalog.names(module) and "__getattr__" not in catalog.names(module)


def _conditional(node: ast.AST, ctx: Context) -> bool:
    """Whether the code around chooses by version, or expects the import to fail."""
    child, current = node, ctx.parent(node)
    while current is not None:
        if isinstance(current, ast.If):
            return True
        if isinstance(current, ast.Try):
            return True
        child, current = current, ctx.parent(current)
    del child
    return False


def _import_from(node: ast.ImportFrom, ctx: Context) -> None:
    module = absolute(node, ctx.module)
    if not module or _conditional(node, ctx):
        return
    for alias in node.names:
        if (
            alias.name != "*"
            and _lacks_name(module, alias.name, ctx)
            and not catalog.is_module(f"{module}.{alias.name}")
        ) and ctx.project.module(f"{module}.{alias.name}") is None:
            ctx.report(
                NO_IMPORT,
                alias if hasattr(alias, "lineno") else node,
                f"The module {module} has no '{alias.name}'.",
            )
    top = module.partition(".")[0]
    missing = top != module and catalog.is_module(top) and not catalog.is_module(module) and not node.level
    if missing and ctx.project.module(module) is None:
        ctx.report(NO_IMPORT, node, f"There is no module {module}.")


def _import(node: ast.Import, ctx: Context) -> None:
    for alias in node.names:
        top = alias.name.partition(".")[0]
        if (
            top != alias.name
            and catalog.is_module(top)
            and not catalog.is_module(alias.name)
            and (
                ctx.project.module(alias.name) is None
                and ctx.project.module(top) is None
                and not _conditional(node, ctx)
            )
        ):
            ctx.report(NO_IMPORT, alias, f"There is no module {alias.name}.")


def _class(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    if not cls.known or ctx.is_test or cls.has("__getattr__") or _open_ended(cls, ctx):
        return
    for method in node.body:
        if isinstance(method, FUNCTIONS) and method.args.args and not method.decorator_list:
            _first_use(method, cls, ctx)


def _first_use(method: FunctionNode, cls: Class, ctx: Context) -> None:
    """Follows the statements of a method as long as nothing unseen can happen between them."""
    first = method.args.args[0].arg
    stored = _stored(method)
    loads = [n for n in own_nodes(method) if _is_own(n, first) and isinstance(n, ast.Attribute) and n.attr in stored]
    if not any(isinstance(n.ctx, ast.Load) for n in loads if isinstance(n, ast.Attribute)) and not _augments(method):
        return
    set_by = {name for f in cls.methods() if f.node is not None and f.node is not method for name in _stored(f.node)}
    inherited = {name for c in cls.ancestors[1:] for name in (*c.members, *c.attributes)}
    known = inherited | set_by | set(cls.members) | _declared(cls)
    if method.name != "__init__" and _is_handed_out(cls):
        return  # whoever holds the instance can give it attributes before the method runs
    for statement in method.body:
        if not isinstance(statement, ast.Assign | ast.Expr | ast.AnnAssign | ast.Return | ast.AugAssign):
            return
        _report_reads(statement, first, stored - known, ctx)
        if any(isinstance(n, ast.Call) and _hands_over(n, first) for n in ast.walk(statement)):
            return
        known |= _stored(statement)


def _report_reads(statement: ast.stmt, first: str, unset: set[str], ctx: Context) -> None:
    for part in ast.walk(statement):
        if not isinstance(part, ast.Attribute) or not _is_own(part, first) or part.attr not in unset:
            continue
        augmented = isinstance(statement, ast.AugAssign) and part is statement.target
        if (isinstance(part.ctx, ast.Load) or augmented) and not ctx.in_try(part, "AttributeError"):
            ctx.report(BEFORE_DEFINITION, part, f"'{part.attr}' has no value yet.")


def _hands_over(call: ast.Call, first: str) -> bool:
    "Whether a call can set attributes of the instance: it is given it, or is one of its methods."
    inside = (call.func, *call.args, *(keyword.value for keyword in call.keywords))
    names = (n for part in inside for n in ast.walk(part))
    return any(isinstance(n, ast.Name) and n.id in (first, "super", "setattr") for n in names)


def _resembles_member(name: str, cls: Class) -> bool:
    """Whether the name is all but that of an attribute there is, so that it is a slip."""
    own = {known for c in cls.ancestors for known in (*c.members, *c.attributes) if not known.startswith("__")}
    return bool(difflib.get_close_matches(name, own, n=1, cutoff=_SLIP))


def _is_slip(name: str, cls: Class, ctx: Context) -> bool:
    """Whether the name is a slip, in a class that nothing is seen to inherit from."""
    derived = cls.name in ctx.project.base_names or "mixin" in cls.name.lower()
    return not derived and len(cls.bases) < 2 and _resembles_member(name, cls)


def _is_handed_out(cls: Class) -> bool:
    """Whether a method passes the instance itself to something, so that others than its methods can change it."""
    return any(
        isinstance(argument, ast.Name) and argument.id == f.node.args.args[0].arg
        for ancestor in cls.ancestors
        for f in ancestor.methods()
        if f.node is not None and f.kind == "method" and f.node.args.args
        for call in ast.walk(f.node)
        if isinstance(call, ast.Call) and dotted(call.func) not in _LOOKS_ONLY
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def _stored(node: ast.AST) -> set[str]:
    return {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}


def _augments(method: FunctionNode) -> bool:
    return any(isinstance(statement, ast.AugAssign) for statement in method.body)


def _declared(cls: Class) -> set[str]:
    if cls.node is None:
        return set()
    return {s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)}


def _is_own(node: ast.AST, first: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == first


RULES = (NO_ATTRIBUTE, NO_IMPORT, BEFORE_DEFINITION)
CHECKS = (
    on(ast.Attribute, _attribute),
    on(ast.ImportFrom, _import_from),
    on(ast.Import, _import),
    on(ast.ClassDef, _class),
)

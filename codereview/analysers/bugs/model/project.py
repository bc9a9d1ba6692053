"""The batch as one program: its modules by name, and the functions and classes they define."""

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from codereview.analysers.bugs.model.definitions import Class, Function, Member
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Binding, FunctionNode, Index, Kind, Scope
from codereview.analysers.bugs.model.signatures import of_arguments
from codereview.analysers.bugs.model.walking import dotted, is_generator, own_nodes
from codereview.analysers.bugs.stdlib import catalog
from codereview.analysers.bugs.syntax import SyntaxTree
from codereview.domain.sources import SourceFile

#: Decorators that leave the way a function is called, and what it gives, as they are.
_TRANSPARENT = frozenset(
    {"functools.wraps()", "abc.abstractmethod", "typing.override", "typing.final", "typing_extensions.override"}
    | {"typing_extensions.final", "functools.lru_cache", "functools.lru_cache()", "functools.cache"}
    | {"builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.cached_property"}
    | {"abc.abstractproperty", "abc.abstractclassmethod", "abc.abstractstaticmethod", "atexit.register"}
)
_KINDS = {
    "builtins.staticmethod": "staticmethod",
    "builtins.classmethod": "classmethod",
    "builtins.property": "property",
    "functools.cached_property": "property",
    "abc.abstractproperty": "property",
}
#: Class decorators that add members without taking any away.
_CLASS_DECORATORS = frozenset(
    {"functools.total_ordering", "dataclasses.dataclass", "dataclasses.dataclass()", "typing.final"}
    | {"typing.runtime_checkable", "enum.unique"}
)

#: Bases that say something to type checkers, and nothing to instances.
_TYPING_ONLY = frozenset(
    {"typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "typing_extensions.Generic"}
)
_ONLY_LOOK = frozenset({"isinstance", "issubclass", "super", "cast", "typing.cast", "type", "print", "len", "repr"})
_DYNAMIC = ("exec", "locals", "vars")


@dataclass(eq=False)
class Module:
    """One file of the batch."""

    file: SourceFile
    name: str
    is_package: bool
    syntax: SyntaxTree
    functions: dict[ast.AST, Function] = field(default_factory=dict)
    classes: dict[ast.AST, Class] = field(default_factory=dict)
    #: Dotted names already found.
    qualified: dict[ast.expr, str] = field(default_factory=dict)

    @cached_property
    def index(self) -> Index:
        """Its nodes and scopes."""
        return Index(self.syntax.module)

    @cached_property
    def has_star_import(self) -> bool:
        """Whether it may have names nobody can see here."""
        return any(alias.name == "*" for node in self.index.all(ast.ImportFrom) for alias in node.names)

    @cached_property
    def attribute_stores(self) -> Counter[str]:
        """How often each attribute is assigned or deleted, by name, on whatever object."""
        return Counter(node.attr for node in self.index.all(ast.Attribute) if not isinstance(node.ctx, ast.Load))

    @cached_property
    def stored_attributes(self) -> frozenset[str]:
        """Names of all attributes assigned anywhere."""
        return frozenset(self.attribute_stores)


class Project:
    """The modules of a batch; context modules are known, but not examined."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._by_name: dict[str, list[Module]] = {}
        every = self.modules = tuple(modules)
        packages = {module.name for module in every if module.is_package}
        for module in every:
            parts = module.name.split(".")
            # A file may be imported by its path from any folder above it that is no package: src/a/b.py as a.b. What
            # is inside a package is one too: its own __init__.py may be empty, and so not here.
            for start in range(len(parts)):
                if ".".join(parts[:start]) in packages:
                    break
                self._by_name.setdefault(".".join(parts[start:]), []).append(module)

    @cached_property
    def stored_attributes(self) -> frozenset[str]:
        """Names of all attributes that any module of the batch assigns, on whatever object."""
        return frozenset(name for m in self.modules for name in m.stored_attributes)

    @cached_property
    def passed_names(self) -> frozenset[str]:
        """Names given to calls as they are, but for those of builtins that only look."""
        calls = (call for m in self.modules for call in m.index.all(ast.Call) if dotted(call.func) not in _ONLY_LOOK)
        return frozenset(dotted(a).rpartition(".")[2] for call in calls for a in call.args) - {""}

    @cached_property
    def base_names(self) -> frozenset[str]:
        """Last parts of the names of all classes that some class of the batch inherits from."""
        bases = (b for m in self.modules for node in m.index.all(ast.ClassDef) for b in node.bases)
        return frozenset(dotted(base).rpartition(".")[2] for base in bases)

    def module(self, name: str) -> Module | None:
        """The module of a name, when there is exactly one, preferring the full path."""
        found = self._by_name.get(name, [])
        if found and catalog.is_module(name.partition(".")[0]):
            found = [module for module in found if module.name == name]
        exact = [module for module in found if module.name == name]
        chosen = exact if len(exact) == 1 else found
        return chosen[0] if len(chosen) == 1 else None

    # --- names --------------------------------------------------------------------------------------------------

    def qualified(self, node: ast.expr, module: Module, scope: Scope | None = None, depth: int = 0) -> str:
        """The dotted name an expression stands for: "os.path.join", "builtins.open", "pkg.mod.func"; "" if unknown.

        Names that are bound more than once are unknown, unless every binding imports the same.
        """
        known = module.qualified.get(node)
        if known is None:
            known = module.qualified[node] = self._qualified(node, module, scope, depth)
        return known

    def _qualified(self, node: ast.expr, module: Module, scope: Scope | None, depth: int) -> str:
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        root = self._root(node, module, scope or module.index.scope_of_name.get(node) or module.index.root, depth)
        return ".".join([root, *reversed(attributes)]) if root else ""

    def _root(self, node: ast.Name, module: Module, scope: Scope, depth: int) -> str:
        found = scope.resolve(node.id)
        if found is None:
            known = node.id in catalog.names("builtins") and not module.has_star_import
            return f"builtins.{node.id}" if known else ""
        owner, bindings = found
        origins = {self._origin(binding, owner, module, depth) for binding in bindings}
        return origins.pop() if len(origins) == 1 else ""

    def _origin(self, binding: Binding, owner: Scope, module: Module, depth: int) -> str:
        if binding.kind is Kind.IMPORT:
            return self.imported(binding, module)
        if binding.kind in (Kind.FUNCTION, Kind.CLASS) and owner is module.index.root:
            return f"{module.name}.{binding.name}"
        if binding.kind is Kind.ASSIGNED and isinstance(binding.value, ast.Attribute | ast.Name) and depth < 5:
            return self.qualified(binding.value, module, owner, depth + 1)
        return ""

    def imported(self, binding: Binding, module: Module) -> str:
        """What an import binds, absolute."""
        alias = binding.node
        if not isinstance(alias, ast.alias):
            return ""
        statement = module.index.parents[alias]
        if isinstance(statement, ast.ImportFrom):
            origin = absolute(statement, module)
            return f"{origin}.{alias.name}" if origin else ""
        return alias.name if alias.asname else alias.name.partition(".")[0]

    def called(self, node: ast.expr, module: Module) -> str:
        """The qualified name of a decorator, with "()" when it is called first."""
        if isinstance(node, ast.Call):
            inner = self.qualified(node.func, module)
            return f"{inner}()" if inner else ""
        return self.qualified(node, module)

    # --- definitions --------------------------------------------------------------------------------------------

    def locate(self, qualified: str, depth: int = 0) -> tuple[Module, Binding] | None:
        """The only binding of a module-level name of the batch, followed through imports."""
        module_name, _, name = qualified.rpartition(".")
        module = self.module(module_name) if module_name else None
        if module is None or depth > 5:
            return None
        bindings = module.index.root.bindings.get(name, [])
        if len(bindings) != 1:
            return None
        if bindings[0].kind is Kind.IMPORT:
            return self.locate(self.imported(bindings[0], module), depth + 1)
        return module, bindings[0]

    def function(self, qualified: str) -> Function | None:
        """A function of the batch or the standard library, by name."""
        found = self.locate(qualified)
        if found is None:
            return catalog.function(qualified) if self._is_library(qualified) else None
        module, binding = found
        return self.function_at(binding.node, module) if isinstance(binding.node, FUNCTIONS) else None

    def klass(self, qualified: str) -> Class | None:
        """A class of the batch or the standard library, by name."""
        found = self.locate(qualified)
        if found is None:
            return catalog.klass(qualified) if self._is_library(qualified) else None
        module, binding = found
        return self.class_at(binding.node, module) if isinstance(binding.node, ast.ClassDef) else None

    def _is_library(self, qualified: str) -> bool:
        """Whether no file of the batch shadows the module."""
        module_name = qualified.rpartition(".")[0]
        exact = self._by_name.get(module_name, [])
        return not any(module.name == module_name for module in exact)

    def function_at(self, node: FunctionNode, module: Module) -> Function:
        """The function a definition makes."""
        if node not in module.functions:
            method = module.index.scope_at(node).is_class
            names = [self.called(decorator, module) for decorator in node.decorator_list]
            kind = next((_KINDS[name] for name in names if name in _KINDS), "method" if method else "function")
            if method and kind == "method" and node.name in ("__new__", "__init_subclass__", "__class_getitem__"):
                kind = "staticmethod" if node.name == "__new__" else "classmethod"
            if any(
                isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter", "getter") for d in node.decorator_list
            ):
                kind = "property"
            module.functions[node] = Function(
                node.name,
                f"{module.name}.{node.name}",
                (of_arguments(node.args),),
                kind,
                _returns(node),
                node,
                transparent=all(name in _TRANSPARENT for name in names),
                is_abstract=any(name.rpartition(".")[2].startswith("abstract") for name in names),
            )
        return module.functions[node]

    def class_at(self, node: ast.ClassDef, module: Module) -> Class:
        """The class a definition makes."""
        if node in module.classes:
            return module.classes[node]
        result = Class(node.name, f"{module.name}.{node.name}", node=node)
        module.classes[node] = result  # before the bases: a class may, wrongly, be its own base
        named = [base for base in node.bases if self._bare_name(base, module) not in _TYPING_ONLY]
        result.bases = tuple(self._base(base, module) for base in named) or (catalog.klass("builtins.object"),)
        for keyword in node.keywords:
            if keyword.arg == "metaclass":
                result.metaclass = self.qualified(keyword.value, module) or "?"
            elif keyword.arg is None:
                result.metaclass = "?"
        decorators = [self.called(decorator, module) for decorator in node.decorator_list]
        result.open = any(name not in _CLASS_DECORATORS for name in decorators)
        self._members(result, node, module)
        if "functools.total_ordering" in decorators:
            result.attributes |= {"__lt__", "__le__", "__gt__", "__ge__"}
        return result

    def _bare_name(self, base: ast.expr, module: Module) -> str:
        return self.qualified(base.value if isinstance(base, ast.Subscript) else base, module)

    def _base(self, base: ast.expr, module: Module) -> Class | None:
        if isinstance(base, ast.Subscript):
            base = base.value
        name = self.qualified(base, module)
        if name:
            return self.klass(name)
        # A class defined in a function, or under a condition, has no qualified name.
        if isinstance(base, ast.Name):
            found = module.index.scope_of_name[base].resolve(base.id)
            if found is not None and len(found[1]) == 1 and isinstance(found[1][0].node, ast.ClassDef):
                return self.class_at(found[1][0].node, module)
        return None

    def _members(self, result: Class, node: ast.ClassDef, module: Module) -> None:
        scope = module.index.scopes[node]
        for name, bindings in scope.bindings.items():
            last = bindings[-1]
            function = None
            if isinstance(last.node, FUNCTIONS):
                function = self.function_at(last.node, module)
                several = len(bindings) > 1 and function.kind != "property"
                if several or module.index.parents.get(last.node) is not node:
                    function = None  # overloads, or one definition per version of something
            if last.kind is Kind.ANNOTATED:
                result.attributes.add(name)
            elif last.kind is not Kind.DELETED:
                result.members[name] = Member(name, function, last.value, last.node)
        for part in own_nodes(node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _DYNAMIC:
                result.open = True
        for inner in node.body:
            if isinstance(inner, FUNCTIONS) and inner.args.args:
                _instance_attributes(result, inner, inner.args.args[0].arg, module.index)


def _instance_attributes(result: Class, method: FunctionNode, first: str, index: Index) -> None:
    for part in ast.walk(method):
        if isinstance(part, ast.Attribute) and part.attr == "__dict__":
            result.open = result.open or not _only_shown(part, index)
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == first:
            if not isinstance(part.ctx, ast.Load):
                result.attributes.add(part.attr)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in ("setattr", "vars"):
            result.open = True


def _only_shown(attributes: ast.Attribute, index: Index) -> bool:
    """Whether ``x.__dict__`` is read in a way that cannot give x an attribute."""
    around = index.parents.get(attributes)
    if isinstance(around, ast.Attribute):
        return around.attr in ("items", "keys", "values", "copy", "get")
    return isinstance(around, ast.Compare | ast.FormattedValue | ast.Return)


def absolute(statement: ast.ImportFrom, module: Module) -> str:
    """The module an import names, from the root of the batch; "" when it leads out of it."""
    if not statement.level:
        return statement.module or ""
    parts = module.name.split(".")
    drop = statement.level - (1 if module.is_package else 0)
    if drop >= len(parts) and not (drop == len(parts) and statement.module):
        return ""
    return ".".join([*parts[: len(parts) - drop], *([statement.module] if statement.module else [])])


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name of a file below the root, and whether it is a package's ``__init__``."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    package = len(parts) > 1 and parts[-1] == "__init__"
    return ".".join(parts[:-1] if package else parts), package


def _returns(node: FunctionNode) -> str:
    if is_generator(node):
        return "types.AsyncGeneratorType" if isinstance(node, ast.AsyncFunctionDef) else "types.GeneratorType"
    if isinstance(node, ast.AsyncFunctionDef):
        return "types.CoroutineType"
    return ""

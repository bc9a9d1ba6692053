"""Names that are defined nowhere, or too late."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Kind, Scope
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.stdlib import catalog

NOT_DEFINED_AT_IMPORT = define(
    "class-used-in-itself",
    "Class or function used while it is still being defined",
    severity=HIGH,
    confidence=SURE,
    description=("A decorator, default, base or class-level expression names something that is defined further down."),
    scenario="NameError as soon as the module is imported.",
    fix="Move the definition up, or the use into a function.",
    family="undefined-name",
    valid=(
        "class Node:\n    def copy(self):\n        return Node()\n",
        "def f(x=len):\n    return g()\n\n\ndef g():\n    return 1\n",
    ),
    invalid=(
        "class Node:\n    root = Node()\n",
        "def f(x=g()):\n    return x\n\n\ndef g():\n    return 1\n",
        "class Child(Base):\n    pass\n\n\nclass Base:\n    pass\n",
    ),
)


UNDEFINED = define(
    "undefined-name",
    "Name that is defined nowhere",
    severity=HIGH,
    confidence=SURE,
    description="No scope around the use, and no builtin, has this name.",
    scenario="NameError whenever the line is reached.",
    fix="Correct the spelling, or import or define the name.",
    family="undefined-name",
    valid=("print(len([]))\n", "from os import *\n\nprint(getcwd())\n"),
    invalid=("print(lenght)\n", "def f():\n    return resutl\n"),
)


BAD_ALL = define(
    "all-names-nothing",
    "__all__ names something the module does not have",
    severity=HIGH,
    confidence=SURE,
    description="Every entry of __all__ must be a string that names something in the module.",
    scenario="`from module import *` raises AttributeError.",
    fix="Remove or correct the entry.",
    family="undefined-export",
    valid=("__all__ = ['f']\n\n\ndef f():\n    pass\n", "from .a import *\n\n__all__ = ['unknown']\n"),
    invalid=(
        "__all__ = ['f', 'g']\n\n\ndef f():\n    pass\n",
        "__all__ = ['f' 'g']\n\n\ndef f():\n    pass\n\n\ndef g():\n    pass\n",
    ),
)


UNKNOWN_NONLOCAL = define(
    "nonlocal-without-binding",
    "nonlocal name that no enclosing function has",
    severity=HIGH,
    confidence=SURE,
    description="`nonlocal` needs a binding in a function around it; `global` at module level says nothing.",
    scenario="SyntaxError: the file cannot be imported.",
    fix="Declare it global, or bind it in the enclosing function.",
    family="nonlocal-without-binding",
    valid=(
        "def f():\n    n = 0\n\n    def g():\n        nonlocal n\n        n += 1\n\n    return g\n",
        "def f():\n    global n\n    n = 1\n",
    ),
    invalid=(
        "n = 0\n\n\ndef f():\n    nonlocal n\n    n += 1\n",
        "def f():\n    def g():\n        nonlocal missing\n        missing = 1\n\n    return g\n",
    ),
)


_MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__path__", "__spec__", "__package__", "__builtins__", "__loader__"}
    | {
        "__annotations__",
        "__dict__",
        "__debug__",
        "WindowsError",
        "reveal_type",
        "__version__",
        "__conditional_annotations__",
    }
    | {"copyright", "credits", "license", "exit", "quit", "help", "_", "__class__", "__module__", "__qualname__"}
)


_PYTHON2 = frozenset(
    {"unicode", "basestring", "long", "xrange", "raw_input", "unichr", "reduce", "file", "cmp", "buffer"}
)


def _early(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ctx: Context) -> None:
    """A class whose body, run at import, names the class itself."""
    if not isinstance(node, ast.ClassDef) or not ctx.is_complete or ctx.module.has_star_import:
        return
    scope = ctx.index.scopes[node]
    for load in scope.loads:
        if load.id != node.name or load.id in scope.bindings or _is_annotation(load, ctx):
            continue
        found = scope.resolve(load.id)
        if found is not None and [binding.node for binding in found[1]] == [node] and not ctx.in_try(load, "NameError"):
            ctx.report(NOT_DEFINED_AT_IMPORT, load, f"'{node.name}' does not exist yet while its body runs.")


def _is_annotation(name: ast.Name, ctx: Context) -> bool:
    child: ast.AST = name
    current = ctx.parent(name)
    while current is not None and not isinstance(current, ast.stmt):
        child, current = current, ctx.parent(current)
    if isinstance(current, ast.AnnAssign):
        return child is current.annotation
    if isinstance(current, FUNCTIONS):
        defaults = [*current.args.defaults, *current.args.kw_defaults]
        return child is current.args or (child not in defaults and child not in current.decorator_list)
    return False


def _late_definition(node: ast.Module, ctx: Context) -> None:
    "Decorators, defaults and bases at module level that name something defined further down, for good."
    if not ctx.is_complete or ctx.module.has_star_import:
        return
    scope = ctx.index.root
    for load in scope.loads:
        bindings = scope.bindings.get(load.id, [])
        if len(bindings) != 1 or load.id in ctx.index.shared or bindings[0].kind not in (Kind.CLASS, Kind.FUNCTION):
            continue
        definition = bindings[0].node
        parent = ctx.parent(definition)
        late = load.lineno < min([definition.lineno, *(d.lineno for d in definition.decorator_list)])  # type: ignore[attr-defined]
        statement = ctx.statement(load)
        direct = isinstance(statement, (*FUNCTIONS, ast.ClassDef)) and not _is_annotation(load, ctx)
        if late and parent is node and direct and load.id not in catalog.names("builtins"):
            ctx.report(NOT_DEFINED_AT_IMPORT, load, f"'{load.id}' is defined only further down.")


def _undefined(node: ast.Module, ctx: Context) -> None:
    if not ctx.is_complete or ctx.module.has_star_import:
        return
    known = catalog.names("builtins") | _MODULE_NAMES | _PYTHON2
    if any(load.id in ("exec", "globals", "locals") for load in ctx.index.root.loads):
        return
    for name in ctx.index.all(ast.Name):
        if isinstance(name.ctx, ast.Load) and name.id not in known:
            scope = ctx.index.scope_of_name[name]
            declared = _declared_global(name.id, scope)
            if scope.resolve(name.id) is None and not declared and not ctx.in_try(name, "NameError"):
                ctx.report(UNDEFINED, name, f"'{name.id}' is defined nowhere.")


def _declared_global(name: str, scope: Scope | None) -> bool:
    while scope is not None:
        if name in scope.globals or name in scope.nonlocals:
            return True
        scope = scope.parent
    return False


def _all(node: ast.Module, ctx: Context) -> None:
    bindings = ctx.index.root.bindings
    if not ctx.is_complete or ctx.module.has_star_import or "__getattr__" in bindings:
        return
    for binding in bindings.get("__all__", []):
        if isinstance(binding.value, ast.List | ast.Tuple) and len(bindings["__all__"]) == 1:
            for entry in binding.value.elts:
                if (
                    isinstance(entry, ast.Constant)
                    and isinstance(entry.value, str)
                    and (
                        entry.value not in bindings
                        and entry.value not in _MODULE_NAMES
                        and not _submodule(entry.value, ctx)
                    )
                ):
                    ctx.report(BAD_ALL, entry, f"The module has no '{entry.value}'.")


def _submodule(name: str, ctx: Context) -> bool:
    return ctx.module.is_package


def _nonlocal(node: ast.Nonlocal, ctx: Context) -> None:
    scope = ctx.index.scope_at(node)
    for name in node.names:
        outer = scope.parent
        while outer is not None and not (outer.is_function and (name in outer.bindings or name in outer.nonlocals)):
            outer = outer.parent
        if outer is None and ctx.is_complete:
            ctx.report(UNKNOWN_NONLOCAL, node, f"No enclosing function binds '{name}'.")


RULES = (
    UNDEFINED,
    BAD_ALL,
    UNKNOWN_NONLOCAL,
    NOT_DEFINED_AT_IMPORT,
)
CHECKS = (
    on(ast.Module, _late_definition),
    on(ast.Module, _undefined),
    on(ast.Module, _all),
    on(ast.ClassDef, _early),
    on(ast.Nonlocal, _nonlocal),
)

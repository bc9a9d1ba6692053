"""The index of a file: its nodes by kind, their parents, and its scopes with what they bind."""

import ast
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, cast

from codereview.analysers.bugs.syntax.nodes import TypeAlias, type_parameters

N = TypeVar("N", bound=ast.AST)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Kind(StrEnum):
    """What binds a name."""

    ASSIGNED = "assigned"
    UNPACKED = "unpacked"
    AUGMENTED = "augmented"
    ANNOTATED = "annotated"  # without a value: binds nothing at run time
    DELETED = "deleted"
    LOOP = "loop"
    WITH = "with"
    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    PARAMETER = "parameter"
    EXCEPTION = "exception"
    PATTERN = "pattern"
    TYPE = "type"


@dataclass(slots=True)
class Binding:
    """One place where a scope gives a name something. ``value`` is the expression, where there is one for it alone."""

    name: str
    kind: Kind
    node: ast.AST
    value: ast.expr | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension."""

    node: ast.AST
    parent: "Scope | None"
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    loads: list[ast.Name] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        """Whether functions inside do not see its names."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_function(self) -> bool:
        """Whether it is a def or a lambda."""
        return isinstance(self.node, (*FUNCTIONS, ast.Lambda))

    @property
    def is_comprehension(self) -> bool:
        """Whether it is a comprehension or generator expression."""
        return isinstance(self.node, COMPREHENSIONS)

    def bind(self, binding: Binding) -> None:
        """Add a binding, to the scope that ``global`` or ``nonlocal`` names."""
        target = self
        if binding.name in self.globals:
            while target.parent is not None:
                target = target.parent
        elif binding.name in self.nonlocals:
            candidate = self.parent
            while candidate is not None and (candidate.is_class or binding.name not in candidate.bindings):
                candidate = candidate.parent
            target = candidate or self
        target.bindings.setdefault(binding.name, []).append(binding)

    def resolve(self, name: str) -> "tuple[Scope, list[Binding]] | None":
        """The scope a name used here belongs to, with its bindings; None for builtins and unknown names."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if (first or not scope.is_class) and name not in scope.globals and name in scope.bindings:
                return scope, scope.bindings[name]
            if name in scope.globals:
                while scope.parent is not None:
                    scope = scope.parent
                return (scope, scope.bindings[name]) if name in scope.bindings else None
            # A comprehension in a class body sees the class's names in its first iterable only; leniently, in all.
            first = first and scope.is_comprehension
            scope = scope.parent
        return None


class Index:
    """Everything found in one walk over a file."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.by_kind: dict[type[ast.AST], list[ast.AST]] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.scope_of_name: dict[ast.AST, Scope] = {}
        self.root = Scope(tree, None)
        self.scopes[tree] = self.root
        #: Names that some function rebinds from inside (``global``, ``nonlocal``).
        self.shared: set[str] = set()
        self._pending: list[tuple[ast.AST, Scope]] = []
        self._walk()
        for node, scope in self._pending:
            self._bind(node, scope)

    def all(self, kind: type[N]) -> list[N]:
        """The nodes of exactly this kind, in source order."""
        return cast(list[N], self.by_kind.get(kind, []))

    def functions(self) -> list[FunctionNode]:
        """All function definitions."""
        return [*self.all(ast.FunctionDef), *self.all(ast.AsyncFunctionDef)]

    def scope_at(self, node: ast.AST) -> Scope:
        """The scope a node stands in (for a definition: the one that it is defined in)."""
        current = self.parents.get(node)
        while current is not None:
            if current in self.scopes:
                return self.scopes[current]
            current = self.parents.get(current)
        return self.root

    def _walk(self) -> None:
        stack: list[tuple[ast.AST, Scope]] = [(self.tree, self.root)]
        parents, by_kind = self.parents, self.by_kind
        while stack:
            node, scope = stack.pop()
            kind = type(node)
            found = by_kind.get(kind)
            if found is None:
                by_kind[kind] = [node]
            else:
                found.append(node)
            if kind is ast.Name:
                self._name(cast(ast.Name, node), scope)
                continue
            if kind in _BINDING:
                self._pending.append((node, scope))
                if kind in (ast.Global, ast.Nonlocal):
                    declared = cast(ast.Global, node)
                    (scope.globals if kind is ast.Global else scope.nonlocals).update(declared.names)
                    self.shared.update(declared.names)
                    continue
            if kind is TypeAlias:
                for name in type_parameters(node):
                    scope.bindings.setdefault(name, []).append(Binding(name, Kind.TYPE, node))
            if kind in _SCOPES:
                self._enter(node, scope, stack)
                continue
            children: list[ast.AST] = []
            for name in node._fields:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    children.extend(item for item in value if isinstance(item, ast.AST))
                elif isinstance(value, ast.AST):
                    children.append(value)
            for child in reversed(children):
                if child.__class__ not in BARE:
                    parents[child] = node
                    stack.append((child, scope))

    def _name(self, node: ast.Name, scope: Scope) -> None:
        self.scope_of_name[node] = scope
        if isinstance(node.ctx, ast.Load):
            scope.loads.append(node)
        else:
            self._pending.append((node, scope))

    def _enter(self, node: ast.AST, scope: Scope, stack: list[tuple[ast.AST, Scope]]) -> None:
        """Opens a scope; what is evaluated outside it stays in the one around."""
        inner = Scope(node, scope)
        self.scopes[node] = inner
        outside, inside = _parts(node)
        for child in (*outside, *inside):
            self.parents[child] = node
        stack.extend((child, inner) for child in reversed(inside))
        stack.extend((child, scope) for child in reversed(outside))
        for name in type_parameters(node):
            # Annotations and bases, which are evaluated outside, see them too.
            scope.bindings.setdefault(name, []).append(Binding(name, Kind.TYPE, node))
            inner.bindings.setdefault(name, []).append(Binding(name, Kind.TYPE, node))
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            # Defaults and annotations were taken out of "arguments": they belong outside.
            self.parents[node.args] = node
            self.by_kind.setdefault(ast.arguments, []).append(node.args)
            for argument in _all_arguments(node.args):
                self.parents[argument] = node.args
                inner.bindings.setdefault(argument.arg, []).append(Binding(argument.arg, Kind.PARAMETER, argument))

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Name():
                self._bind_name(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.bind(Binding(node.name, Kind.FUNCTION, node))
            case ast.ClassDef():
                scope.bind(Binding(node.name, Kind.CLASS, node))
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.name != "*":
                        name = alias.asname or (
                            alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name
                        )
                        scope.bind(Binding(name, Kind.IMPORT, alias))
            case ast.ExceptHandler(name=str(name)):
                scope.bind(Binding(name, Kind.EXCEPTION, node))
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                scope.bind(Binding(name, Kind.PATTERN, node))
            case _:
                pass

    def _bind_name(self, node: ast.Name, scope: Scope) -> None:
        parent = self.parents[node]
        kind = Kind.UNPACKED
        value: ast.expr | None = None
        match parent:
            case ast.Assign(value=value) | ast.NamedExpr(value=value):
                kind = Kind.ASSIGNED
            case ast.AnnAssign(value=value):
                kind = Kind.ASSIGNED if value is not None else Kind.ANNOTATED
            case ast.AugAssign(value=value):
                kind = Kind.AUGMENTED
            case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
                kind = Kind.LOOP
            case ast.withitem(context_expr=value):
                kind = Kind.WITH
            case ast.Delete():
                kind = Kind.DELETED
            case TypeAlias():
                kind = Kind.TYPE
            case ast.Tuple() | ast.List():
                kind, value = self._unpacked(node, parent)
            case _:
                pass
        if isinstance(parent, ast.NamedExpr):
            while scope.is_comprehension and scope.parent is not None:
                scope = scope.parent
        scope.bind(Binding(node.id, kind, node, value))

    def _unpacked(self, node: ast.Name, pattern: ast.Tuple | ast.List) -> tuple[Kind, ast.expr | None]:
        """The element of ``a, b = x, y`` that a name gets, when that can be seen."""
        outer = self.parents[pattern]
        if isinstance(outer, ast.For | ast.AsyncFor | ast.comprehension | ast.Tuple | ast.List | ast.Starred):
            top: ast.AST = outer
            while isinstance(top, ast.Tuple | ast.List | ast.Starred):
                top = self.parents[top]
            loop = isinstance(top, ast.For | ast.AsyncFor | ast.comprehension)
            return (Kind.LOOP if loop else Kind.UNPACKED), None
        if isinstance(outer, ast.Assign) and isinstance(outer.value, ast.Tuple | ast.List):
            elements = [*pattern.elts, *outer.value.elts]
            same = len(pattern.elts) == len(outer.value.elts)
            if same and not any(isinstance(element, ast.Starred) for element in elements):
                return Kind.ASSIGNED, outer.value.elts[pattern.elts.index(node)]
        return Kind.UNPACKED, None


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]


def _parts(node: ast.AST) -> tuple[list[ast.AST], list[ast.AST]]:
    """The children of a scope: those evaluated outside it, and those inside."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords], [*node.body]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        outside: list[ast.AST] = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        outside += [a.annotation for a in _all_arguments(arguments) if a.annotation is not None]
        if isinstance(node, ast.Lambda):
            return outside, [node.body]
        outside = [*node.decorator_list, *outside, *([node.returns] if node.returns is not None else [])]
        return outside, [*node.body]
    generators = cast(ast.ListComp, node).generators
    inside: list[ast.AST] = [*generators]
    inside += [node.key, node.value] if isinstance(node, ast.DictComp) else [cast(ast.ListComp, node).elt]
    return [], inside


_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *COMPREHENSIONS})
_BINDING = frozenset(
    {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal}
    | {ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping}
)
#: Operators and contexts: many, shared, and of no interest as nodes.
BARE = frozenset(
    kind
    for base in (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)
    for kind in base.__subclasses__()
)

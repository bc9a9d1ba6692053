"""Methods and their first parameter."""

import ast
import itertools

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode
from codereview.analysers.bugs.model.walking import own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.classes import methods_of, plain_methods, used_by_name

NO_SELF = define(
    "method-without-self",
    "Method without a parameter for its instance",
    severity=HIGH,
    confidence=SURE,
    description="A method is called with the instance first; this one takes no positional argument at all.",
    scenario="TypeError: takes 0 positional arguments but 1 was given, on every call through an instance.",
    fix="Add self (or cls), or make it a staticmethod.",
    family="method-without-self",
    valid=("class A:\n    def f(self):\n        pass\n", "class A:\n    @staticmethod\n    def f():\n        pass\n"),
    invalid=(
        "class A:\n    def f():\n        pass\n",
        "class A:\n    @property\n    def f():\n        return 1\n",
        "class A:\n    def f(*, self):\n        pass\n",
    ),
)


WRONG_FIRST = define(
    "first-parameter-name",
    "First parameter that says something else than it is",
    severity=LOW,
    confidence=LIKELY,
    description=("A method's first parameter is the instance, a classmethod's the class; a static method has neither."),
    scenario="The first argument lands in the wrong parameter: a forgotten self, or a forgotten decorator.",
    fix="Name it self or cls, or correct the decorator.",
    family="invalid-first-argument",
    valid=(
        "class A:\n    def f(self):\n        pass\n\n    @classmethod\n    def g(cls):\n        pass\n",
        "class M(type):\n    def f(cls):\n        pass\n",
    ),
    invalid=(
        "class A:\n    def f(x, y):\n        pass\n",
        "class A:\n    @staticmethod\n    def f(self):\n        pass\n",
        "class A:\n    @classmethod\n    def f(self):\n        pass\n",
    ),
)


SELF_REASSIGNED = define(
    "self-reassigned",
    "self or cls given another value",
    severity=LOW,
    confidence=LIKELY,
    description="Assigning to the first parameter changes only the local name, not the instance.",
    scenario="The caller's object stays as it was.",
    fix="Use another name, or change the attributes.",
    family="self-or-cls-assignment",
    valid=(
        "class A:\n    def f(self):\n        self.x = 1\n",
        "class A:\n    @staticmethod\n    def f(x):\n        x = 1\n",
    ),
    invalid=(
        "class A:\n    def f(self, other):\n        self = other\n",
        "class A:\n    @classmethod\n    def f(cls):\n        cls = 1\n",
    ),
)


METHOD_HIDDEN = define(
    "method-hidden",
    "Attribute that hides a method, or a method defined twice",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "__init__ assigns an instance attribute of the same name as a method, or the class body defines it again."
    ),
    scenario="Calling the method fails with 'not callable', or runs the other definition.",
    fix="Give them different names.",
    family="redefined",
    valid=(
        (
            "class A:\n"
            "    def __init__(self):\n"
            "        self._size = 1\n"
            "\n"
            "    def size(self):\n"
            "        return self._size\n"
        ),
        (
            "class A:\n"
            "    @property\n"
            "    def x(self):\n"
            "        return 1\n"
            "\n"
            "    @x.setter\n"
            "    def x(self, v):\n"
            "        pass\n"
        ),
    ),
    invalid=(
        ("class A:\n    def __init__(self):\n        self.size = 1\n\n    def size(self):\n        return self.size\n"),
        "class A:\n    def f(self):\n        return 1\n\n    def f(self):\n        return 2\n",
    ),
)


def _first_parameters(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    metaclass = cls.is_a("builtins.type") or (not cls.known and any("Meta" in ast.unparse(b) for b in node.bases))
    for method, kind in plain_methods(node, ctx):
        positional = [*method.args.posonlyargs, *method.args.args]
        if positional:
            _first_name(method, positional[0].arg, kind, ctx, metaclass=metaclass)
            continue
        takes_one = kind != "staticmethod" or method.name == "__new__"
        interface = any(ast.unparse(base).rpartition(".")[2] == "Interface" for base in node.bases)
        if (
            takes_one
            and not interface
            and not positional
            and method.args.vararg is None
            and not used_by_name(method, ctx)
        ):
            what = "its instance" if kind in ("method", "property") else "the class"
            ctx.report(NO_SELF, method, f"{method.name}() has no parameter for {what}.")


def _first_name(method: FunctionNode, name: str, kind: str, ctx: Context, *, metaclass: bool) -> None:
    clean = name.lstrip("_")
    if kind == "staticmethod" and method.name != "__new__":
        wrong = name in ("self", "cls", "mcs", "metacls")
    elif kind == "classmethod":
        wrong = clean == "self"
    elif kind == "method" and not metaclass:
        wrong = (
            clean not in ("self", "this", "me", "s", "slf")
            and not name.startswith("_")
            and len(clean) > 0
            and not _other_role(method, ctx)
        )
    else:
        wrong = False
    if (wrong and method.decorator_list != []) or (wrong and kind == "method"):
        ctx.report(WRONG_FIRST, method, f"The first parameter of this {kind} is called '{name}'.")


def _other_role(method: FunctionNode, ctx: Context) -> bool:
    "Whether the body uses the function as something else than a method: within the class statement."
    first = method.args.args[0].arg if method.args.args else ""
    if first in ("cls", "klass", "mcs", "mcls", "metacls") and method.name in (
        "__init_subclass__",
        "__class_getitem__",
        "__new__",
        "__prepare__",
    ):
        return True
    owner = ctx.parent(method)
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    declarative = any(ast.unparse(b).rpartition(".")[2] in ("Interface", "BaseModel", "Protocol") for b in bases)
    return declarative or used_by_name(method, ctx)


def _reassigned(node: ast.FunctionDef | ast.AsyncFunctionDef, ctx: Context) -> None:
    if not isinstance(ctx.parent(node), ast.ClassDef) or not node.args.args:
        return
    kind = ctx.method(node).kind
    first = node.args.args[0].arg
    if kind not in ("method", "classmethod", "property") or first not in ("self", "cls") or node.name == "__new__":
        return
    for binding in ctx.index.scopes[node].bindings.get(first, [])[1:]:
        ctx.report(SELF_REASSIGNED, binding.node, f"This changes the local name '{first}' only.")


def _hidden(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    scope = ctx.index.scopes[node]
    for method in methods_of(node):
        if not method.args.args or ctx.method(method).kind != "method":
            continue
        for part in own_nodes(method):
            target = (
                isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and isinstance(part.value, ast.Name)
            )
            if not target or part.value.id != method.args.args[0].arg:  # type: ignore[attr-defined]
                continue
            name = part.attr  # type: ignore[attr-defined]
            member = cls.members.get(name)
            statement = ctx.statement(part)
            value = getattr(statement, "value", None)
            plain = isinstance(statement, ast.Assign) and isinstance(
                value, ast.Constant | ast.List | ast.Dict | ast.Set
            )
            called = _same_parameter(value, method, name)
            if (
                member is not None
                and member.function is not None
                and member.function.kind == "method"
                and isinstance(member.function.node, ast.FunctionDef | ast.AsyncFunctionDef)
                and not member.function.node.decorator_list
                and plain
                and not called
            ):
                ctx.report(METHOD_HIDDEN, part, f"This hides the method {name}().")
    if ctx.is_test:
        return
    for name, bindings in scope.bindings.items():
        definitions = [b.node for b in bindings if isinstance(b.node, FUNCTIONS)]
        for earlier, later in itertools.pairwise(definitions):
            direct = ctx.parent(earlier) is node and ctx.parent(later) is node
            if direct and not earlier.decorator_list and not later.decorator_list and name != "_":
                ctx.report(METHOD_HIDDEN, later, f"{name}() is defined again; the definition above is lost.")


def _same_parameter(value: ast.expr | None, method: FunctionNode, name: str) -> bool:
    """Whether a callable is handed in: ``self.f = f``."""
    parameters = {a.arg for a in (*method.args.args, *method.args.kwonlyargs, *method.args.posonlyargs)}
    return isinstance(value, ast.Name) and value.id in parameters


RULES = (
    NO_SELF,
    WRONG_FIRST,
    SELF_REASSIGNED,
    METHOD_HIDDEN,
)
CHECKS = (
    on(ast.ClassDef, _first_parameters),
    on(ast.ClassDef, _hidden),
    on(ast.FunctionDef, _reassigned),
    on(ast.AsyncFunctionDef, _reassigned),
)

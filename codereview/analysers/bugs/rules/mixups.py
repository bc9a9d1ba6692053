"""Names that were mixed up."""

import ast
import itertools

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Value
from codereview.analysers.bugs.model.scopes import Kind
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, define, on
from codereview.analysers.bugs.rules.shared.classes import methods_of

SWAPPED = define(
    "swapped-names",
    "Names in each other's place",
    severity=MEDIUM,
    confidence=LIKELY,
    cwe=683,
    description=(
        "Two arguments bear the names of two parameters and stand in each other's place,"
        " or two attributes are each given the parameter that bears the other's name."
    ),
    scenario="Each value is taken for the other: the source is overwritten by the target, the width is the height.",
    fix="Put them in order, or name them in the call if it is meant.",
    valid=(
        "def f(source, target):\n    pass\n\n\ndef g(source, target):\n    f(source, target)\n",
        "def f(source, target):\n    pass\n\n\ndef reverse(source, target):\n    f(target, source)\n",
        "def f(source, target):\n    pass\n\n\ndef g(source, target):\n    f(source=target, target=source)\n",
    ),
    invalid=(
        "def f(source, target):\n    pass\n\n\ndef g(source, target):\n    f(target, source)\n",
        (
            "class A:\n    def set(self, width, height):\n        pass\n\n    def g(self, width, height):\n"
            "        self.set(height, width)\n"
        ),
        "class A:\n    def __init__(self, first, last):\n        self.first = last\n        self.last = first\n",
    ),
)
LOCAL_FOR_ATTRIBUTE = define(
    "local-in-place-of-attribute",
    "Local variable in place of an attribute",
    severity=MEDIUM,
    confidence=LIKELY,
    description="A method assigns a local name that it never reads, and its instances have an attribute of that name.",
    scenario="The attribute keeps its old value: the assignment has no effect once the method is left.",
    fix="Assign to self.name.",
    valid=(
        "class A:\n    def __init__(self):\n        self.n = 0\n\n    def f(self):\n        n = 1\n        return n\n",
        "class A:\n    def __init__(self):\n        self.n = 0\n\n    def f(self):\n        m = 1\n",
    ),
    invalid=(
        "class A:\n    def __init__(self):\n        self.n = 0\n\n    def reset(self):\n        n = 0\n",
        "class A:\n    def __init__(self):\n        self.n = 0\n\n    def add(self, m):\n        n = self.n + m\n",
    ),
)
#: Words in the name of a function that turns things round.
_TURNS = ("revers", "swap", "flip", "transpos", "invert", "inverse", "mirror", "rotate", "exchange", "__r", "backward")


def _call(node: ast.Call, ctx: Context) -> None:
    names = [a.id if isinstance(a, ast.Name) else "" for a in node.args]
    if len(names) < 2 or len(set(names)) != len(names) or any(isinstance(a, ast.Starred) for a in node.args):
        return
    called = ctx.value(node.func)
    parameters = _parameters(called) if called is not None else []
    if ctx.is_test or _turns(node, ctx):
        return
    pairs = [(name, at) for at, name in enumerate(names[: len(parameters)]) if name in parameters]
    for (name, at), (other, there) in itertools.combinations(pairs, 2):
        if parameters[at] == other and parameters[there] == name:
            ctx.report(SWAPPED, node, f"'{name}' is given for '{other}', and '{other}' for '{name}'.")
            return


def _parameters(called: Value) -> list[str]:
    """Names of the parameters that arguments by position are for, where a function of the batch is called."""
    function, bound = called.function, called.bound
    if called.kind == "class" and called.cls is not None and called.cls.known:
        member = called.cls.find("__init__")
        function, bound = (member.function if member is not None else None), True
    if function is None or function.node is None or len(function.signatures) != 1 or not function.transparent:
        return []
    names = [parameter.name for parameter in function.signatures[0].positional]
    return names[1:] if bound else names


def _turns(node: ast.AST, ctx: Context) -> bool:
    around = ctx.function_around(node)
    name = getattr(around, "name", "").lower()
    test = ctx.enclosing(node, ast.If, ast.IfExp)
    return any(word in name for word in _TURNS) or isinstance(test, ast.If | ast.IfExp)


def _attributes(node: ast.FunctionDef, ctx: Context) -> None:
    given: dict[str, tuple[str, ast.stmt]] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)], value=ast.Name(id=name)):
                given[attr] = (name, statement)
            case _:
                pass
    for attr, (name, place) in given.items():
        other = given.get(name)
        if attr < name and other is not None and other[0] == attr and not _turns(place, ctx):
            ctx.report(SWAPPED, place, f"'{attr}' is given '{name}', and '{name}' is given '{attr}'.")


def _class(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    for method in methods_of(node):
        if ctx.method(method).kind != "method" or ctx.is_test:
            continue
        scope = ctx.index.scopes[method]
        read = {n.id for n in ast.walk(method) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if read & {"locals", "exec", "eval", "vars"}:
            continue
        for name, bindings in scope.bindings.items():
            plain = all(b.kind is Kind.ASSIGNED and isinstance(ctx.parent(b.node), ast.Assign) for b in bindings)
            if plain and name not in read and name in cls.attributes and not name.startswith("_"):
                last = bindings[-1].node
                ctx.report(LOCAL_FOR_ATTRIBUTE, last, f"'{name}' is a local name here; self.{name} stays as it is.")


RULES = (SWAPPED, LOCAL_FOR_ATTRIBUTE)
CHECKS = (on(ast.Call, _call), on(ast.FunctionDef, _attributes), on(ast.ClassDef, _class))

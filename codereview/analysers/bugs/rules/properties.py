"""Properties."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.walking import body_without_docstring, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.classes import plain_methods

PROPERTY_PARAMETERS = define(
    "property-with-parameters",
    "Property with parameters",
    severity=HIGH,
    confidence=SURE,
    description=(
        "A property is read without parentheses, so its getter can be given nothing; a setter takes one value."
    ),
    scenario="TypeError whenever the property is read or set.",
    fix="Make it a method, or drop the parameters.",
    family="property-with-parameters",
    valid=(
        "class A:\n    @property\n    def x(self):\n        return 1\n",
        (
            "class A:\n"
            "    @property\n"
            "    def x(self):\n"
            "        return 1\n"
            "\n"
            "    @x.setter\n"
            "    def x(self, value):\n"
            "        pass\n"
        ),
    ),
    invalid=(
        "class A:\n    @property\n    def x(self, y):\n        return y\n",
        (
            "class A:\n"
            "    @property\n"
            "    def x(self):\n"
            "        return 1\n"
            "\n"
            "    @x.setter\n"
            "    def x(self):\n"
            "        pass\n"
        ),
    ),
)


PROPERTY_NO_RETURN = define(
    "property-without-return",
    "Property that gives nothing",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The getter has no return and raises nothing, so reading the property always gives None.",
    scenario="The value that was computed is thrown away; whoever reads the property gets None.",
    fix="Add the return.",
    family="property-without-return",
    valid=(
        "class A:\n    @property\n    def x(self):\n        return 1\n",
        "class A:\n    @property\n    def x(self):\n        raise AttributeError\n",
    ),
    invalid=(
        "class A:\n    @property\n    def x(self):\n        self._x + 1\n",
        "class A:\n    @property\n    def x(self):\n        if self.y:\n            self.load()\n",
    ),
)


def _properties(node: ast.ClassDef, ctx: Context) -> None:
    for method, kind in plain_methods(node, ctx):
        if kind == "property":
            _property(method, ctx)


def _property(method: FunctionNode, ctx: Context) -> None:
    accessor = next((d.attr for d in method.decorator_list if isinstance(d, ast.Attribute)), "")
    positional = [*method.args.posonlyargs, *method.args.args]
    required = len(positional) - len(method.args.defaults) - 1
    if accessor in ("setter", "deleter"):
        wanted = 1 if accessor == "setter" else 0
        if required != wanted and method.args.vararg is None and not (required < wanted <= len(positional) - 1):
            ctx.report(PROPERTY_PARAMETERS, method, f"The {accessor} takes {required} values.")
        return
    if "property" not in " ".join(ctx.decorators(method)):
        return
    if required > 0 or any(default is None for default in method.args.kw_defaults):
        ctx.report(PROPERTY_PARAMETERS, method, "A property can be given no arguments.")
    body = body_without_docstring(method.body)
    gives = any(isinstance(n, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom) for n in own_nodes(method))
    stub = all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)
    ends = any(isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and ctx.never_returns(s.value) for s in body)
    if not gives and not stub and not ends and not ctx.method(method).is_abstract and not ctx.is_test:
        ctx.report(PROPERTY_NO_RETURN, method, f"Reading {method.name} always gives None.")


PROPERTY_NOT_SETTABLE = define(
    "property-not-settable",
    "Assignment to a property without a setter",
    severity=HIGH,
    confidence=SURE,
    description="The attribute is a property of the class, and the class gives it no setter.",
    scenario="AttributeError whenever the assignment runs.",
    fix="Add a setter, or assign to the attribute behind the property.",
    valid=(
        (
            "class A:\n    @property\n    def x(self):\n        return 1\n\n    @x.setter\n    def x(self, v):\n        pass\n"
            "\n\nA().x = 1\n"
        ),
        "class A:\n    @property\n    def x(self):\n        return 1\n\n    def f(self):\n        self._x = 2\n",
    ),
    invalid=(
        "class A:\n    @property\n    def x(self):\n        return 1\n\n\na = A()\na.x = 2\n",
        "class A:\n    def __init__(self):\n        self.x = 2\n\n    @property\n    def x(self):\n        return 1\n",
    ),
)


def _assigned(node: ast.Attribute, ctx: Context) -> None:
    if isinstance(node.ctx, ast.Load) or ctx.expects_error(node) or ctx.in_try(node, "AttributeError"):
        return
    owner = ctx.value(node.value)
    cls = owner.cls if owner is not None and owner.kind == "instance" else None
    if cls is None or not cls.known or cls.node is None or cls.name in ctx.project.base_names:
        return
    holder = cls.owner(node.attr)
    intercepts = cls.owner("__setattr__")
    if holder is None or holder.node is None or (intercepts is not None and intercepts.node is not None):
        return
    scope = ctx.index.scopes.get(holder.node)
    bindings = scope.bindings.get(node.attr, []) if scope is not None else []
    getter = bindings[0].node if len(bindings) == 1 else None
    if isinstance(getter, ast.FunctionDef) and ctx.decorators(getter) == ["builtins.property"]:
        ctx.report(PROPERTY_NOT_SETTABLE, node, f"The property {node.attr} of {cls.name} has no setter.")


RULES = (
    PROPERTY_NOT_SETTABLE,
    PROPERTY_PARAMETERS,
    PROPERTY_NO_RETURN,
)
CHECKS = (on(ast.ClassDef, _properties), on(ast.Attribute, _assigned))

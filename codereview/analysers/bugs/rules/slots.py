"""Attributes that __slots__ does not allow."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.rule import HIGH, SURE, define, on

NOT_IN_SLOTS = define(
    "not-in-slots",
    "Attribute assigned that __slots__ does not have",
    severity=HIGH,
    confidence=SURE,
    description="The class and all its bases declare __slots__, and the attribute is in none of them.",
    scenario="AttributeError when the assignment runs.",
    fix="Add the name to __slots__.",
    family="not-in-slots",
    valid=(
        "class A:\n    __slots__ = ('x',)\n\n    def __init__(self):\n        self.x = 1\n",
        "class A:\n    __slots__ = ('x', '__dict__')\n\n    def __init__(self):\n        self.y = 1\n",
    ),
    invalid=(
        "class A:\n    __slots__ = ('x',)\n\n    def __init__(self):\n        self.y = 1\n",
        "class A:\n    __slots__ = ['x', 'z']\n\n    def set(self):\n        self.w = 1\n",
    ),
)
SLOTS_CONFLICT = define(
    "slots-conflict",
    "__slots__ entry that is also a class attribute",
    severity=HIGH,
    confidence=SURE,
    description=(
        "A slot and a class attribute of the same name exclude each other; slots must be non-empty identifiers."
    ),
    scenario="ValueError or TypeError as soon as the module is imported.",
    fix="Remove the slot or the class attribute.",
    family="slots-conflict",
    valid=("class A:\n    __slots__ = ('x',)\n    y = 1\n", "class A:\n    __slots__ = 'x'\n"),
    invalid=(
        "class A:\n    __slots__ = ('x',)\n    x = 1\n",
        "class A:\n    __slots__ = ('a b',)\n",
        "class A:\n    __slots__ = (1,)\n",
    ),
)


def _slots(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    own = _slot_names(cls)
    if own is None:
        return
    bindings = ctx.index.scopes[node].bindings
    for entry in own:
        name = entry.value
        if not isinstance(name, str) or not name.isidentifier():
            ctx.report(SLOTS_CONFLICT, entry, f"{name!r} is not an identifier.")
        elif name in bindings and any(b.value is not None for b in bindings[name]):
            ctx.report(SLOTS_CONFLICT, entry, f"'{name}' is also a class attribute.")
    allowed: set[str] = set()
    for ancestor in cls.ancestors:
        names = _slot_names(ancestor)
        if ancestor.qualified == "builtins.object":
            continue
        if names is None or ancestor.node is None or not cls.known:
            return
        allowed |= {str(entry.value) for entry in names}
    if "__dict__" in allowed or (cls.has("__setattr__") and cls.owner("__setattr__") is not cls.ancestors[-1]):
        return
    for method in node.body:
        if isinstance(method, FUNCTIONS) and method.args.args:
            for part in ast.walk(method):
                if _is_own(part, method.args.args[0].arg) and isinstance(part.ctx, ast.Store):  # type: ignore[attr-defined]
                    name = part.attr  # type: ignore[attr-defined]
                    member = cls.find(name)
                    if (
                        name not in allowed
                        and (member is None or member.function is None)
                        and not name.startswith("__")
                        and ctx.method(method).kind == "method"
                    ):
                        ctx.report(NOT_IN_SLOTS, part, f"'{name}' is not in __slots__.")


def _slot_names(cls: Class) -> list[ast.Constant] | None:
    member = cls.members.get("__slots__")
    if member is None or member.value is None:
        return None
    elements = member.value.elts if isinstance(member.value, ast.Tuple | ast.List | ast.Set) else [member.value]
    constants = [element for element in elements if isinstance(element, ast.Constant)]
    return constants if len(constants) == len(elements) else None


def _is_own(node: ast.AST, first: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == first


RULES = (NOT_IN_SLOTS, SLOTS_CONFLICT)
CHECKS = (on(ast.ClassDef, _slots),)

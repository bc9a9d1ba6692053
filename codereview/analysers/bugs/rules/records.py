"""Enumerations, dataclasses and attributes that all instances share."""

import ast
import enum

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.walking import dotted
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.classes import methods_of
from codereview.analysers.bugs.rules.shared.functions import MUTATORS

NO_MEMBER = define(
    "no-such-member",
    "Member that the enumeration does not have",
    severity=HIGH,
    confidence=SURE,
    description="The enumeration is defined here, and has no member, method or attribute of this name.",
    scenario="AttributeError whenever the line is reached.",
    fix="Correct the name, or add the member.",
    family="no-attribute",
    valid=(
        "import enum\n\n\nclass C(enum.Enum):\n    RED = 1\n\n\nprint(C.RED, C.__members__)\n",
        "import enum\n\n\nclass C(enum.Enum):\n    RED = 1\n\n    @classmethod\n    def f(cls):\n        pass\n\n\nC.f()\n",
    ),
    invalid=(
        "import enum\n\n\nclass C(enum.Enum):\n    RED = 1\n\n\nprint(C.GREEN)\n",
        "from enum import IntEnum\n\n\nclass C(IntEnum):\n    RED = 1\n\n\nif x == C.Red:\n    pass\n",
    ),
)
FIELD_ORDER = define(
    "dataclass-field-order",
    "Field without a default behind one with a default",
    severity=HIGH,
    confidence=SURE,
    description="A dataclass makes its __init__ from its fields in order; parameters without a default come first.",
    scenario="TypeError when the module is imported.",
    fix="Put the field further up, give it a default, or use kw_only=True.",
    valid=(
        "from dataclasses import dataclass\n\n\n@dataclass\nclass P:\n    x: int\n    y: int = 0\n",
        "from dataclasses import dataclass\n\n\n@dataclass(kw_only=True)\nclass P:\n    x: int = 0\n    y: int\n",
    ),
    invalid=(
        "from dataclasses import dataclass\n\n\n@dataclass\nclass P:\n    x: int = 0\n    y: int\n",
        (
            "from dataclasses import dataclass, field\n\n\n@dataclass(frozen=True)\nclass P:\n"
            "    x: list = field(default_factory=list)\n    y: int\n"
        ),
    ),
)
SHARED_ATTRIBUTE = define(
    "shared-class-attribute",
    "Collection that all instances share",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "The class body makes a list, dict or set, methods change it through self, and no instance gets one of its own."
    ),
    scenario="What one object adds appears in all the others.",
    fix="Make it in __init__; if it is meant to be shared, change it through the class.",
    valid=(
        "class A:\n    def __init__(self):\n        self.items = []\n\n    def add(self, x):\n        self.items.append(x)\n",
        "class A:\n    items = []\n\n    @classmethod\n    def add(cls, x):\n        cls.items.append(x)\n",
        "class A:\n    items = []\n\n    def add(self, x):\n        self.items = [*self.items, x]\n",
    ),
    invalid=(
        "class A:\n    items = []\n\n    def add(self, x):\n        self.items.append(x)\n",
        "class A:\n    seen = {}\n\n    def add(self, x):\n        self.seen[x] = 1\n",
    ),
)
_OF_ENUMERATIONS = frozenset(
    {*dir(enum.Enum), *dir(enum.IntFlag), "name", "value", "__members__", "_value2member_map_"}
)


def _attribute(node: ast.Attribute, ctx: Context) -> None:
    if not isinstance(node.ctx, ast.Load) or node.attr.startswith("_") or node.attr in _OF_ENUMERATIONS:
        return
    value = ctx.value(node.value)
    cls = value.cls if value is not None and value.kind == "class" and value.name != "cls" else None
    if cls is None or cls.node is None or not cls.is_a("enum.Enum") or not cls.known or cls.node.decorator_list:
        return
    if any(c.node is None and not c.qualified.startswith(("enum.", "builtins.")) for c in cls.ancestors):
        return
    shown = cls.has(node.attr) or node.attr in ctx.project.stored_attributes or "_ignore_" in cls.members
    if not shown and not ctx.expects_error(node) and not ctx.in_try(node, "AttributeError"):
        ctx.report(NO_MEMBER, node, f"{cls.name} has no member '{node.attr}'.")


def _class(node: ast.ClassDef, ctx: Context) -> None:
    _order(node, ctx)
    cls = ctx.project.class_at(node, ctx.module)
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List() | ast.Dict() | ast.Set()):
                if not name.isupper() and not ctx.is_test and cls.name not in ctx.project.base_names:
                    _shared(name, node, cls, ctx)
            case _:
                pass


def _order(node: ast.ClassDef, ctx: Context) -> None:
    if len(node.decorator_list) != 1 or node.bases:
        return
    decorator = node.decorator_list[0]
    options = decorator.keywords if isinstance(decorator, ast.Call) else []
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if ctx.qualified(called) != "dataclasses.dataclass" or any(k.arg in ("kw_only", "init", None) for k in options):
        return
    optional = False
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or "ClassVar" in ast.unparse(statement.annotation):
            continue
        made = statement.value if isinstance(statement.value, ast.Call) else None
        is_field = made is not None and dotted(made.func).rpartition(".")[2] == "field"
        given = {k.arg for k in made.keywords} if made is not None and is_field else {"default"}
        if "KW_ONLY" in ast.unparse(statement.annotation) or given & {"init", "kw_only", None}:
            return
        default = statement.value is not None and bool(given & {"default", "default_factory"})
        if optional and not default:
            ctx.report(FIELD_ORDER, statement, "A field above has a default, this one has none.")
            return
        optional = optional or default


def _shared(name: str, node: ast.ClassDef, cls: Class, ctx: Context) -> None:
    if not cls.known or name in ctx.project.stored_attributes or len(cls.bases) > 1:
        return
    if any(f"{owner}.{name}" in ctx.module.file.text for owner in (cls.name, "cls", "type(self)", "__class__")):
        return  # the sharing is known
    for method in methods_of(node):
        if ctx.method(method).kind != "method":
            continue
        for part in ast.walk(method):
            changed = _changed(part)
            if isinstance(changed, ast.Attribute) and changed.attr == name and _is_self(changed.value):
                ctx.report(SHARED_ATTRIBUTE, part, f"'{name}' belongs to the class: all instances change the same one.")
                return


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _changed(part: ast.AST) -> ast.expr | None:
    match part:
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in MUTATORS:
            return owner
        case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
            return owner
        case _:
            return None


RULES = (NO_MEMBER, FIELD_ORDER, SHARED_ATTRIBUTE)
CHECKS = (on(ast.Attribute, _attribute), on(ast.ClassDef, _class))

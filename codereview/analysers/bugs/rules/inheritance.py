"""Base classes, abstract classes and super()."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, define, on
from codereview.analysers.bugs.rules.shared.classes import methods_of

ABSTRACT_INSTANCE = define(
    "abstract-instance",
    "Instance of an abstract class",
    severity=HIGH,
    confidence=SURE,
    description="The class has abstract methods that neither it nor its bases implement.",
    scenario="TypeError: Can't instantiate abstract class, on every call.",
    fix="Implement the methods, or make an instance of a subclass.",
    family="abstract-instance",
    valid=(
        (
            "import abc\n"
            "\n"
            "\n"
            "class A(abc.ABC):\n"
            "    @abc.abstractmethod\n"
            "    def f(self):\n"
            "        pass\n"
            "\n"
            "\n"
            "class B(A):\n"
            "    def f(self):\n"
            "        pass\n"
            "\n"
            "\n"
            "B()\n"
        ),
        "class A:\n    def f(self):\n        raise NotImplementedError\n\n\nA()\n",
    ),
    invalid=(
        ("import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n\n\nA()\n"),
        (
            "import abc\n"
            "\n"
            "\n"
            "class A(abc.ABC):\n"
            "    @abc.abstractmethod\n"
            "    def f(self):\n"
            "        pass\n"
            "\n"
            "\n"
            "class B(A):\n"
            "    pass\n"
            "\n"
            "\n"
            "B()\n"
        ),
    ),
)


BAD_BASES = define(
    "bad-base-class",
    "Base classes that do not go together",
    severity=HIGH,
    confidence=SURE,
    description=(
        "A base is not a class, is named twice, may not be inherited from, or the bases have no consistent order."
    ),
    scenario="TypeError as soon as the class statement runs, so the module cannot be imported.",
    fix="Correct the list of bases: the more specific class first, each once.",
    family="bad-base-class",
    valid=(
        "class A:\n    pass\n\n\nclass B(A):\n    pass\n\n\nclass C(B, A):\n    pass\n",
        "import collections\n\n\nclass P(collections.namedtuple('P', 'x y')):\n    pass\n",
    ),
    invalid=(
        "class A:\n    pass\n\n\nclass B(A):\n    pass\n\n\nclass C(A, B):\n    pass\n",
        "class A:\n    pass\n\n\nclass B(A, A):\n    pass\n",
        "class A(bool):\n    pass\n",
        "def f():\n    pass\n\n\nclass A(f):\n    pass\n",
        "class A('object'):\n    pass\n",
    ),
)


SUPER_ARGUMENTS = define(
    "wrong-super",
    "super() with the wrong class, or without a call",
    severity=HIGH,
    confidence=LIKELY,
    description=(
        "super() must name the class whose method it stands in; super(type(self), self) recurses in subclasses."
    ),
    scenario="Methods of a base class are skipped, or RecursionError in the first subclass.",
    fix="Write super().",
    family="wrong-super",
    valid=(
        "class A:\n    def f(self):\n        super().__init__()\n",
        "class A:\n    def f(self):\n        super(A, self).__init__()\n",
    ),
    invalid=(
        ("class A:\n    pass\n\n\nclass B(A):\n    def __init__(self):\n        super(A, self).__init__()\n"),
        "class A:\n    def __init__(self):\n        super(type(self), self).__init__()\n",
        "class A:\n    def f(self):\n        super.f()\n",
        "class A:\n    def f(self):\n        super(self.__class__, self).f()\n",
    ),
)


UNCALLED_PARENT = define(
    "unrelated-init",
    "__init__ of a class that is no base",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The constructor of a class is called with self, but that class is not among the bases.",
    scenario="The wrong initialisation runs; what the real base sets is missing.",
    fix="Call super().__init__().",
    family="unrelated-init",
    valid=(
        "class A:\n    pass\n\n\nclass B(A):\n    def __init__(self):\n        A.__init__(self)\n",
        "class B:\n    def __init__(self):\n        super().__init__()\n",
    ),
    invalid=(
        (
            "class A:\n"
            "    pass\n"
            "\n"
            "\n"
            "class C:\n"
            "    pass\n"
            "\n"
            "\n"
            "class B(A):\n"
            "    def __init__(self):\n"
            "        C.__init__(self)\n"
        ),
        "class B(dict):\n    def __init__(self):\n        list.__init__(self)\n",
    ),
)


EMPTY_ABSTRACT = define(
    "abstract-without-abstract",
    "Abstract base class without abstract methods",
    severity=LOW,
    confidence=UNSURE,
    description=("The class derives from ABC, has methods, and none of them is abstract, so it can be instantiated."),
    scenario="An empty method that subclasses were meant to implement silently does nothing.",
    fix="Decorate the methods that must be implemented with abstractmethod.",
    family="abstract-without-abstract",
    valid=(
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n",
        "class A:\n    def f(self):\n        pass\n",
    ),
    invalid=(
        "import abc\n\n\nclass A(abc.ABC):\n    def f(self):\n        pass\n",
        "from abc import ABCMeta\n\n\nclass A(metaclass=ABCMeta):\n    def f(self):\n        ...\n",
    ),
)


#: Built-in classes whose instances are laid out in memory each in its own way.
_SHAPES = frozenset(
    f"builtins.{name}"
    for name in ("int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "bytearray")
)
_FINAL = (
    "builtins.bool",
    "types.NoneType",
    "builtins.slice",
    "builtins.range",
    "builtins.memoryview",
    "types.FunctionType",
    "types.EllipsisType",
)


def _instance(node: ast.Call, ctx: Context) -> None:
    called = ctx.value(node.func)
    if called is None or called.kind != "class" or called.cls is None or called.name == "cls":
        return
    cls = called.cls
    missing = _abstract(cls) if cls.node is not None and cls.known else []
    if missing and not ctx.expects_error(node) and not ctx.in_try(node, "TypeError"):
        ctx.report(ABSTRACT_INSTANCE, node, f"{cls.name} has abstract methods: {', '.join(missing[:3])}.")


def _abstract(cls: Class) -> list[str]:
    """Names of the abstract methods that are left."""
    if not any(
        c.metaclass == "abc.ABCMeta" and (c.node is not None or c.qualified == "abc.ABC") for c in cls.ancestors
    ):
        return []
    if any(c.node is None and c.qualified not in ("abc.ABC", "builtins.object") for c in cls.ancestors):
        return []
    found = []
    for ancestor in cls.ancestors:
        for name, member in ancestor.members.items():
            first = cls.find(name)
            if member.function is not None and member.function.is_abstract and first is member:
                found.append(name)
    return found


def _bases(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    seen: list[str] = []
    for base in node.bases:
        if isinstance(base, ast.Starred):
            return
        text = ast.dump(base)
        value = ctx.value(base)
        if text in seen:
            ctx.report(BAD_BASES, base, "This base is named twice.")
        elif value is not None and (
            value.kind == "module"
            or (value.kind == "function" and value.function is not None and value.function.node is not None)
        ):
            ctx.report(BAD_BASES, base, "This base is not a class.")
        elif (
            value is not None
            and value.kind == "instance"
            and value.cls is not None
            and value.cls.known
            and not value.cls.has("__mro_entries__")
        ):
            if value.cls.node is None or not value.cls.is_a("builtins.type"):
                ctx.report(BAD_BASES, base, "This base is not a class.")
        elif value is not None and value.kind == "class" and value.cls is not None:
            if value.cls.qualified in _FINAL:
                ctx.report(BAD_BASES, base, f"{value.cls.name} cannot be inherited from.")
            elif value.cls.node is not None and value.cls.is_a("enum.Enum") and _has_members(value.cls):
                ctx.report(BAD_BASES, base, f"An enumeration with members, like {value.cls.name}, cannot be extended.")
        seen.append(text)
    shapes = {b.qualified for b in cls.ancestors if b.node is None and b.qualified in _SHAPES}
    if len(shapes) > 1 and cls.known:
        ctx.report(BAD_BASES, node, f"No object can be both: {' and '.join(sorted(s[9:] for s in shapes))}.")
    if len(node.bases) > 1 and cls.known and cls.linearised() is None:
        ctx.report(BAD_BASES, node, "The bases have no consistent method resolution order.")


def _has_members(cls: Class) -> bool:
    return any(m.value is not None and not n.startswith("_") and m.function is None for n, m in cls.members.items())


def _super(node: ast.Call, ctx: Context) -> None:
    if not isinstance(node.func, ast.Name) or node.func.id != "super" or len(node.args) != 2:
        return
    function = ctx.function_around(node)
    owner = ctx.parent(function) if function is not None else None
    if not isinstance(owner, ast.ClassDef) or not isinstance(function, FUNCTIONS):
        return
    first, second = node.args
    by_instance = (isinstance(first, ast.Call) and ast.unparse(first.func) == "type") or (
        isinstance(first, ast.Attribute) and first.attr == "__class__"
    )
    if (
        by_instance
        and isinstance(second, ast.Name)
        and function.args.args
        and second.id == function.args.args[0].arg
        and ctx.method(function).kind == "method"
    ):
        ctx.report(SUPER_ARGUMENTS, node, "In a subclass this finds the same method again, without end.")
        return
    if isinstance(first, ast.Name) and first.id != owner.name:
        value = ctx.value(first)
        cls = ctx.project.class_at(owner, ctx.module)
        alias = ctx.index.scope_at(owner).resolve(first.id)
        outer = ctx.enclosing(owner, ast.ClassDef)
        if value is not None and value.kind == "class" and value.cls is not cls and alias is not None and outer is None:
            ctx.report(SUPER_ARGUMENTS, node, f"This stands in {owner.name}, but names {first.id}.")


def _uncalled_super(node: ast.Attribute, ctx: Context) -> None:
    if not isinstance(node.value, ast.Name) or node.value.id != "super":
        return
    parent = ctx.parent(node)
    unbound = node.attr.startswith("__") and isinstance(parent, ast.Call) and bool(parent.args)
    if not unbound and ctx.qualified(node.value) == "builtins.super":
        ctx.report(SUPER_ARGUMENTS, node, "super is not called.")


def _foreign_init(node: ast.Call, ctx: Context) -> None:
    if (
        not isinstance(node.func, ast.Attribute)
        or node.func.attr != "__init__"
        or not node.args
        or not isinstance(node.args[0], ast.Name)
    ):
        return
    function = ctx.function_around(node)
    owner = ctx.parent(function) if function is not None else None
    if not isinstance(owner, ast.ClassDef) or not isinstance(function, FUNCTIONS) or function.name != "__init__":
        return
    called = ctx.value(node.func.value)
    cls = ctx.project.class_at(owner, ctx.module)
    first = function.args.args[0].arg if function.args.args else ""
    if (
        called is not None
        and called.kind == "class"
        and called.cls is not None
        and cls.known
        and node.args[0].id == first
    ) and called.cls not in cls.ancestors:
        ctx.report(UNCALLED_PARENT, node, f"{called.cls.name} is not a base of {cls.name}.")


def _abc(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    direct = any(ctx.qualified(b) == "abc.ABC" for b in node.bases) or any(
        k.arg == "metaclass" and ctx.qualified(k.value) == "abc.ABCMeta" for k in node.keywords
    )
    methods = methods_of(node)
    if (
        not direct
        or not methods
        or len(node.bases) > 1
        or any(function.is_abstract for c in cls.ancestors for function in c.methods())
    ):
        return
    if any(isinstance(s, ast.Assign | ast.AnnAssign) and getattr(s, "value", None) is None for s in node.body):
        return
    if not any(m.decorator_list for m in methods):
        ctx.report(EMPTY_ABSTRACT, node, f"{node.name} has no abstract method, so it can be instantiated.")


RULES = (
    ABSTRACT_INSTANCE,
    BAD_BASES,
    SUPER_ARGUMENTS,
    UNCALLED_PARENT,
    EMPTY_ABSTRACT,
)
CHECKS = (
    on(ast.ClassDef, _bases),
    on(ast.ClassDef, _abc),
    on(ast.Call, _instance),
    on(ast.Call, _super),
    on(ast.Call, _foreign_init),
    on(ast.Attribute, _uncalled_super),
)

"""Calls that Python refuses."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model import records
from codereview.analysers.bugs.model.definitions import Class, Value
from codereview.analysers.bugs.model.signatures import Fault, Signature
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.rules.shared.calls import signatures_of

WRONG_ARGUMENTS = define(
    "call-arguments",
    "Call with the wrong arguments",
    severity=HIGH,
    confidence=SURE,
    description="The number or names of the arguments do not fit the function's signature.",
    scenario="The call raises TypeError as soon as it is reached, whatever the values.",
    fix="Pass the arguments that the signature declares.",
    family="call-arguments",
    valid=(
        "def area(width, height=1):\n    return width * height\n\n\narea(2)\narea(2, height=3)\n",
        ("class Point:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n\n\nPoint(*[1, 2])\n"),
        "import json\n\njson.dumps({}, indent=2)\n",
    ),
    invalid=(
        "from dataclasses import dataclass\n\n\n@dataclass\nclass P:\n    x: int\n    y: int = 0\n\n\nP(x=1, z=2)\n",
        "from collections import namedtuple\n\nP = namedtuple('P', 'x y')\nP(1)\n",
        "from typing import NamedTuple\n\n\nclass P(NamedTuple):\n    x: int\n    y: int\n\n\nP(1)\n",
        "def area(width, height):\n    return width * height\n\n\narea(2)\n",
        "def area(width, height):\n    return width * height\n\n\narea(2, depth=3)\n",
        ("class Point:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n\n\nPoint(1, 2, 3)\n"),
        "import shutil\n\nshutil.copyfile('a')\n",
        (
            "from functools import partial\n"
            "\n"
            "\n"
            "def area(width, height):\n"
            "    return width * height\n"
            "\n"
            "\n"
            "partial(area, 1)(2, 3)\n"
        ),
    ),
)


NOT_CALLABLE = define(
    "not-callable",
    "Call of something that is not callable",
    severity=HIGH,
    confidence=SURE,
    description="The expression before the parentheses is known to be a value that cannot be called.",
    scenario=("TypeError: object is not callable, every time the line runs. Often a comma is missing before it."),
    fix="Remove the parentheses, or call what was meant.",
    valid=("size = len\nsize([])\n", "class Job:\n    def __call__(self):\n        return 1\n\n\nJob()()\n"),
    invalid=(
        "limit = 3\nlimit()\n",
        "class Job:\n    pass\n\n\njob = Job()\njob()\n",
        "names = [\n    ('a', 1)\n    ('b', 2),\n]\n",
    ),
)


NOT_A_TYPE = define(
    "isinstance-not-a-type",
    "isinstance() or issubclass() with something that is not a type",
    severity=HIGH,
    confidence=SURE,
    description="The second argument must be a class, a union of classes, or a tuple of them.",
    scenario="TypeError: isinstance() arg 2 must be a type, as soon as the check is reached.",
    fix="Name a class, or a tuple of classes.",
    valid=("isinstance(x, (int, str))\n", "isinstance(x, int | None)\n", "issubclass(x, dict)\n"),
    invalid=(
        "isinstance(x, 1)\n",
        "isinstance(x, [int, str])\n",
        "isinstance(x, int | 5)\n",
        "issubclass(x, (int, 'str'))\n",
    ),
)


def _arguments(node: ast.Call, ctx: Context) -> None:
    if _is_partial(node, ctx):
        return
    called = ctx.value(node.func)
    found = _signatures(called, ctx) if called is not None else _named_tuple(node.func, ctx)
    if not found or ctx.in_try(node, "TypeError") or ctx.expects_error(node):
        return
    faults = [signature.fault(node) for signature in found]
    if all(fault is not None for fault in faults) and faults[0] is not None:
        kind, detail = faults[0] if len(faults) == 1 else (Fault(faults[-1][0]), faults[-1][1])  # type: ignore[index]
        name = ast.unparse(node.func) if len(node.args) < 50 else "the function"
        ctx.report(WRONG_ARGUMENTS, node, f"{name}() would fail: {kind} ({detail}).")


def _named_tuple(called: ast.expr, ctx: Context) -> list[Signature]:
    """The signature of ``P = namedtuple("P", "x y")``."""
    if not isinstance(called, ast.Name):
        return []
    found = ctx.index.scope_of_name[called].resolve(called.id)
    made = found[1][0].value if found is not None and len(found[1]) == 1 else None
    signature = records.named_tuple(made) if made is not None and ctx.calls(made, "collections.namedtuple") else None
    return [signature] if signature is not None else []


def _signatures(called: Value, ctx: Context) -> list[Signature]:
    """The signatures a call must fit one of; none when they are not certain."""
    if called.kind == "class" and called.cls is not None:
        return _constructor(called.cls) if called.name != "cls" or called.cls.plain else []
    if called.kind == "instance" and called.cls is not None and called.cls.known:
        member = called.cls.find("__call__")
        function = member.function if member is not None else None
        return signatures_of(function, bound=True) if function is not None else []
    if called.kind != "function" or called.function is None:
        return []
    if called.name == "self" and called.cls is not None and not called.cls.known:
        return []
    return signatures_of(called.function, bound=called.bound)


def _constructor(cls: Class) -> list[Signature]:
    made = records.constructor(cls)
    if made is not None:
        return [made]
    if not cls.plain or cls.is_a(
        "enum.Enum", "typing.NamedTuple", "typing.TypedDict", "builtins.type", "ctypes.Structure"
    ):
        return []
    init, new = cls.owner("__init__"), cls.owner("__new__")
    if any("dataclass" in ast.dump(d) for c in cls.ancestors if c.node for d in c.node.decorator_list):
        return []
    order = list(cls.ancestors)
    owner, name = init, "__init__"
    if new is not None and (init is None or order.index(new) < order.index(init)):
        owner, name = new, "__new__"
    if owner is None or owner.qualified == "builtins.object":
        return [Signature()] if cls.node is not None else []
    if (
        owner.node is None
        and cls.node is not None
        and owner.is_a("builtins.BaseException", "builtins.tuple", "typing.Generic")
    ):
        return []
    function = owner.members[name].function
    if function is None or not function.transparent:
        return []
    if owner.node is None and {"__init__", "__new__"} <= owner.members.keys():
        return []  # which of the two counts depends on the version
    return [s.without_first() for s in function.signatures if s.positional or s.vararg]


def _is_partial(node: ast.Call, ctx: Context) -> bool:
    """Handles ``partial(f, a)(b)``: the arguments of both calls together."""
    inner = node.func
    if not isinstance(inner, ast.Call) or not ctx.calls(inner, "functools.partial") or not inner.args:
        return False
    called = ctx.value(inner.args[0])
    if called is not None and called.kind == "function" and called.function is not None:
        again = {keyword.arg for keyword in node.keywords}
        kept = [keyword for keyword in inner.keywords if keyword.arg not in again]
        whole = ast.Call(func=inner.args[0], args=[*inner.args[1:], *node.args], keywords=[*kept, *node.keywords])
        faults = [signature.fault(whole) for signature in signatures_of(called.function, bound=called.bound)]
        if faults and all(faults) and faults[0] is not None:
            ctx.report(WRONG_ARGUMENTS, node, f"The call would fail: {faults[0][0]} ({faults[0][1]}).")
    return True


def _callable(node: ast.Call, ctx: Context) -> None:
    called = ctx.value(node.func)
    if called is None or ctx.in_try(node, "TypeError") or ctx.expects_error(node):
        return
    bad = called.kind == "module" or (
        called.kind == "instance" and called.cls is not None and called.name != "self" and called.cls.lacks("__call__")
    )
    if bad:
        what = (
            f"the module {called.name}" if called.kind == "module" else f"a {called.cls.name}" if called.cls else "it"
        )
        ctx.report(NOT_CALLABLE, node, f"This calls {what}, which is not callable.")


def _isinstance(node: ast.Call, ctx: Context) -> None:
    if len(node.args) == 2 and ctx.calls(node, "builtins.isinstance", "builtins.issubclass"):
        wrong = _not_a_type(node.args[1], ctx)
        if wrong is not None and not ctx.expects_error(node):
            ctx.report(NOT_A_TYPE, wrong, "The second argument is not a type.")


def _not_a_type(node: ast.expr, ctx: Context) -> ast.expr | None:
    if isinstance(node, ast.Tuple):
        return next((bad for element in node.elts if (bad := _not_a_type(element, ctx)) is not None), None)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        for side in (node.left, node.right):
            bad = None if _is_none(side) else _not_a_type(side, ctx)
            if bad is not None:
                return node
        return None
    value = ctx.value(node)
    if value is None or (isinstance(node, ast.Name) and not isinstance(value.node, ast.Constant | ast.List)):
        return (
            node if value is not None and value.instance_of("builtins.int", "builtins.str", "builtins.list") else None
        )
    return (
        node
        if value.kind == "instance" and not value.instance_of("builtins.tuple") and value.node is not None
        else None
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


RULES = (
    WRONG_ARGUMENTS,
    NOT_CALLABLE,
    NOT_A_TYPE,
)
CHECKS = (
    on(ast.Call, _arguments),
    on(ast.Call, _callable),
    on(ast.Call, _isinstance),
)

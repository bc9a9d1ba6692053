"""Calls that Python refuses."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class, Function, Value
from codereview.analysers.bugs.model.signatures import Fault, Signature
from codereview.analysers.bugs.rule import HIGH, MEDIUM, SURE, define, on

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
        "class Point:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n\n\nPoint(*[1, 2])\n",
        "import json\n\njson.dumps({}, indent=2)\n",
    ),
    invalid=(
        "def area(width, height):\n    return width * height\n\n\narea(2)\n",
        "def area(width, height):\n    return width * height\n\n\narea(2, depth=3)\n",
        "class Point:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n\n\nPoint(1, 2, 3)\n",
        "import shutil\n\nshutil.copyfile('a')\n",
        "from functools import partial\n\n\ndef area(width, height):\n    return width * height\n\n\npartial(area, 1)(2, 3)\n",
    ),
)
NOT_CALLABLE = define(
    "not-callable",
    "Call of something that is not callable",
    severity=HIGH,
    confidence=SURE,
    description="The expression before the parentheses is known to be a value that cannot be called.",
    scenario="TypeError: object is not callable, every time the line runs. Often a comma is missing before it.",
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
NO_RESULT = define(
    "result-of-nothing",
    "Result used of a function that returns nothing",
    severity=MEDIUM,
    confidence=SURE,
    description="The function has no return statement with a value, or works in place, so the call gives None.",
    scenario="The variable holds None, and whoever uses it next fails or silently works with None.",
    fix="Call it as a statement, or return a value from the function.",
    family="result-of-nothing",
    valid=(
        "def log(text):\n    print(text)\n\n\nlog('x')\n",
        "names = sorted([2, 1])\nitems = [2, 1]\nitems.sort()\n",
    ),
    invalid=(
        "def log(text):\n    print(text)\n\n\nanswer = log('x')\n",
        "items = [2, 1]\nordered = items.sort()\n",
        "import random\n\ncards = [1, 2, 3]\nfor card in random.shuffle(cards):\n    pass\n",
    ),
)
FUNCTION_AS_CONDITION = define(
    "function-as-condition",
    "Function used as a condition without a call",
    severity=MEDIUM,
    confidence=SURE,
    description="A function or method is tested for truth instead of its result; a function is always true.",
    scenario="The branch is always taken, so the check it stands for is never made.",
    fix="Add the parentheses.",
    family="missing-call",
    valid=(
        "def ready():\n    return False\n\n\nif ready():\n    pass\n",
        "try:\n    from fast import dump\nexcept ImportError:\n    dump = None\nif dump:\n    pass\n",
    ),
    invalid=(
        "def ready():\n    return False\n\n\nif ready:\n    print('go')\n",
        "class Job:\n    def done(self):\n        return True\n\n    def wait(self):\n        while not self.done:\n            pass\n",
    ),
)
ENDLESS_RECURSION = define(
    "endless-recursion",
    "Function that always calls itself",
    severity=HIGH,
    confidence=SURE,
    description="Every way through the function leads to a call of itself, with nothing that could end it.",
    scenario="RecursionError on every call. A property that reads itself is the usual case.",
    fix="Add the case that ends it, or read the underlying attribute.",
    valid=(
        "def count(n):\n    return 0 if n == 0 else 1 + count(n - 1)\n",
        "class Box:\n    @property\n    def size(self):\n        return self._size\n",
    ),
    invalid=(
        "def count(n):\n    return 1 + count(n - 1)\n",
        "class Box:\n    @property\n    def size(self):\n        return self.size\n",
    ),
)
_IN_PLACE = frozenset(
    {"builtins.list.sort", "builtins.list.reverse", "builtins.list.append", "builtins.list.extend"}
    | {"builtins.list.insert", "builtins.list.remove", "builtins.list.clear", "builtins.dict.update"}
    | {"builtins.dict.clear", "builtins.set.add", "builtins.set.update", "builtins.set.discard", "builtins.set.remove"}
    | {"builtins.set.clear", "random.shuffle", "random.seed", "builtins.print", "time.sleep", "heapq.heapify"}
    | {"heapq.heappush", "os.mkdir", "os.makedirs", "os.remove", "os.chdir", "os.rename", "gc.enable", "gc.disable"}
    | {"bisect.insort", "bisect.insort_right", "bisect.insort_left", "json.dump", "pickle.dump"}
)


def _arguments(node: ast.Call, ctx: Context) -> None:
    if _is_partial(node, ctx):
        return
    called = ctx.value(node.func)
    if called is None:
        return
    found = _signatures(called, ctx)
    if not found or ctx.in_try(node, "TypeError") or _expects_error(node, ctx):
        return
    faults = [signature.fault(node) for signature in found]
    if all(fault is not None for fault in faults) and faults[0] is not None:
        kind, detail = faults[0] if len(faults) == 1 else (Fault(faults[-1][0]), faults[-1][1])  # type: ignore[index]
        name = ast.unparse(node.func) if len(node.args) < 50 else "the function"
        ctx.report(WRONG_ARGUMENTS, node, f"{name}() would fail: {kind} ({detail}).")


def _expects_error(node: ast.AST, ctx: Context) -> bool:
    """Whether a test expects the failure: ``with raises(...)``."""
    current = ctx.enclosing(node, ast.With, ast.AsyncWith)
    while isinstance(current, ast.With | ast.AsyncWith):
        for item in current.items:
            text = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
            name = text.attr if isinstance(text, ast.Attribute) else getattr(text, "id", "")
            if "raises" in name.lower() or "warns" in name.lower():
                return True
        current = ctx.enclosing(current, ast.With, ast.AsyncWith)
    return False


def _signatures(called: Value, ctx: Context) -> list[Signature]:
    """The signatures a call must fit one of; none when they are not certain."""
    if called.kind == "class" and called.cls is not None:
        return _constructor(called.cls) if called.name != "cls" or called.cls.plain else []
    if called.kind == "instance" and called.cls is not None and called.cls.known:
        member = called.cls.find("__call__")
        function = member.function if member is not None else None
        return _bound(function, bound=True) if function is not None else []
    if called.kind != "function" or called.function is None:
        return []
    if called.name == "self" and called.cls is not None and not called.cls.known:
        return []
    return _bound(called.function, bound=called.bound)


def _bound(function: Function, *, bound: bool) -> list[Signature]:
    if not function.transparent or function.kind == "property":
        return []
    if bound and any(not s.positional and not s.vararg for s in function.signatures):
        return []  # a method without self is reported where it is defined
    return [s.without_first() if bound and s.positional else s for s in function.signatures]


def _constructor(cls: Class) -> list[Signature]:
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
        faults = [signature.fault(whole) for signature in _bound(called.function, bound=called.bound)]
        if faults and all(faults) and faults[0] is not None:
            ctx.report(WRONG_ARGUMENTS, node, f"The call would fail: {faults[0][0]} ({faults[0][1]}).")
    return True


def _callable(node: ast.Call, ctx: Context) -> None:
    called = ctx.value(node.func)
    if called is None or ctx.in_try(node, "TypeError") or _expects_error(node, ctx):
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
        if wrong is not None and not _expects_error(node, ctx):
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


def _no_result(node: ast.Call, ctx: Context) -> None:
    if not _is_used(node, ctx.parent(node)):
        return
    called = ctx.value(node.func)
    function = called.function if called is not None and called.kind == "function" else None
    name = function.qualified if function is not None else ctx.qualified(node.func)
    if name not in _IN_PLACE:
        if called is None or function is None or function.node is None or not _gives_none(node, ctx):
            return
        if called.name in ("self", "cls") and not (called.cls is not None and called.cls.known):
            return
    ctx.report(NO_RESULT, node, f"{name.rpartition('.')[2]}() returns nothing, so this is None.")


def _is_used(node: ast.Call, parent: ast.AST | None) -> bool:
    match parent:
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.For(iter=value):
            return value is node
        case ast.Attribute() | ast.Subscript() | ast.BinOp():
            return True
        case _:
            return False


def _gives_none(node: ast.Call, ctx: Context) -> bool:
    value = ctx.value(node)
    return value is not None and value.is_none


def _condition(test: ast.expr, ctx: Context) -> None:
    """A condition, or part of one."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            _condition(part, ctx)
        return
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        _condition(test.operand, ctx)
        return
    if not isinstance(test, ast.Name | ast.Attribute):
        return
    value = ctx.value(test)
    if value is None or value.kind != "function" or value.function is None:
        return
    if (
        isinstance(test, ast.Name)
        and value.function.node is None
        and ctx.index.scope_at(test).resolve(test.id) is not None
    ):
        return  # an import that may have failed, or be replaced
    if value.function.transparent and not ctx.in_try(test, "NameError"):
        ctx.report(
            FUNCTION_AS_CONDITION, test, f"{value.function.name} is a function: without a call it is always true."
        )


def _if(node: ast.If | ast.While | ast.IfExp, ctx: Context) -> None:
    _condition(node.test, ctx)


def _recursion(node: ast.FunctionDef, ctx: Context) -> None:
    method = ctx.class_around(node) is not None
    is_property = method and ctx.method(node).kind == "property"
    if node.decorator_list and not is_property:
        return
    for statement in node.body:
        for part in _certain(statement):
            if _calls_itself(part, node, method=method, is_property=is_property, ctx=ctx):
                ctx.report(ENDLESS_RECURSION, part, f"{node.name} always comes back to itself here.")
                return
        if isinstance(
            statement, ast.If | ast.For | ast.While | ast.Try | ast.Match | ast.With | ast.Raise | ast.Return
        ):
            return


def _certain(node: ast.stmt) -> list[ast.AST]:
    """What is certainly evaluated in a simple statement."""
    if not isinstance(node, ast.Expr | ast.Return | ast.Assign):
        return []
    found: list[ast.AST] = []
    stack: list[ast.AST] = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        if isinstance(current, ast.BoolOp):
            stack.append(current.values[0])
        elif isinstance(current, ast.IfExp):
            stack.append(current.test)
        elif not isinstance(
            current,
            ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Yield | ast.YieldFrom,
        ):
            stack.extend(ast.iter_child_nodes(current))
    return found


def _calls_itself(part: ast.AST, node: ast.FunctionDef, *, method: bool, is_property: bool, ctx: Context) -> bool:
    if is_property:
        setter = any(isinstance(d, ast.Attribute) for d in node.decorator_list)
        return not setter and _own_attribute(part, node) and isinstance(getattr(part, "ctx", None), ast.Load)
    if not isinstance(part, ast.Call):
        return False
    if method:
        return _own_attribute(part.func, node) and len(ctx.index.scopes[node].bindings[node.args.args[0].arg]) == 1
    if not isinstance(part.func, ast.Name) or part.func.id != node.name:
        return False
    found = ctx.index.scope_of_name[part.func].resolve(node.name)
    return found is not None and [binding.node for binding in found[1]] == [node]


def _own_attribute(part: ast.AST, node: ast.FunctionDef) -> bool:
    first = node.args.args[0].arg if node.args.args else ""
    return (
        isinstance(part, ast.Attribute)
        and part.attr == node.name
        and isinstance(part.value, ast.Name)
        and part.value.id == first
    )


RULES = (WRONG_ARGUMENTS, NOT_CALLABLE, NOT_A_TYPE, NO_RESULT, FUNCTION_AS_CONDITION, ENDLESS_RECURSION)
CHECKS = (
    on(ast.Call, _arguments),
    on(ast.Call, _callable),
    on(ast.Call, _isinstance),
    on(ast.Call, _no_result),
    on(ast.If, _if),
    on(ast.While, _if),
    on(ast.IfExp, _if),
    on(ast.FunctionDef, _recursion),
)

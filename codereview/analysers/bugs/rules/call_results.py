"""Functions that give nothing, are not called, or never end."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.rule import HIGH, MEDIUM, SURE, define, on

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
        (
            "class Job:\n"
            "    def done(self):\n"
            "        return True\n"
            "\n"
            "    def wait(self):\n"
            "        while not self.done:\n"
            "            pass\n"
        ),
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
        "class Box:\n    def __init__(self):\n        self.v = {}\n\n    def __getattr__(self, n):\n        return self._v[n]\n",
        "class Box:\n    def __setattr__(self, name, value):\n        self.last = name\n",
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


def _no_result(node: ast.Call, ctx: Context) -> None:
    if not _is_used(node, ctx.parent(node), ctx):
        return
    called = ctx.value(node.func)
    function = called.function if called is not None and called.kind == "function" else None
    name = function.qualified if function is not None else ctx.qualified(node.func)
    if not name and isinstance(node.func, ast.Attribute) and (owner := ctx.value(node.func.value)) is not None:
        name = f"{owner.cls.qualified}.{node.func.attr}" if owner.kind == "instance" and owner.cls is not None else ""
    if name not in _IN_PLACE:
        if called is None or function is None or function.node is None or not _gives_none(node, ctx):
            return
        if called.name in ("self", "cls") and not (called.cls is not None and called.cls.known):
            return
    ctx.report(NO_RESULT, node, f"{name.rpartition('.')[2]}() returns nothing, so this is None.")


def _given_back(node: ast.Assign, ctx: Context) -> None:
    """``xs = xs.append(1)``: the name of the list is given None."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=target)],
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner) as name, attr=method), args=arguments),
        ) if target == owner and len(arguments) == _LIST_METHODS.get(method, -1):
            frames = "pandas" in ctx.module.file.text or "polars" in ctx.module.file.text
            if not frames and ctx.value(name) is None and not ctx.is_test:
                ctx.report(
                    NO_RESULT, node, f"{method}() of a list returns nothing, so '{target}' is None from here on."
                )
        case _:
            pass


#: Methods of lists that give None, with the number of their arguments.
_LIST_METHODS = {"update": 1, "append": 1, "extend": 1, "sort": 0, "reverse": 0, "insert": 2}


def _is_used(node: ast.Call, parent: ast.AST | None, ctx: Context) -> bool:
    match parent:
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.For(iter=value):
            return value is node
        case ast.Attribute() | ast.Subscript() | ast.BinOp() | ast.Compare():
            return True
        case ast.Return():
            return isinstance(node.func, ast.Attribute) and _of_collection(node, ctx)
        case _:
            return False


def _of_collection(node: ast.Call, ctx: Context) -> bool:
    """Whether it is a method of a list, dict or set: to return what it gives is to return None."""
    owner = ctx.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
    return owner is not None and owner.instance_of("builtins.list", "builtins.dict", "builtins.set") and not ctx.is_test


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


def _sets_unseen(cls: Class) -> bool:
    """Whether the class takes attributes past its own __setattr__, or keeps them in slots."""
    return any(name in c.members for c in cls.ancestors if c.node is not None for name in ("__slots__", "__setattr__"))


def _is_there(part: ast.AST, node: ast.FunctionDef, cls: Class | None) -> bool:
    """Whether __getattr__, which is asked only for what is missing, is not asked for this."""
    return node.name == "__getattr__" and (
        not isinstance(part, ast.Attribute) or cls is None or not cls.known or cls.has(part.attr) or _sets_unseen(cls)
    )


_TO_ITSELF = {"__getattr__": ast.Load, "__setattr__": ast.Store, "__delattr__": ast.Del, "__getattribute__": ast.Load}


def _attribute_access(node: ast.FunctionDef, ctx: Context) -> None:
    """``self.x`` in the method that every such access comes to."""
    wanted = _TO_ITSELF.get(node.name)
    cls = ctx.class_around(node)
    if wanted is None or not isinstance(ctx.parent(node), ast.ClassDef) or not node.args.args:
        return
    first = node.args.args[0].arg
    for statement in node.body:
        if isinstance(statement, ast.If | ast.For | ast.While | ast.Try | ast.Match | ast.With):
            return
        for part in _certain(statement):
            own = isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == first
            if own and isinstance(getattr(part, "ctx", None), wanted) and not _is_there(part, node, cls):
                ctx.report(ENDLESS_RECURSION, part, f"This comes back to {node.name}().")
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


RULES = (
    NO_RESULT,
    FUNCTION_AS_CONDITION,
    ENDLESS_RECURSION,
)
CHECKS = (
    on(ast.Call, _no_result),
    on(ast.If, _if),
    on(ast.While, _if),
    on(ast.IfExp, _if),
    on(ast.FunctionDef, _recursion),
    on(ast.Assign, _given_back),
    on(ast.FunctionDef, _attribute_access),
)

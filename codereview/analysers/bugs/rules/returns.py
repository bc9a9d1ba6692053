"""What functions return, and where they may."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.exits import Exit
from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.walking import body_without_docstring, names_in, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on

MISSING_RETURN = define(
    "missing-return",
    "Function that returns a value on some ways only",
    severity=LOW,
    confidence=LIKELY,
    description="Some ways through the function return a value, others fall off the end and give None.",
    scenario="The caller gets None where it expects a value, and fails later with a confusing message.",
    fix="Return a value, or raise, on every way.",
    family="inconsistent-return",
    valid=(
        "def f(x):\n    if x:\n        return 1\n    return None\n",
        "def f(x):\n    if x:\n        return 1\n    raise ValueError\n",
        "def f(x):\n    if not x:\n        return\n    g()\n",
    ),
    invalid=(
        "def f(x):\n    if x > 1:\n        return 'many'\n    elif x == 1:\n        return 'one'\n",
        "def f(x) -> int:\n    if x:\n        return 1\n",
        "def f(x):\n    try:\n        return 1 / x\n    except ZeroDivisionError:\n        print(x)\n",
    ),
)


RETURN_IN_GENERATOR = define(
    "value-returned-from-generator",
    "Generator that returns a list",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("In a function with yield, a returned value is not what a loop over it sees: the loop sees nothing."),
    scenario="The caller iterates and gets no elements on this way.",
    fix="Yield the elements (yield from), or do not use yield.",
    family="return-in-generator",
    valid=(
        "def f(x):\n    if x:\n        return\n    yield 1\n",
        "def f(x):\n    result = yield x\n    return result\n",
    ),
    invalid=(
        "def f(x):\n    if x:\n        return [1]\n    yield 2\n",
        "def f(x):\n    if x:\n        return (y for y in x)\n    yield 2\n",
    ),
)


PARAMETER_OVERWRITTEN = define(
    "parameter-overwritten",
    "Parameter overwritten before it is read",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The first thing the function does with the parameter is to give it another value.",
    scenario="Whatever the caller passes is ignored.",
    fix="Use the parameter, or remove it.",
    valid=(
        "def f(x):\n    x = x or 1\n    return x\n",
        "def f(x=None):\n    if x is None:\n        x = 1\n    return x\n",
    ),
    invalid=("def f(x):\n    x = 1\n    return x\n", "def f(a, b):\n    b = a + 1\n    return b\n"),
)


YIELD_OUTSIDE = define(
    "yield-outside-function",
    "yield, return or await where it may not stand",
    severity=HIGH,
    confidence=SURE,
    description=("return and yield belong into functions, await into async functions, yield not into comprehensions."),
    scenario="SyntaxError: the file cannot be imported.",
    fix="Move it into a function of the right kind.",
    family="yield-outside-function",
    valid=("def f():\n    yield 1\n", "async def f(x):\n    await x\n"),
    invalid=(
        "yield 1\n",
        "class A:\n    return 1\n",
        "def f(x):\n    await x\n",
        "def f(x):\n    return [(yield y) for y in x]\n",
    ),
)


NO_RETURN = define(
    "noreturn-returns",
    "Function that promises not to return, and does",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "NoReturn and Never say that the function always raises or ends the process; here a way leads out of it."
    ),
    scenario=(
        "Callers have no code behind the call, since none should be reached; it then runs on into something else."
    ),
    fix="Raise on every way, or correct the annotation.",
    family="broken-noreturn",
    valid=(
        "from typing import NoReturn\n\n\ndef f() -> NoReturn:\n    raise ValueError\n",
        "from typing import NoReturn\n\n\ndef f() -> NoReturn:\n    while True:\n        g()\n",
    ),
    invalid=(
        "from typing import NoReturn\n\n\ndef f(x) -> NoReturn:\n    if x:\n        raise ValueError\n",
        "import typing\n\n\ndef f() -> typing.NoReturn:\n    return 1\n",
    ),
)


def _returns(node: FunctionNode, ctx: Context) -> None:
    values = [part for part in own_nodes(node) if isinstance(part, ast.Return)]
    _noreturn(node, ctx)
    if (
        not any(part.value is not None and not _is_none(part.value) for part in values)
        or ctx.method(node).returns == "types.GeneratorType"
    ):
        return
    if node.name == "__init__" or ctx.is_test or Exit.NEXT not in ctx.exits(node.body):
        return
    if _may_leave(node.body[-1], ctx) or any(part.value is None for part in values):
        return
    if _optional(node):
        return
    last = node.body[-1]
    chain = isinstance(last, ast.If) and last.orelse and not isinstance(node.returns, ast.Constant)
    handled = isinstance(last, ast.Try) and Exit.NEXT not in ctx.exits(last.body) and _says_something(last)
    if chain or handled or node.returns is not None or isinstance(last, ast.Match):
        ctx.report(MISSING_RETURN, node, f"{node.name}() returns a value on some ways, and None at its end.")


def _says_something(node: ast.Try) -> bool:
    """Whether every handler does something; with ``pass`` alone, None may well be the answer."""
    return not node.orelse and not any(
        isinstance(handler.body[0], ast.Pass) for handler in node.handlers if handler.body
    )


def _optional(node: FunctionNode) -> bool:
    """Whether the annotation says that None may come."""
    if node.returns is None:
        return False
    text = ast.unparse(node.returns)
    return any(word in text for word in ("None", "Optional", "Any", "object", "bool", "Generator", "Iterator"))


def _may_leave(statement: ast.stmt, ctx: Context) -> bool:
    """Whether the last statement may well not come back, by what it is called."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if any(
                word in name.lower()
                for word in ("fail", "error", "abort", "exit", "raise", "die", "usage", "unreachable", "assert_never")
            ):
                return True
    return isinstance(statement, ast.With | ast.AsyncWith | ast.While)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _noreturn(node: FunctionNode, ctx: Context) -> None:
    if node.returns is None or ctx.qualified(node.returns) not in (
        "typing.NoReturn",
        "typing.Never",
        "typing_extensions.NoReturn",
        "typing_extensions.Never",
    ):
        return
    body = body_without_docstring(node.body)
    stub = all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)
    exits = ctx.exits(node.body)
    if not stub and (Exit.RETURN in exits or (Exit.NEXT in exits and not _may_leave(node.body[-1], ctx))):
        ctx.report(NO_RETURN, node, f"{node.name}() can return.")


def _generator(node: ast.FunctionDef, ctx: Context) -> None:
    if ctx.method(node).returns != "types.GeneratorType" or any(name for name in ctx.decorators(node)):
        return
    if (
        any(
            isinstance(p, ast.YieldFrom) or (isinstance(p, ast.Yield) and not isinstance(ctx.parent(p), ast.Expr))
            for p in own_nodes(node)
        )
        or node.decorator_list
    ):
        return
    for part in own_nodes(node):
        if isinstance(part, ast.Return) and isinstance(
            part.value, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp | ast.Dict | ast.Set
        ):
            ctx.report(RETURN_IN_GENERATOR, part, "A loop over this generator does not see the returned value.")


def _overwritten(node: FunctionNode, ctx: Context) -> None:
    if ctx.is_test or node.decorator_list:
        return
    scope = ctx.index.scopes[node]
    plain = {a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    method = isinstance(ctx.parent(node), ast.ClassDef)
    used: set[str] = set()
    for statement in body_without_docstring(node.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                used |= names_in(value)
                if (
                    name in plain - used
                    and name not in ("self", "cls", "_")
                    and not name.startswith("_")
                    and name not in ctx.index.shared
                ):
                    first = scope.bindings[name][0].node
                    if not (method and _is_override(node, ctx)) and isinstance(first, ast.arg):
                        ctx.report(PARAMETER_OVERWRITTEN, statement, f"What is passed as '{name}' is never read.")
                used.add(name)
            case ast.Expr() | ast.AnnAssign() | ast.AugAssign() | ast.Import() | ast.ImportFrom():
                used |= names_in(statement)
            case _:
                return


def _is_override(node: FunctionNode, ctx: Context) -> bool:
    """Whether the signature may be given by a base class."""
    cls = ctx.class_around(node)
    return cls is None or len(cls.ancestors) > 2 or not cls.known or node.name.startswith("__")


def _stray(node: ast.Yield | ast.YieldFrom | ast.Await | ast.Return, ctx: Context) -> None:
    scope = ctx.index.scope_at(node)
    if isinstance(node, ast.Return):
        wrong = not scope.is_function
    elif isinstance(node, ast.Await):
        while scope.is_comprehension and scope.parent is not None:
            scope = scope.parent
        wrong = isinstance(scope.node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
    else:
        wrong = not scope.is_function
    if wrong and ctx.is_complete and not ctx.module.file.path.endswith(".ipynb"):
        ctx.report(YIELD_OUTSIDE, node, "This may not stand here.")


RULES = (
    MISSING_RETURN,
    RETURN_IN_GENERATOR,
    PARAMETER_OVERWRITTEN,
    YIELD_OUTSIDE,
    NO_RETURN,
)
CHECKS = (
    on(ast.FunctionDef, _returns),
    on(ast.AsyncFunctionDef, _returns),
    on(ast.FunctionDef, _overwritten),
    on(ast.AsyncFunctionDef, _overwritten),
    on(ast.FunctionDef, _generator),
    on(ast.Yield, _stray),
    on(ast.YieldFrom, _stray),
    on(ast.Await, _stray),
    on(ast.Return, _stray),
)

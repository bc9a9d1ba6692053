"""Raising."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.exceptions import exception_class, is_exception

RAISING_NON_EXCEPTION = define(
    "raising-non-exception",
    "Raise of something that is not an exception",
    severity=HIGH,
    confidence=SURE,
    description=(
        "Only classes and instances that derive from BaseException can be raised; so can only they be a cause."
    ),
    scenario="TypeError: exceptions must derive from BaseException, in place of the error that was meant.",
    fix="Raise an exception; for abstract methods NotImplementedError, not NotImplemented.",
    family="raising-non-exception",
    valid=("raise ValueError\n", "class E(Exception):\n    pass\n\n\nraise E('x') from None\n"),
    invalid=(
        "raise 'oops'\n",
        "raise NotImplemented\n",
        "class E:\n    pass\n\n\nraise E()\n",
        "raise ValueError from 'x'\n",
        "raise (ValueError, 'x')\n",
    ),
)


NOT_RAISED = define(
    "exception-not-raised",
    "Exception made and not raised",
    severity=MEDIUM,
    confidence=SURE,
    description="The statement creates an exception and drops it: the raise is missing.",
    scenario="The check finds the error, says nothing, and execution goes on.",
    fix="Write raise before it.",
    family="exception-not-raised",
    valid=("raise ValueError('x')\n", "e = ValueError('x')\n"),
    invalid=("if x < 0:\n    ValueError('negative')\n", "class E(Exception):\n    pass\n\n\nE('x')\n"),
)


RAISE_OUTSIDE = define(
    "raise-without-exception",
    "Bare raise where no exception is active",
    severity=HIGH,
    confidence=LIKELY,
    description="`raise` without an exception works only while one is being handled.",
    scenario="RuntimeError: No active exception to re-raise.",
    fix="Name the exception to raise.",
    family="raise-without-exception",
    valid=("try:\n    f()\nexcept ValueError:\n    raise\n", "def f():\n    raise ValueError\n"),
    invalid=("def f(x):\n    if x:\n        raise\n", "try:\n    f()\nfinally:\n    raise\n"),
)


STOP_ITERATION = define(
    "stop-iteration-in-generator",
    "StopIteration in a generator",
    severity=MEDIUM,
    confidence=SURE,
    description=("A generator ends by return; a StopIteration raised in it, or let through from next(), is an error."),
    scenario="RuntimeError: generator raised StopIteration, when the inner iterator ends first.",
    fix="Use return, give next() a default, or catch StopIteration.",
    family="stop-iteration-in-generator",
    valid=(
        (
            "def f(it):\n"
            "    while True:\n"
            "        try:\n"
            "            yield next(it)\n"
            "        except StopIteration:\n"
            "            return\n"
        ),
        "def f(it):\n    yield next(it, None)\n",
    ),
    invalid=(
        "def f():\n    yield 1\n    raise StopIteration\n",
        "def f(it):\n    it = iter(it)\n    while True:\n        yield next(it)\n",
    ),
)


UNPICKLABLE = define(
    "exception-loses-arguments",
    "Exception that cannot be copied or pickled",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "An exception is rebuilt from `args`, which are what super().__init__() was given; here "
        "that differs from __init__."
    ),
    scenario=("Across processes (multiprocessing, Celery) the error turns into a TypeError while it is unpickled."),
    fix="Pass all parameters to super().__init__(), or define __reduce__.",
    family="exception-loses-arguments",
    valid=(
        ("class E(Exception):\n    def __init__(self, code, text):\n        super().__init__(code, text)\n"),
        "class E(Exception):\n    pass\n",
    ),
    invalid=(
        (
            "class E(Exception):\n"
            "    def __init__(self, code, text):\n"
            "        super().__init__(text)\n"
            "        self.code = code\n"
        ),
        "class E(Exception):\n    def __init__(self, *, code):\n        self.code = code\n",
    ),
)


def _raise(node: ast.Raise, ctx: Context) -> None:
    if node.exc is None:
        _bare_raise(node, ctx)
        return
    if ctx.expects_error(node):
        return
    if (
        isinstance(node.exc, ast.Tuple)
        or ctx.qualified(_called(node.exc)) == "builtins.NotImplemented"
        or _not_raisable(node.exc, ctx)
    ):
        ctx.report(RAISING_NON_EXCEPTION, node, "What is raised here is not an exception.")
    elif node.cause is not None and not _is_none(node.cause) and _not_raisable(node.cause, ctx):
        ctx.report(RAISING_NON_EXCEPTION, node, "The cause is not an exception.")


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _not_raisable(node: ast.expr, ctx: Context) -> bool:
    value = ctx.value(node)
    if value is None:
        return False
    if value.kind in ("function", "module"):
        return value.kind == "module" or (value.function is not None and value.function.node is not None)
    return value.cls is not None and value.name not in ("self", "cls") and not is_exception(value.cls)


def _bare_raise(node: ast.Raise, ctx: Context) -> None:
    child: ast.AST = node
    current = ctx.parent(node)
    while current is not None and not isinstance(current, (*FUNCTIONS, ast.Lambda, ast.Module, ast.ClassDef)):
        if isinstance(current, ast.ExceptHandler):
            return
        if isinstance(current, ast.Try) and any(child is s for s in current.finalbody):
            ctx.report(RAISE_OUTSIDE, node, "In finally there may be no exception to raise again.")
            return
        child, current = current, ctx.parent(current)
    # A helper called from a handler may rely on the caller's exception: its name says so.
    name = getattr(current, "name", "")
    helper = isinstance(current, FUNCTIONS) and any(
        word in name.lower() for word in ("handle", "raise", "exc", "error", "exit")
    )
    if not helper:
        ctx.report(RAISE_OUTSIDE, node, "No exception is being handled here.")


def _expression(node: ast.Expr, ctx: Context) -> None:
    if not isinstance(node.value, ast.Call) or ctx.expects_error(node):
        return
    value = ctx.value(node.value.func)
    made = (
        value is not None
        and value.kind == "class"
        and value.cls is not None
        and value.cls.is_a("builtins.BaseException")
    )
    if made and value is not None and value.name not in ("cls", "self"):
        ctx.report(NOT_RAISED, node, "The exception is made, but not raised.")


def _generator(node: ast.FunctionDef, ctx: Context) -> None:
    if ctx.method(node).returns != "types.GeneratorType":
        return
    for part in own_nodes(node):
        if isinstance(part, ast.Raise) and part.exc is not None and not ctx.in_try(part, "StopIteration"):
            cls = exception_class(_called(part.exc), ctx)
            if cls is not None and cls.is_a("builtins.StopIteration"):
                ctx.report(STOP_ITERATION, part, "In a generator this becomes a RuntimeError; use return.")
        elif (
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Name)
            and part.func.id == "next"
            and len(part.args) == 1
        ) and (
            not ctx.in_try(part, "StopIteration")
            and not _endless(part.args[0], ctx)
            and ctx.qualified(part.func) == "builtins.next"
        ):
            in_loop = ctx.enclosing(part, ast.While, ast.For) is not None and isinstance(
                ctx.enclosing(part, ast.While, ast.For, ast.FunctionDef), ast.While | ast.For
            )
            if in_loop or isinstance(ctx.parent(part), ast.Yield):
                ctx.report(STOP_ITERATION, part, "When the iterator ends first, this becomes a RuntimeError.")


def _endless(node: ast.expr, ctx: Context) -> bool:
    """Whether the iterator has no end, or is known not to be empty."""
    name = node
    if isinstance(node, ast.Name):
        found = ctx.index.scope_of_name[node].resolve(node.id)
        values = [b.value for b in found[1] if b.value is not None] if found is not None else []
        name = values[0] if len(values) == 1 else node
    return ctx.calls(name, "itertools.count", "itertools.cycle", "itertools.repeat")


def _class(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    inits = [m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"]
    init = inits[-1] if inits else None
    if init is None or not cls.is_a("builtins.BaseException") or ctx.is_test:
        return
    if any(
        name in c.members
        for c in cls.ancestors
        if c.node is not None
        for name in ("__reduce__", "__reduce_ex__", "__getnewargs__", "__copy__", "__new__")
    ):
        return
    if len(cls.bases) != 1 or cls.bases[0] is None or cls.bases[0].node is not None:
        return  # what the base class does with the arguments is its own affair
    arguments = init.args
    positional = len(arguments.posonlyargs) + len(arguments.args) - 1
    keyword_only = [a for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False) if d is None]
    passed = _passed(init)
    lost = passed is not None and (passed != positional or arguments.vararg is not None)
    if keyword_only or lost:
        ctx.report(UNPICKLABLE, init, "args will not fit __init__ when the exception is rebuilt.")


def _passed(init: ast.FunctionDef) -> int | None:
    """How many arguments super().__init__() is given; None when that is not certain."""
    for part in own_nodes(init):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "__init__":
            own = isinstance(part.func.value, ast.Call)
            if any(isinstance(a, ast.Starred) for a in part.args) or part.keywords:
                return None
            return len(part.args) - (0 if own else 1)
        if isinstance(part, ast.Attribute) and part.attr == "args":
            return None
    return None


RULES = (
    RAISING_NON_EXCEPTION,
    NOT_RAISED,
    RAISE_OUTSIDE,
    STOP_ITERATION,
    UNPICKLABLE,
)
CHECKS = (
    on(ast.Raise, _raise),
    on(ast.Expr, _expression),
    on(ast.FunctionDef, _generator),
    on(ast.ClassDef, _class),
)

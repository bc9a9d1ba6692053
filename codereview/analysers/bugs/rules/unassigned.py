"""Names that have no value where they are read."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.assignment import Assignments, Lack
from codereview.analysers.bugs.model.scopes import Kind, Scope
from codereview.analysers.bugs.model.walking import names_in
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, SURE, UNSURE, define, on
from codereview.analysers.bugs.stdlib import catalog

BEFORE_ASSIGNMENT = define(
    "used-before-assignment",
    "Name read before it is assigned",
    severity=HIGH,
    confidence=SURE,
    description="On every way to this line the name has no value yet; it is assigned only later, or elsewhere.",
    scenario="UnboundLocalError or NameError whenever the line is reached.",
    fix="Assign the name first, or declare it global or nonlocal if that one was meant.",
    family="undefined-name",
    valid=(
        "def f():\n    x = 1\n    return x\n",
        "total = 0\n\n\ndef add(n):\n    global total\n    total += n\n",
        (
            "def f(items):\n"
            "    for item in items:\n"
            "        if item:\n"
            "            last = item\n"
            "        else:\n"
            "            print(last)\n"
        ),
    ),
    invalid=(
        "def f():\n    print(x)\n    x = 1\n",
        "total = 0\n\n\ndef add(n):\n    total += n\n",
        "def f(flag):\n    if flag:\n        y = 1\n    else:\n        return y\n",
    ),
)


AFTER_DELETION = define(
    "used-after-deletion",
    "Name read after it was deleted",
    severity=HIGH,
    confidence=SURE,
    description="The name was deleted by `del`, or by the end of the except block that bound it.",
    scenario="UnboundLocalError or NameError whenever the line is reached.",
    fix="Keep the value under another name, or move the use before the deletion.",
    family="undefined-name",
    valid=(
        "def f():\n    x = 1\n    del x\n    x = 2\n    return x\n",
        (
            "def f():\n"
            "    try:\n"
            "        g()\n"
            "    except ValueError as e:\n"
            "        problem = e\n"
            "    else:\n"
            "        problem = None\n"
            "    return problem\n"
        ),
    ),
    invalid=(
        "def f():\n    x = 1\n    del x\n    return x\n",
        (
            "def f():\n"
            "    e = None\n"
            "    while True:\n"
            "        try:\n"
            "            g()\n"
            "            return 1\n"
            "        except ValueError as e:\n"
            "            pass\n"
            "        print(e)\n"
            "        break\n"
        ),
    ),
)


MAYBE_UNASSIGNED = define(
    "possibly-unassigned",
    "Name may have no value here",
    severity=LOW,
    confidence=LIKELY,
    description=("The name is assigned on some ways to this line only: in one branch, in a try that may fail first."),
    scenario="On the other way the line raises UnboundLocalError, hiding the problem that led there.",
    fix="Assign a value before the branch, or leave the function in the branch that does not.",
    family="possibly-unassigned",
    valid=(
        "def f(flag):\n    if flag:\n        x = 1\n    else:\n        x = 2\n    return x\n",
        ("def f():\n    try:\n        x = g()\n    except ValueError:\n        return None\n    return x\n"),
    ),
    invalid=(
        ("def f():\n    try:\n        x = g()\n    except ValueError:\n        print('failed')\n    return x\n"),
        ("def f(kind):\n    if kind == 'a':\n        x = 1\n    elif kind == 'b':\n        x = 2\n    return x\n"),
    ),
)


LOOP_VARIABLE = define(
    "loop-variable-after-loop",
    "Loop variable read after a loop that may not have run",
    severity=LOW,
    confidence=UNSURE,
    description="After the loop its variable has a value only if there was at least one element.",
    scenario="With an empty collection the line raises UnboundLocalError.",
    fix="Assign a value before the loop, or use the loop's else.",
    family="possibly-unassigned",
    valid=(
        "def f(items):\n    item = None\n    for item in items:\n        print(item)\n    return item\n",
        "def f():\n    for n in range(3):\n        print(n)\n    return n\n",
    ),
    invalid=(
        "def f(items):\n    for item in items:\n        print(item)\n    return item\n",
        ("def f(lines):\n    for number, line in enumerate(lines):\n        print(line)\n    print(number)\n"),
    ),
)


_LENIENT = ("fail", "error", "abort", "exit", "usage", "die", "raise", "skip", "unreachable", "assert_never", "bail")


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, ctx: Context) -> None:
    scope = ctx.index.scopes[node]
    parameters = {name for name, bound in scope.bindings.items() if any(b.kind is Kind.PARAMETER for b in bound)}
    types = {name for name, bound in scope.bindings.items() if any(b.kind is Kind.TYPE for b in bound)}
    names = [
        name
        for name, bound in scope.bindings.items()
        if name not in parameters | types | scope.globals | scope.nonlocals | ctx.index.shared
        and any(b.kind is not Kind.ANNOTATED for b in bound)
    ]
    _follow(scope, node.body, names, ctx)


def _module(node: ast.Module, ctx: Context) -> None:
    scope = ctx.index.root
    builtins = catalog.names("builtins")
    names = [
        name
        for name, bound in scope.bindings.items()
        if name not in builtins | ctx.index.shared and all(b.kind is not Kind.TYPE for b in bound)
    ]
    if not ctx.module.has_star_import:
        _follow(scope, node.body, names, ctx)


def _follow(scope: Scope, body: list[ast.stmt], names: list[str], ctx: Context) -> None:
    if not ctx.is_complete or not names or _uses_locals(scope, ctx):
        return

    def report(name: ast.Name, lack: Lack) -> None:
        _lacking(name, lack, scope, ctx)

    Assignments(scope, ctx.index, lambda call: _may_end(call, ctx), report, names).run(body)


def _uses_locals(scope: Scope, ctx: Context) -> bool:
    return any(load.id in ("exec", "locals", "globals", "vars") for load in scope.loads) and scope is ctx.index.root


def _may_end(call: ast.Call, ctx: Context) -> bool:
    "Also what only looks like it never returns: a name that may be unset after it is not worth a report."
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return ctx.never_returns(call) or any(word in name.lower() for word in _LENIENT)


def _lacking(name: ast.Name, lack: Lack, scope: Scope, ctx: Context) -> None:
    if ctx.in_try(name, "NameError", "UnboundLocalError"):
        return
    if lack is Lack.ALWAYS:
        if not _in_type_checking(name, ctx):
            where = "in the class or function" if scope.is_function else "in the module"
            ctx.report(
                BEFORE_ASSIGNMENT, name, f"'{name.id}' is assigned only elsewhere {where}; here it has no value."
            )
    elif lack is Lack.DELETED:
        ctx.report(AFTER_DELETION, name, f"'{name.id}' was deleted before this line.")
    else:
        _sometimes(name, scope, ctx)


def _in_type_checking(name: ast.Name, ctx: Context) -> bool:
    """Whether the name is only bound for type checkers and only used in what they read."""
    statement = ctx.statement(name)
    return isinstance(statement, ast.AnnAssign) and name is not statement.value


def _sometimes(name: ast.Name, scope: Scope, ctx: Context) -> None:
    bindings = scope.bindings[name.id]
    if all(binding.kind is Kind.LOOP for binding in bindings):
        if scope.is_function and not _guarded(name, scope, ctx):
            ctx.report(LOOP_VARIABLE, name, f"'{name.id}' has no value here when the loop did not run.")
        return
    if any(binding.kind is Kind.DELETED for binding in bindings) or _guarded(name, scope, ctx):
        return
    ctx.report(MAYBE_UNASSIGNED, name, f"'{name.id}' is not assigned on every way to this line.")


def _guarded(name: ast.Name, scope: Scope, ctx: Context) -> bool:
    "Whether a condition around the use may be the one around the assignment: it names the same things."
    around = _conditions(name, scope, ctx)
    tested = set().union(*(names_in(test) for test in around)) if around else set()
    for binding in scope.bindings[name.id]:
        conditions = _conditions(binding.node, scope, ctx)
        flags = _flags_beside(binding.node, scope, ctx)
        if tested & (set().union(*(names_in(test) for test in conditions)) | flags):
            return True
    return name.id in tested


def _conditions(node: ast.AST, scope: Scope, ctx: Context) -> list[ast.expr]:
    found: list[ast.expr] = []
    child, current = node, ctx.parent(node)
    while current is not None and current is not scope.node:
        if isinstance(current, ast.If | ast.While | ast.IfExp) and child is not current.test:
            found.append(current.test)
        elif isinstance(current, ast.BoolOp):
            found.extend(current.values[: next((i for i, v in enumerate(current.values) if v is child), 0)])
        elif isinstance(current, ast.For | ast.AsyncFor) and child is not current.iter:
            found.append(current.iter)
        elif isinstance(current, ast.comprehension):
            found.extend(current.ifs)
        child, current = current, ctx.parent(current)
    return found


def _flags_beside(node: ast.AST, scope: Scope, ctx: Context) -> set[str]:
    "Names assigned in the same block as the binding: a flag that tells later whether it happened."
    statement = ctx.statement(node)
    parent = ctx.parent(statement) if statement is not None else None
    if parent is None or parent is scope.node:
        return set()
    siblings = [s for name in ("body", "orelse") for s in getattr(parent, name, []) if isinstance(s, ast.Assign)]
    return {t.id for s in siblings for t in s.targets if isinstance(t, ast.Name)}


RULES = (
    BEFORE_ASSIGNMENT,
    AFTER_DELETION,
    MAYBE_UNASSIGNED,
    LOOP_VARIABLE,
)
CHECKS = (
    on(ast.FunctionDef, _function),
    on(ast.AsyncFunctionDef, _function),
    on(ast.Module, _module),
)

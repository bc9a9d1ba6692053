"""Values that are not what their annotation says."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.declared import named_class
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode
from codereview.analysers.bugs.model.walking import is_generator
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, define, on
from codereview.analysers.bugs.rules.shared.calls import signatures_of

NOT_AS_ANNOTATED = define(
    "not-as-annotated",
    "Value of another type than is declared",
    severity=MEDIUM,
    confidence=LIKELY,
    cwe=843,
    description="The annotation names one built-in type and the value returned, assigned or passed is of another.",
    scenario="Callers rely on the declared type: the first operation that the other type lacks fails, far from here.",
    fix="Convert the value, or correct the annotation.",
    valid=(
        "def f(x) -> int:\n    return True\n",
        "def f(x: float):\n    return x\n\n\nf(1)\n",
        "def f(x) -> str | None:\n    return None\n",
        "def f(x: str = None):\n    return x\n",
    ),
    invalid=(
        "def f(x) -> int:\n    return 'big'\n",
        "def f():\n    total: int = 'three'\n    return total\n",
        "def f(path: str):\n    return path\n\n\nf(3)\n",
        "def f(sizes: list = 'a'):\n    return sizes\n",
    ),
)
_BUILT_IN = frozenset(
    f"builtins.{name}"
    for name in ("str", "int", "float", "bool", "bytes", "list", "dict", "set", "tuple", "complex", "frozenset")
)


def _mismatch(annotation: ast.expr | None, value: ast.expr | None, ctx: Context) -> str:
    """What is declared and what there is, "" when they agree or one is not known."""
    wanted = named_class(annotation, ctx.project, ctx.module)
    found = ctx.value(value) if wanted and value is not None else None
    if found is None or found.kind != "instance" or found.cls is None:
        return ""
    kind = found.cls.qualified
    if kind not in _BUILT_IN or kind == wanted or (wanted, kind) == ("builtins.int", "builtins.bool"):
        return ""
    return f"Declared is {wanted.removeprefix('builtins.')}, this is a {found.cls.name}."


def _return(node: ast.Return, ctx: Context) -> None:
    function = ctx.function_around(node)
    if isinstance(function, FUNCTIONS) and function.returns is not None and not is_generator(function):
        _report(_mismatch(function.returns, node.value, ctx), node, ctx)


def _assignment(node: ast.AnnAssign, ctx: Context) -> None:
    _report(_mismatch(node.annotation, node.value, ctx), node, ctx)


def _defaults(node: FunctionNode, ctx: Context) -> None:
    plain = [*node.args.posonlyargs, *node.args.args]
    pairs = [*zip(plain[len(plain) - len(node.args.defaults) :], node.args.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
    for argument, default in pairs:
        _report(_mismatch(argument.annotation, default, ctx), default, ctx)


def _call(node: ast.Call, ctx: Context) -> None:
    if any(isinstance(a, ast.Starred) for a in node.args) or ctx.is_test:
        return
    called = ctx.value(node.func)
    function = called.function if called is not None and called.kind == "function" else None
    if called is None or function is None or not isinstance(function.node, FUNCTIONS) or not function.transparent:
        return
    if function.node not in ctx.index.scopes:
        return  # its annotations are names of another module
    if any(signature.fault(node) for signature in signatures_of(function, bound=called.bound)):
        return  # the call fails anyhow
    arguments = function.node.args
    plain = [*arguments.posonlyargs, *arguments.args][1 if called.bound else 0 :]
    by_name = {a.arg: a for a in (*arguments.args, *arguments.kwonlyargs)}
    pairs = [*zip(plain, node.args, strict=False)]
    pairs += [(by_name[k.arg], k.value) for k in node.keywords if k.arg in by_name]
    for parameter, value in pairs:
        if isinstance(value, ast.Constant | ast.JoinedStr | ast.List | ast.Dict | ast.Tuple | ast.Set):
            _report(_mismatch(parameter.annotation, value, ctx), value, ctx)


def _report(mismatch: str, node: ast.AST, ctx: Context) -> None:
    if mismatch and not ctx.is_test and not ctx.expects_error(node):
        ctx.report(NOT_AS_ANNOTATED, node, mismatch)


RULES = (NOT_AS_ANNOTATED,)
CHECKS = (
    on(ast.Return, _return),
    on(ast.AnnAssign, _assignment),
    on(ast.FunctionDef, _defaults),
    on(ast.AsyncFunctionDef, _defaults),
    on(ast.Call, _call),
)

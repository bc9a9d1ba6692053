"""Results that are dropped, and None that is used."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import LIKELY, MEDIUM, SURE, define, on

DROPPED = define(
    "result-dropped",
    "Result of a pure function dropped",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "Strings and numbers never change: methods such as strip() and replace(), and functions "
        "such as sorted(), only return something."
    ),
    scenario="The text or list stays as it was.",
    fix="Assign the result.",
    family="result-dropped",
    valid=("x = 'a'\nx = x.strip()\n", "x = [2, 1]\nx.sort()\n", "print('a')\n"),
    invalid=(
        "x = 'a'\nx.strip()\n",
        "x = [2, 1]\nsorted(x)\n",
        "def f(name):\n    name.replace('a', 'b')\n    return name\n",
        "import os\n\nos.path.join('a', 'b')\n",
        "map(print, x)\n",
    ),
)


NONE_USED = define(
    "none-dereference",
    "Use of a result that may be None",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("dict.get() without a default, os.environ.get() and shutil.which() give None when there is nothing."),
    scenario="AttributeError or TypeError on None, for the first missing key.",
    fix="Give a default, or check the result.",
    family="none-dereference",
    valid=("import os\n\nx = os.environ.get('A', '').lower()\n", "d = {'a': 1}\nx = d['a'] + 1\n"),
    invalid=(
        "import os\n\nx = os.environ.get('A').lower()\n",
        "import os\n\nx = os.getenv('A') + '/bin'\n",
        "d = {'a': {}}\nx = d.get('b')['c']\n",
        "import shutil\n\nx = shutil.which('git').strip()\n",
    ),
)


_PURE_METHODS = frozenset(
    [
        "strip",
        "lstrip",
        "rstrip",
        "upper",
        "lower",
        "title",
        "capitalize",
        "casefold",
        "swapcase",
        "replace",
        "split",
        "rsplit",
        "splitlines",
        "join",
        "format",
        "encode",
        "center",
        "ljust",
        "rjust",
        "zfill",
        "expandtabs",
        "removeprefix",
        "removesuffix",
        "startswith",
        "endswith",
        "isdigit",
        "isalpha",
        "translate",
        "partition",
        "rpartition",
    ]
)


#: Methods that nothing but text has, or has with the same meaning.
_OF_TEXT_ONLY = ("strip", "lower", "upper", "casefold", "swapcase", "splitlines")
_PURE = frozenset(
    {
        f"builtins.{n}"
        for n in (
            "sorted",
            "len",
            "str",
            "repr",
            "abs",
            "max",
            "min",
            "sum",
            "reversed",
            "map",
            "filter",
            "zip",
            "enumerate",
            "isinstance",
            "issubclass",
            "hasattr",
            "callable",
            "round",
            "bool",
            "range",
            "ord",
            "chr",
            "hex",
            "all",
            "any",
            "id",
            "type",
            "frozenset",
        )
    }
    | {
        f"os.path.{n}"
        for n in ("join", "exists", "isfile", "isdir", "basename", "dirname", "abspath", "splitext", "normpath")
    }
    | {
        "copy.copy",
        "copy.deepcopy",
        "json.dumps",
        "math.sqrt",
        "math.floor",
        "math.ceil",
        "re.sub",
        "re.escape",
        "datetime.datetime.now",
        "datetime.timedelta",
        "dataclasses.replace",
        "os.getenv",
        "os.getcwd",
        "itertools.chain",
        "functools.partial",
        "textwrap.dedent",
    }
)


_MAYBE_NONE = frozenset(
    {
        "os.environ.get",
        "os.getenv",
        "shutil.which",
        "inspect.getmodule",
        "mimetypes.guess_extension",
        "importlib.util.find_spec",
        "inspect.getdoc",
        "ctypes.util.find_library",
        "sys.exc_info()",
    }
)


def _dropped(node: ast.Expr, ctx: Context) -> None:
    call = node.value
    if not isinstance(call, ast.Call) or ctx.is_test or ctx.expects_error(node):
        return
    name = ctx.qualified(call.func)
    tried = ctx.in_try(
        node, "TypeError", "ValueError", "AttributeError", "UnicodeError", "UnicodeEncodeError", "NameError", "KeyError"
    )
    if name in _PURE and not tried:
        ctx.report(DROPPED, node, f"{name.removeprefix('builtins.')}() has no effect but its result.")
    elif isinstance(call.func, ast.Attribute) and not tried:
        owner = ctx.value(call.func.value)
        text = (
            owner is not None
            and owner.instance_of("builtins.str", "builtins.bytes")
            and call.func.attr in _PURE_METHODS
        )
        likely = (
            owner is None
            and call.func.attr in ("replace", "lstrip", "rstrip", "removeprefix", "removesuffix", *_OF_TEXT_ONLY)
            and _looks_like_text(call)
        )
        if text or likely:
            ctx.report(DROPPED, node, f"{call.func.attr}() gives a new value and leaves the old one as it is.")


def _looks_like_text(call: ast.Call) -> bool:
    """``name.replace('a', 'b')``: two strings are given, so it is one."""
    func = call.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and not call.args and not call.keywords:
        return func.attr in _OF_TEXT_ONLY
    literals = bool(call.args) and all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in call.args)
    wanted = 2 if isinstance(func, ast.Attribute) and func.attr == "replace" else 1
    return (
        literals and len(call.args) == wanted and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
    )


def _used(node: ast.Attribute | ast.Subscript, ctx: Context) -> None:
    if isinstance(node.value, ast.Call) and isinstance(node.ctx, ast.Load):
        _maybe_none(node.value, node, ctx)


def _operand(node: ast.BinOp, ctx: Context) -> None:
    for side in (node.left, node.right):
        if isinstance(side, ast.Call) and not isinstance(node.op, ast.Mod):
            _maybe_none(side, node, ctx)


def _maybe_none(call: ast.Call, node: ast.AST, ctx: Context) -> None:
    if ctx.is_test or ctx.in_try(node, "AttributeError", "TypeError"):
        return
    name = ctx.qualified(call.func)
    known = name in _MAYBE_NONE and len(call.args) == 1 and not call.keywords
    if (
        not known
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "get"
        and len(call.args) == 1
        and not call.keywords
    ):
        owner = ctx.value(call.func.value)
        known = owner is not None and owner.instance_of("builtins.dict")
    known = known or (isinstance(node, ast.Attribute) and _may_be_none(call, ctx))
    if known and not _tested(call, node, ctx):
        ctx.report(NONE_USED, node, f"{ast.unparse(call.func)}() may give None here.")


def _may_be_none(call: ast.Call, ctx: Context) -> bool:
    """Whether a function of this file says in its annotation that it may give None."""
    function = ctx.definition(call.func) if isinstance(call.func, ast.Name) else None
    returns = getattr(function.node, "returns", None) if function is not None and function.transparent else None
    text = ast.unparse(returns) if isinstance(returns, ast.expr) else ""
    return text.endswith("| None") or text.startswith(("Optional[", "typing.Optional["))


def _tested(call: ast.Call, node: ast.AST, ctx: Context) -> bool:
    """Whether a condition around mentions the same key."""
    keys = {ast.dump(a) for a in call.args}
    current = ctx.parent(node)
    while current is not None and not isinstance(current, ast.FunctionDef | ast.Module):
        test = getattr(current, "test", None) if not isinstance(current, ast.BoolOp) else current
        if isinstance(test, ast.AST) and any(
            ast.dump(p) in keys for p in ast.walk(test) if p not in call.args and isinstance(p, ast.expr)
        ):
            return True
        current = ctx.parent(current)
    return False


RULES = (
    DROPPED,
    NONE_USED,
)
CHECKS = (
    on(ast.Expr, _dropped),
    on(ast.Attribute, _used),
    on(ast.Subscript, _used),
    on(ast.BinOp, _operand),
)

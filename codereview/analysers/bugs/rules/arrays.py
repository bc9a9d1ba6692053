"""NumPy and pandas."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on

OVERFLOW = define(
    "numpy-overflow",
    "Number that does not fit into its NumPy type",
    severity=HIGH,
    confidence=SURE,
    description="Fixed-size integers wrap around, or refuse values outside their range: int8 ends at 127.",
    scenario="OverflowError, or a size that has silently become negative.",
    fix="Use a larger type.",
    valid=("import numpy as np\n\nnp.int16(300)\n", "import numpy as np\n\nnp.array([1, 2], dtype=np.uint8)\n"),
    invalid=(
        "import numpy as np\n\nx = np.int8(300)\n",
        "import numpy as np\n\nx = np.array([1, 256], dtype=np.uint8)\n",
        "import numpy as np\n\nx = np.uint8(-1)\n",
        "import numpy as np\n\nx = np.full(3, 70000, dtype='int16')\n",
        "import numpy as np\n\nx = np.arange(300, dtype=np.int8)\n",
    ),
)
SMALL_PRODUCT = define(
    "numpy-narrow-arithmetic",
    "Arithmetic in a NumPy type that is too small",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "The result of an operation on int8 to int32 has the same type and wraps around; sums of sizes need int64."
    ),
    scenario="A product of two large sizes becomes negative without a warning.",
    fix="Convert to int64, or to Python's int, before the operation.",
    valid=("import numpy as np\n\nx = np.int64(a) * np.int64(b)\n", "import numpy as np\n\nx = int(a) * int(b)\n"),
    invalid=(
        "import numpy as np\n\nx = np.int32(a) * np.int32(b)\n",
        "import numpy as np\n\nx = np.uint8(200) + np.uint8(100)\n",
        "import numpy as np\n\nx = np.int32(n) ** 2\n",
    ),
)
ALIAS = define(
    "numpy-removed-name",
    "NumPy name that was removed",
    severity=HIGH,
    confidence=SURE,
    description="np.int, np.bool8, np.float_, np.product and others are gone since 1.24 and 2.0.",
    scenario="AttributeError with a current NumPy.",
    fix="Use the built-in type, or the new name.",
    family="numpy-removed-name",
    valid=("import numpy as np\n\nnp.int64(1)\n", "import numpy as np\n\nnp.prod([1])\n"),
    invalid=(
        "import numpy as np\n\nx = np.zeros(3, dtype=np.int)\n",
        "import numpy as np\n\nnp.product([1])\n",
        "import numpy as np\n\nnp.float_(1)\n",
    ),
)
ARRAY_TRUTH = define(
    "array-as-condition",
    "and, or, not between arrays",
    severity=HIGH,
    confidence=LIKELY,
    description=(
        "`and`, `or` and `if` need one truth value; an array or Series of comparisons has many. "
        "Chained comparisons are the same."
    ),
    scenario="ValueError: The truth value of an array with more than one element is ambiguous.",
    fix="Use &, | and ~ with parentheses, or .any() and .all().",
    valid=(
        "import numpy as np\n\na = np.array([1])\nb = a[(a > 1) & (a < 3)]\n",
        "import numpy as np\n\nif np.array([1]).any():\n    pass\n",
    ),
    invalid=(
        "import numpy as np\n\na = np.array([1, 2])\nb = a[(a > 1) and (a < 3)]\n",
        "import numpy as np\n\na = np.arange(3)\nif a > 1:\n    pass\n",
        "import numpy as np\n\na = np.zeros(3)\nb = a[1 < a < 3]\n",
    ),
)
BIT_PRECEDENCE = define(
    "array-operator-precedence",
    "& or | between comparisons without parentheses",
    severity=MEDIUM,
    confidence=LIKELY,
    description="& and | bind tighter than comparisons: a > 1 & b < 2 is a > (1 & b) < 2.",
    scenario="TypeError or ambiguous truth value, or the wrong rows.",
    fix="Put parentheses around each comparison.",
    valid=("y = df[(df.a > 1) & (df.b < 2)]\n", "y = x & 1 == 0\n"),
    invalid=("y = df[df.a > 1 & df.b < 2]\n", "y = df[df['a'] == 1 | df['b'] == 2]\n"),
)
FRAME_RESULT = define(
    "dataframe-result-dropped",
    "Changed DataFrame that is dropped",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "Methods such as drop(), fillna() and sort_values() give a new frame; only inplace=True "
        "changes the old one, and then gives None."
    ),
    scenario="The rows are still there; or the frame is None.",
    fix="Assign the result, without inplace.",
    valid=("import pandas as pd\n\ndf = df.dropna()\n", "import pandas as pd\n\ndf.dropna(inplace=True)\n"),
    invalid=(
        "import pandas as pd\n\ndf.dropna()\n",
        "import pandas as pd\n\ndf = df.drop(columns=['a'], inplace=True)\n",
        "import pandas as pd\n\ndf.sort_values('a')\n",
    ),
)
CHAINED_SET = define(
    "chained-assignment",
    "Assignment to a selection of a DataFrame",
    severity=MEDIUM,
    confidence=LIKELY,
    description="df[rows]['column'] = … assigns to a temporary copy.",
    scenario="The frame is not changed; pandas at most warns.",
    fix="Assign to df.loc[rows, 'column'].",
    valid=("import pandas as pd\n\ndf.loc[df.a > 1, 'b'] = 0\n", "d['a']['b'] = 1\n"),
    invalid=("import pandas as pd\n\ndf[df.a > 1]['b'] = 0\n", "import pandas as pd\n\ndf[df['a'] == 1]['b'] = 0\n"),
)
_RANGES = {f"int{n}": (-(2 ** (n - 1)), 2 ** (n - 1) - 1) for n in (8, 16, 32, 64)} | {
    f"uint{n}": (0, 2**n - 1) for n in (8, 16, 32, 64)
}
_REMOVED = frozenset(
    [
        "int",
        "float",
        "bool",
        "object",
        "str",
        "complex",
        "long",
        "unicode",
        "float_",
        "complex_",
        "string_",
        "unicode_",
        "bool8",
        "product",
        "cumproduct",
        "sometrue",
        "alltrue",
        "in1d_",
        "round_",
        "Inf",
        "Infinity",
        "NaN",
        "NINF",
        "PINF",
        "PZERO",
        "NZERO",
        "infty",
        "mat_",
        "asfarray",
        "row_stack_",
        "trapz_",
        "msort",
        "cast",
        "find_common_type",
    ]
) - {"bool", "long", "float", "int", "object", "str", "complex", "unicode", "NaN"} | frozenset(
    {"int", "float", "object", "str", "complex", "unicode"}
)
_MAKERS = frozenset(
    {f"numpy.{n}" for n in ("array", "arange", "zeros", "ones", "empty", "full", "linspace", "asarray", "eye")}
)
_FRAME_METHODS = frozenset(
    {
        "dropna",
        "fillna",
        "drop",
        "rename",
        "astype",
        "replace",
        "assign",
        "merge",
        "drop_duplicates",
        "sort_values",
        "reset_index",
        "sort_index",
        "set_index",
    }
)


def _call(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    short = name.removeprefix("numpy.")
    if name.startswith("numpy.") and short in _RANGES and node.args:
        _fits(node.args[:1], short, node, ctx)
    elif name in ("numpy.array", "numpy.asarray", "numpy.full", "numpy.arange"):
        kind = next((_dtype(k.value, ctx) for k in node.keywords if k.arg == "dtype"), "")
        if kind in _RANGES and node.args:
            if short == "full":
                _fits(node.args[1:2], kind, node, ctx)
            elif short == "arange":
                _fits(
                    [
                        ast.Constant(value=c.value - 1)
                        for c in node.args[-1:]
                        if isinstance(c, ast.Constant) and isinstance(c.value, int) and len(node.args) < 3
                    ],
                    kind,
                    node,
                    ctx,
                )
            else:
                _fits(node.args[0].elts if isinstance(node.args[0], ast.List | ast.Tuple) else [], kind, node, ctx)


def _dtype(node: ast.expr, ctx: Context) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ctx.qualified(node).removeprefix("numpy.")


def _fits(values: list[ast.expr], kind: str, node: ast.AST, ctx: Context) -> None:
    low, high = _RANGES[kind]
    for value in values:
        number = (
            value.value
            if isinstance(value, ast.Constant)
            else -value.operand.value
            if isinstance(value, ast.UnaryOp)
            and isinstance(value.op, ast.USub)
            and isinstance(value.operand, ast.Constant)
            and isinstance(value.operand.value, int)
            else None
        )
        if isinstance(number, int) and not low <= number <= high and not ctx.in_try(node, "OverflowError"):
            ctx.report(OVERFLOW, node, f"{number} does not fit into {kind} ({low} to {high}).")
            return


def _attribute(node: ast.Attribute, ctx: Context) -> None:
    if (
        node.attr in _REMOVED
        and isinstance(node.value, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and ctx.qualified(node.value) == "numpy"
    ):
        guarded = ctx.in_try(node, "AttributeError") or ctx.enclosing(node, ast.If) is not None
        if not guarded:
            ctx.report(ALIAS, node, f"numpy.{node.attr} no longer exists.")


def _narrow(node: ast.expr, ctx: Context) -> bool:
    return isinstance(node, ast.Call) and ctx.qualified(node.func) in tuple(
        f"numpy.{u}int{n}" for u in ("", "u") for n in (8, 16, 32)
    )


def _binary(node: ast.BinOp, ctx: Context) -> None:
    if isinstance(node.op, ast.Mult | ast.Add | ast.Pow) and _narrow(node.left, ctx):
        constant = isinstance(node.right, ast.Constant) and isinstance(node.op, ast.Pow)
        if (_narrow(node.right, ctx) or constant) and not ctx.is_test:
            ctx.report(SMALL_PRODUCT, node, "The result has the same small type.")


def _is_array(node: ast.expr, ctx: Context, depth: int = 0) -> bool:
    if isinstance(node, ast.Call):
        return ctx.qualified(node.func) in _MAKERS and not _scalar(node)
    if isinstance(node, ast.Name) and depth < 3:
        found = ctx.index.scope_of_name[node].resolve(node.id)
        value = found[1][0].value if found is not None and len(found[1]) == 1 else None
        return isinstance(value, ast.Call) and _is_array(value, ctx, depth + 1)
    return False


def _scalar(node: ast.Call) -> bool:
    """One element, or none at all: these have a truth value."""
    return bool(node.args) and (
        (isinstance(node.args[0], ast.Constant) and node.args[0].value in (0, 1))
        or (isinstance(node.args[0], ast.List) and len(node.args[0].elts) < 2)
    )


def _elementwise(node: ast.expr, ctx: Context) -> bool:
    return (
        isinstance(node, ast.Compare)
        and not isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn)
        and (_is_array(node.left, ctx) or _is_array(node.comparators[0], ctx))
    )


def _boolean(node: ast.BoolOp, ctx: Context) -> None:
    if any(_elementwise(value, ctx) for value in node.values[:-1]) or (
        _elementwise(node.values[-1], ctx) and isinstance(ctx.parent(node), ast.If)
    ):
        ctx.report(ARRAY_TRUTH, node, "An array has no single truth value.")


def _if(node: ast.If | ast.While | ast.IfExp, ctx: Context) -> None:
    if _elementwise(node.test, ctx):
        ctx.report(ARRAY_TRUTH, node.test, "An array has no single truth value.")


def _compare(node: ast.Compare, ctx: Context) -> None:
    if len(node.ops) == 2 and any(_is_array(c, ctx) for c in (node.left, *node.comparators)):
        ctx.report(ARRAY_TRUTH, node, "A chained comparison asks for one truth value.")
    middle = node.comparators[0] if len(node.ops) == 2 else None
    if (
        (
            isinstance(middle, ast.BinOp)
            and isinstance(middle.op, ast.BitAnd | ast.BitOr)
            and isinstance(middle.left, ast.Constant)
        )
        and isinstance(middle.right, ast.Attribute | ast.Subscript)
        and isinstance(node.left, ast.Attribute | ast.Subscript)
    ):
        ctx.report(BIT_PRECEDENCE, node, "& and | come before the comparisons.")


def _uses_pandas(ctx: Context) -> bool:
    return any(alias.name.partition(".")[0] == "pandas" for node in ctx.index.all(ast.Import) for alias in node.names)


def _frame(node: ast.Expr | ast.Assign, ctx: Context) -> None:
    call = node.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not _uses_pandas(ctx):
        return
    inplace = any(
        k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords
    )
    if isinstance(node, ast.Assign):
        if inplace and call.func.attr in _FRAME_METHODS | {"drop", "rename", "replace", "query", "eval"}:
            ctx.report(FRAME_RESULT, node, "With inplace=True the method gives None.")
    elif (
        call.func.attr in _FRAME_METHODS
        and not inplace
        and not any(k.arg is None or k.arg == "inplace" for k in call.keywords)
        and not ctx.is_test
    ):
        ctx.report(FRAME_RESULT, node, "The new frame is dropped, and the old one unchanged.")


def _chained(node: ast.Assign, ctx: Context) -> None:
    for target in node.targets:
        if (
            isinstance(target, ast.Subscript)
            and isinstance(target.value, ast.Subscript)
            and isinstance(target.value.slice, ast.Compare)
            and _uses_pandas(ctx)
        ):
            ctx.report(CHAINED_SET, node, "This assigns to a copy.")


RULES = (OVERFLOW, SMALL_PRODUCT, ALIAS, ARRAY_TRUTH, BIT_PRECEDENCE, FRAME_RESULT, CHAINED_SET)
CHECKS = (
    on(ast.Call, _call),
    on(ast.Attribute, _attribute),
    on(ast.BinOp, _binary),
    on(ast.BoolOp, _boolean),
    on(ast.If, _if),
    on(ast.While, _if),
    on(ast.IfExp, _if),
    on(ast.Compare, _compare),
    on(ast.Expr, _frame),
    on(ast.Assign, _frame),
    on(ast.Assign, _chained),
)

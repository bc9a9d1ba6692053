"""Results that are dropped, and None that is used."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.calls import _expects_error as expects_error

DROPPED = define(
    "result-dropped",
    "Result of a pure function dropped",
    severity=MEDIUM,
    confidence=SURE,
    description="Strings and numbers never change: methods such as strip() and replace(), and functions such as sorted(), only return something.",
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
    description="dict.get() without a default, os.environ.get() and shutil.which() give None when there is nothing.",
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
BAD_STRIP = define(
    "strip-of-word",
    "strip() with a word",
    severity=MEDIUM,
    confidence=LIKELY,
    description="strip(), lstrip() and rstrip() remove any of the given characters, not the text.",
    scenario="'test.txt'.rstrip('.txt') gives 'tes'.",
    fix="Use removeprefix() or removesuffix().",
    family="strip-of-word",
    valid=("x.strip(' .')\n", "x.removesuffix('.txt')\n", "x.strip('\"\\'')\n"),
    invalid=("y = x.rstrip('.txt')\n", "y = x.lstrip('http://')\n", "y = x.strip('hello')\n"),
)
BAD_JOIN = define(
    "join-of-numbers",
    "join() of something that is not text",
    severity=HIGH,
    confidence=SURE,
    description="str.join() takes strings only; os.path.join() drops everything before an absolute part.",
    scenario="TypeError: sequence item 0: expected str instance, int found.",
    fix="Convert the elements: ', '.join(map(str, x)).",
    valid=("x = ', '.join(['a', 'b'])\n", "x = ', '.join(str(n) for n in y)\n"),
    invalid=("x = ', '.join([1, 2])\n", "x = ', '.join(len(y) for y in z)\n", "x = ', '.join(5)\n"),
)
FIND_AS_BOOL = define(
    "find-as-condition",
    "str.find() used as a condition",
    severity=MEDIUM,
    confidence=SURE,
    description="find() gives -1, which is true, when there is nothing, and 0, which is false, for the beginning.",
    scenario="The branch is taken for text that does not contain the word.",
    fix="Use `in`.",
    valid=("if 'a' in x:\n    pass\n", "if x.find('a') >= 0:\n    pass\n"),
    invalid=(
        "x = 'abc'\nif x.find('a'):\n    pass\n",
        "def f(line):\n    if line.find('#'):\n        return line\n    return None\n",
        "if 'a'.find(x):\n    pass\n",
        "if x.find('a') > 0 and not x.find('b'):\n    pass\n",
    ),
)
BAD_ARGUMENT = define(
    "wrong-argument-type",
    "Argument of a type the function does not take",
    severity=HIGH,
    confidence=SURE,
    description="A built-in function is given a value of a type that it certainly refuses.",
    scenario="TypeError or ValueError whenever the line runs.",
    fix="Pass a value of the right type.",
    valid=("len([])\n", "int('3')\n", "'a'.startswith(('a', 'b'))\n", "range(3)\n"),
    invalid=(
        "len(5)\n",
        "'a'.startswith(['a', 'b'])\n",
        "range(2.5)\n",
        "sum('abc')\n",
        "int('x')\n",
        "chr('a')\n",
        "int([1])\n",
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
_TELLING = frozenset(
    {
        "replace",
        "strip",
        "lstrip",
        "rstrip",
        "upper",
        "lower",
        "title",
        "capitalize",
        "casefold",
        "removeprefix",
        "removesuffix",
        "zfill",
        "swapcase",
        "ljust",
        "rjust",
        "splitlines",
        "startswith",
        "endswith",
    }
)
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
    if not isinstance(call, ast.Call) or ctx.is_test or expects_error(node, ctx):
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
            and call.func.attr in ("replace", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix")
            and _looks_like_text(call)
        )
        if text or likely:
            ctx.report(DROPPED, node, f"{call.func.attr}() gives a new value and leaves the old one as it is.")


def _looks_like_text(call: ast.Call) -> bool:
    """``name.replace('a', 'b')``: two strings are given, so it is one."""
    func = call.func
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
    if known and not _tested(call, node, ctx):
        ctx.report(NONE_USED, node, f"{ast.unparse(call.func)}() may give None here.")


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


def _call(node: ast.Call, ctx: Context) -> None:
    if isinstance(node.func, ast.Attribute):
        _strip(node, node.func, ctx)
        _join(node, node.func, ctx)
    _condition(node, ctx)
    if not ctx.in_try(node, "TypeError", "ValueError") and not expects_error(node, ctx):
        _argument(node, ctx)


def _strip(node: ast.Call, func: ast.Attribute, ctx: Context) -> None:
    if (
        func.attr not in ("strip", "lstrip", "rstrip")
        or len(node.args) != 1
        or not isinstance(node.args[0], ast.Constant)
    ):
        return
    text = node.args[0].value
    if not isinstance(text, str) or len(text) < 3:
        return
    letters = [c for c in text if c.isalpha()]
    repeated = len(set(text)) < len(text)
    word = len(letters) >= 3 and not text.isalpha() and not _alphabet(text)
    if (repeated and letters) or word or (len(letters) > 3 and not _alphabet(text)):
        ctx.report(BAD_STRIP, node, f"This removes any of the characters of {text!r}.")


def _alphabet(text: str) -> bool:
    """Whether it is meant as a set of characters: sorted, or of digits and letters in sequence."""
    return list(text) == sorted(text)


def _join(node: ast.Call, func: ast.Attribute, ctx: Context) -> None:
    owner = ctx.value(func.value)
    if func.attr != "join" or len(node.args) != 1 or owner is None or not owner.instance_of("builtins.str"):
        return
    argument = node.args[0]
    elements = (
        argument.elts
        if isinstance(argument, ast.List | ast.Tuple | ast.Set)
        else [argument.elt]
        if isinstance(argument, ast.ListComp | ast.GeneratorExp)
        else []
    )
    value = ctx.value(argument)
    number = value is not None and value.instance_of("builtins.int", "builtins.float", "types.NoneType")
    for element in elements:
        found = ctx.value(element)
        number |= found is not None and found.instance_of(
            "builtins.int", "builtins.float", "types.NoneType", "builtins.bytes", "builtins.list"
        )
    if number and not ctx.in_try(node, "TypeError") and not expects_error(node, ctx):
        ctx.report(BAD_JOIN, node, "join() takes strings only.")


def _condition(node: ast.Call, ctx: Context) -> None:
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "find" or not node.args:
        return
    parent = ctx.parent(node)
    tested = (isinstance(parent, ast.If | ast.While | ast.IfExp) and parent.test is node) or (
        isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
    )
    owner = ctx.value(node.func.value)
    text = owner is not None and owner.instance_of("builtins.str")
    sought = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    literal = isinstance(sought, str)
    path = isinstance(sought, str) and ("/" in sought or "{" in sought or (sought.isalnum() and len(sought) > 2))
    if tested and (text or (owner is None and literal and not path)):
        ctx.report(FIND_AS_BOOL, node, "-1, for nothing found, is true.")


def _argument(node: ast.Call, ctx: Context) -> None:
    if not node.args or isinstance(node.args[0], ast.Starred):
        return
    value = ctx.value(node.args[0])
    if value is None or value.kind != "instance" or value.cls is None or value.name == "self":
        return
    name = ctx.qualified(node.func)
    kind = value.cls.qualified
    wrong = False
    match name:
        case "builtins.len":
            wrong = value.cls.lacks("__len__")
        case "builtins.range":
            wrong = kind in ("builtins.float", "builtins.str", "types.NoneType", "builtins.list")
        case "builtins.sum":
            wrong = kind in ("builtins.str", "builtins.int", "builtins.float") and len(node.args) == 1
        case "builtins.chr":
            wrong = kind in ("builtins.str", "builtins.float")
        case "builtins.ord":
            wrong = kind in ("builtins.int", "builtins.float")
        case "builtins.abs" | "builtins.round":
            wrong = kind in ("builtins.str", "builtins.list", "types.NoneType")
        case "builtins.int" | "builtins.float":
            wrong = kind in (
                "builtins.list",
                "builtins.dict",
                "builtins.tuple",
                "types.NoneType",
                "builtins.set",
            ) or _no_number(node, name)
        case (
            "builtins.sorted"
            | "builtins.reversed"
            | "builtins.enumerate"
            | "builtins.iter"
            | "builtins.list"
            | "builtins.set"
        ):
            wrong = kind in ("builtins.int", "builtins.float", "types.NoneType", "builtins.bool")
        case _:
            pass
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith"):
        owner = ctx.value(node.func.value)
        wrong = (
            owner is not None
            and owner.instance_of("builtins.str")
            and kind in ("builtins.list", "builtins.set", "builtins.int", "builtins.bytes")
        )
        wrong |= isinstance(node.args[0], ast.List | ast.Set)
    if wrong:
        ctx.report(BAD_ARGUMENT, node, f"A {value.cls.name} is not what this takes.")


def _no_number(node: ast.Call, name: str) -> bool:
    argument = node.args[0]
    if (
        not isinstance(argument, ast.Constant)
        or not isinstance(argument.value, str)
        or len(node.args) > 1
        or node.keywords
    ):
        return False
    try:
        _ = int(argument.value) if name == "builtins.int" else float(argument.value)
    except ValueError:
        return True
    return False


RULES = (DROPPED, NONE_USED, BAD_STRIP, BAD_JOIN, FIND_AS_BOOL, BAD_ARGUMENT)
CHECKS = (
    on(ast.Expr, _dropped),
    on(ast.Attribute, _used),
    on(ast.Subscript, _used),
    on(ast.BinOp, _operand),
    on(ast.Call, _call),
)

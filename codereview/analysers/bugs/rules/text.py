"""Methods of strings, and arguments of built-in functions."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on

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
    description=("find() gives -1, which is true, when there is nothing, and 0, which is false, for the beginning."),
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

_SAME_KIND = frozenset(
    {"split", "rsplit", "replace", "find", "rfind", "index", "strip", "rstrip", "lstrip", "partition"}
)
_PATHS = frozenset(
    {f"os.path.{name}" for name in ("join", "isdir", "basename", "dirname", "abspath", "splitext", "expanduser")}
    | {"pathlib.Path", "os.makedirs", "os.mkdir", "os.listdir", "os.remove"}
)


def _call(node: ast.Call, ctx: Context) -> None:
    if isinstance(node.func, ast.Attribute):
        _strip(node, node.func, ctx)
        _join(node, node.func, ctx)
    _condition(node, ctx)
    if not ctx.in_try(node, "TypeError", "ValueError") and not ctx.expects_error(node):
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
    if number and not ctx.in_try(node, "TypeError") and not ctx.expects_error(node):
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
    match node.args[0]:
        case ast.Constant(value=str(wanted)):
            # A word, or a path, is what find() of XML trees and ORMs takes.
            literal = not ("/" in wanted or "{" in wanted or (wanted.isalnum() and len(wanted) > 2))
        case _:
            literal = False
    if tested and (text or (owner is None and literal)):
        ctx.report(FIND_AS_BOOL, node, "-1, for nothing found, is true.")


def _argument(node: ast.Call, ctx: Context) -> None:
    if not node.args or isinstance(node.args[0], ast.Starred):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_KIND:
        _mixed(node, node.func, ctx)
    name = ctx.qualified(node.func)
    if name == "builtins.range" and any(_is_quotient(a) for a in node.args) and not ctx.in_try(node, "TypeError"):
        ctx.report(BAD_ARGUMENT, node, "/ gives a float, even of whole numbers; range() takes integers.")
        return
    if name in _PATHS:
        _path_parts(node, ctx)
        return
    value = ctx.value(node.args[0])
    if value is None or value.kind != "instance" or value.cls is None or value.name == "self":
        return
    kind = value.cls.qualified
    wrong = False
    match name:
        case "builtins.len":
            wrong = value.cls.lacks("__len__")
        case "builtins.range":
            wrong = kind in ("builtins.float", "builtins.str", "types.NoneType", "builtins.list")
        case "collections.defaultdict":
            wrong = value.cls.lacks("__call__") and not value.is_none
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


def _is_quotient(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _mixed(node: ast.Call, func: ast.Attribute, ctx: Context) -> None:
    """``data.split("\\n")`` where data is bytes, and the other way round."""
    owner, argument = ctx.value(func.value), ctx.value(node.args[0])
    if owner is None or argument is None or ctx.in_try(node, "TypeError") or ctx.expects_error(node):
        return
    kinds = ("builtins.str", "builtins.bytes")
    if owner.instance_of(*kinds) and argument.instance_of(*kinds) and owner.cls is not argument.cls:
        ctx.report(BAD_ARGUMENT, node, "One of them is text, the other bytes.")


def _path_parts(node: ast.Call, ctx: Context) -> None:
    parts = node.args if ctx.qualified(node.func) in ("os.path.join", "pathlib.Path") else node.args[:1]
    for part in parts:
        value = ctx.value(part)
        if value is not None and value.instance_of("builtins.int", "builtins.float", "builtins.list", "types.NoneType"):
            ctx.report(BAD_ARGUMENT, part, "A path is made of text.")


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


RULES = (
    BAD_STRIP,
    BAD_JOIN,
    FIND_AS_BOOL,
    BAD_ARGUMENT,
)
CHECKS = (on(ast.Call, _call),)

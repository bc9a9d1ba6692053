"""Format strings and their arguments."""

import ast
import re
import string

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on

PERCENT = define(
    "percent-format-arguments",
    "% format that does not fit its arguments",
    severity=HIGH,
    confidence=SURE,
    description="The number, names or types of the conversions differ from what stands behind the %.",
    scenario=("TypeError, ValueError or KeyError whenever the line runs; often it is the line that reports an error."),
    fix="Give one argument per conversion, a dict for named ones.",
    family="percent-format",
    valid=(
        "x = '%s %d' % (a, 1)\n",
        "x = '%(a)s' % {'a': 1}\n",
        "x = '%s' % a\n",
        "x = '100%%'\n",
        "x = '%*d' % (5, 1)\n",
    ),
    invalid=(
        "x = '%s %s' % (a,)\n",
        "x = '%s' % (a, b)\n",
        "x = '%(a)s' % {'b': 1}\n",
        "x = '%d' % 'a'\n",
        "x = '%y' % a\n",
        "x = '%s %s' % 'a'\n",
    ),
)
STR_FORMAT = define(
    "str-format-arguments",
    "str.format() that does not fit its arguments",
    severity=HIGH,
    confidence=SURE,
    description=(
        "A field refers to an argument that is not given, the format is malformed, or an argument has no field."
    ),
    scenario=("IndexError, KeyError or ValueError whenever the line runs; an unused argument is missing in the text."),
    fix="Give each field its argument.",
    family="str-format",
    valid=(
        "x = '{} {}'.format(a, b)\n",
        "x = '{a}'.format(**d)\n",
        "x = '{0} {0}'.format(a)\n",
        "x = '{:{}}'.format(a, b)\n",
    ),
    invalid=(
        "x = '{} {}'.format(a)\n",
        "x = '{a}'.format(b=1)\n",
        "x = '{'.format(a)\n",
        "x = '{} {0}'.format(a)\n",
        "x = '{}'.format(a, b)\n",
    ),
)
LOGGING = define(
    "logging-arguments",
    "Log message that does not fit its arguments",
    severity=MEDIUM,
    confidence=SURE,
    description="logging formats the message with % and its arguments later; here their numbers differ.",
    scenario="The record is lost: logging prints a traceback to stderr in its place.",
    fix="Give one argument per conversion.",
    family="logging-format",
    valid=(
        "import logging\n\nlogging.info('%s', x)\n",
        "import logging\n\nlog = logging.getLogger(__name__)\nlog.info('done')\n",
        "import logging\n\nlogging.info('%(a)s', {'a': 1})\n",
    ),
    invalid=(
        "import logging\n\nlogging.info('%s %s', x)\n",
        "import logging\n\nlog = logging.getLogger(__name__)\nlog.error('failed', x)\n",
        "import logging\n\nlogging.warning('{}', x)\n",
    ),
)
PLACEHOLDER = define(
    "missing-f-prefix",
    "Text with placeholders that is not an f-string",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The string names local variables in braces, but has no f before it and is never formatted.",
    scenario="Users and logs see '{name}' in place of the value.",
    fix="Add the f.",
    valid=("name = 'a'\nprint(f'{name}')\n", "name = 'a'\nprint('{name}'.format(name=name))\n", "print('{name}')\n"),
    invalid=(
        "def f(name):\n    raise ValueError('no {name} here')\n",
        "def f(path):\n    print('cannot open {path}')\n",
    ),
)
BYTES_IN_TEXT = define(
    "bytes-formatted",
    "Bytes formatted into text",
    severity=MEDIUM,
    confidence=SURE,
    description="Formatting bytes into a str gives their representation, with b and quotes.",
    scenario="The text reads b'abc' in place of abc, and comparisons and file names are wrong.",
    fix="Decode the bytes first.",
    valid=("x = b'a'\ny = f'{x!r}'\n", "x = b'a'\ny = f'{x.decode()}'\n"),
    invalid=("x = b'a'\ny = f'{x}'\n", "y = '%s' % b'a'\n", "y = '{}'.format(b'a')\n", "y = str(b'a')\n"),
)
BAD_SPEC = define(
    "bad-format-spec",
    "Format specification the value does not take",
    severity=HIGH,
    confidence=SURE,
    description=("'d' and 'x' need an int, 'f' a number, 's' a string; None and lists take no specification at all."),
    scenario="ValueError or TypeError whenever the line runs.",
    fix="Use a specification of the value's type.",
    valid=("x = f'{3:d}'\n", "x = f'{3:>5}'\n", "x = f'{1.5:.2f}'\n"),
    invalid=("x = f'{1.5:d}'\n", "x = f'{\"a\":d}'\n", "x = f'{None:>5}'\n", "x = f'{[1]:>5}'\n"),
)
_CONVERSION = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?(?P<flags>[#0\- +]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?[hlL]?(?P<type>.)?",
    re.DOTALL,
)
_LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "fatal"})
_NUMERIC = "diouxXeEfFgGc"


def _conversions(text: str) -> tuple[list[re.Match[str]], bool]:
    """The conversions that take arguments, and whether the format is well formed."""
    found = [match for match in _CONVERSION.finditer(text) if match["type"] != "%"]
    return found, all(match["type"] and match["type"] in "diouxXeEfFgGcrsa" for match in found)


def _binary(node: ast.BinOp, ctx: Context) -> None:
    if (
        not isinstance(node.op, ast.Mod)
        or not isinstance(node.left, ast.Constant)
        or not isinstance(node.left.value, str)
    ):
        return
    conversions, well_formed = _conversions(node.left.value)
    problem = (
        "a conversion is incomplete or unknown" if not well_formed else _percent_problem(conversions, node.right, ctx)
    )
    if problem and not ctx.in_try(node, "TypeError", "ValueError", "KeyError"):
        ctx.report(PERCENT, node, f"This format fails: {problem}.")
        return
    arguments = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    for match, argument in zip(conversions, arguments, strict=False):
        if match["type"] == "s" and not match["name"]:
            _bytes(argument, ctx)


def _percent_problem(conversions: list[re.Match[str]], right: ast.expr, ctx: Context) -> str:
    named = [match["name"] for match in conversions if match["name"] is not None]
    if named:
        return _named_problem(named, len(conversions), right, ctx)
    needed = sum(1 + (m["width"] == "*") + (m["precision"] == "*") for m in conversions)
    if isinstance(right, ast.Tuple):
        starred = any(isinstance(element, ast.Starred) for element in right.elts)
        given = sum(not isinstance(element, ast.Starred) for element in right.elts)
        if (given != needed and not starred) or given > needed:
            return f"{needed} conversions, {given} arguments"
        if not starred and needed == len(conversions):
            return _type_problem(conversions, right.elts, ctx)
        return ""
    value = ctx.value(right)
    if (
        value is None
        or value.kind != "instance"
        or value.instance_of("builtins.tuple", "builtins.dict")
        or value.name == "self"
    ):
        return ""
    if (value.cls is not None and value.cls.known and not value.cls.has("__getitem__")) or value.instance_of(
        "builtins.str", "builtins.list"
    ):
        if needed != 1:
            return f"{needed} conversions, 1 argument"
        return _type_problem(conversions, [right], ctx)
    return ""


def _named_problem(named: list[str], total: int, right: ast.expr, ctx: Context) -> str:
    if len(named) != total:
        return "named and unnamed conversions are mixed"
    if isinstance(right, ast.Dict):
        keys = {key.value for key in right.keys if isinstance(key, ast.Constant)}
        if len(keys) == len(right.keys) and (missing := sorted(set(named) - keys)):
            return f"there is no '{missing[0]}'"
    elif isinstance(right, ast.Tuple | ast.List | ast.ListComp):
        return "named conversions need a mapping"
    else:
        value = ctx.value(right)
        if value is not None and value.instance_of("builtins.str", "builtins.int", "builtins.float"):
            return "named conversions need a mapping"
    return ""


def _type_problem(conversions: list[re.Match[str]], arguments: list[ast.expr], ctx: Context) -> str:
    for match, argument in zip(conversions, arguments, strict=False):
        value = ctx.value(argument)
        bad = value is not None and value.instance_of(
            "builtins.str", "builtins.list", "builtins.dict", "types.NoneType"
        )
        if bad and match["type"] in _NUMERIC.replace("c", "") and value is not None and value.cls is not None:
            return f"%{match['type']} with a {value.cls.name}"
    return ""


def _call(node: ast.Call, ctx: Context) -> None:
    match node.func:
        case ast.Attribute(value=ast.Constant(value=str(text)), attr="format"):
            problem = _format_problem(text, node)
            if problem:
                ctx.report(STR_FORMAT, node, f"This format fails: {problem}.")
            elif node.args:
                for argument in node.args:
                    _bytes(argument, ctx)
        case ast.Attribute(value=ast.Name() as name, attr="format") if (template := _text_of(name, ctx)) is not None:
            problem = _format_problem(template, node)
            if problem and problem != "an argument has no field":
                ctx.report(STR_FORMAT, node, f"This format fails: {problem}.")
        case ast.Attribute(attr=attr, value=owner) if attr in _LEVELS and _is_logger(owner, ctx):
            _logging(node, node.args, ctx)
        case ast.Attribute(attr="log", value=owner) if _is_logger(owner, ctx):
            _logging(node, node.args[1:], ctx)
        case ast.Name(id="str") if (
            len(node.args) == 1 and not node.keywords and ctx.qualified(node.func) == "builtins.str"
        ):
            _bytes(node.args[0], ctx)
        case _:
            pass


def _text_of(name: ast.Name, ctx: Context) -> str | None:
    """The literal a name stands for, when there is only one."""
    value = ctx.value(name)
    literal = value.node if value is not None else None
    return literal.value if isinstance(literal, ast.Constant) and isinstance(literal.value, str) else None


def _format_problem(text: str, node: ast.Call) -> str:
    try:
        fields = list(_fields(text))
    except ValueError as error:
        return str(error).lower()
    automatic = any(field == "" for field in fields)
    numbered = any(field.isdigit() for field in fields)
    if automatic and numbered:
        return "automatic and numbered fields are mixed"
    starred = any(isinstance(a, ast.Starred) for a in node.args)
    splatted = any(k.arg is None for k in node.keywords)
    positional = [field for field in fields if field == "" or field.isdigit()]
    needed = len(positional) if automatic else max((int(f) + 1 for f in positional), default=0)
    if needed > len(node.args) and not starred:
        return f"{needed} arguments needed, {len(node.args)} given"
    names = {k.arg for k in node.keywords}
    missing = sorted({f for f in fields if f and not f.isdigit()} - {str(n) for n in names})
    if missing and not splatted:
        return f"there is no '{missing[0]}'"
    used = set(range(needed)) if automatic else {int(f) for f in positional}
    if not starred and any(position not in used for position in range(len(node.args))):
        return "an argument has no field"
    return ""


def _fields(text: str, depth: int = 0) -> list[str]:
    "First parts of the names of all fields, nested ones included. Raises ValueError for a malformed format."
    found: list[str] = []
    for _, name, spec, _ in string.Formatter().parse(text):
        if name is None:
            continue
        found.append(re.split(r"[.\[]", name, maxsplit=1)[0])
        if spec and depth < 2:
            found += _fields(spec, depth + 1)
    return found


def _is_logger(owner: ast.expr, ctx: Context) -> bool:
    if ctx.qualified(owner) in ("logging", "logging.root"):
        return True
    if isinstance(owner, ast.Name):
        found = ctx.index.scope_of_name[owner].resolve(owner.id)
        bindings = found[1] if found is not None else []
        value = bindings[0].value if len(bindings) == 1 else None
        return isinstance(value, ast.Call) and ctx.qualified(value.func) in (
            "logging.getLogger",
            "multiprocessing.get_logger",
        )
    return False


def _logging(node: ast.Call, arguments: list[ast.expr], ctx: Context) -> None:
    if not arguments or not isinstance(arguments[0], ast.Constant) or not isinstance(arguments[0].value, str):
        return
    rest = arguments[1:]
    if any(isinstance(a, ast.Starred) for a in arguments) or not rest:
        return
    conversions, well_formed = _conversions(arguments[0].value)
    if not well_formed:
        ctx.report(LOGGING, node, "A conversion is incomplete or unknown.")
        return
    if any(match["name"] is not None for match in conversions) or (len(rest) == 1 and isinstance(rest[0], ast.Dict)):
        return
    needed = sum(1 + (m["width"] == "*") + (m["precision"] == "*") for m in conversions)
    if needed != len(rest):
        ctx.report(LOGGING, node, f"{needed} conversions, {len(rest)} arguments.")


def _bytes(node: ast.expr, ctx: Context) -> None:
    value = ctx.value(node)
    if value is not None and value.instance_of("builtins.bytes"):
        ctx.report(BYTES_IN_TEXT, node, "This puts b'…' into the text.")


def _formatted(node: ast.FormattedValue, ctx: Context) -> None:
    spec = _literal_spec(node.format_spec)
    if node.conversion == -1 and not spec and node.format_spec is None:
        _bytes(node.value, ctx)
    value = ctx.value(node.value)
    if not spec or node.conversion != -1 or value is None or value.kind != "instance" or value.cls is None:
        return
    kind, last = value.cls.qualified, spec[-1]
    wrong = kind in (
        "types.NoneType",
        "builtins.list",
        "builtins.dict",
        "builtins.tuple",
        "builtins.set",
        "builtins.bytes",
    )
    wrong |= kind == "builtins.str" and last in "dxXobeEfFgGn%,"
    wrong |= kind == "builtins.float" and last in "dxXobc"
    wrong |= kind == "builtins.int" and last == "s"
    if wrong:
        ctx.report(BAD_SPEC, node, f"A {value.cls.name} does not take the specification '{spec}'.")


def _literal_spec(node: ast.expr | None) -> str:
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
            return text
        case _:
            return ""


def _constant(node: ast.Constant, ctx: Context) -> None:
    text = node.value
    if not isinstance(text, str) or "{" not in text or len(text) > 300:
        return
    parent = ctx.parent(node)
    raised = (
        isinstance(parent, ast.Call)
        and (isinstance(ctx.parent(parent), ast.Raise) or getattr(parent.func, "id", "") == "print")
        and node in parent.args
    )
    function = ctx.function_around(node)
    raised = raised or _only_shown(node, parent, ctx)
    if not raised or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    names = re.findall(r"(?<!\{)\{([a-z_][a-z_0-9]*)(?:[.:!\[][^{}]*)?\}(?!\})", text)
    scope = ctx.index.scopes[function]
    if names and all(name in scope.bindings for name in names):
        ctx.report(PLACEHOLDER, node, f"'{{{names[0]}}}' is not replaced: the f is missing.")


def _only_shown(node: ast.Constant, parent: ast.AST | None, ctx: Context) -> bool:
    """Whether the text goes to somebody who cannot fill it in: it is returned, or kept in a name that is printed."""
    if ctx.is_test or "format" in ctx.module.file.text or "Template" in ctx.module.file.text:
        return False
    if isinstance(parent, ast.Return):
        return True
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return False
    scope = ctx.index.scope_of_name[parent.targets[0]]
    uses = [load for load in scope.loads if load.id == parent.targets[0].id]
    shown = ("print", "info", "warning", "error", "debug", "exception", "write")
    return bool(uses) and all(
        isinstance(call := ctx.parent(use), ast.Call)
        and (getattr(call.func, "id", "") in shown or getattr(call.func, "attr", "") in shown)
        for use in uses
    )


RULES = (PERCENT, STR_FORMAT, LOGGING, PLACEHOLDER, BYTES_IN_TEXT, BAD_SPEC)
CHECKS = (on(ast.BinOp, _binary), on(ast.Call, _call), on(ast.FormattedValue, _formatted), on(ast.Constant, _constant))

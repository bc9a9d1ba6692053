"""Calls of the standard library that do something else than they seem to."""

import ast
import re

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on

ONE_FOR_MANY = define(
    "one-argument-for-many",
    "List given where its elements are wanted, or elements where one list is",
    severity=HIGH,
    confidence=SURE,
    description=(
        "asyncio.gather() takes awaitables one by one, subprocess takes the whole command as its first argument,"
        " startswith() several prefixes as one tuple."
    ),
    scenario="TypeError, or a second part that is taken for another parameter, such as the buffer size.",
    fix="Unpack the list with *, or put the parts into one list (or tuple).",
    family="call-arguments",
    valid=(
        "import asyncio\n\n\nasync def f(tasks):\n    await asyncio.gather(*tasks)\n",
        "import subprocess\n\nsubprocess.run(['ls', '-l'])\n",
        "'a'.startswith('a', 1)\n",
    ),
    invalid=(
        "import asyncio\n\n\nasync def f(xs):\n    await asyncio.gather([g(x) for x in xs])\n",
        "import subprocess\n\nsubprocess.run('ls', '-l')\n",
        "def f(x):\n    return x.startswith('a', 'b')\n",
    ),
)
DECIMAL_MODE = define(
    "decimal-permissions",
    "Permissions in decimal digits",
    severity=HIGH,
    confidence=SURE,
    cwe=732,
    description="755 in decimal is 0o1363: permissions are written in octal digits, with 0o in front.",
    scenario="The file gets other rights than meant: the owner cannot read it, or everybody may write it.",
    fix="Write 0o755.",
    valid=("import os\n\nos.chmod('a', 0o755)\n", "import os\n\nos.mkdir('a', mode=0o700)\n"),
    invalid=("import os\n\nos.chmod('a', 755)\n", "import os\n\nos.makedirs('a', mode=700)\n", "p.chmod(644)\n"),
)
FORMAT_IN_EXCEPTION = define(
    "exception-not-formatted",
    "Exception with a format and its arguments apart",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Exceptions keep their arguments as they are: nothing puts them into the text, as logging does.",
    scenario="The message shows %s and a tuple, where the value was to be read.",
    fix="Format the message, with % or as an f-string.",
    family="missing-f-prefix",
    valid=(
        "def f(x):\n    raise ValueError('bad value: %s' % x)\n",
        "def f(x):\n    raise KeyError('100%', x)\n",
    ),
    invalid=(
        "def f(x):\n    raise ValueError('bad value: %s', x)\n",
        "def f(x, y):\n    raise RuntimeError('%s has %d parts', x, y)\n",
        "def f(x):\n    raise ValueError('bad value: {}', x)\n",
    ),
)
NO_SEQUENCE = define(
    "choice-without-order",
    "Random choice from something without positions",
    severity=HIGH,
    confidence=SURE,
    description="random.choice(), sample() and shuffle() need a sequence; sets and dicts have no positions.",
    scenario="TypeError: 'set' object is not subscriptable (or KeyError, for a dict).",
    fix="Make a list, or a sorted list, first.",
    family="call-arguments",
    valid=("import random\n\nrandom.choice([1, 2])\n", "import random\n\nrandom.sample(sorted({1, 2}), 1)\n"),
    invalid=(
        "import random\n\nrandom.choice({1, 2})\n",
        "import random\n\nd = {'a': 1}\nrandom.shuffle(d)\n",
        "import random\n\nrandom.sample({'a', 'b'}, 1)\n",
    ),
)
REMOVED = define(
    "removed-method",
    "Method that Python no longer has",
    severity=HIGH,
    confidence=SURE,
    description="dict.has_key() and iteritems() went with Python 2, assertEquals() and its like with Python 3.12.",
    scenario="AttributeError whenever the line is reached.",
    fix="Use `in`, items(), assertEqual().",
    family="no-attribute",
    valid=(
        "def f(d):\n    return 'a' in d\n",
        "class D:\n    def has_key(self, k):\n        return k\n\n\ndef f(d):\n    return d.has_key(1)\n",
        ("import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(1, 1)\n"),
    ),
    invalid=(
        "def f(d):\n    return d.has_key('a')\n",
        "def f(d):\n    for k, v in d.iteritems():\n        print(k, v)\n",
        "import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEquals(1, 1)\n",
    ),
)
LOADED = define(
    "load-or-loads",
    "load() of text, or loads() of a file",
    severity=HIGH,
    confidence=SURE,
    description="load() and dump() work on files, loads() and dumps() on text or bytes.",
    scenario="TypeError or AttributeError whenever the line is reached.",
    fix="Use the function with, or without, the s.",
    family="call-arguments",
    valid=(
        "import json\n\nwith open('a') as f:\n    json.load(f)\n",
        "import json\n\nwith open('a') as f:\n    json.loads(f.read())\n",
    ),
    invalid=(
        "import json\n\nwith open('a') as f:\n    json.loads(f)\n",
        "import json\n\nwith open('a') as f:\n    json.load(f.read())\n",
        "import pickle\n\nwith open('a', 'rb') as f:\n    pickle.loads(f)\n",
    ),
)
_FILE = ("_io.TextIOWrapper", "_io.BufferedReader", "io.TextIOWrapper", "io.BufferedReader")
_DATA = ("builtins.str", "builtins.bytes")
_LOADERS = {
    **dict.fromkeys(("json.loads", "pickle.loads", "marshal.loads", "tomllib.loads"), _FILE),
    **dict.fromkeys(("json.load", "pickle.load", "marshal.load", "tomllib.load"), _DATA),
}
_MODES = frozenset(
    {755, 644, 777, 700, 600, 750, 640, 664, 775, 666, 400, 440, 444, 555, 500, 711, 770, 660, 1777, 2775}
)
_PERMISSIONS = {"os.chmod": 1, "os.mkdir": 1, "os.makedirs": 1, "os.fchmod": 1, "os.mkfifo": 1}
_COMMANDS = ("run", "call", "check_call", "check_output", "Popen")
_DICT_METHODS = frozenset({"has_key", "iteritems", "iterkeys", "itervalues", "viewitems", "viewkeys", "viewvalues"})
_TEST_METHODS = frozenset(
    {"assertEquals", "assertNotEquals", "assertAlmostEquals", "assertNotAlmostEquals", "assertRegexpMatches"}
    | {"assertNotRegexpMatches", "assertRaisesRegexp", "assertItemsEqual", "assert_", "failUnless", "failIf"}
)
_CONVERSION = re.compile(r"(?<!%)%(?:\([a-z_]+\))?[-#0 +]*\d*(?:\.\d+)?[sdrifx]")


def _call(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if any(isinstance(a, ast.Starred) for a in node.args):
        return
    if _one_for_many(node, name) and not ctx.expects_error(node):
        ctx.report(ONE_FOR_MANY, node, "The arguments are not put together as this function takes them.")
    _permissions(node, name, ctx)
    if name in ("random.choice", "random.sample", "random.shuffle") and node.args:
        value = ctx.value(node.args[0])
        if value is not None and value.instance_of("builtins.set", "builtins.frozenset", "builtins.dict"):
            ctx.report(NO_SEQUENCE, node, f"A {value.cls.name if value.cls else 'set'} has no positions.")
    if name in _LOADERS and node.args:
        value = ctx.value(node.args[0])
        if value is not None and value.instance_of(*_LOADERS[name]) and not ctx.expects_error(node):
            ctx.report(
                LOADED, node, f"This is a {value.cls.name if value.cls else 'file'}: the other of the two is meant."
            )
    if isinstance(node.func, ast.Attribute):
        _removed(node, node.func, ctx)


def _one_for_many(node: ast.Call, name: str) -> bool:
    if name in ("asyncio.gather", "asyncio.tasks.gather"):
        return len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.ListComp | ast.GeneratorExp | ast.Tuple)
    texts = len(node.args) > 1 and all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in node.args[:2])
    if name.startswith("subprocess.") and name.rpartition(".")[2] in _COMMANDS:
        return texts
    return texts and isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith")


def _permissions(node: ast.Call, name: str, ctx: Context) -> None:
    place = _PERMISSIONS.get(name)
    if place is None and isinstance(node.func, ast.Attribute) and node.func.attr == "chmod" and not name:
        place = 0
    if place is None:
        return
    mode = next(
        (k.value for k in node.keywords if k.arg == "mode"), node.args[place] if len(node.args) > place else None
    )
    if isinstance(mode, ast.Constant) and isinstance(mode.value, int) and mode.value in _MODES:
        written = (ast.get_source_segment(ctx.module.file.text, mode) or "").lower()
        if written.isdigit():
            ctx.report(DECIMAL_MODE, mode, f"{mode.value} in decimal is {oct(mode.value)}.")


def _removed(node: ast.Call, func: ast.Attribute, ctx: Context) -> None:
    if func.attr not in _DICT_METHODS and func.attr not in _TEST_METHODS:
        return
    defined = any(f.name == func.attr for m in ctx.project.modules for f in m.index.functions())
    old = ctx.in_try(node, "AttributeError") or "PY2" in ctx.module.file.text or "six" in ctx.module.file.text
    own = isinstance(func.value, ast.Name) and func.value.id == "self"
    if defined or old or own != (func.attr in _TEST_METHODS) or (ctx.value(func.value) is not None and not own):
        return
    ctx.report(REMOVED, node, f"{func.attr}() exists no more.")


def _raise(node: ast.Raise, ctx: Context) -> None:
    match node.exc:
        case ast.Call(func=func, args=[ast.Constant(value=str(text)), *rest]) if rest and not _takes_format(func, ctx):
            fields = len(_CONVERSION.findall(text))
            braces = text.count("{}")
            if len(rest) in (fields, braces) and not any(isinstance(a, ast.Starred) for a in rest):
                ctx.report(FORMAT_IN_EXCEPTION, node, "The values are not put into the message.")
        case _:
            pass


def _takes_format(func: ast.expr, ctx: Context) -> bool:
    """Whether the exception is one of the batch's or of a library: it may format its arguments itself."""
    return not ctx.qualified(func).startswith("builtins.")


RULES = (LOADED, ONE_FOR_MANY, DECIMAL_MODE, FORMAT_IN_EXCEPTION, NO_SEQUENCE, REMOVED)
CHECKS = (on(ast.Call, _call), on(ast.Raise, _raise))

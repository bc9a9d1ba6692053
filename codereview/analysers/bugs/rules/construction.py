"""Classes that do not keep what their bases promise."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class, Function
from codereview.analysers.bugs.model.exits import Exit
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode
from codereview.analysers.bugs.model.signatures import Signature
from codereview.analysers.bugs.model.walking import body_without_docstring
from codereview.analysers.bugs.rule import HIGH, LIKELY, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.classes import methods_of

BASE_NOT_INITIALISED = define(
    "base-not-initialised",
    "__init__ that leaves out the one of its base class",
    severity=HIGH,
    confidence=LIKELY,
    cwe=665,
    description=(
        "The class has an __init__ of its own that does not call the base's, although attributes that only the base's"
        " __init__ sets are read, or the base cannot work without it."
    ),
    scenario="AttributeError (or RuntimeError, as with threads) as soon as an inherited method runs.",
    fix="Call super().__init__() first.",
    valid=(
        (
            "class A:\n    def __init__(self):\n        self.x = []\n\n\n"
            "class B(A):\n    def __init__(self):\n        super().__init__()\n\n    def f(self):\n        return self.x\n"
        ),
        (
            "class A:\n    def __init__(self):\n        self.x = []\n\n    def f(self):\n        return self.x\n\n\n"
            "class B(A):\n    def __init__(self):\n        self.x = ()\n"
        ),
        (
            "import threading\n\n\nclass B(threading.Thread):\n"
            "    def __init__(self):\n        threading.Thread.__init__(self)\n"
        ),
    ),
    invalid=(
        (
            "class A:\n    def __init__(self):\n        self.x = []\n\n    def f(self):\n        return self.x\n\n\n"
            "class B(A):\n    def __init__(self):\n        self.y = 1\n"
        ),
        (
            "class A:\n    def __init__(self):\n        self.x = []\n\n\n"
            "class B(A):\n    def __init__(self, n):\n        self.n = n\n\n    def f(self):\n        self.x.append(1)\n"
        ),
        "import threading\n\n\nclass B(threading.Thread):\n    def __init__(self, n):\n        self.n = n\n",
    ),
)
OVERRIDE = define(
    "incompatible-override",
    "Method that cannot be called like the one it overrides",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "Every call that suits the base class's method fails with this one: it requires more arguments than the other"
        " takes, or takes fewer than the other requires."
    ),
    scenario="TypeError when code written for the base class is given an instance of this class.",
    fix="Take the same arguments; give additional ones a default.",
    valid=(
        "class A:\n    def f(self, x):\n        return x\n\n\nclass B(A):\n    def f(self, x, y=1):\n        return y\n",
        "class A:\n    def f(self, x):\n        return x\n\n\nclass B(A):\n    def f(self, *args):\n        return args\n",
        "class A:\n    def _f(self, x):\n        return x\n\n\nclass B(A):\n    def _f(self):\n        return 1\n",
    ),
    invalid=(
        "class A:\n    def f(self, x, y):\n        return x\n\n\nclass B(A):\n    def f(self, x):\n        return x\n",
        "import threading\n\n\nclass T(threading.Thread):\n    def run(self, interval):\n        print(interval)\n",
        "class A:\n    def f(self, x):\n        return x\n\n\nclass B(A):\n    def f(self, x, y, z):\n        return z\n",
    ),
)
#: Classes of libraries that do not work without their own __init__.
_NEED_INIT = frozenset(
    {"threading.Thread", "threading.Timer", "multiprocessing.Process", "multiprocessing.process.BaseProcess"}
    | {"logging.Handler", "logging.StreamHandler", "logging.Logger"}
    | {"html.parser.HTMLParser", "argparse.ArgumentParser", "queue.Queue", "cmd.Cmd", "torch.nn.Module"}
    | {"tkinter.Frame", "tkinter.Tk"}
)


#: Methods that the library itself calls, and with nothing.
_CALLED_WITHOUT = frozenset(
    {"threading.Thread.run", "multiprocessing.process.BaseProcess.run", "multiprocessing.Process.run"}
    | {"unittest.case.TestCase.setUp", "unittest.case.TestCase.tearDown"}
)


def _class(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    own = next((m for m in methods_of(node) if m.name == "__init__" and not m.decorator_list and m.args.args), None)
    if own is not None and not _starts_base(own):
        missing = _missing(node, own, cls, ctx)
        if missing:
            ctx.report(BASE_NOT_INITIALISED, own, missing)
    for method in methods_of(node):
        _override(method, cls, ctx)


def _starts_base(method: FunctionNode) -> bool:
    """Whether some base's __init__ may be called in here, or the attributes are given in another way."""
    words = ("super", "setattr", "vars", "__dict__", "__setstate__", "__init__")
    return any(
        (isinstance(n, ast.Name) and n.id in words) or (isinstance(n, ast.Attribute) and n.attr in words)
        for s in method.body
        for n in ast.walk(s)
    )


def _missing(node: ast.ClassDef, own: FunctionNode, cls: Class, ctx: Context) -> str:
    direct = next((name for base in node.bases if (name := ctx.qualified(base)) in _NEED_INIT), "")
    if direct:
        return f"{direct} is not initialised."
    base = next((c for c in cls.ancestors[1:] if "__init__" in c.members), None)
    function = base.members["__init__"].function if base is not None else None
    if base is None or function is None or function.node is None or not cls.known:
        return ""
    if any(_starts_base(m) for m in methods_of(node) if m is not own and _called_on_self(own, m.name)):
        return ""
    given = _stored(function.node) - {name for c in cls.ancestors for name in c.members}
    if given & _stored(own) or ctx.exits(own.body) == Exit.RAISE:
        return ""  # it does the base's part itself, or forbids instances
    elsewhere = {
        name for c in cls.ancestors for f in c.methods() if f is not function and f.node for name in _stored(f.node)
    }
    read = _read(node) | {
        name for f in base.methods() if _inherits(cls, f) and f is not function and f.node for name in _read(f.node)
    }
    lost = sorted((given - elsewhere) & read)
    return f"'{lost[0]}', which {base.name}.__init__() sets, is never set." if lost else ""


def _inherits(cls: Class, function: Function) -> bool:
    """Whether the method is the class's too: nothing below its base replaces it."""
    member = cls.find(function.name)
    return member is not None and member.function is function


def _called_on_self(method: FunctionNode, name: str) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == name for n in ast.walk(method))


def _own_attributes(node: ast.AST) -> list[ast.Attribute]:
    return [
        n
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in ("self", "this", "s")
    ]


def _stored(node: ast.AST) -> set[str]:
    return {n.attr for n in _own_attributes(node) if not isinstance(n.ctx, ast.Load)}


def _read(node: ast.AST) -> set[str]:
    return {n.attr for n in _own_attributes(node) if isinstance(n.ctx, ast.Load)}


def _override(method: FunctionNode, cls: Class, ctx: Context) -> None:
    inherited = next((c.members[method.name] for c in cls.ancestors[1:] if method.name in c.members), None)
    other = inherited.function if inherited is not None else None
    own = ctx.method(method)
    if method.name.startswith("_") or other is None or not _comparable(own) or ctx.is_test:
        return
    ours = own.signatures[0].without_first()
    if other.qualified in _CALLED_WITHOUT and ours.required:
        ctx.report(OVERRIDE, method, f"{method.name}() is called without arguments.")
    if not _comparable(other):
        return
    if _never_fits(other.signatures[0].without_first(), ours):
        ctx.report(OVERRIDE, method, f"{method.name}() cannot be called as the base class's {method.name}() must be.")


def _comparable(function: Function) -> bool:
    """Whether the function is a plain method with a contract: an empty one is a hook, to be filled in any way."""
    if function.kind != "method" or not isinstance(function.node, FUNCTIONS) or not function.transparent:
        return False
    body = body_without_docstring(function.node.body)
    return function.is_abstract or not all(isinstance(statement, ast.Pass) for statement in body)


def _never_fits(base: Signature, own: Signature) -> bool:
    too_many = not base.vararg and not base.kwarg and own.required > len(base.positional) + len(base.keyword_only)
    flexible = own.vararg or own.kwarg or own.keyword_only
    too_few = not flexible and len(own.positional) < base.required
    return too_many or too_few


RULES = (BASE_NOT_INITIALISED, OVERRIDE)
CHECKS = (on(ast.ClassDef, _class),)

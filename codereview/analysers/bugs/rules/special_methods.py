"""Special methods that break their protocol."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.scopes import FunctionNode
from codereview.analysers.bugs.model.walking import body_without_docstring, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, SURE, define, on
from codereview.analysers.bugs.rules.shared.classes import plain_methods

SPECIAL_SIGNATURE = define(
    "special-method-signature",
    "Special method with the wrong parameters",
    severity=HIGH,
    confidence=SURE,
    description=(
        "Python calls special methods itself, with a fixed number of arguments, which this one does not take."
    ),
    scenario="TypeError when the operation the method stands for is used.",
    fix="Give the method the parameters of its protocol.",
    family="special-method-signature",
    valid=(
        "class A:\n    def __exit__(self, kind, value, trace):\n        pass\n",
        "class A:\n    def __eq__(self, other, *rest):\n        return True\n",
    ),
    invalid=(
        "class A:\n    def __exit__(self):\n        pass\n",
        "class A:\n    def __eq__(self):\n        return True\n",
        "class A:\n    def __str__(self, width):\n        return ''\n",
    ),
)


SPECIAL_RESULT = define(
    "special-method-result",
    "Special method with the wrong kind of result",
    severity=HIGH,
    confidence=SURE,
    description=(
        "__str__ must give a str, __len__ a non-negative int, __bool__ a bool, __iter__ an iterator and so on."
    ),
    scenario="TypeError or ValueError when str(), len(), bool(), iter() … is applied.",
    fix="Return the type the protocol asks for.",
    family="special-method-result",
    valid=(
        "class A:\n    def __len__(self):\n        return 3\n",
        "class A:\n    def __iter__(self):\n        return iter([])\n",
        "class A:\n    def __iter__(self):\n        yield 1\n",
    ),
    invalid=(
        "class A:\n    def __len__(self):\n        return -1\n",
        "class A:\n    def __str__(self):\n        return 1\n",
        "class A:\n    def __bool__(self):\n        return 1\n",
        "class A:\n    def __iter__(self):\n        return [1]\n",
        "class A:\n    async def __len__(self):\n        return 1\n",
        "class A:\n    def __repr__(self):\n        print('A')\n",
    ),
)


INIT_RESULT = define(
    "init-returns",
    "__init__ that returns, yields or is async",
    severity=HIGH,
    confidence=SURE,
    description="__init__ must return None: a value, a generator or a coroutine is refused.",
    scenario="TypeError: __init__() should return None, whenever an instance is made.",
    fix="Return nothing; build alternatives in a classmethod.",
    family="init-returns",
    valid=(
        "class A:\n    def __init__(self):\n        return\n",
        "class A:\n    def __init__(self):\n        self.x = 1\n",
    ),
    invalid=(
        "class A:\n    def __init__(self):\n        return self\n",
        "class A:\n    def __init__(self):\n        yield 1\n",
        "class A:\n    async def __init__(self):\n        pass\n",
    ),
)


EQ_WITHOUT_HASH = define(
    "eq-without-hash",
    "__eq__ without __hash__ in a class used as a key",
    severity=LOW,
    confidence=LIKELY,
    description=("Defining __eq__ alone sets __hash__ to None; defining __hash__ alone leaves equality by identity."),
    scenario="TypeError: unhashable type, the first time an instance is put into a set or used as a key.",
    fix="Define both.",
    family="eq-without-hash",
    valid=(
        ("class A:\n    def __eq__(self, other):\n        return True\n\n    def __hash__(self):\n        return 1\n"),
        "class A:\n    pass\n\n\nx = {A(): 1}\n",
    ),
    invalid=(
        "class A:\n    def __hash__(self):\n        return 1\n",
        "class A:\n    def __ne__(self, other):\n        return True\n",
    ),
)


EXIT_RERAISES = define(
    "exit-raises-again",
    "__exit__ that raises the exception it was given",
    severity=LOW,
    confidence=SURE,
    description="Returning False is enough: Python raises the exception again itself, with its traceback.",
    scenario="The traceback gains a false frame, and the context of the error is confused.",
    fix="Return False, or nothing.",
    valid=(
        "class A:\n    def __exit__(self, kind, value, trace):\n        return False\n",
        "class A:\n    def __exit__(self, kind, value, trace):\n        raise ValueError\n",
    ),
    invalid=(
        "class A:\n    def __exit__(self, kind, value, trace):\n        raise value\n",
        ("class A:\n    def __exit__(self, kind, value, trace):\n        if value:\n            raise value\n"),
    ),
)


#: Number of arguments, without the instance, that Python passes.
_ARITY: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        [
            "__str__",
            "__repr__",
            "__len__",
            "__hash__",
            "__bool__",
            "__iter__",
            "__next__",
            "__enter__",
            "__del__",
            "__bytes__",
            "__int__",
            "__float__",
            "__index__",
            "__complex__",
            "__neg__",
            "__pos__",
            "__abs__",
            "__invert__",
            "__reversed__",
            "__dir__",
            "__aenter__",
            "__aiter__",
            "__anext__",
            "__await__",
            "__trunc__",
            "__floor__",
            "__ceil__",
            "__reduce__",
            "__length_hint__",
            "__copy__",
            "__fspath__",
            "__sizeof__",
            "__getnewargs__",
        ],
        (0,),
    ),
    **dict.fromkeys(
        [
            "__eq__",
            "__ne__",
            "__lt__",
            "__le__",
            "__gt__",
            "__ge__",
            "__contains__",
            "__getitem__",
            "__delitem__",
            "__getattr__",
            "__getattribute__",
            "__delattr__",
            "__add__",
            "__sub__",
            "__mul__",
            "__truediv__",
            "__floordiv__",
            "__mod__",
            "__matmul__",
            "__and__",
            "__or__",
            "__xor__",
            "__lshift__",
            "__rshift__",
            "__radd__",
            "__rsub__",
            "__rmul__",
            "__rtruediv__",
            "__rand__",
            "__ror__",
            "__rxor__",
            "__iadd__",
            "__isub__",
            "__imul__",
            "__iand__",
            "__ior__",
            "__format__",
            "__deepcopy__",
            "__delete__",
            "__instancecheck__",
            "__subclasscheck__",
            "__reduce_ex__",
            "__divmod__",
            "__rdivmod__",
            "__setstate__",
            "__missing__",
        ],
        (1,),
    ),
    **dict.fromkeys(["__setitem__", "__setattr__", "__set__", "__set_name__"], (2,)),
    **dict.fromkeys(["__exit__", "__aexit__"], (3,)),
    "__get__": (1, 2),
    "__round__": (0, 1),
    "__pow__": (1, 2),
    "__ipow__": (1,),
}


_RESULTS: dict[str, tuple[str, ...]] = {
    "__str__": ("builtins.str",),
    "__repr__": ("builtins.str",),
    "__format__": ("builtins.str",),
    "__bytes__": ("builtins.bytes",),
    "__len__": ("builtins.int", "builtins.bool"),
    "__length_hint__": ("builtins.int", "builtins.bool"),
    "__hash__": ("builtins.int", "builtins.bool"),
    "__index__": ("builtins.int", "builtins.bool"),
    "__int__": ("builtins.int", "builtins.bool"),
    "__float__": ("builtins.float",),
    "__complex__": ("builtins.complex",),
    "__bool__": ("builtins.bool",),
    "__getnewargs__": ("builtins.tuple",),
    "__getnewargs_ex__": ("builtins.tuple",),
}


_ASYNC = ("__aenter__", "__aexit__", "__anext__")


def _special_methods(node: ast.ClassDef, ctx: Context) -> None:
    for method, kind in plain_methods(node, ctx):
        if kind == "method" and method.name in _ARITY:
            _special(method, ctx)


def _special(method: FunctionNode, ctx: Context) -> None:
    arguments = method.args
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    required = len(positional) - min(len(arguments.defaults), len(positional))
    wanted = _ARITY[method.name]
    takes = any(required <= count and (count <= len(positional) or arguments.vararg is not None) for count in wanted)
    mandatory = any(default is None for default in arguments.kw_defaults)
    without_self = not arguments.args and not arguments.posonlyargs
    if (not takes or mandatory) and not without_self:
        ctx.report(
            SPECIAL_SIGNATURE,
            method,
            f"{method.name} is called with {' or '.join(map(str, wanted))} arguments besides self.",
        )
    if not isinstance(method, ast.AsyncFunctionDef) or method.name in _ASYNC:
        return
    yields = any(isinstance(n, ast.Yield) for n in own_nodes(method))
    if method.name not in ("__aiter__", "__await__") or not yields:
        ctx.report(SPECIAL_RESULT, method, f"{method.name} must not be async: it would give a coroutine.")


def _results(node: ast.FunctionDef, ctx: Context) -> None:
    if not isinstance(ctx.parent(node), ast.ClassDef):
        return
    name = node.name
    if name == "__init__":
        return
    returns = [part for part in own_nodes(node) if isinstance(part, ast.Return)]
    generator = ctx.method(node).returns == "types.GeneratorType"
    if name in _RESULTS:
        if generator:
            ctx.report(SPECIAL_RESULT, node, f"{name} must not be a generator.")
            return
        _checked(node, returns, ctx)
    elif name in ("__iter__", "__next__", "__aiter__") and not generator:
        for part in returns:
            value = ctx.value(part.value) if part.value is not None else None
            cls = value.cls if value is not None else None
            if name == "__iter__" and value is not None and cls is not None and value.name != "self":
                if (value.kind == "instance" and cls.lacks("__next__")) or (value.kind == "class" and cls.plain):
                    ctx.report(SPECIAL_RESULT, part, "__iter__ must return an iterator: an object with __next__.")
            elif (
                name == "__iter__"
                and value is not None
                and value.name == "self"
                and cls is not None
                and cls.lacks("__next__")
            ):
                if cls.name not in ctx.project.base_names:
                    ctx.report(SPECIAL_RESULT, part, f"{cls.name} has no __next__, so it is no iterator.")
            elif (
                name == "__aiter__"
                and value is not None
                and value.kind == "instance"
                and cls is not None
                and value.name != "self"
                and cls.lacks("__anext__")
            ):
                ctx.report(SPECIAL_RESULT, part, "__aiter__ must return an asynchronous iterator.")


def _checked(node: ast.FunctionDef, returns: list[ast.Return], ctx: Context) -> None:
    body = body_without_docstring(node.body)
    stub = all(
        isinstance(s, ast.Pass | ast.Raise) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in body
    )
    if not returns and not stub and not any(isinstance(n, ast.Raise) for n in own_nodes(node)):
        ctx.report(SPECIAL_RESULT, node, f"{node.name} returns None.")
    for part in returns:
        value = ctx.value(part.value) if part.value is not None else None
        if part.value is None or (value is not None and value.kind in ("function", "module", "class")):
            ctx.report(SPECIAL_RESULT, part, f"{node.name} must not return this.")
        elif (
            value is not None and value.cls is not None and value.cls.known and not value.cls.is_a(*_RESULTS[node.name])
        ):
            ctx.report(SPECIAL_RESULT, part, f"{node.name} must not return a {value.cls.name}.")
        elif (
            node.name in ("__len__", "__length_hint__")
            and isinstance(part.value, ast.UnaryOp)
            and isinstance(part.value.op, ast.USub)
            and isinstance(part.value.operand, ast.Constant)
        ):
            ctx.report(SPECIAL_RESULT, part, f"{node.name} must not be negative.")


def _init(node: ast.FunctionDef | ast.AsyncFunctionDef, ctx: Context) -> None:
    if node.name != "__init__" or not isinstance(ctx.parent(node), ast.ClassDef):
        return
    if isinstance(node, ast.AsyncFunctionDef):
        ctx.report(INIT_RESULT, node, "__init__ cannot be async.")
        return
    for part in own_nodes(node):
        if isinstance(part, ast.Yield | ast.YieldFrom) and ctx.function_around(part) is node:
            ctx.report(INIT_RESULT, part, "__init__ cannot be a generator.")
        elif isinstance(part, ast.Return) and part.value is not None:
            value = ctx.value(part.value)
            none = isinstance(part.value, ast.Constant) and part.value.value is None
            if not none and not (value is not None and value.is_none) and not isinstance(part.value, ast.Call):
                ctx.report(INIT_RESULT, part, "__init__ must return None.")


def _equality(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    own = cls.members
    if not cls.known or node.decorator_list or ctx.is_test:
        return
    inherited = any("__eq__" in c.members for c in cls.ancestors[1:] if c.qualified != "builtins.object")
    if "__hash__" in own and own["__hash__"].function is not None and "__eq__" not in own and not inherited:
        ctx.report(
            EQ_WITHOUT_HASH, own["__hash__"].node or node, "There is a __hash__, but equality is still by identity."
        )
    elif "__ne__" in own and "__eq__" not in own and not inherited:
        ctx.report(EQ_WITHOUT_HASH, own["__ne__"].node or node, "There is a __ne__, but no __eq__.")


def _exit(node: ast.FunctionDef, ctx: Context) -> None:
    if node.name != "__exit__" or len(node.args.args) != 4:
        return
    value = node.args.args[2].arg
    for part in own_nodes(node):
        if (
            isinstance(part, ast.Raise)
            and isinstance(part.exc, ast.Name)
            and part.exc.id == value
            and part.cause is None
        ):
            ctx.report(EXIT_RERAISES, part, "Python raises the exception again by itself.")


RULES = (
    SPECIAL_SIGNATURE,
    SPECIAL_RESULT,
    INIT_RESULT,
    EXIT_RERAISES,
    EQ_WITHOUT_HASH,
)
CHECKS = (
    on(ast.ClassDef, _special_methods),
    on(ast.ClassDef, _equality),
    on(ast.FunctionDef, _results),
    on(ast.FunctionDef, _init),
    on(ast.AsyncFunctionDef, _init),
    on(ast.FunctionDef, _exit),
)

"""Classes that cannot be made, or break what Python expects of them."""

import ast
import itertools

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.scopes import FUNCTIONS, FunctionNode
from codereview.analysers.bugs.model.walking import body_without_docstring, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, define, on
from codereview.analysers.bugs.rules.calls import _expects_error as expects_error

NO_SELF = define(
    "method-without-self",
    "Method without a parameter for its instance",
    severity=HIGH,
    confidence=SURE,
    description="A method is called with the instance first; this one takes no positional argument at all.",
    scenario="TypeError: takes 0 positional arguments but 1 was given, on every call through an instance.",
    fix="Add self (or cls), or make it a staticmethod.",
    family="method-without-self",
    valid=("class A:\n    def f(self):\n        pass\n", "class A:\n    @staticmethod\n    def f():\n        pass\n"),
    invalid=(
        "class A:\n    def f():\n        pass\n",
        "class A:\n    @property\n    def f():\n        return 1\n",
        "class A:\n    def f(*, self):\n        pass\n",
    ),
)
WRONG_FIRST = define(
    "first-parameter-name",
    "First parameter that says something else than it is",
    severity=LOW,
    confidence=LIKELY,
    description="A method's first parameter is the instance, a classmethod's the class; a static method has neither.",
    scenario="The first argument lands in the wrong parameter: a forgotten self, or a forgotten decorator.",
    fix="Name it self or cls, or correct the decorator.",
    family="invalid-first-argument",
    valid=(
        "class A:\n    def f(self):\n        pass\n\n    @classmethod\n    def g(cls):\n        pass\n",
        "class M(type):\n    def f(cls):\n        pass\n",
    ),
    invalid=(
        "class A:\n    def f(x, y):\n        pass\n",
        "class A:\n    @staticmethod\n    def f(self):\n        pass\n",
        "class A:\n    @classmethod\n    def f(self):\n        pass\n",
    ),
)
SPECIAL_SIGNATURE = define(
    "special-method-signature",
    "Special method with the wrong parameters",
    severity=HIGH,
    confidence=SURE,
    description="Python calls special methods itself, with a fixed number of arguments, which this one does not take.",
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
    description="__str__ must give a str, __len__ a non-negative int, __bool__ a bool, __iter__ an iterator and so on.",
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
ABSTRACT_INSTANCE = define(
    "abstract-instance",
    "Instance of an abstract class",
    severity=HIGH,
    confidence=SURE,
    description="The class has abstract methods that neither it nor its bases implement.",
    scenario="TypeError: Can't instantiate abstract class, on every call.",
    fix="Implement the methods, or make an instance of a subclass.",
    family="abstract-instance",
    valid=(
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n\n\nclass B(A):\n    def f(self):\n        pass\n\n\nB()\n",
        "class A:\n    def f(self):\n        raise NotImplementedError\n\n\nA()\n",
    ),
    invalid=(
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n\n\nA()\n",
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n\n\nclass B(A):\n    pass\n\n\nB()\n",
    ),
)
BAD_BASES = define(
    "bad-base-class",
    "Base classes that do not go together",
    severity=HIGH,
    confidence=SURE,
    description="A base is not a class, is named twice, may not be inherited from, or the bases have no consistent order.",
    scenario="TypeError as soon as the class statement runs, so the module cannot be imported.",
    fix="Correct the list of bases: the more specific class first, each once.",
    family="bad-base-class",
    valid=(
        "class A:\n    pass\n\n\nclass B(A):\n    pass\n\n\nclass C(B, A):\n    pass\n",
        "import collections\n\n\nclass P(collections.namedtuple('P', 'x y')):\n    pass\n",
    ),
    invalid=(
        "class A:\n    pass\n\n\nclass B(A):\n    pass\n\n\nclass C(A, B):\n    pass\n",
        "class A:\n    pass\n\n\nclass B(A, A):\n    pass\n",
        "class A(bool):\n    pass\n",
        "def f():\n    pass\n\n\nclass A(f):\n    pass\n",
        "class A('object'):\n    pass\n",
    ),
)
EQ_WITHOUT_HASH = define(
    "eq-without-hash",
    "__eq__ without __hash__ in a class used as a key",
    severity=LOW,
    confidence=LIKELY,
    description="Defining __eq__ alone sets __hash__ to None; defining __hash__ alone leaves equality by identity.",
    scenario="TypeError: unhashable type, the first time an instance is put into a set or used as a key.",
    fix="Define both.",
    family="eq-without-hash",
    valid=(
        "class A:\n    def __eq__(self, other):\n        return True\n\n    def __hash__(self):\n        return 1\n",
        "class A:\n    pass\n\n\nx = {A(): 1}\n",
    ),
    invalid=(
        "class A:\n    def __hash__(self):\n        return 1\n",
        "class A:\n    def __ne__(self, other):\n        return True\n",
    ),
)
SUPER_ARGUMENTS = define(
    "wrong-super",
    "super() with the wrong class, or without a call",
    severity=HIGH,
    confidence=LIKELY,
    description="super() must name the class whose method it stands in; super(type(self), self) recurses in subclasses.",
    scenario="Methods of a base class are skipped, or RecursionError in the first subclass.",
    fix="Write super().",
    family="wrong-super",
    valid=(
        "class A:\n    def f(self):\n        super().__init__()\n",
        "class A:\n    def f(self):\n        super(A, self).__init__()\n",
    ),
    invalid=(
        "class A:\n    pass\n\n\nclass B(A):\n    def __init__(self):\n        super(A, self).__init__()\n",
        "class A:\n    def __init__(self):\n        super(type(self), self).__init__()\n",
        "class A:\n    def f(self):\n        super.f()\n",
        "class A:\n    def f(self):\n        super(self.__class__, self).f()\n",
    ),
)
SELF_REASSIGNED = define(
    "self-reassigned",
    "self or cls given another value",
    severity=LOW,
    confidence=LIKELY,
    description="Assigning to the first parameter changes only the local name, not the instance.",
    scenario="The caller's object stays as it was.",
    fix="Use another name, or change the attributes.",
    family="self-or-cls-assignment",
    valid=(
        "class A:\n    def f(self):\n        self.x = 1\n",
        "class A:\n    @staticmethod\n    def f(x):\n        x = 1\n",
    ),
    invalid=(
        "class A:\n    def f(self, other):\n        self = other\n",
        "class A:\n    @classmethod\n    def f(cls):\n        cls = 1\n",
    ),
)
PROPERTY_PARAMETERS = define(
    "property-with-parameters",
    "Property with parameters",
    severity=HIGH,
    confidence=SURE,
    description="A property is read without parentheses, so its getter can be given nothing; a setter takes one value.",
    scenario="TypeError whenever the property is read or set.",
    fix="Make it a method, or drop the parameters.",
    family="property-with-parameters",
    valid=(
        "class A:\n    @property\n    def x(self):\n        return 1\n",
        "class A:\n    @property\n    def x(self):\n        return 1\n\n    @x.setter\n    def x(self, value):\n        pass\n",
    ),
    invalid=(
        "class A:\n    @property\n    def x(self, y):\n        return y\n",
        "class A:\n    @property\n    def x(self):\n        return 1\n\n    @x.setter\n    def x(self):\n        pass\n",
    ),
)
PROPERTY_NO_RETURN = define(
    "property-without-return",
    "Property that gives nothing",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The getter has no return and raises nothing, so reading the property always gives None.",
    scenario="The value that was computed is thrown away; whoever reads the property gets None.",
    fix="Add the return.",
    family="property-without-return",
    valid=(
        "class A:\n    @property\n    def x(self):\n        return 1\n",
        "class A:\n    @property\n    def x(self):\n        raise AttributeError\n",
    ),
    invalid=(
        "class A:\n    @property\n    def x(self):\n        self._x + 1\n",
        "class A:\n    @property\n    def x(self):\n        if self.y:\n            self.load()\n",
    ),
)
METHOD_HIDDEN = define(
    "method-hidden",
    "Attribute that hides a method, or a method defined twice",
    severity=MEDIUM,
    confidence=LIKELY,
    description="__init__ assigns an instance attribute of the same name as a method, or the class body defines it again.",
    scenario="Calling the method fails with 'not callable', or runs the other definition.",
    fix="Give them different names.",
    family="redefined",
    valid=(
        "class A:\n    def __init__(self):\n        self._size = 1\n\n    def size(self):\n        return self._size\n",
        "class A:\n    @property\n    def x(self):\n        return 1\n\n    @x.setter\n    def x(self, v):\n        pass\n",
    ),
    invalid=(
        "class A:\n    def __init__(self):\n        self.size = 1\n\n    def size(self):\n        return self.size\n",
        "class A:\n    def f(self):\n        return 1\n\n    def f(self):\n        return 2\n",
    ),
)
UNCALLED_PARENT = define(
    "unrelated-init",
    "__init__ of a class that is no base",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The constructor of a class is called with self, but that class is not among the bases.",
    scenario="The wrong initialisation runs; what the real base sets is missing.",
    fix="Call super().__init__().",
    family="unrelated-init",
    valid=(
        "class A:\n    pass\n\n\nclass B(A):\n    def __init__(self):\n        A.__init__(self)\n",
        "class B:\n    def __init__(self):\n        super().__init__()\n",
    ),
    invalid=(
        "class A:\n    pass\n\n\nclass C:\n    pass\n\n\nclass B(A):\n    def __init__(self):\n        C.__init__(self)\n",
        "class B(dict):\n    def __init__(self):\n        list.__init__(self)\n",
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
        "class A:\n    def __exit__(self, kind, value, trace):\n        if value:\n            raise value\n",
    ),
)
EMPTY_ABSTRACT = define(
    "abstract-without-abstract",
    "Abstract base class without abstract methods",
    severity=LOW,
    confidence=UNSURE,
    description="The class derives from ABC, has methods, and none of them is abstract, so it can be instantiated.",
    scenario="An empty method that subclasses were meant to implement silently does nothing.",
    fix="Decorate the methods that must be implemented with abstractmethod.",
    family="abstract-without-abstract",
    valid=(
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self):\n        pass\n",
        "class A:\n    def f(self):\n        pass\n",
    ),
    invalid=(
        "import abc\n\n\nclass A(abc.ABC):\n    def f(self):\n        pass\n",
        "from abc import ABCMeta\n\n\nclass A(metaclass=ABCMeta):\n    def f(self):\n        ...\n",
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
_FINAL = (
    "builtins.bool",
    "types.NoneType",
    "builtins.slice",
    "builtins.range",
    "builtins.memoryview",
    "types.FunctionType",
    "types.EllipsisType",
)
_ASYNC = ("__aenter__", "__aexit__", "__anext__")


def _methods(node: ast.ClassDef) -> list[FunctionNode]:
    return [item for item in node.body if isinstance(item, FUNCTIONS)]


def _method_shapes(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    metaclass = cls.is_a("builtins.type") or (not cls.known and any("Meta" in ast.unparse(b) for b in node.bases))
    for method in _methods(node):
        function = ctx.method(method)
        accessor = any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in method.decorator_list)
        names = [] if accessor else ctx.decorators(method)
        if "" in names or (not function.transparent and any(n not in _HARMLESS for n in names)):
            continue
        positional = [*method.args.posonlyargs, *method.args.args]
        if (
            function.kind in ("method", "property", "classmethod")
            and not positional
            and method.args.vararg is None
            and not _used_by_name(method, ctx)
        ):
            ctx.report(
                NO_SELF,
                method,
                f"{method.name}() has no parameter for {'the class' if function.kind == 'classmethod' else 'its instance'}.",
            )
        elif positional:
            _first_name(method, positional[0].arg, function.kind, ctx, metaclass=metaclass)
        if function.kind == "property":
            _property(method, ctx)
        elif method.name in _ARITY and function.kind == "method":
            _special(method, ctx)
        if (
            method.name in ("__new__", "__init_subclass__", "__class_getitem__")
            and not positional
            and method.args.vararg is None
            and function.kind == "staticmethod"
        ):
            ctx.report(NO_SELF, method, f"{method.name}() has no parameter for the class.")


_HARMLESS = frozenset(
    {"contextlib.contextmanager", "contextlib.asynccontextmanager", "typing.overload", "functools.wraps()"}
)


def _first_name(method: FunctionNode, name: str, kind: str, ctx: Context, *, metaclass: bool) -> None:
    clean = name.lstrip("_")
    if kind == "staticmethod" and method.name != "__new__":
        wrong = name in ("self", "cls", "mcs", "metacls")
    elif kind == "classmethod":
        wrong = clean == "self"
    elif kind == "method" and not metaclass:
        wrong = (
            clean not in ("self", "this", "me", "s", "slf")
            and not name.startswith("_")
            and len(clean) > 0
            and not _other_role(method, ctx)
        )
    else:
        wrong = False
    if (wrong and method.decorator_list != []) or (wrong and kind == "method"):
        ctx.report(WRONG_FIRST, method, f"The first parameter of this {kind} is called '{name}'.")


def _other_role(method: FunctionNode, ctx: Context) -> bool:
    """Whether the body uses the function as something else than a method: within the class statement."""
    first = method.args.args[0].arg if method.args.args else ""
    if first in ("cls", "klass", "mcs", "mcls", "metacls") and method.name in (
        "__init_subclass__",
        "__class_getitem__",
        "__new__",
        "__prepare__",
    ):
        return True
    owner = ctx.parent(method)
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    declarative = any(ast.unparse(b).rpartition(".")[2] in ("Interface", "BaseModel", "Protocol") for b in bases)
    return declarative or _used_by_name(method, ctx)


def _used_by_name(method: FunctionNode, ctx: Context) -> bool:
    """Whether the class body itself calls or hands on the function."""
    owner = ctx.parent(method)
    others = [item for item in getattr(owner, "body", []) if item is not method]
    return any(isinstance(n, ast.Name) and n.id == method.name for item in others for n in _class_level_names(item))


def _class_level_names(item: ast.AST) -> list[ast.AST]:
    if isinstance(item, FUNCTIONS):
        return [n for d in item.decorator_list for n in ast.walk(d)]
    return list(ast.walk(item)) if isinstance(item, ast.Assign | ast.Expr | ast.AnnAssign) else []


def _property(method: FunctionNode, ctx: Context) -> None:
    accessor = next((d.attr for d in method.decorator_list if isinstance(d, ast.Attribute)), "")
    positional = [*method.args.posonlyargs, *method.args.args]
    required = len(positional) - len(method.args.defaults) - 1
    if accessor in ("setter", "deleter"):
        wanted = 1 if accessor == "setter" else 0
        if required != wanted and method.args.vararg is None and not (required < wanted <= len(positional) - 1):
            ctx.report(PROPERTY_PARAMETERS, method, f"The {accessor} takes {required} values.")
        return
    if "property" not in " ".join(ctx.decorators(method)):
        return
    if required > 0 or any(default is None for default in method.args.kw_defaults):
        ctx.report(PROPERTY_PARAMETERS, method, "A property can be given no arguments.")
    body = body_without_docstring(method.body)
    gives = any(isinstance(n, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom) for n in own_nodes(method))
    stub = all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)
    ends = any(isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and ctx.never_returns(s.value) for s in body)
    if not gives and not stub and not ends and not ctx.method(method).is_abstract and not ctx.is_test:
        ctx.report(PROPERTY_NO_RETURN, method, f"Reading {method.name} always gives None.")


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


def _instance(node: ast.Call, ctx: Context) -> None:
    called = ctx.value(node.func)
    if called is None or called.kind != "class" or called.cls is None or called.name == "cls":
        return
    cls = called.cls
    missing = _abstract(cls) if cls.node is not None and cls.known else []
    if missing and not expects_error(node, ctx) and not ctx.in_try(node, "TypeError"):
        ctx.report(ABSTRACT_INSTANCE, node, f"{cls.name} has abstract methods: {', '.join(missing[:3])}.")


def _abstract(cls: Class) -> list[str]:
    """Names of the abstract methods that are left."""
    if not any(
        c.metaclass == "abc.ABCMeta" and (c.node is not None or c.qualified == "abc.ABC") for c in cls.ancestors
    ):
        return []
    if any(c.node is None and c.qualified not in ("abc.ABC", "builtins.object") for c in cls.ancestors):
        return []
    found = []
    for ancestor in cls.ancestors:
        for name, member in ancestor.members.items():
            first = cls.find(name)
            if member.function is not None and member.function.is_abstract and first is member:
                found.append(name)
    return found


def _bases(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    seen: list[str] = []
    for base in node.bases:
        if isinstance(base, ast.Starred):
            return
        text = ast.dump(base)
        value = ctx.value(base)
        if text in seen:
            ctx.report(BAD_BASES, base, "This base is named twice.")
        elif value is not None and (
            value.kind == "module"
            or (value.kind == "function" and value.function is not None and value.function.node is not None)
        ):
            ctx.report(BAD_BASES, base, "This base is not a class.")
        elif (
            value is not None
            and value.kind == "instance"
            and value.cls is not None
            and value.cls.known
            and not value.cls.has("__mro_entries__")
        ):
            if value.cls.node is None or not value.cls.is_a("builtins.type"):
                ctx.report(BAD_BASES, base, "This base is not a class.")
        elif value is not None and value.kind == "class" and value.cls is not None:
            if value.cls.qualified in _FINAL:
                ctx.report(BAD_BASES, base, f"{value.cls.name} cannot be inherited from.")
            elif value.cls.node is not None and value.cls.is_a("enum.Enum") and _has_members(value.cls):
                ctx.report(BAD_BASES, base, f"An enumeration with members, like {value.cls.name}, cannot be extended.")
        seen.append(text)
    if len(node.bases) > 1 and cls.known and cls.linearised() is None:
        ctx.report(BAD_BASES, node, "The bases have no consistent method resolution order.")


def _has_members(cls: Class) -> bool:
    return any(m.value is not None and not n.startswith("_") and m.function is None for n, m in cls.members.items())


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


def _super(node: ast.Call, ctx: Context) -> None:
    if not isinstance(node.func, ast.Name) or node.func.id != "super" or len(node.args) != 2:
        return
    function = ctx.function_around(node)
    owner = ctx.parent(function) if function is not None else None
    if not isinstance(owner, ast.ClassDef) or not isinstance(function, FUNCTIONS):
        return
    first, second = node.args
    by_instance = (isinstance(first, ast.Call) and ast.unparse(first.func) == "type") or (
        isinstance(first, ast.Attribute) and first.attr == "__class__"
    )
    if (
        by_instance
        and isinstance(second, ast.Name)
        and function.args.args
        and second.id == function.args.args[0].arg
        and ctx.method(function).kind == "method"
    ):
        ctx.report(SUPER_ARGUMENTS, node, "In a subclass this finds the same method again, without end.")
        return
    if isinstance(first, ast.Name) and first.id != owner.name:
        value = ctx.value(first)
        cls = ctx.project.class_at(owner, ctx.module)
        alias = ctx.index.scope_at(owner).resolve(first.id)
        outer = ctx.enclosing(owner, ast.ClassDef)
        if value is not None and value.kind == "class" and value.cls is not cls and alias is not None and outer is None:
            ctx.report(SUPER_ARGUMENTS, node, f"This stands in {owner.name}, but names {first.id}.")


def _uncalled_super(node: ast.Attribute, ctx: Context) -> None:
    if not isinstance(node.value, ast.Name) or node.value.id != "super":
        return
    parent = ctx.parent(node)
    unbound = node.attr.startswith("__") and isinstance(parent, ast.Call) and bool(parent.args)
    if not unbound and ctx.qualified(node.value) == "builtins.super":
        ctx.report(SUPER_ARGUMENTS, node, "super is not called.")


def _reassigned(node: ast.FunctionDef | ast.AsyncFunctionDef, ctx: Context) -> None:
    if not isinstance(ctx.parent(node), ast.ClassDef) or not node.args.args:
        return
    kind = ctx.method(node).kind
    first = node.args.args[0].arg
    if kind not in ("method", "classmethod", "property") or first not in ("self", "cls") or node.name == "__new__":
        return
    for binding in ctx.index.scopes[node].bindings.get(first, [])[1:]:
        ctx.report(SELF_REASSIGNED, binding.node, f"This changes the local name '{first}' only.")


def _hidden(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    scope = ctx.index.scopes[node]
    for method in _methods(node):
        if method.name != "__init__" or not method.args.args:
            continue
        for part in own_nodes(method):
            target = (
                isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and isinstance(part.value, ast.Name)
            )
            if not target or part.value.id != method.args.args[0].arg:  # type: ignore[attr-defined]
                continue
            name = part.attr  # type: ignore[attr-defined]
            member = cls.members.get(name)
            statement = ctx.statement(part)
            value = getattr(statement, "value", None)
            plain = (
                isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Tuple | ast.Name)
                and getattr(value, "value", None) is not None
            )
            called = _same_parameter(value, method, name)
            if (
                member is not None
                and member.function is not None
                and member.function.kind == "method"
                and isinstance(member.function.node, ast.FunctionDef | ast.AsyncFunctionDef)
                and not member.function.node.decorator_list
                and plain
                and not called
            ):
                ctx.report(METHOD_HIDDEN, part, f"This hides the method {name}().")
    if ctx.is_test:
        return
    for name, bindings in scope.bindings.items():
        definitions = [b.node for b in bindings if isinstance(b.node, FUNCTIONS)]
        for earlier, later in itertools.pairwise(definitions):
            direct = ctx.parent(earlier) is node and ctx.parent(later) is node
            if direct and not earlier.decorator_list and not later.decorator_list and name != "_":
                ctx.report(METHOD_HIDDEN, later, f"{name}() is defined again; the definition above is lost.")


def _same_parameter(value: ast.expr | None, method: FunctionNode, name: str) -> bool:
    """Whether a callable is handed in: ``self.f = f``."""
    parameters = {a.arg for a in (*method.args.args, *method.args.kwonlyargs, *method.args.posonlyargs)}
    return isinstance(value, ast.Name) and value.id in parameters


def _foreign_init(node: ast.Call, ctx: Context) -> None:
    if (
        not isinstance(node.func, ast.Attribute)
        or node.func.attr != "__init__"
        or not node.args
        or not isinstance(node.args[0], ast.Name)
    ):
        return
    function = ctx.function_around(node)
    owner = ctx.parent(function) if function is not None else None
    if not isinstance(owner, ast.ClassDef) or not isinstance(function, FUNCTIONS) or function.name != "__init__":
        return
    called = ctx.value(node.func.value)
    cls = ctx.project.class_at(owner, ctx.module)
    first = function.args.args[0].arg if function.args.args else ""
    if (
        called is not None
        and called.kind == "class"
        and called.cls is not None
        and cls.known
        and node.args[0].id == first
    ) and called.cls not in cls.ancestors:
        ctx.report(UNCALLED_PARENT, node, f"{called.cls.name} is not a base of {cls.name}.")


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


def _abc(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    direct = any(ctx.qualified(b) == "abc.ABC" for b in node.bases) or any(
        k.arg == "metaclass" and ctx.qualified(k.value) == "abc.ABCMeta" for k in node.keywords
    )
    methods = _methods(node)
    if (
        not direct
        or not methods
        or len(node.bases) > 1
        or any(function.is_abstract for c in cls.ancestors for function in c.methods())
    ):
        return
    if any(isinstance(s, ast.Assign | ast.AnnAssign) and getattr(s, "value", None) is None for s in node.body):
        return
    empty = [
        m
        for m in methods
        if all(
            isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in m.body
        )
    ]
    if empty and not any(m.decorator_list for m in empty):
        ctx.report(EMPTY_ABSTRACT, node, f"{node.name} has no abstract method, and {empty[0].name}() does nothing.")


RULES = (
    *(
        NO_SELF,
        WRONG_FIRST,
        SPECIAL_SIGNATURE,
        SPECIAL_RESULT,
        INIT_RESULT,
        ABSTRACT_INSTANCE,
        BAD_BASES,
        EQ_WITHOUT_HASH,
    ),
    *(SUPER_ARGUMENTS, SELF_REASSIGNED, PROPERTY_PARAMETERS, PROPERTY_NO_RETURN, METHOD_HIDDEN, UNCALLED_PARENT),
    *(EXIT_RERAISES, EMPTY_ABSTRACT),
)
CHECKS = (
    on(ast.ClassDef, _method_shapes),
    on(ast.ClassDef, _bases),
    on(ast.ClassDef, _equality),
    on(ast.ClassDef, _hidden),
    on(ast.ClassDef, _abc),
    on(ast.FunctionDef, _results),
    on(ast.FunctionDef, _init),
    on(ast.AsyncFunctionDef, _init),
    on(ast.FunctionDef, _reassigned),
    on(ast.AsyncFunctionDef, _reassigned),
    on(ast.FunctionDef, _exit),
    on(ast.Call, _instance),
    on(ast.Call, _super),
    on(ast.Call, _foreign_init),
    on(ast.Attribute, _uncalled_super),
)

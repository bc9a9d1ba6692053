"""Operations on values that do not have them."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class, Value
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.rules.calls import _expects_error as expects_error
from codereview.domain.rules import Rule

NOT_ITERABLE = define(
    "not-iterable",
    "Iteration over something that is not iterable",
    severity=HIGH,
    confidence=SURE,
    description="A loop, unpacking or star needs an iterable; this value has neither __iter__ nor __getitem__.",
    scenario="TypeError: object is not iterable. `for i in len(items)` is the usual case.",
    fix="Iterate over the collection, or over range().",
    valid=(
        "for i in range(3):\n    pass\n",
        "class Bag:\n    def __iter__(self):\n        return iter([])\n\n\nfor item in Bag():\n    pass\n",
    ),
    invalid=(
        "items = []\nfor i in len(items):\n    pass\n",
        "for i in 10:\n    pass\n",
        "class Bag:\n    pass\n\n\nitems = [item for item in Bag()]\n",
    ),
)
NOT_SUBSCRIPTABLE = define(
    "not-subscriptable",
    "Subscript of something without items",
    severity=HIGH,
    confidence=SURE,
    description="The value before the brackets has no __getitem__ (for classes: no __class_getitem__).",
    scenario="TypeError: object is not subscriptable, each time the line runs.",
    fix="Index the value that was meant, or call the function first.",
    valid=(
        "x = [1][0]\n",
        "class Row:\n    def __getitem__(self, key):\n        return key\n\n\nRow()[1]\n",
        "x: list[int] = []\n",
    ),
    invalid=(
        "def rows():\n    return [1]\n\n\nfirst = rows[0]\n",
        "x = {1, 2}\nx[0]\n",
        "class Row:\n    pass\n\n\nRow()[0]\n",
    ),
)
ITEM_ASSIGNMENT = define(
    "item-assignment",
    "Item assigned to or deleted from something that cannot change",
    severity=HIGH,
    confidence=SURE,
    description="Strings, bytes, tuples, numbers and many objects have no __setitem__ or __delitem__.",
    scenario="TypeError: object does not support item assignment, each time the line runs.",
    fix="Build a new value, or use a list or dict.",
    valid=("x = [1]\nx[0] = 2\n", "x = {}\nx['a'] = 1\ndel x['a']\n"),
    invalid=("x = 'abc'\nx[0] = 'z'\n", "x = (1, 2)\nx[0] = 3\n", "x = (1, 2)\ndel x[0]\n"),
)
NOT_A_CONTAINER = define(
    "not-a-container",
    "Membership test on something that is not a container",
    severity=HIGH,
    confidence=SURE,
    description="The right side of `in` has none of __contains__, __iter__ and __getitem__.",
    scenario="TypeError: argument is not iterable, each time the test is made.",
    fix="Test against the collection that was meant.",
    valid=("1 in [1]\n", "class Bag:\n    def __contains__(self, item):\n        return True\n\n\n1 in Bag()\n"),
    invalid=("1 in 10\n", "class Bag:\n    pass\n\n\n1 in Bag()\n", "def names():\n    return []\n\n\n'a' in names\n"),
)
BAD_UNARY = define(
    "bad-unary-operand",
    "Operand that the operator does not take",
    severity=HIGH,
    confidence=SURE,
    description="-, + and ~ work on numbers and on classes that define them.",
    scenario="TypeError: bad operand type for unary operator, each time the line runs.",
    fix="Apply the operator to a number.",
    valid=("-1\n", "x = 3\n~x\n", "from datetime import timedelta\n\n-timedelta(1)\n"),
    invalid=("x = -'1'\n", "x = ~[]\n", "x = ~2.0\n", "class Box:\n    pass\n\n\nx = -Box()\n"),
)
BAD_BINARY = define(
    "bad-operands",
    "Operands that do not go together",
    severity=HIGH,
    confidence=SURE,
    description="The two built-in types have no such operation between them: a string plus a number, a list minus a list.",
    scenario="TypeError: unsupported operand types, each time the line runs.",
    fix="Convert one side, or format the text.",
    valid=("x = 'a' + str(1)\n", "x = 'a' * 3\n", "x = [1] + [2]\n", "x = {1} - {2}\n"),
    invalid=("x = 'total: ' + 1\n", "x = [1] - [2]\n", "x = 'a' + b'b'\n", "x = {} + {}\n", "x = 1 < 'a'\n"),
)
BAD_INDEX = define(
    "bad-index-type",
    "Sequence indexed with something that is not a number",
    severity=HIGH,
    confidence=SURE,
    description="Lists, tuples, strings, bytes and ranges take integers and slices of integers.",
    scenario="TypeError: indices must be integers or slices, each time the line runs.",
    fix="Index with an integer, or use a dict.",
    valid=("x = [1]\nx[0]\nx[True]\nx[:1]\n", "x = {}\nx['a']\n"),
    invalid=("x = [1]\nx['a']\n", "x = [1, 2]\nx[0, 1]\n", "x = 'abc'\nx['0':'1']\n", "x = (1, 2)\nx[1.0]\n"),
)
UNHASHABLE = define(
    "unhashable",
    "Unhashable value used as a key or set element",
    severity=HIGH,
    confidence=SURE,
    description="Lists, dicts, sets and classes that define __eq__ without __hash__ cannot be keys.",
    scenario="TypeError: unhashable type, each time the line runs.",
    fix="Use a tuple or frozenset, or define __hash__.",
    valid=("x = {(1, 2): 3}\n", "x = {frozenset({1})}\n", "hash((1, 2))\n"),
    invalid=("x = {[1, 2]: 3}\n", "x = {{}}\n", "hash([])\n", "x = {}\nx[[1]] = 2\n"),
)
NOT_A_CONTEXT_MANAGER = define(
    "not-a-context-manager",
    "with on something that is not a context manager",
    severity=HIGH,
    confidence=SURE,
    description="`with` needs __enter__ and __exit__, `async with` needs __aenter__ and __aexit__.",
    scenario="TypeError or AttributeError before the block begins, each time.",
    fix="Use the matching kind of with, or decorate the generator with contextmanager.",
    valid=(
        "with open('x') as f:\n    pass\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield\n\n\nwith cm():\n    pass\n",
    ),
    invalid=(
        "def cm():\n    yield 1\n\n\nwith cm() as x:\n    pass\n",
        "class Lock:\n    def __enter__(self):\n        return self\n\n\nwith Lock():\n    pass\n",
        "import contextlib\n\n\n@contextlib.contextmanager\ndef cm():\n    yield\n\n\nasync def f():\n    async with cm():\n        pass\n",
    ),
)
NOT_A_MAPPING = define(
    "not-a-mapping",
    "** on something that is not a mapping",
    severity=HIGH,
    confidence=SURE,
    description="** takes a mapping: an object with keys() and __getitem__.",
    scenario="TypeError: argument after ** must be a mapping, each time the line runs.",
    fix="Pass a dict.",
    valid=("print(**{'end': ''})\n", "x = {**{'a': 1}}\n"),
    invalid=("print(**[1])\n", "x = {**'abc'}\n", "def f():\n    yield\n\n\nprint(**f())\n"),
)
UNPACKING = define(
    "unbalanced-unpacking",
    "Unpacking into a different number of names",
    severity=HIGH,
    confidence=SURE,
    description="The right side is known to have a number of elements that the left side does not take.",
    scenario="ValueError: too many, or not enough, values to unpack, each time the line runs.",
    fix="Give as many names as there are values, or star one of them.",
    valid=("a, b = 1, 2\n", "a, *b = 1, 2, 3\n", "a, b = 'xy'\n"),
    invalid=("a, b = 1, 2, 3\n", "a, b, c = [1, 2]\n", "a, *b, c = (1,)\n", "for a, b in [(1, 2, 3)]:\n    pass\n"),
)
AWAIT_OF_PLAIN = define(
    "await-not-awaitable",
    "await on something that cannot be awaited",
    severity=HIGH,
    confidence=SURE,
    description="The awaited value is known to have no __await__, or an async loop runs over a plain iterable.",
    scenario="TypeError: object can't be used in 'await' expression, each time the line runs.",
    fix="Call it without await, or make the function async.",
    valid=(
        "async def f():\n    pass\n\n\nasync def g():\n    await f()\n",
        "import asyncio\n\n\nasync def g():\n    await asyncio.sleep(1)\n",
    ),
    invalid=(
        "import time\n\n\nasync def g():\n    await time.sleep(1)\n",
        "def f():\n    return 1\n\n\nasync def g():\n    await f()\n",
        "async def g():\n    async for x in [1, 2]:\n        pass\n",
    ),
)

_NUMERIC = ("builtins.int", "builtins.float", "builtins.bool", "builtins.complex")
_CLOSED = frozenset(
    {*_NUMERIC, "builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.set"}
    | {"types.NoneType", "types.GeneratorType"}
)
_OPERATOR_METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.MatMult: "matmul",
    ast.Mod: "mod",
}
_UNARY = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_SIZED_INDEX = ("builtins.list", "builtins.tuple", "builtins.str", "builtins.bytes", "builtins.range")


def _lacks(value: Value | None, *methods: str) -> bool:
    """Whether the value certainly has none of these methods."""
    if value is None or value.name == "self":
        return False
    if value.kind == "instance" and value.cls is not None:
        return value.cls.lacks(*methods)
    if value.kind == "class" and value.cls is not None:
        return value.cls.plain and value.cls.metaclass == "" and not any(value.cls.is_a(n) for n in ("enum.Enum",))
    return value.kind in ("function", "module")


def _report(rule: Rule, node: ast.AST, ctx: Context, message: str) -> None:
    if not ctx.in_try(node, "TypeError", "AttributeError", "ValueError") and not expects_error(node, ctx):
        ctx.report(rule, node, message)


def _describe(value: Value | None) -> str:
    if value is None:
        return "this"
    if value.kind == "function" and value.function is not None:
        return f"the function {value.function.name}"
    if value.kind == "module":
        return f"the module {value.name}"
    name = value.cls.name if value.cls is not None else "object"
    return "None" if value.is_none else f"the class {name}" if value.kind == "class" else f"a {name}"


def _iterated(node: ast.expr, ctx: Context) -> None:
    value = ctx.value(node)
    if _lacks(value, "__iter__", "__getitem__"):
        _report(NOT_ITERABLE, node, ctx, f"{_describe(value).capitalize()} cannot be iterated over.")


def _self_iterated(node: ast.expr, ctx: Context) -> None:
    """``for x in self`` in a class that certainly is not iterable and has no subclass here."""
    value = ctx.value(node)
    if value is None or value.name != "self" or value.kind != "instance" or value.cls is None:
        return
    if value.cls.lacks("__iter__", "__getitem__") and not _mixin(value.cls):
        _report(NOT_ITERABLE, node, ctx, f"{value.cls.name} has no __iter__.")


def _mixin(cls: Class) -> bool:
    abstract = any(function.is_abstract for c in cls.ancestors for function in c.methods())
    return (
        "mixin" in cls.name.lower()
        or abstract
        or cls.name.startswith(("Base", "Abstract"))
        or cls.name.endswith("Base")
    )


def _for(node: ast.For | ast.comprehension, ctx: Context) -> None:
    if isinstance(node, ast.comprehension) and node.is_async:
        return
    _iterated(node.iter, ctx)
    _self_iterated(node.iter, ctx)
    _unpacked_elements(node, ctx)


def _async_for(node: ast.AsyncFor, ctx: Context) -> None:
    value = ctx.value(node.iter)
    if value is not None and value.kind == "instance" and _lacks(value, "__aiter__"):
        _report(AWAIT_OF_PLAIN, node.iter, ctx, f"{_describe(value).capitalize()} is not an asynchronous iterable.")


def _starred(node: ast.Starred, ctx: Context) -> None:
    if isinstance(node.ctx, ast.Load) and not isinstance(ctx.parent(node), ast.Subscript):
        _iterated(node.value, ctx)


def _yield_from(node: ast.YieldFrom, ctx: Context) -> None:
    _iterated(node.value, ctx)


def _subscript(node: ast.Subscript, ctx: Context) -> None:
    value = ctx.value(node.value)
    if value is None:
        return
    if isinstance(node.ctx, ast.Load):
        if value.kind == "class" and value.cls is not None:
            if value.name != "cls" and value.cls.plain and not _generic(value.cls):
                _report(NOT_SUBSCRIPTABLE, node, ctx, f"{_describe(value).capitalize()} takes no subscript.")
        elif value.kind == "function" and value.function is not None:
            if value.function.node is not None and value.function.transparent:
                _report(
                    NOT_SUBSCRIPTABLE, node, ctx, f"{_describe(value).capitalize()} is not called before it is indexed."
                )
        elif _lacks(value, "__getitem__"):
            _report(NOT_SUBSCRIPTABLE, node, ctx, f"{_describe(value).capitalize()} takes no subscript.")
    elif value.kind == "instance":
        method = "__setitem__" if isinstance(node.ctx, ast.Store) else "__delitem__"
        if _lacks(value, method):
            _report(ITEM_ASSIGNMENT, node, ctx, f"{_describe(value).capitalize()} does not support this: no {method}.")
    if value.kind == "instance":
        _index(node, value, ctx)


def _generic(cls: Class) -> bool:
    """Whether the class takes type arguments at run time."""
    if cls.has("__class_getitem__"):
        return True
    for ancestor in cls.ancestors:
        node = ancestor.node
        if node is None:
            # What stubs say of type parameters is not kept: only closed built-in classes are certain.
            if ancestor.qualified not in (
                "builtins.object",
                "builtins.int",
                "builtins.float",
                "builtins.bool",
                "builtins.str",
            ):
                return True
        elif getattr(node, "type_parameter_names", ()) or any(
            "Generic" in ast.dump(b) or isinstance(b, ast.Subscript) for b in node.bases
        ):
            return True
    return False


def _index(node: ast.Subscript, value: Value, ctx: Context) -> None:
    if value.instance_of(*_SIZED_INDEX):
        parts = [node.slice]
        if isinstance(node.slice, ast.Slice):
            parts = [part for part in (node.slice.lower, node.slice.upper, node.slice.step) if part is not None]
        for part in parts:
            index = ctx.value(part)
            allowed = index is None or index.is_none if isinstance(node.slice, ast.Slice) else index is None
            if not allowed and index is not None and _bad_index(index):
                _report(BAD_INDEX, node, ctx, f"{_describe(value).capitalize()} is indexed with {_describe(index)}.")
                return
    if value.instance_of("builtins.dict"):
        _hashed(node.slice, ctx)


def _bad_index(index: Value) -> bool:
    if index.kind == "instance" and index.cls is not None:
        return index.cls.lacks("__index__") and not index.instance_of("builtins.slice")
    return index.kind in ("function", "module") or (index.kind == "class" and index.cls is not None and index.cls.plain)


def _hashed(node: ast.expr, ctx: Context) -> None:
    value = ctx.value(node)
    if isinstance(node, ast.Slice):
        _report(UNHASHABLE, node, ctx, "A dict cannot be sliced.") if ctx.index.parents else None
    elif value is not None and value.kind == "instance" and value.cls is not None and _unhashable(value.cls):
        _report(UNHASHABLE, node, ctx, f"{_describe(value).capitalize()} is not hashable.")


def _unhashable(cls: Class) -> bool:
    if not cls.known:
        return False
    for ancestor in cls.ancestors:
        member = ancestor.members.get("__hash__")
        if member is not None:
            none = isinstance(member.value, ast.Constant) and member.value.value is None
            return none or (ancestor.node is None and member.function is None)
        if ancestor.node is not None and "__eq__" in ancestor.members and not ancestor.node.decorator_list:
            return True
    return False


def _dict(node: ast.Dict, ctx: Context) -> None:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is not None:
            _hashed(key, ctx)
        elif _lacks(ctx.value(value), "keys"):
            _report(NOT_A_MAPPING, value, ctx, f"{_describe(ctx.value(value)).capitalize()} is not a mapping.")


def _set(node: ast.Set, ctx: Context) -> None:
    for element in node.elts:
        if not isinstance(element, ast.Starred):
            _hashed(element, ctx)


def _call(node: ast.Call, ctx: Context) -> None:
    if len(node.args) == 1 and ctx.calls(node, "builtins.hash"):
        _hashed(node.args[0], ctx)
    for keyword in node.keywords:
        if keyword.arg is None and _lacks(ctx.value(keyword.value), "keys"):
            _report(
                NOT_A_MAPPING,
                keyword.value,
                ctx,
                f"{_describe(ctx.value(keyword.value)).capitalize()} is not a mapping.",
            )


def _compare(node: ast.Compare, ctx: Context) -> None:
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            value = ctx.value(right)
            if _lacks(value, "__contains__", "__iter__", "__getitem__") and not (
                value and value.kind == "class" and _enum(value)
            ):
                _report(NOT_A_CONTAINER, right, ctx, f"{_describe(value).capitalize()} is not a container.")
        elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            _ordered(left, right, node, ctx)
        left = right


def _enum(value: Value) -> bool:
    return value.cls is not None and value.cls.metaclass != ""


def _ordered(left: ast.expr, right: ast.expr, node: ast.Compare, ctx: Context) -> None:
    a, b = ctx.value(left), ctx.value(right)
    if a is None or b is None or a.kind != "instance" or b.kind != "instance" or a.cls is None or b.cls is None:
        return
    kinds = {_family(a.cls), _family(b.cls)}
    if "" not in kinds and (len(kinds) > 1 or kinds & {"builtins.dict", "types.NoneType", "builtins.complex"}):
        _report(BAD_BINARY, node, ctx, f"{_describe(a).capitalize()} and {_describe(b)} have no order.")


def _family(cls: Class) -> str:
    if cls.qualified in ("builtins.int", "builtins.float", "builtins.bool"):
        return "number"
    return cls.qualified if cls.qualified in _CLOSED and cls.qualified != "builtins.set" else ""


def _unary(node: ast.UnaryOp, ctx: Context) -> None:
    method = _UNARY.get(type(node.op))
    if method is None:
        return
    value = ctx.value(node.operand)
    if _lacks(value, method):
        _report(BAD_UNARY, node, ctx, f"{_describe(value).capitalize()} has no {method}.")


def _binary(node: ast.BinOp, ctx: Context) -> None:
    name = _OPERATOR_METHODS.get(type(node.op))
    left, right = ctx.value(node.left), ctx.value(node.right)
    if name is None or left is None or right is None or left.kind != "instance" or right.kind != "instance":
        return
    if left.cls is None or right.cls is None or left.cls.qualified not in _CLOSED or right.cls.qualified not in _CLOSED:
        return
    if not _supports(type(node.op), left.cls.qualified, right.cls.qualified):
        _report(
            BAD_BINARY, node, ctx, f"{_describe(left).capitalize()} and {_describe(right)} do not go together here."
        )


def _supports(operator: type[ast.operator], left: str, right: str) -> bool:
    """Whether two built-in types have the operation between them."""
    numbers = left in _NUMERIC and right in _NUMERIC
    sequences = {"builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple"}
    integers = ("builtins.int", "builtins.bool")
    if operator is ast.Mod and left in ("builtins.str", "builtins.bytes"):
        return True
    if operator is ast.Add:
        return numbers or (left == right and left in sequences)
    if operator is ast.Mult:
        return numbers or (left in sequences and right in integers) or (right in sequences and left in integers)
    if operator in (ast.Sub, ast.BitAnd, ast.BitXor, ast.BitOr) and left == right == "builtins.set":
        return True
    if operator is ast.BitOr and left == right == "builtins.dict":
        return True
    if operator in (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift):
        return left in integers and right in integers
    if operator in (ast.Mod, ast.FloorDiv):
        return numbers and "builtins.complex" not in (left, right)
    return numbers and operator is not ast.MatMult


def _with(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        value = ctx.value(item.context_expr)
        if value is None or value.kind != "instance":
            continue
        ours = value.cls is not None and value.cls.node is not None
        lack = "__enter__" if _lacks(value, "__enter__") else "__exit__" if ours and _lacks(value, "__exit__") else ""
        if lack:
            _report(NOT_A_CONTEXT_MANAGER, item.context_expr, ctx, f"{_describe(value).capitalize()} has no {lack}.")


def _async_with(node: ast.AsyncWith, ctx: Context) -> None:
    for item in node.items:
        value = ctx.value(item.context_expr)
        plain = value is not None and value.kind == "instance" and _lacks(value, "__aenter__")
        if plain or _plain_manager(item.context_expr, ctx):
            _report(
                NOT_A_CONTEXT_MANAGER,
                item.context_expr,
                ctx,
                "This is not an asynchronous context manager: no __aenter__.",
            )


def _plain_manager(node: ast.expr, ctx: Context) -> bool:
    """A call of a function that ``contextlib.contextmanager`` decorates, or ``contextlib.suppress`` and the like."""
    if not isinstance(node, ast.Call):
        return False
    function = ctx.definition(node.func)
    if function is None or function.node is None or isinstance(function.node, ast.Lambda):
        return False
    return [ctx.qualified(d) for d in function.node.decorator_list] == ["contextlib.contextmanager"]


def _assign(node: ast.Assign, ctx: Context) -> None:
    for target in node.targets:
        if isinstance(target, ast.Tuple | ast.List):
            _unpack(target, node.value, node, ctx)


def _unpack(target: ast.Tuple | ast.List, source: ast.expr, node: ast.AST, ctx: Context) -> None:
    count = _length(source, ctx)
    if count is None:
        _iterated(source, ctx)
        return
    starred = sum(isinstance(element, ast.Starred) for element in target.elts)
    wanted = len(target.elts) - starred
    if count < wanted or (count > wanted and not starred):
        _report(UNPACKING, node, ctx, f"{count} values are unpacked into {wanted} names.")


def _length(source: ast.expr, ctx: Context) -> int | None:
    if isinstance(source, ast.List | ast.Tuple | ast.Set):
        return None if any(isinstance(e, ast.Starred) for e in source.elts) else len(source.elts)
    value = ctx.value(source)
    if value is None or value.kind != "instance":
        return None
    match value.node:
        case ast.Tuple(elts=elements) if not any(isinstance(e, ast.Starred) for e in elements):
            return len(elements)
        case ast.Constant(value=str() | bytes() as text) if isinstance(source, ast.Constant):
            return len(text)
        case _:
            pass
    return _returned_length(source, ctx)


def _returned_length(source: ast.expr, ctx: Context) -> int | None:
    """The length of the tuples a function of this file returns, when all have the same."""
    called = ctx.value(source.func) if isinstance(source, ast.Call) else None
    function = called.function if called is not None and called.kind == "function" else None
    node = function.node if function is not None and function.transparent else None
    if not isinstance(node, ast.FunctionDef) or node not in ctx.index.scopes:
        return None
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    nested = any(
        isinstance(n, ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef | ast.Yield)
        for n in ast.walk(node)
        if n is not node
    )
    sizes = {
        len(v.elts) if isinstance(v, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in v.elts) else -1
        for v in returned
    }
    return sizes.pop() if len(sizes) == 1 and -1 not in sizes and not nested else None


def _unpacked_elements(node: ast.For | ast.comprehension, ctx: Context) -> None:
    if isinstance(node.target, ast.Tuple | ast.List) and isinstance(node.iter, ast.List | ast.Tuple):
        for element in node.iter.elts:
            if isinstance(element, ast.Tuple | ast.List):
                _unpack(node.target, element, element, ctx)


def _await(node: ast.Await, ctx: Context) -> None:
    value = ctx.value(node.value)
    if value is not None and value.kind == "instance" and value.name != "self" and _lacks(value, "__await__"):
        generator_based = value.instance_of("types.GeneratorType")
        if not generator_based:
            _report(AWAIT_OF_PLAIN, node, ctx, f"{_describe(value).capitalize()} cannot be awaited.")


RULES = (
    *(NOT_ITERABLE, NOT_SUBSCRIPTABLE, ITEM_ASSIGNMENT, NOT_A_CONTAINER, BAD_UNARY, BAD_BINARY, BAD_INDEX, UNHASHABLE),
    *(NOT_A_CONTEXT_MANAGER, NOT_A_MAPPING, UNPACKING, AWAIT_OF_PLAIN),
)
CHECKS = (
    on(ast.For, _for),
    on(ast.comprehension, _for),
    on(ast.AsyncFor, _async_for),
    on(ast.Starred, _starred),
    on(ast.YieldFrom, _yield_from),
    on(ast.Subscript, _subscript),
    on(ast.Dict, _dict),
    on(ast.Set, _set),
    on(ast.Call, _call),
    on(ast.Compare, _compare),
    on(ast.UnaryOp, _unary),
    on(ast.BinOp, _binary),
    on(ast.With, _with),
    on(ast.AsyncWith, _async_with),
    on(ast.Assign, _assign),
    on(ast.Await, _await),
)

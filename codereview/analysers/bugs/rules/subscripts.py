"""Subscripts, keys and mappings."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class, Value
from codereview.analysers.bugs.rule import HIGH, SURE, define, on
from codereview.analysers.bugs.rules.shared.operations import describe, lacks, report

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


_SIZED_INDEX = ("builtins.list", "builtins.tuple", "builtins.str", "builtins.bytes", "builtins.range")


def _subscript(node: ast.Subscript, ctx: Context) -> None:
    value = ctx.value(node.value)
    if value is None:
        return
    if isinstance(node.ctx, ast.Load):
        if value.kind == "class" and value.cls is not None:
            if value.name != "cls" and value.cls.plain and not _generic(value.cls):
                report(NOT_SUBSCRIPTABLE, node, ctx, f"{describe(value).capitalize()} takes no subscript.")
        elif value.kind == "function" and value.function is not None:
            if value.function.node is not None and value.function.transparent:
                report(
                    NOT_SUBSCRIPTABLE, node, ctx, f"{describe(value).capitalize()} is not called before it is indexed."
                )
        elif lacks(value, "__getitem__"):
            report(NOT_SUBSCRIPTABLE, node, ctx, f"{describe(value).capitalize()} takes no subscript.")
    elif value.kind == "instance":
        method = "__setitem__" if isinstance(node.ctx, ast.Store) else "__delitem__"
        if lacks(value, method):
            report(ITEM_ASSIGNMENT, node, ctx, f"{describe(value).capitalize()} does not support this: no {method}.")
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
                report(BAD_INDEX, node, ctx, f"{describe(value).capitalize()} is indexed with {describe(index)}.")
                return
    if value.instance_of("builtins.dict"):
        _hashed(node.slice, ctx)


def _bad_index(index: Value) -> bool:
    if index.kind == "instance" and index.cls is not None:
        return index.cls.lacks("__index__") and not index.instance_of("builtins.slice")
    return index.kind in ("function", "module") or (index.kind == "class" and index.cls is not None and index.cls.plain)


#: Methods that hash their first argument, and whose they are.
_HASHING = {
    "add": ("builtins.set",),
    "discard": ("builtins.set",),
    "get": ("builtins.dict",),
    "setdefault": ("builtins.dict",),
}


def _hashed(node: ast.expr, ctx: Context) -> None:
    value = ctx.value(node)
    if isinstance(node, ast.Slice):
        report(UNHASHABLE, node, ctx, "A dict cannot be sliced.") if ctx.index.parents else None
    elif value is not None and value.kind == "instance" and value.cls is not None and _unhashable(value.cls):
        report(UNHASHABLE, node, ctx, f"{describe(value).capitalize()} is not hashable.")


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
        elif lacks(ctx.value(value), "keys"):
            report(NOT_A_MAPPING, value, ctx, f"{describe(ctx.value(value)).capitalize()} is not a mapping.")


def _set(node: ast.Set, ctx: Context) -> None:
    for element in node.elts:
        if not isinstance(element, ast.Starred):
            _hashed(element, ctx)


def _call(node: ast.Call, ctx: Context) -> None:
    if isinstance(node.func, ast.Attribute) and node.func.attr in _HASHING and node.args:
        owner = ctx.value(node.func.value)
        if owner is not None and owner.instance_of(*_HASHING[node.func.attr]):
            _hashed(node.args[0], ctx)
    if len(node.args) == 1 and ctx.calls(node, "builtins.hash"):
        _hashed(node.args[0], ctx)
    for keyword in node.keywords:
        if keyword.arg is None and lacks(ctx.value(keyword.value), "keys"):
            report(
                NOT_A_MAPPING,
                keyword.value,
                ctx,
                f"{describe(ctx.value(keyword.value)).capitalize()} is not a mapping.",
            )


RULES = (
    NOT_SUBSCRIPTABLE,
    ITEM_ASSIGNMENT,
    BAD_INDEX,
    UNHASHABLE,
    NOT_A_MAPPING,
)
CHECKS = (
    on(ast.Subscript, _subscript),
    on(ast.Dict, _dict),
    on(ast.Set, _set),
    on(ast.Call, _call),
)

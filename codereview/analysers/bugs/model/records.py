"""The __init__ that a dataclass or a named tuple is given by its fields."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.signatures import Parameter, Signature
from codereview.analysers.bugs.model.walking import dotted


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    required: bool
    keyword_only: bool


def constructor(cls: Class) -> Signature | None:
    """The signature of the constructor; None for other classes, and where a field or a base is not understood."""
    own = [c for c in cls.ancestors if c.qualified not in ("builtins.object", "typing.Generic", "typing.Protocol")]
    named_tuple = any(c.qualified == "typing.NamedTuple" for c in own)
    if named_tuple:
        if len(cls.bases) != 1 or cls.node is None:
            return None
        return _signature(list(_fields(cls.node, keyword_only=False)))
    if not cls.known or not own or "__init__" in cls.members or "__new__" in cls.members:
        return None
    fields: dict[str, _Field] = {}
    for ancestor in reversed(own):
        options = _options(ancestor)
        if options is None or ancestor.node is None or "__init__" in ancestor.members or options.get("init") is False:
            return None
        for field in _fields(ancestor.node, keyword_only=options.get("kw_only") is True):
            fields[field.name] = field
    return _signature(list(fields.values()))


def named_tuple(made: ast.expr) -> Signature | None:
    """The signature of the class a call of namedtuple() makes; None when its fields are not literal."""
    if not isinstance(made, ast.Call) or len(made.args) != 2 or made.keywords:
        return None
    match made.args[1]:
        case ast.Constant(value=str(text)):
            names = text.replace(",", " ").split()
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            names = [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            if len(names) != len(elements):
                return None
        case _:
            return None
    return Signature(positional=tuple(Parameter(name, required=True) for name in names))


def _options(cls: Class) -> dict[str, object] | None:
    """The literal options of the class's @dataclass; None when it is no dataclass, or more than that."""
    if cls.node is None or len(cls.node.decorator_list) != 1:
        return None
    decorator = cls.node.decorator_list[0]
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    if dotted(call) not in ("dataclass", "dataclasses.dataclass"):
        return None
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    if any(k.arg is None for k in keywords):
        return None
    return {str(k.arg): k.value.value if isinstance(k.value, ast.Constant) else None for k in keywords}


def _fields(node: ast.ClassDef, *, keyword_only: bool) -> Iterator[_Field]:
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        annotation = ast.unparse(statement.annotation)
        if "ClassVar" in annotation:
            continue
        if annotation.rpartition(".")[2] == "KW_ONLY":
            keyword_only = True
            continue
        name, value = statement.target.id, statement.value
        made = value if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] == "field" else None
        given = {k.arg: k.value for k in made.keywords} if made is not None else {}
        if _is(given.get("init"), False):
            continue
        optional = bool({"default", "default_factory"} & given.keys()) if made is not None else value is not None
        yield _Field(name, not optional, keyword_only or _is(given.get("kw_only"), True))


def _is(node: ast.expr | None, wanted: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is wanted


def _signature(fields: list[_Field]) -> Signature:
    return Signature(
        positional=tuple(Parameter(f.name, f.required) for f in fields if not f.keyword_only),
        keyword_only=tuple((f.name, f.required) for f in fields if f.keyword_only),
    )

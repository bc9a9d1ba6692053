"""What annotations, and the assignments to an instance's attributes, say about values."""

import ast
from collections.abc import Iterator

from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.project import Module, Project
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Binding, FunctionNode

#: Classes whose annotation leaves little doubt: an int passes for a float, so float says nothing.
_PLAIN = frozenset(f"builtins.{name}" for name in ("str", "int", "list", "dict", "set", "tuple", "bool"))
_ALIASES = {f"typing.{name}": f"builtins.{name.lower()}" for name in ("List", "Dict", "Set", "Tuple")}
#: Class methods that give an instance of their class.
MAKES_INSTANCE = {
    **{
        f"datetime.datetime.{n}": "datetime.datetime"
        for n in ("now", "utcnow", "fromtimestamp", "strptime", "fromisoformat")
    },
    **{f"datetime.date.{n}": "datetime.date" for n in ("today", "fromtimestamp", "fromisoformat")},
    **{f"pathlib.Path.{n}": "pathlib.Path" for n in ("cwd", "home")},
    "builtins.dict.fromkeys": "builtins.dict",
    "builtins.bytes.fromhex": "builtins.bytes",
}
#: Where a class keeps what its methods assign to attributes.
_ASSIGNMENTS = "codereview_assignments"
_ASKING = ("isinstance", "issubclass", "hasattr", "type", "getattr", "callable")


def named_class(annotation: ast.expr | None, project: Project, module: Module) -> str:
    """The qualified name of the built-in class an annotation stands for, "" when it is none or several."""
    if annotation is None:
        return ""
    inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = project.qualified(inner, module)
    name = _ALIASES.get(name, name)
    return name if name in _PLAIN else ""


def parameter_class(binding: Binding, function: FunctionNode, project: Project, module: Module) -> str:
    """The class of an annotated parameter, "" where the function itself does not rely on it."""
    argument = binding.node
    if not isinstance(argument, ast.arg) or argument in (function.args.vararg, function.args.kwarg):
        return ""
    name = named_class(argument.annotation, project, module)
    if not name or argument.arg in _asked_about(function) or _defaults_to_none(argument, function.args):
        return ""
    return name


def _asked_about(function: FunctionNode) -> set[str]:
    """Names of which the function asks what they are: their annotation is not the whole truth."""
    calls = (n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    asked = {a.id for c in calls if getattr(c.func, "id", "") in _ASKING for a in c.args[:1] if isinstance(a, ast.Name)}
    matched = {n.subject.id for n in ast.walk(function) if isinstance(n, ast.Match) and isinstance(n.subject, ast.Name)}
    return asked | matched


def _defaults_to_none(argument: ast.arg, arguments: ast.arguments) -> bool:
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    return any(a is argument and isinstance(d, ast.Constant) and d.value is None for a, d in pairs)


def field_class(cls: Class, name: str, project: Project, module: Module) -> str:
    """The class of an attribute that the class body declares, "" where it is not one of the built-in ones.

    A default of None says more than the annotation; so does code that asks what the attribute is.
    """
    for ancestor in cls.ancestors:
        if ancestor.node is None or ancestor.node not in module.index.scopes:
            continue
        for statement in ancestor.node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=declared), annotation=annotation, value=value) if (
                    declared == name
                ):
                    unset = isinstance(value, ast.Constant) and value.value is None
                    asked = unset or name in _attributes_asked_about(module.index.tree)
                    return "" if asked else named_class(annotation, project, module)
                case _:
                    pass
        if name in ancestor.members or name in ancestor.attributes:
            return ""
    return ""


def attribute_values(cls: Class, name: str, module: Module) -> list[ast.expr]:
    """Every value an instance's attribute is ever given, empty where that cannot be seen.

    Seen it is when the attribute is assigned as ``self.name = value`` in methods of the class and nowhere else.
    """
    if cls.node is None or not cls.known or name in cls.members or cls.node not in module.index.scopes:
        return []
    if any(name in ancestor.attributes for ancestor in cls.ancestors[1:]):
        return []
    if name in _attributes_asked_about(cls.node):
        return []
    own = _assignments(cls.node).get(name, [])
    return own if own and len(own) == module.attribute_stores[name] else []


def _attributes_asked_about(node: ast.AST) -> set[str]:
    """Names of attributes of which the code asks what they are."""
    calls = (n for n in ast.walk(node) if isinstance(n, ast.Call) and getattr(n.func, "id", "") in _ASKING)
    return {a.attr for call in calls for a in call.args[:1] if isinstance(a, ast.Attribute)}


def class_constant(cls: Class, name: str, project: Project, module: Module) -> list[ast.expr]:
    """The constant a class body gives an attribute, where no instance and no subclass can have another."""
    member = cls.find(name)
    if member is None or not isinstance(member.value, ast.Constant) or member.value.value is None or not cls.known:
        return []
    stores = any(name in other.stored_attributes for other in project.modules)
    special = (
        cls.is_a("enum.Enum") or cls.name in project.base_names or name in _attributes_asked_about(module.index.tree)
    )
    return [] if stores or special else [member.value]


def element_class(source: ast.expr, project: Project, module: Module) -> str:
    """The class of what a loop over an expression gives: numbers of a range, constants of a literal."""
    if isinstance(source, ast.Call):
        return "builtins.int" if project.qualified(source.func, module) == "builtins.range" else ""
    if isinstance(source, ast.Name):
        found = module.index.scope_of_name[source].resolve(source.id)
        value = found[1][0].value if found is not None and len(found[1]) == 1 else None
        source = value if isinstance(value, ast.List | ast.Tuple) else source
    elements = source.elts if isinstance(source, ast.List | ast.Tuple) else []
    kinds = {type(e.value) if isinstance(e, ast.Constant) else None for e in elements}
    return f"builtins.{str.__name__}" if kinds == {str} else ""


def _assignments(cls: ast.ClassDef) -> dict[str, list[ast.expr]]:
    """Values by attribute; every attribute asks, so the node remembers them."""
    known: dict[str, list[ast.expr]] | None = vars(cls).get(_ASSIGNMENTS)
    if known is None:
        known = vars(cls)[_ASSIGNMENTS] = {}
        for name, value in _assigned(cls):
            known.setdefault(name, []).append(value)
    return known


def _assigned(cls: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for method in cls.body:
        if not isinstance(method, FUNCTIONS) or not method.args.args or method.decorator_list:
            continue
        first = method.args.args[0].arg
        for node in ast.walk(method):
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=attr)], value=value):
                    if owner == first:
                        yield attr, value
                case _:
                    pass

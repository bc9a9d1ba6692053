"""What an expression is, where that is certain."""

import ast
from typing import cast

from codereview.analysers.bugs.model import declared, files
from codereview.analysers.bugs.model.definitions import Class, Function, Value
from codereview.analysers.bugs.model.exits import Exit, of_block
from codereview.analysers.bugs.model.project import Module, Project
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Binding, FunctionNode, Kind, Scope
from codereview.analysers.bugs.model.signatures import of_arguments
from codereview.analysers.bugs.model.walking import body_without_docstring, is_generator, own_nodes
from codereview.analysers.bugs.stdlib import catalog

#: Steps from one expression to the next; longer chains stay unknown.
MAX_DEPTH = 12
#: Values that cannot change after they were made, so that what a name was given is what it still has.
_IMMUTABLE = (ast.Constant, ast.Tuple, ast.JoinedStr, ast.UnaryOp)
_NUMBERS = ("builtins.bool", "builtins.int", "builtins.float", "builtins.complex")
_CONSTANTS = {
    bool: "builtins.bool",
    int: "builtins.int",
    float: "builtins.float",
    complex: "builtins.complex",
    str: "builtins.str",
    bytes: "builtins.bytes",
    type(None): "types.NoneType",
    type(...): "types.EllipsisType",
}
_DISPLAYS: dict[type[ast.AST], str] = {
    ast.List: "builtins.list",
    ast.ListComp: "builtins.list",
    ast.Tuple: "builtins.tuple",
    ast.Set: "builtins.set",
    ast.SetComp: "builtins.set",
    ast.Dict: "builtins.dict",
    ast.DictComp: "builtins.dict",
    ast.JoinedStr: "builtins.str",
    ast.GeneratorExp: "types.GeneratorType",
}


def instance(qualified: str, node: ast.AST | None = None) -> Value | None:
    """An instance of a class of the standard library."""
    cls = catalog.klass(qualified)
    return Value("instance", cls=cls, node=node) if cls is not None else None


class Inference:
    """Infers values within one module. Remembers what it found."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module
        self._index = module.index
        self._known: dict[ast.expr, Value | None] = {}
        self._depth = 0

    def value(self, node: ast.expr) -> Value | None:
        """What the expression is; None when that is not known."""
        if node in self._known:
            return self._known[node]
        if self._depth >= MAX_DEPTH:
            return None
        self._known[node] = None  # a cycle is not known
        self._depth += 1
        try:
            found = self._infer(node)
        finally:
            self._depth -= 1
        self._known[node] = found
        return found

    def _infer(self, node: ast.expr) -> Value | None:
        display = _DISPLAYS.get(node.__class__)
        if display is not None:
            return instance(display, node)
        match node:
            case ast.Constant(value=value):
                return instance(_CONSTANTS.get(type(value), ""), node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
                return instance("builtins.bool")
            case ast.IfExp(body=body, orelse=orelse):
                return common([self.value(body), self.value(orelse)])
            case ast.Lambda():
                function = Function("<lambda>", "", (of_arguments(node.args),), node=node)
                return Value("function", function=function, node=node)
            case ast.NamedExpr(value=value):
                return self.value(value)
            case ast.Await(value=ast.Call(func=func)):
                return self._awaited(func)
            case ast.Subscript(value=value, slice=ast.Slice()):
                owner = self.value(value)
                kept = ("builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple")
                return Value("instance", cls=owner.cls) if owner is not None and owner.instance_of(*kept) else None
            case _:
                return None

    # --- names --------------------------------------------------------------------------------------------------

    def _name(self, node: ast.Name) -> Value | None:
        scope = self._index.scope_of_name.get(node)
        if scope is None:
            return None
        found = scope.resolve(node.id)
        if found is None:
            return self._library(f"builtins.{node.id}") if not self._module.has_star_import else None
        owner, bindings = found
        if node.id in self._index.shared:
            return None
        if len(bindings) == 1:
            return self._bound(bindings[0], owner)
        if owner is scope:
            return self._reaching(node, bindings)
        return None

    def _bound(self, binding: Binding, owner: Scope) -> Value | None:
        match binding.kind:
            case Kind.ASSIGNED if binding.value is not None:
                if self._is_annotated_otherwise(binding):
                    return None
                found = self.value(binding.value)
                if found is not None and found.is_none and not owner.is_function:
                    return None  # a placeholder that another module fills
                return stripped(found, binding.value)
            case Kind.FUNCTION if isinstance(binding.node, FUNCTIONS) and not owner.is_class:
                return self._defined(binding.node)
            case Kind.CLASS if isinstance(binding.node, ast.ClassDef):
                return Value("class", cls=self._project.class_at(binding.node, self._module), node=binding.node)
            case Kind.IMPORT:
                return self._imported(self._project.imported(binding, self._module))
            case Kind.PARAMETER:
                return self._first_parameter(binding, owner) or self._annotated_parameter(binding, owner)
            case Kind.WITH if isinstance(binding.value, ast.Call):
                opened = self._project.qualified(binding.value.func, self._module) == "builtins.open"
                return self.value(binding.value) if opened else None
            case Kind.LOOP if binding.value is not None:
                return instance(declared.element_class(binding.value, self._project, self._module))
            case _:
                return None

    def _is_annotated_otherwise(self, binding: Binding) -> bool:
        """``x: T = None``: the annotation says that it will be something else."""
        parent = self._index.parents.get(binding.node)
        return isinstance(parent, ast.AnnAssign) and isinstance(binding.value, ast.Constant)

    def _defined(self, node: FunctionNode) -> Value | None:
        """A function; what an unknown decorator makes of one is unknown."""
        function = self._project.function_at(node, self._module)
        plain = function.transparent and function.kind in ("function", "method")
        return Value("function", function=function, node=node) if plain else None

    def _first_parameter(self, binding: Binding, owner: Scope) -> Value | None:
        """``self`` and ``cls``, by the class around the method."""
        method = owner.node
        if not isinstance(method, FUNCTIONS) or not isinstance(self._index.parents.get(method), ast.ClassDef):
            return None
        plain = [*method.args.posonlyargs, *method.args.args]
        if not plain or plain[0] is not binding.node:
            return None
        cls = self._project.class_at(cast(ast.ClassDef, self._index.parents[method]), self._module)
        kind = self._project.function_at(method, self._module).kind
        if kind in ("method", "property"):
            return Value("instance", cls=cls, name="self")
        return Value("class", cls=cls, name="cls") if kind == "classmethod" else None

    def _annotated_parameter(self, binding: Binding, owner: Scope) -> Value | None:
        if not isinstance(owner.node, FUNCTIONS):
            return None
        name = declared.parameter_class(binding, owner.node, self._project, self._module)
        return instance(name) if name else None

    def _reaching(self, node: ast.Name, bindings: list[Binding]) -> Value | None:
        """The value from the nearest assignment above, when every way to the use leads through it."""
        lines = [(getattr(b.node, "lineno", 0), b) for b in bindings]
        current: ast.AST = node
        while not isinstance(current, ast.stmt):
            current = self._index.parents[current]
        while True:
            parent = self._index.parents.get(current)
            if parent is None:
                return None
            block = _block_of(parent, current)
            for previous in reversed(block[: block.index(current)] if block else []):
                if not any(previous.lineno <= line <= (previous.end_lineno or 0) for line, _ in lines):
                    continue
                return self._assigned(previous, node.id)
            if parent in self._index.scopes:
                return None
            if isinstance(parent, ast.stmt) and not isinstance(parent, ast.If):
                if any(parent.lineno <= line <= (parent.end_lineno or 0) for line, _ in lines):
                    return None
            elif not isinstance(parent, ast.If) and not isinstance(parent, ast.stmt):
                # A handler or case: what runs before it is not above it.
                return None
            current = parent

    def _assigned(self, node: ast.stmt, name: str) -> Value | None:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return stripped(self.value(value), value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name:
                return self._defined(node)
            case ast.ClassDef() if node.name == name:
                return Value("class", cls=self._project.class_at(node, self._module), node=node)
            case _:
                return None

    # --- attributes ---------------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Value | None:
        owner = self.value(node.value)
        if owner is None:
            return None
        if owner.kind == "module":
            return self._imported(f"{owner.name}.{node.attr}")
        if owner.cls is None or owner.kind not in ("instance", "class"):
            return None
        member = owner.cls.find(node.attr)
        if member is None or member.function is None:
            return self._attribute_value(owner.cls, node.attr) if owner.kind == "instance" else None
        function = member.function
        if not function.transparent:
            return None
        if not owner.cls.known and owner.cls.owner(node.attr) is not owner.cls:
            return None
        if node.attr in self._module.stored_attributes or any(node.attr in c.attributes for c in owner.cls.ancestors):
            return None  # replaced on an instance somewhere
        if function.kind == "property":
            return self.result(function) if owner.kind == "instance" else None
        bound = function.kind == "classmethod" or (function.kind == "method" and owner.kind == "instance")
        return Value("function", function=function, bound=bound, name=owner.name, cls=owner.cls)

    def _attribute_value(self, cls: Class, name: str) -> Value | None:
        """What an instance's attribute is, when all of its assignments are seen and agree."""
        declared_class = declared.field_class(cls, name, self._project, self._module)
        if declared_class:
            return instance(declared_class)
        if any(name in module.stored_attributes for module in self._project.modules if module is not self._module):
            return None
        constant = declared.class_constant(cls, name, self._project, self._module)
        found = common([self.value(v) for v in constant or declared.attribute_values(cls, name, self._module)])
        return None if found is not None and found.is_none else found  # a placeholder

    def _imported(self, qualified: str) -> Value | None:
        """A module, or a name of one."""
        if not qualified:
            return None
        if catalog.is_module(qualified) or self._project.module(qualified) is not None:
            return Value("module", name=qualified)
        return self._library(qualified)

    def _library(self, qualified: str) -> Value | None:
        cls = self._project.klass(qualified)
        if cls is not None:
            return Value("class", cls=cls, node=cls.node)
        function = self._project.function(qualified)
        if function is not None and function.transparent:
            return Value("function", function=function, node=function.node)
        return None

    # --- calls --------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Value | None:
        if self._project.qualified(node.func, self._module) == "builtins.open":
            return instance(files.opened_class(node))
        if isinstance(node.func, ast.Attribute) and (read := files.read_class(node, self.value(node.func.value))):
            return instance(read)
        called = self.value(node.func)
        if called is None:
            return None
        if called.kind == "class" and called.cls is not None:
            cls = called.cls
            if cls.qualified == "builtins.super":
                return self._super(node)
            if not cls.plain or cls.qualified == "builtins.type":
                return None
            new = cls.find("__new__")
            if new is not None and new.function is not None and new.function.node is not None:
                return None
            return Value("instance", cls=cls, name=called.name)
        if called.kind == "function" and called.function is not None:
            return self.result(called.function)
        return None

    def _super(self, node: ast.Call) -> Value | None:
        """The base of a class that has only one: a subclass cannot put another class between them and keep it whole."""
        method = self._index.scope_at(node).node
        around = self._index.parents.get(method)
        if node.args or not isinstance(method, FUNCTIONS) or not isinstance(around, ast.ClassDef):
            return None
        cls = self._project.class_at(around, self._module)
        base = cls.bases[0] if len(cls.bases) == 1 else None
        kind = self._project.function_at(method, self._module).kind
        if base is None or not cls.known or kind not in ("method", "property"):
            return None
        return Value("instance", cls=base, name="self")

    def result(self, function: Function) -> Value | None:
        """What a call of the function gives."""
        if not function.transparent:
            return None
        if function.qualified in declared.MAKES_INSTANCE:
            return instance(declared.MAKES_INSTANCE[function.qualified])
        if function.returns:
            return None if function.returns.endswith("?") else instance(function.returns)
        node = function.node
        if isinstance(node, ast.Lambda):
            return self.value(node.body) if node in self._index.scopes else None
        if node is None or function.is_abstract or node not in self._index.scopes:
            return None
        return self._returned(node)

    def _returned(self, node: FunctionNode) -> Value | None:
        body = body_without_docstring(node.body)
        stub = all(
            isinstance(s, ast.Pass | ast.Raise) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            for s in body
        )
        if stub:
            return None
        if node.returns is not None:
            name = declared.named_class(node.returns, self._project, self._module)
            return instance(name) if name and not is_generator(node) else None
        returns = [part for part in own_nodes(node) if isinstance(part, ast.Return)]
        if not returns:
            ends = Exit.NEXT in of_block(body, lambda _: False)
            return instance("types.NoneType") if ends else None
        values = [self.value(part.value) if part.value is not None else instance("types.NoneType") for part in returns]
        return common(values)

    def _awaited(self, func: ast.expr) -> Value | None:
        called = self.value(func)
        if called is None or called.function is None or not isinstance(called.function.node, ast.AsyncFunctionDef):
            return None
        node = called.function.node
        return self._returned(node) if called.function.transparent and node in self._index.scopes else None

    # --- operators ----------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp) -> Value | None:
        left, right = self.value(node.left), self.value(node.right)
        if left is None or left.kind != "instance":
            return None
        if left.instance_of("builtins.str") and isinstance(node.op, ast.Mod):
            return instance("builtins.str")
        if right is None or right.kind != "instance":
            return None
        sequence = left.instance_of("builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple")
        if sequence and left.cls is right.cls and isinstance(node.op, ast.Add):
            return Value("instance", cls=left.cls)
        if left.instance_of(*_NUMBERS[:3]) and right.instance_of(*_NUMBERS[:3]):
            if isinstance(node.op, ast.Div):
                return instance("builtins.float")
            if left.instance_of("builtins.float") or right.instance_of("builtins.float"):
                return instance("builtins.float")
            return instance("builtins.int") if not isinstance(node.op, ast.Pow) else None
        return None

    def _unary(self, node: ast.UnaryOp) -> Value | None:
        if isinstance(node.op, ast.Not):
            return instance("builtins.bool")
        operand = self.value(node.operand)
        if operand is not None and operand.instance_of(*_NUMBERS):
            return Value("instance", cls=operand.cls, node=node)
        return None


def stripped(value: Value | None, node: ast.expr) -> Value | None:
    """The value without the literal it comes from, when it may have been changed since."""
    if value is None or value.kind != "instance" or isinstance(node, _IMMUTABLE):
        return value
    return Value(value.kind, cls=value.cls, name="")


def common(values: list[Value | None]) -> Value | None:
    """An instance of the one class all values are instances of."""
    classes: set[Class | None] = {v.cls if v is not None and v.kind == "instance" else None for v in values}
    if len(classes) == 1 and (cls := classes.pop()) is not None:
        return Value("instance", cls=cls)
    return None


def _block_of(parent: ast.AST, child: ast.AST) -> list[ast.stmt]:
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and any(item is child for item in block):
            return cast(list[ast.stmt], block) if name not in ("handlers", "cases") else []
    return []

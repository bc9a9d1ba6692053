"""Statements, and with them the whole file."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import MAX_DEPTH
from codereview.analysers.bugs.syntax.nodes import Opaque, TypeAlias, Unparsed, at, parts
from codereview.analysers.bugs.syntax.operations import OPERATORS
from codereview.analysers.bugs.syntax.patterns import Patterns
from codereview.analysers.bugs.syntax.targets import stored
from codereview.syntax.parsing import parse


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """A parsed file. ``errors`` are the 1-based lines of what the grammar does not fit, in order."""

    module: ast.Module
    errors: tuple[int, ...] = ()
    too_deep: bool = False


def build(text: str, *, timeout_s: float) -> SyntaxTree:
    """The tree of any text. Raises ParseTimeout."""
    root = parse(text, "python", timeout_s=timeout_s).root_node
    builder = _Builder()
    module = ast.Module(body=builder.statements(root), type_ignores=[])
    if root.is_error and not builder.errors:  # brackets that are never closed: there is no statement at all
        builder.errors.add(root.start_point[0] + 1)
    return SyntaxTree(module, tuple(sorted(builder.errors)), builder.too_deep)


class _Builder(Patterns):
    """Makes the statements of one file."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: set[int] = set()

    def statements(self, node: Node | None) -> list[ast.stmt]:
        """The statements of a module or block."""
        return [self._statement(part) for part in parts(node)] if node is not None else []

    def _statement(self, node: Node) -> ast.stmt:
        handler = _STATEMENTS.get(node.type)
        if handler is None or node.is_missing:
            return self._unparsed(node)
        if node.has_error and node.type in _SIMPLE:
            return self._unparsed(node)
        if self._depth >= MAX_DEPTH:
            self.too_deep = True
            return at(Unparsed(), node)
        if node.has_error:
            self._broken_header(node)
        self._depth += 1
        try:
            return handler(self, node)
        finally:
            self._depth -= 1

    def _unparsed(self, node: Node) -> ast.stmt:
        self.errors.add(node.start_point[0] + 1)
        return at(Unparsed(), node)

    def _broken_header(self, node: Node) -> None:
        for child in node.children:
            if child.is_error or child.is_missing or (child.has_error and child.type not in _BLOCKS):
                self.errors.add(child.start_point[0] + 1)

    def _body(self, node: Node, field: str = "body") -> list[ast.stmt]:
        """The block of a compound statement: in the grammar some have it in a field, some among the children."""
        block = node.child_by_field_name(field)
        if block is None:
            block = next((child for child in node.named_children if child.type == "block"), None)
        return self.statements(block) if block is not None else []

    def _expression(self, node: Node) -> ast.stmt:
        inner = parts(node)
        if len(inner) != 1 or (len(inner) == 1 and any(child.type == "," for child in node.children)):
            return at(ast.Expr(value=at(ast.Tuple(elts=self.exprs(inner), ctx=ast.Load()), node)), node)
        if inner[0].type == "assignment":
            return self._assignment(inner[0])
        if inner[0].type == "augmented_assignment":
            return self._augmented(inner[0])
        return at(ast.Expr(value=self.expr(inner[0])), node)

    def _assignment(self, node: Node) -> ast.stmt:
        annotation = node.child_by_field_name("type")
        right = node.child_by_field_name("right")
        if annotation is not None:
            target = self.target(node.child_by_field_name("left"))
            if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
                return at(Unparsed(), node)
            simple = int(isinstance(target, ast.Name))
            hint = self.annotation(annotation) or Opaque()
            value = self.expr(right) if right is not None else None
            return at(ast.AnnAssign(target=target, annotation=hint, value=value, simple=simple), node)
        targets = [self.target(node.child_by_field_name("left"))]
        while right is not None and right.type == "assignment":
            targets.append(self.target(right.child_by_field_name("left")))
            right = right.child_by_field_name("right")
        return at(ast.Assign(targets=targets, value=self.expr(right)), node)

    def _augmented(self, node: Node) -> ast.stmt:
        target = self.target(node.child_by_field_name("left"))
        symbol = node.child_by_field_name("operator")
        operator = OPERATORS.get(symbol.type.removesuffix("=") if symbol is not None else "")
        if operator is None or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            return at(Unparsed(), node)
        value = self.expr(node.child_by_field_name("right"))
        return at(ast.AugAssign(target=target, op=operator(), value=value), node)

    def _return(self, node: Node) -> ast.stmt:
        inner = parts(node)
        return at(ast.Return(value=self.expr(inner[0]) if inner else None), node)

    def _delete(self, node: Node) -> ast.stmt:
        inner = parts(node)
        if len(inner) == 1 and inner[0].type == "expression_list":
            inner = parts(inner[0])
        return at(ast.Delete(targets=[stored(self.expr(part), ast.Del()) for part in inner]), node)

    def _raise(self, node: Node) -> ast.stmt:
        cause = node.child_by_field_name("cause")
        inner = [part for part in parts(node) if part != cause]
        return at(
            ast.Raise(
                exc=self.expr(inner[0]) if inner else None, cause=self.expr(cause) if cause is not None else None
            ),
            node,
        )

    def _assert(self, node: Node) -> ast.stmt:
        test, message = (*self.exprs(parts(node)), None, None)[:2]
        return at(ast.Assert(test=test or at(Opaque(), node), msg=message), node)

    def _simple(self, node: Node) -> ast.stmt:
        return at(_KEYWORDS[node.type](), node)

    def _global(self, node: Node) -> ast.stmt:
        names = [_text(part) for part in parts(node)]
        kind = ast.Global if node.type == "global_statement" else ast.Nonlocal
        return at(kind(names=names), node)

    def _import(self, node: Node) -> ast.stmt:
        return at(ast.Import(names=self._aliases(node)), node)

    def _import_from(self, node: Node) -> ast.stmt:
        names = self._aliases(node)
        if node.type == "future_import_statement":
            return at(ast.ImportFrom(module="__future__", names=names, level=0), node)
        if any(child.type == "wildcard_import" for child in node.children):
            names = [at(ast.alias(name="*", asname=None), node)]
        module = _text(node.child_by_field_name("module_name"))
        name = module.lstrip(". \t")
        level = module[: len(module) - len(name)].count(".")
        return at(ast.ImportFrom(module=name.replace(" ", "") or None, names=names, level=level), node)

    def _aliases(self, node: Node) -> list[ast.alias]:
        result = []
        for part in node.children_by_field_name("name"):
            alias = part.child_by_field_name("alias")
            name = _text(part.child_by_field_name("name") if part.type == "aliased_import" else part)
            asname = _text(alias) if alias is not None else None
            result.append(at(ast.alias(name=name.replace(" ", ""), asname=asname), part))
        return result

    def _if(self, node: Node) -> ast.stmt:
        """Built from the last ``elif`` backwards; too many of them are nested too deep."""
        orelse: list[ast.stmt] = []
        alternatives = node.children_by_field_name("alternative")
        if len(alternatives) > MAX_DEPTH:
            self.too_deep = True
            del alternatives[MAX_DEPTH:]
        for alternative in reversed(alternatives):
            if alternative.has_error:
                self._broken_header(alternative)
            if alternative.type == "elif_clause":
                test = self.expr(alternative.child_by_field_name("condition"))
                body = self._body(alternative, "consequence")
                orelse = [at(ast.If(test=test, body=body, orelse=orelse), alternative, alternatives[-1])]
            else:
                orelse = self._body(alternative)
        test = self.expr(node.child_by_field_name("condition"))
        return at(ast.If(test=test, body=self._body(node, "consequence"), orelse=orelse), node)

    def _else(self, node: Node) -> list[ast.stmt]:
        clause = next((child for child in node.named_children if child.type == "else_clause"), None)
        return self._body(clause) if clause is not None else []

    def _while(self, node: Node) -> ast.stmt:
        test = self.expr(node.child_by_field_name("condition"))
        return at(ast.While(test=test, body=self._body(node), orelse=self._else(node)), node)

    def _for(self, node: Node) -> ast.stmt:
        kind = ast.AsyncFor if node.children[0].type == "async" else ast.For
        target, source = self.target(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        return at(kind(target=target, iter=source, body=self._body(node), orelse=self._else(node)), node)

    def _with(self, node: Node) -> ast.stmt:
        kind = ast.AsyncWith if node.children[0].type == "async" else ast.With
        clause = next((child for child in node.named_children if child.type == "with_clause"), None)
        items: list[ast.withitem] = []
        for part in parts(clause) if clause is not None else ():
            value = part.child_by_field_name("value")
            bare = value
            while bare is not None and bare.type == "parenthesized_expression" and len(parts(bare)) == 1:
                bare = parts(bare)[0]
            if bare is not None and bare.type == "as_pattern":
                inner = parts(bare)
                alias = bare.child_by_field_name("alias")
                target = self.target(parts(alias)[0]) if alias is not None and parts(alias) else None
                items.append(ast.withitem(context_expr=self.expr(inner[0]), optional_vars=target))
            else:
                items.append(ast.withitem(context_expr=self.expr(value), optional_vars=None))
        return at(kind(items=items, body=self._body(node)), node)

    def _try(self, node: Node) -> ast.stmt:
        handlers: list[ast.ExceptHandler] = []
        final: list[ast.stmt] = []
        star = False
        for child in node.named_children:
            if child.type in ("except_clause", "except_group_clause"):
                star |= any(part.type in ("*", "except*") for part in child.children)
                handlers.append(self._handler(child))
            elif child.type == "finally_clause":
                final = self._body(child)
        kind = ast.TryStar if star else ast.Try
        return at(kind(body=self._body(node), handlers=handlers, orelse=self._else(node), finalbody=final), node)

    def _handler(self, node: Node) -> ast.ExceptHandler:
        values = node.children_by_field_name("value")
        name: str | None = None
        kind: ast.expr | None = None
        if len(values) == 1:
            value = values[0]
            if value.type == "as_pattern":
                inner = parts(value)
                alias = value.child_by_field_name("alias")
                name = _text(alias) if alias is not None else None
                value = inner[0]
            kind = self.expr(value)
        elif values:
            kind = at(ast.Tuple(elts=self.exprs(values), ctx=ast.Load()), values[0], values[-1])
        return at(ast.ExceptHandler(type=kind, name=name, body=self._body(node)), node)

    def _match(self, node: Node) -> ast.stmt:
        subjects = self.exprs(node.children_by_field_name("subject"))
        block = node.child_by_field_name("body")
        cases: list[ast.match_case] = []
        for part in parts(block) if block is not None else ():
            if part.type == "case_clause":
                case = self.case(part)
                case.body = self._body(part, "consequence")
                cases.append(case)
        subject = subjects[0] if len(subjects) == 1 else at(ast.Tuple(elts=subjects, ctx=ast.Load()), node)
        return at(ast.Match(subject=subject, cases=cases), node)

    def _function(self, node: Node) -> ast.stmt:
        kind = ast.AsyncFunctionDef if node.children[0].type == "async" else ast.FunctionDef
        result = kind(
            name=_text(node.child_by_field_name("name")),
            args=self.parameters(node.child_by_field_name("parameters")),
            body=self._body(node),
            decorator_list=[],
            returns=self.annotation(node.child_by_field_name("return_type")),
            type_comment=None,
        )
        return self._generics(at(result, node), node)

    def _class_definition(self, node: Node) -> ast.stmt:
        bases, keywords = self.arguments(node.child_by_field_name("superclasses"))
        name = _text(node.child_by_field_name("name"))
        result = ast.ClassDef(name=name, bases=bases, keywords=keywords, body=self._body(node), decorator_list=[])
        return self._generics(at(result, node), node)

    def _generics(self, result: ast.stmt, node: Node) -> ast.stmt:
        declared = node.child_by_field_name("type_parameters")
        if declared is not None:
            names = tuple(name for part in parts(declared) if (name := _first_identifier(part)))
            vars(result)["type_parameter_names"] = names
        return result

    def _decorated(self, node: Node) -> ast.stmt:
        definition = node.child_by_field_name("definition")
        if definition is None:
            return self._unparsed(node)
        result = self._statement(definition)
        if isinstance(result, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            result.decorator_list = [self.only(part) for part in parts(node) if part.type == "decorator"]
        return result

    def _type_alias(self, node: Node) -> ast.stmt:
        name, value = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        generic = name
        if isinstance(name, ast.Subscript):
            name = name.value
        if not isinstance(name, ast.Name):  # "type(x).y = z" is taken for an alias by the grammar
            return at(Unparsed(), node)
        result = at(TypeAlias(name=stored(name, ast.Store()), value=value), node)  # type: ignore[call-arg]
        if isinstance(generic, ast.Subscript):
            names = [part.id for part in ast.walk(generic.slice) if isinstance(part, ast.Name)]
            vars(result)["type_parameter_names"] = tuple(names)
        return result


def _first_identifier(node: Node) -> str:
    current: Node | None = node
    while current is not None and current.type != "identifier":
        inner = parts(current)
        current = inner[0] if inner else None
    return _text(current)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


_BLOCKS = frozenset(
    {"block", "elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause"}
    | {"function_definition", "class_definition"}
)
_KEYWORDS: dict[str, type[ast.Pass] | type[ast.Break] | type[ast.Continue]] = {
    "pass_statement": ast.Pass,
    "break_statement": ast.Break,
    "continue_statement": ast.Continue,
}
_B = _Builder
_SIMPLE: dict[str, Callable[[_Builder, Node], ast.stmt]] = {
    "expression_statement": _B._expression,
    "return_statement": _B._return,
    "delete_statement": _B._delete,
    "raise_statement": _B._raise,
    "assert_statement": _B._assert,
    "pass_statement": _B._simple,
    "break_statement": _B._simple,
    "continue_statement": _B._simple,
    "global_statement": _B._global,
    "nonlocal_statement": _B._global,
    "import_statement": _B._import,
    "import_from_statement": _B._import_from,
    "future_import_statement": _B._import_from,
    "type_alias_statement": _B._type_alias,
}
_STATEMENTS: dict[str, Callable[[_Builder, Node], ast.stmt]] = {
    **_SIMPLE,
    "if_statement": _B._if,
    "while_statement": _B._while,
    "for_statement": _B._for,
    "with_statement": _B._with,
    "try_statement": _B._try,
    "match_statement": _B._match,
    "function_definition": _B._function,
    "class_definition": _B._class_definition,
    "decorated_definition": _B._decorated,
}

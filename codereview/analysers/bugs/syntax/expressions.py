"""Expressions."""

import ast
from collections.abc import Callable, Sequence

from tree_sitter import Node

from codereview.analysers.bugs.syntax.nodes import Opaque, TemplateStr, at, parts
from codereview.analysers.bugs.syntax.strings import decode, prefix, to_bytes

#: Nesting beyond this is not looked into: no person writes it, and every walk over the tree may then be recursive.
MAX_DEPTH = 90

OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "@": ast.MatMult,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<>": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "is": ast.Is,
    "is not": ast.IsNot,
    "in": ast.In,
    "not in": ast.NotIn,
}
_UNARY: dict[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert}
_SINGLETONS: dict[str, object] = {"true": True, "false": False, "none": None, "ellipsis": ...}
_LOAD = ast.Load()


class Expressions:
    """Makes `ast` expressions out of tree-sitter nodes. One per file."""

    def __init__(self) -> None:
        self._depth = 0
        #: Whether something stood too deep.
        self.too_deep = False

    def expr(self, node: Node | None) -> ast.expr:
        """The expression at a node; `Opaque` where there is none to be had."""
        if node is None:
            return Opaque(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
        handler = _HANDLERS.get(node.type)
        if handler is None or node.is_missing:
            return at(Opaque(), node)
        if self._depth >= MAX_DEPTH:
            self.too_deep = True
            return at(Opaque(), node)
        self._depth += 1
        try:
            return handler(self, node)
        finally:
            self._depth -= 1

    def exprs(self, nodes: Sequence[Node]) -> list[ast.expr]:
        """Several of them."""
        return [self.expr(node) for node in nodes]

    def _parts(self, node: Node) -> list[ast.expr]:
        return [_hoisted(self.expr(part)) for part in parts(node)]

    def _name(self, node: Node) -> ast.expr:
        return at(ast.Name(id=_text(node), ctx=_LOAD), node)

    def _singleton(self, node: Node) -> ast.expr:
        return at(ast.Constant(value=_SINGLETONS[node.type]), node)  # type: ignore[arg-type]

    def _number(self, node: Node) -> ast.expr:
        text = _text(node).replace("_", "")
        try:
            value: complex = complex(text) if text[-1] in "jJ" else _real(text, node.type)
        except ValueError:  # a Python 2 literal, or thousands of digits
            return at(Opaque(), node)
        return at(ast.Constant(value=value), node)

    def _string(self, node: Node) -> ast.expr:
        children = node.children
        letters = prefix(_text(children[0])) if children else ""
        if "f" in letters or "t" in letters:
            values = self._fragments(node, letters)
            if "t" in letters:
                return at(TemplateStr(values=values), node)  # type: ignore[call-arg]
            return at(ast.JoinedStr(values=values), node)
        # Not by the content nodes: in a raw string of nothing but backslashes they count as part of the end.
        opening = len(_text(children[0])) if children else 0
        value = decode(_text(node)[opening : -max(opening - len(letters), 1)], letters)
        return at(ast.Constant(value=to_bytes(value) if "b" in letters else value), node)

    def _fragments(self, node: Node, letters: str) -> list[ast.expr]:
        values: list[ast.expr] = []
        for part in node.named_children:
            if part.type == "string_content":
                text = _text(part).replace("{{", "{").replace("}}", "}")
                values.append(at(ast.Constant(value=decode(text, letters)), part))
            elif part.type in ("interpolation", "format_expression"):
                values.append(self._interpolation(part, letters))
        return values

    def _interpolation(self, node: Node, letters: str) -> ast.expr:
        conversion, spec = node.child_by_field_name("type_conversion"), node.child_by_field_name("format_specifier")
        letter = ord(_text(conversion)[1:2] or "s") if conversion is not None else -1
        layout: ast.expr | None = None
        if spec is not None:
            layout = at(ast.JoinedStr(values=self._format_specifier(spec, letters)), spec)
        value = self.expr(node.child_by_field_name("expression"))
        return at(ast.FormattedValue(value=value, conversion=letter, format_spec=layout), node)

    def _format_specifier(self, node: Node, letters: str) -> list[ast.expr]:
        """The literal text between nested replacement fields has no nodes of its own."""
        values: list[ast.expr] = []
        data, place = node.text or b"", 1
        for part in [*node.named_children, None]:
            end = part.start_byte - node.start_byte if part is not None else len(data)
            if text := data[place:end].decode("utf-8", "replace"):
                values.append(at(ast.Constant(value=text), node))
            if part is not None:
                values.append(self._interpolation(part, letters))
                place = part.end_byte - node.start_byte
        return values

    def _concatenation(self, node: Node) -> ast.expr:
        values = self._parts(node)
        constants = [value.value for value in values if isinstance(value, ast.Constant)]
        if len(constants) == len(values):
            if all(isinstance(value, str) for value in constants):
                return at(ast.Constant(value="".join(map(str, constants))), node)
            if all(isinstance(value, bytes) for value in constants):
                return at(ast.Constant(value=b"".join(constants)), node)  # type: ignore[arg-type]
            return at(Opaque(), node)
        flat: list[ast.expr] = []
        for value in values:
            for piece in value.values if isinstance(value, ast.JoinedStr) else [value]:
                if isinstance(piece, ast.Constant) and flat and isinstance(flat[-1], ast.Constant):
                    flat[-1].value = f"{flat[-1].value!s}{piece.value!s}"
                elif not isinstance(piece, ast.Constant) or piece.value:
                    flat.append(piece)
        return at(ast.JoinedStr(values=flat), node)

    def _binary(self, node: Node) -> ast.expr:
        """Left operands are followed by a loop: long sums are common, and nest as deep as they are long."""
        chain = [node]
        while (left := chain[-1].child_by_field_name("left")) is not None and left.type == "binary_operator":
            chain.append(left)
        if len(chain) > MAX_DEPTH:
            self.too_deep = True
            del chain[MAX_DEPTH:]
            result: ast.expr = at(Opaque(), chain[-1])
        else:
            result = self.expr(chain[-1].child_by_field_name("left"))
        for link in reversed(chain):
            symbol = link.child_by_field_name("operator")
            operator = OPERATORS.get(symbol.type if symbol is not None else "")
            right = self.expr(link.child_by_field_name("right"))
            result = at(ast.BinOp(left=result, op=operator(), right=right) if operator else Opaque(), link)
        return result

    def _boolean(self, node: Node) -> ast.expr:
        symbol = node.child_by_field_name("operator")
        kind = symbol.type if symbol is not None else "and"
        operands: list[Node | None] = []
        current: Node | None = node
        while current is not None and current.type == "boolean_operator" and _operator(current) == kind:
            operands.append(current.child_by_field_name("right"))
            current = current.child_by_field_name("left")
        operands.append(current)
        values = [self.expr(operand) for operand in reversed(operands)]
        return at(ast.BoolOp(op=ast.And() if kind == "and" else ast.Or(), values=values), node)

    def _unary(self, node: Node) -> ast.expr:
        operand = self.expr(node.child_by_field_name("argument"))
        symbol = node.child_by_field_name("operator")
        operator = _UNARY.get(symbol.type, ast.Not) if symbol is not None else ast.Not
        return at(ast.UnaryOp(op=operator(), operand=operand), node)

    def _comparison(self, node: Node) -> ast.expr:
        operands = self._parts(node)
        ops = [_COMPARISONS.get(symbol.type) for symbol in node.children_by_field_name("operators")]
        if len(operands) != len(ops) + 1 or None in ops:
            return at(Opaque(), node)
        left, *comparators = operands
        return at(ast.Compare(left=left, ops=[op() for op in ops if op], comparators=comparators), node)

    def _attribute(self, node: Node) -> ast.expr:
        value = self.expr(node.child_by_field_name("object"))
        return at(ast.Attribute(value=value, attr=_field_text(node, "attribute"), ctx=_LOAD), node)

    def _subscript(self, node: Node) -> ast.expr:
        value = self.expr(node.child_by_field_name("value"))
        items = node.children_by_field_name("subscript")
        indices = self.exprs(items)
        comma = any(child.type == "," for child in node.children)
        index: ast.expr = indices[0] if indices and not comma else Opaque()
        if comma and indices:
            index = at(ast.Tuple(elts=indices, ctx=_LOAD), items[0], items[-1])
        return at(ast.Subscript(value=value, slice=index, ctx=_LOAD), node)

    def _slice(self, node: Node) -> ast.expr:
        found: list[ast.expr | None] = [None, None, None]
        place = 0
        for child in node.children:
            if child.type == ":":
                place = min(place + 1, 2)
            elif child.is_named and child.type != "comment":
                found[place] = self.expr(child)
        return at(ast.Slice(lower=found[0], upper=found[1], step=found[2]), node)

    def _call(self, node: Node) -> ast.expr:
        function = self.expr(node.child_by_field_name("function"))
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and arguments.type == "generator_expression":
            return at(ast.Call(func=function, args=[self.expr(arguments)], keywords=[]), node)
        args, keywords = self.arguments(arguments)
        return at(ast.Call(func=function, args=args, keywords=keywords), node)

    def arguments(self, node: Node | None) -> tuple[list[ast.expr], list[ast.keyword]]:
        """Positional and keyword arguments of a call, or bases and keywords of a class."""
        args: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for part in parts(node) if node is not None else ():
            if part.type == "keyword_argument":
                name, value = _field_text(part, "name"), self.expr(part.child_by_field_name("value"))
                keywords.append(at(ast.keyword(arg=name, value=value), part))
            elif part.type == "dictionary_splat":
                keywords.append(at(ast.keyword(arg=None, value=self._only(part)), part))
            else:
                args.append(self.expr(part))
        return args, keywords

    def _only(self, node: Node) -> ast.expr:
        inner = parts(node)
        return self.expr(inner[0] if inner else None)

    def _parenthesised(self, node: Node) -> ast.expr:
        inner = parts(node)
        return self.expr(inner[0]) if len(inner) == 1 else at(Opaque(), node)

    def _starred(self, node: Node) -> ast.expr:
        return at(ast.Starred(value=self._only(node), ctx=_LOAD), node)

    def _tuple(self, node: Node) -> ast.expr:
        return at(ast.Tuple(elts=self._parts(node), ctx=_LOAD), node)

    def _list(self, node: Node) -> ast.expr:
        return at(ast.List(elts=self._parts(node), ctx=_LOAD), node)

    def _set(self, node: Node) -> ast.expr:
        return at(ast.Set(elts=self._parts(node)), node)

    def _dict(self, node: Node) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for part in parts(node):
            if part.type == "pair":
                keys.append(self.expr(part.child_by_field_name("key")))
                values.append(self.expr(part.child_by_field_name("value")))
            else:
                keys.append(None)
                values.append(self._only(part))
        return at(ast.Dict(keys=keys, values=values), node)

    def _comprehension(self, node: Node) -> ast.expr:
        body = node.child_by_field_name("body")
        generators: list[ast.comprehension] = []
        for part in parts(node):
            if part.type == "for_in_clause":
                target = self.target(part.child_by_field_name("left"))
                sources = part.children_by_field_name("right")
                source = self.expr(sources[0]) if sources else self.expr(None)
                asynchronous = int(part.children[0].type == "async")
                generators.append(
                    ast.comprehension(target=target, iter=source, ifs=[], is_async=asynchronous),
                )
            elif part.type == "if_clause" and generators:
                generators[-1].ifs.append(self._only(part))
        if node.type == "dictionary_comprehension":
            if body is None or body.type != "pair":
                return at(Opaque(), node)
            key, value = self.expr(body.child_by_field_name("key")), self.expr(body.child_by_field_name("value"))
            return at(ast.DictComp(key=key, value=value, generators=generators), node)
        kind = _COMPREHENSIONS[node.type]
        return at(kind(elt=self.expr(body), generators=generators), node)

    def _conditional(self, node: Node) -> ast.expr:
        operands = self._parts(node)
        if len(operands) != 3:
            return at(Opaque(), node)
        body, test, orelse = operands
        return at(ast.IfExp(test=test, body=body, orelse=orelse), node)

    def _named(self, node: Node) -> ast.expr:
        target = self.target(node.child_by_field_name("name"))
        value = self.expr(node.child_by_field_name("value"))
        if not isinstance(target, ast.Name):
            return at(Opaque(), node)
        return at(ast.NamedExpr(target=target, value=value), node)

    def _await(self, node: Node) -> ast.expr:
        return at(ast.Await(value=self._only(node)), node)

    def _yield(self, node: Node) -> ast.expr:
        inner = parts(node)
        if any(child.type == "from" for child in node.children):
            return at(ast.YieldFrom(value=self.expr(inner[0] if inner else None)), node)
        return at(ast.Yield(value=self.expr(inner[0]) if inner else None), node)

    def _lambda(self, node: Node) -> ast.expr:
        args = self.parameters(node.child_by_field_name("parameters"))
        return at(ast.Lambda(args=args, body=self.expr(node.child_by_field_name("body"))), node)

    def annotation(self, node: Node | None) -> ast.expr | None:
        """A type expression; what only types have (``*Ts``, generic types) is put back into its general form."""
        if node is None:
            return None
        if node.type != "type":
            return self.expr(node)
        inner = parts(node)
        return self.annotation(inner[0]) if len(inner) == 1 else at(Opaque(), node)

    def _type(self, node: Node) -> ast.expr:
        return self.annotation(node) or at(Opaque(), node)

    def _generic(self, node: Node) -> ast.expr:
        head, *rest = parts(node)
        items = [item for group in rest for item in parts(group)]
        if not items:
            return at(Opaque(), node)
        indices = self.exprs(items)
        # Even "X[int,]" has one index only when there is no comma.
        comma = any(child.type == "," for group in rest for child in group.children)
        index = at(ast.Tuple(elts=indices, ctx=_LOAD), items[0], items[-1]) if comma else indices[0]
        return at(ast.Subscript(value=self.expr(head), slice=index, ctx=_LOAD), node)

    def _union(self, node: Node) -> ast.expr:
        operands = self._parts(node)
        if len(operands) != 2:
            return at(Opaque(), node)
        return at(ast.BinOp(left=operands[0], op=ast.BitOr(), right=operands[1]), node)

    def _member(self, node: Node) -> ast.expr:
        first, *rest = parts(node)
        if len(rest) != 1:
            return at(Opaque(), node)
        return at(ast.Attribute(value=self.expr(first), attr=_text(rest[0]), ctx=_LOAD), node)

    def parameters(self, node: Node | None) -> ast.arguments:
        """The parameters of a function or lambda."""
        result = ast.arguments(
            posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
        )
        keyword_only = False
        for part in parts(node) if node is not None else ():
            if part.type == "positional_separator":
                result.posonlyargs, result.args = result.args, []
            elif part.type == "keyword_separator":
                keyword_only = True
            else:
                keyword_only |= self._parameter(part, result, keyword_only)
        return result

    def _parameter(self, node: Node, into: ast.arguments, keyword_only: bool) -> bool:
        """Adds a parameter; whether it was ``*args``, after which all are keyword-only."""
        kind, name, default = node.type, node.child_by_field_name("name"), node.child_by_field_name("value")
        if kind in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
            inner = parts(node)
            name = inner[0] if inner else node
        elif name is None:
            name = node
        star = name.type if name.type in _STARS else kind
        if name.type in _STARS:
            inner = parts(name)
            name = inner[0] if inner else name
        argument = at(ast.arg(arg=_text(name), annotation=self.annotation(node.child_by_field_name("type"))), node)
        if star == "list_splat_pattern":
            into.vararg = argument
        elif star == "dictionary_splat_pattern":
            into.kwarg = argument
        elif keyword_only:
            into.kwonlyargs.append(argument)
            into.kw_defaults.append(self.expr(default) if default is not None else None)
        else:
            into.args.append(argument)
            if default is not None:
                into.defaults.append(self.expr(default))
        return star == "list_splat_pattern"

    def target(self, node: Node | None) -> ast.expr:
        """An expression that is assigned to."""
        return stored(self.expr(node), ast.Store())


def stored(expression: ast.expr, context: ast.expr_context) -> ast.expr:
    """The expression with its context, and that of what it unpacks into, replaced."""
    if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript | ast.Starred | ast.List | ast.Tuple):
        expression.ctx = context
    if isinstance(expression, ast.Starred):
        stored(expression.value, context)
    elif isinstance(expression, ast.List | ast.Tuple):
        for element in expression.elts:
            stored(element, context)
    return expression


def _hoisted(expression: ast.expr) -> ast.expr:
    """``*a.b`` as a starred attribute: the grammar takes it for an attribute of a starred name."""
    inner, owners = expression, []
    while isinstance(inner, ast.Attribute | ast.Call | ast.Subscript):
        owners.append(inner)
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    if not owners or not isinstance(inner, ast.Starred):
        return expression
    last = owners[-1]
    if isinstance(last, ast.Call):
        last.func = inner.value
    else:
        last.value = inner.value
    place = {name: getattr(expression, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    return ast.Starred(value=expression, ctx=_LOAD, **place)


def _real(text: str, kind: str) -> float:
    return int(text, 0) if kind == "integer" else float(text)


def _operator(node: Node) -> str:
    symbol = node.child_by_field_name("operator")
    return symbol.type if symbol is not None else ""


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _field_text(node: Node, field: str) -> str:
    child = node.child_by_field_name(field)
    return _text(child) if child is not None else ""


_STARS = ("list_splat_pattern", "dictionary_splat_pattern")
_COMPREHENSIONS: dict[str, type[ast.ListComp] | type[ast.SetComp] | type[ast.GeneratorExp]] = {
    "list_comprehension": ast.ListComp,
    "set_comprehension": ast.SetComp,
    "generator_expression": ast.GeneratorExp,
}
_E = Expressions
_HANDLERS: dict[str, Callable[[Expressions, Node], ast.expr]] = {
    "identifier": _E._name,
    "keyword_identifier": _E._name,
    "true": _E._singleton,
    "false": _E._singleton,
    "none": _E._singleton,
    "ellipsis": _E._singleton,
    "integer": _E._number,
    "float": _E._number,
    "string": _E._string,
    "concatenated_string": _E._concatenation,
    "binary_operator": _E._binary,
    "boolean_operator": _E._boolean,
    "not_operator": _E._unary,
    "unary_operator": _E._unary,
    "comparison_operator": _E._comparison,
    "attribute": _E._attribute,
    "subscript": _E._subscript,
    "slice": _E._slice,
    "call": _E._call,
    "parenthesized_expression": _E._parenthesised,
    "list_splat": _E._starred,
    "list_splat_pattern": _E._starred,
    "splat_type": _E._starred,
    "parenthesized_list_splat": _E._parenthesised,
    "tuple": _E._tuple,
    "tuple_pattern": _E._tuple,
    "pattern_list": _E._tuple,
    "expression_list": _E._tuple,
    "list": _E._list,
    "list_pattern": _E._list,
    "set": _E._set,
    "dictionary": _E._dict,
    "list_comprehension": _E._comprehension,
    "set_comprehension": _E._comprehension,
    "generator_expression": _E._comprehension,
    "dictionary_comprehension": _E._comprehension,
    "conditional_expression": _E._conditional,
    "named_expression": _E._named,
    "await": _E._await,
    "yield": _E._yield,
    "lambda": _E._lambda,
    "type": _E._type,
    "generic_type": _E._generic,
    "union_type": _E._union,
    "member_type": _E._member,
}

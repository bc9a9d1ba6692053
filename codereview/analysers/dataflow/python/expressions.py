"""Python's expressions."""

import re
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.lowering import (
    Lowering,
    column_of,
    end_line_of,
    integer,
    line_of,
    named,
    text_of,
    unescape,
)

_PREFIX = re.compile(r"^[A-Za-z]*")


class PythonExpressions(Lowering):
    """Lowers expressions; functions as values are lowered by the class that knows statements."""

    def __init__(self) -> None:
        super().__init__()
        self._expressions: dict[str, Callable[[Node], ir.Expr]] = {
            "identifier": lambda n: ir.Name(line_of(n), text_of(n)),
            "string": self._string,
            "concatenated_string": self._strings,
            "integer": self._number,
            "float": self._number,
            "true": lambda n: ir.Const(line_of(n), True),
            "false": lambda n: ir.Const(line_of(n), False),
            "none": lambda n: ir.Const(line_of(n), None),
            "attribute": self._attribute,
            "subscript": self._subscript,
            "slice": self._slice,
            "call": self._call,
            "binary_operator": self._binary,
            "boolean_operator": self._boolean,
            "comparison_operator": self._comparison,
            "not_operator": lambda n: ir.Not(line_of(n), self._field(n, "argument")),
            "unary_operator": self._unary,
            "conditional_expression": self._conditional,
            "parenthesized_expression": self._first,
            "await": self._first,
            "type": self._first,
            "named_expression": self._walrus,
            "list": lambda n: self._sequence(n, "list"),
            "tuple": lambda n: self._sequence(n, "tuple"),
            "set": lambda n: self._sequence(n, "set"),
            "expression_list": lambda n: self._sequence(n, "tuple"),
            "pattern_list": lambda n: self._sequence(n, "tuple"),
            "tuple_pattern": lambda n: self._sequence(n, "tuple"),
            "list_pattern": lambda n: self._sequence(n, "list"),
            "dictionary": self._dictionary,
            "list_comprehension": lambda n: self._comprehension(n, "list"),
            "set_comprehension": lambda n: self._comprehension(n, "set"),
            "generator_expression": lambda n: self._comprehension(n, "generator"),
            "dictionary_comprehension": lambda n: self._comprehension(n, "dict"),
            "lambda": self.function_literal,
            "yield": self._yield,
            "list_splat": lambda n: ir.Star(line_of(n), self._only(n)),
            "list_splat_pattern": lambda n: ir.Star(line_of(n), self._only(n)),
            "dictionary_splat": lambda n: ir.Star(line_of(n), self._only(n), double=True),
            "interpolation": lambda n: self._field(n, "expression"),
            "assignment": self._inner_assignment,
            "as_pattern_target": self._first,
            "dotted_name": self._dotted,
            "ellipsis": lambda n: ir.Opaque(line_of(n), ()),
        }

    def expr(self, node: Node) -> ir.Expr:
        """An expression."""
        return self.lower(node, self._expressions, self._opaque, lambda n: ir.Opaque(line_of(n), ()))

    def function_literal(self, node: Node) -> ir.Expr:
        """A lambda."""
        raise NotImplementedError

    def target(self, node: Node) -> ir.Expr:
        """What is assigned to; notes the names it binds."""
        lowered = self.expr(node)
        stack = [lowered]
        while stack:
            current = stack.pop()
            if isinstance(current, ir.Name):
                self.bind(current.id)
            elif isinstance(current, ir.Sequence):
                stack.extend(current.items)
            elif isinstance(current, ir.Star):
                stack.append(current.value)
        return lowered

    def _opaque(self, node: Node) -> ir.Expr:
        return ir.Opaque(line_of(node), tuple(self.expr(child) for child in named(node)))

    def _field(self, node: Node, name: str) -> ir.Expr:
        child = node.child_by_field_name(name)
        return self.expr(child) if child is not None else ir.Opaque(line_of(node), ())

    def _optional(self, node: Node, name: str) -> ir.Expr | None:
        child = node.child_by_field_name(name)
        return self.expr(child) if child is not None else None

    def _first(self, node: Node) -> ir.Expr:
        inner = node
        while inner.type in ("parenthesized_expression", "type"):
            child = next(named(inner), None)
            if child is None:
                return ir.Opaque(line_of(node), ())
            inner = child
        if inner is not node:
            return self.expr(inner)
        return self._only(node)

    def _only(self, node: Node) -> ir.Expr:
        child = next(named(node), None)
        return self.expr(child) if child is not None else ir.Opaque(line_of(node), ())

    def _string(self, node: Node) -> ir.Expr:
        prefix, parts = "", list[ir.Expr]()
        for child in node.children:
            kind = child.type
            if kind == "string_start":
                match = _PREFIX.match(text_of(child))
                prefix = match[0].lower() if match else ""
            elif kind == "string_content":
                text = text_of(child)
                plain = text if "r" in prefix else unescape(text)
                parts.append(ir.Const(line_of(child), plain.encode("utf-8", "replace") if "b" in prefix else plain))
            elif kind == "interpolation":
                parts.append(self.expr(child))
        if all(isinstance(part, ir.Const) for part in parts) and len(parts) <= 1:
            empty: str | bytes = b"" if "b" in prefix else ""
            return parts[0] if parts else ir.Const(line_of(node), empty)
        return ir.Format(line_of(node), tuple(parts))

    def _strings(self, node: Node) -> ir.Expr:
        parts: list[ir.Expr] = []
        for child in named(node):
            part = self.expr(child)
            parts.extend(part.parts if isinstance(part, ir.Format) else (part,))
        values = [part.value for part in parts if isinstance(part, ir.Const)]
        if len(values) == len(parts) and all(isinstance(value, str) for value in values):
            return ir.Const(line_of(node), "".join(str(value) for value in values))
        return ir.Format(line_of(node), tuple(parts))

    def _number(self, node: Node) -> ir.Expr:
        value = integer(text_of(node))
        return ir.Const(line_of(node), value) if value is not None else ir.Opaque(line_of(node), ())

    def _attribute(self, node: Node) -> ir.Expr:
        name = node.child_by_field_name("attribute")
        return ir.Attr(line_of(node), self._field(node, "object"), text_of(name) if name is not None else "")

    def _dotted(self, node: Node) -> ir.Expr:
        found: ir.Expr | None = None
        for child in named(node):
            name = text_of(child)
            found = ir.Name(line_of(node), name) if found is None else ir.Attr(line_of(node), found, name)
        return found or ir.Opaque(line_of(node), ())

    def _subscript(self, node: Node) -> ir.Expr:
        keys = [self.expr(child) for child in node.children_by_field_name("subscript")]
        key = keys[0] if len(keys) == 1 else ir.Sequence(line_of(node), "tuple", tuple(keys))
        return ir.Index(line_of(node), self._field(node, "value"), key)

    def _slice(self, node: Node) -> ir.Expr:
        bounds: list[ir.Expr | None] = [None]
        for child in node.children:
            if child.type == ":":
                bounds.append(None)
            elif child.is_named:
                bounds[-1] = self.expr(child)
        bounds += [None] * (3 - len(bounds))
        return ir.Slice(line_of(node), bounds[0], bounds[1], bounds[2])

    def _call(self, node: Node) -> ir.Expr:
        args: list[ir.Expr] = []
        keywords: list[tuple[str, ir.Expr]] = []
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and arguments.type == "generator_expression":
            args.append(self.expr(arguments))
        elif arguments is not None:
            for child in named(arguments):
                if child.type == "keyword_argument":
                    name = child.child_by_field_name("name")
                    keywords.append((text_of(name) if name is not None else "", self._field(child, "value")))
                elif child.type == "dictionary_splat":
                    keywords.append(("**", self._only(child)))
                else:
                    args.append(self.expr(child))
        func = self._field(node, "function")
        return ir.Call(line_of(node), func, tuple(args), tuple(keywords), end_line_of(node), column_of(node))

    def _binary(self, node: Node) -> ir.Expr:
        # The left spine is walked, not descended: a sum of ten thousand terms is one chain.
        spine = [node]
        left = node.child_by_field_name("left")
        while left is not None and left.type == "binary_operator":
            spine.append(left)
            left = left.child_by_field_name("left")
        first = self.expr(left) if left is not None else ir.Opaque(line_of(node), ())
        rest = []
        for part in reversed(spine):
            operator = part.child_by_field_name("operator")
            rest.append((text_of(operator) if operator is not None else "", self._field(part, "right")))
        return ir.Chain(line_of(node), first, tuple(rest))

    def _boolean(self, node: Node) -> ir.Expr:
        operator = _operator(node)
        operands = []
        left: Node | None = node
        while left is not None and left.type == "boolean_operator" and _operator(left) == operator:
            operands.append(self._field(left, "right"))
            left = left.child_by_field_name("left")
        if left is not None:
            operands.append(self.expr(left))
        return ir.Logic(line_of(node), operator, tuple(reversed(operands)))

    def _comparison(self, node: Node) -> ir.Expr:
        operands: list[ir.Expr] = []
        operators: list[str] = []
        for child in node.children:
            if child.is_named and child.type != "comment":
                if len(operators) >= len(operands):
                    operands.append(self.expr(child))
            elif not child.is_named:
                # "not in" and "is not" may come as one token or as two.
                if len(operators) == len(operands):
                    operators[-1] = f"{operators[-1]} {text_of(child)}"
                else:
                    operators.append(" ".join(text_of(child).split()))
        line = line_of(node)
        pairs = [
            ir.Compare(line, operands[i], op, operands[i + 1])
            for i, op in enumerate(operators)
            if i + 1 < len(operands)
        ]
        if not pairs:
            return ir.Opaque(line, tuple(operands))
        return pairs[0] if len(pairs) == 1 else ir.Logic(line, "and", tuple(pairs))

    def _unary(self, node: Node) -> ir.Expr:
        return ir.Unary(line_of(node), _operator(node), self._field(node, "argument"))

    def _conditional(self, node: Node) -> ir.Expr:
        parts = [self.expr(child) for child in named(node)]
        if len(parts) != 3:
            return ir.Opaque(line_of(node), tuple(parts))
        return ir.Cond(line_of(node), parts[1], parts[0], parts[2])

    def _walrus(self, node: Node) -> ir.Expr:
        name = node.child_by_field_name("name")
        target = self.target(name) if name is not None else ir.Opaque(line_of(node), ())
        return ir.Walrus(line_of(node), target, self._field(node, "value"))

    def _inner_assignment(self, node: Node) -> ir.Expr:
        left = node.child_by_field_name("left")
        target = self.target(left) if left is not None else ir.Opaque(line_of(node), ())
        return ir.Walrus(line_of(node), target, self._field(node, "right"))

    def _sequence(self, node: Node, kind: str) -> ir.Expr:
        return ir.Sequence(line_of(node), kind, tuple(self.expr(child) for child in named(node)))

    def _dictionary(self, node: Node) -> ir.Expr:
        items: list[tuple[ir.Expr | None, ir.Expr]] = []
        for child in named(node):
            if child.type == "pair":
                items.append((self._field(child, "key"), self._field(child, "value")))
            elif child.type == "dictionary_splat":
                items.append((None, self._only(child)))
        return ir.Mapping(line_of(node), tuple(items))

    def _comprehension(self, node: Node, kind: str) -> ir.Expr:
        body = node.child_by_field_name("body")
        clauses: list[tuple[ir.Expr, ir.Expr, list[ir.Expr]]] = []
        for child in named(node):
            if child.type == "for_in_clause":
                left = child.child_by_field_name("left")
                target = self.target(left) if left is not None else ir.Opaque(line_of(child), ())
                clauses.append((target, self._field(child, "right"), []))
            elif child.type == "if_clause" and clauses:
                clauses[-1][2].append(self._only(child))
        key: ir.Expr | None = None
        element: ir.Expr = ir.Opaque(line_of(node), ())
        if body is not None and body.type == "pair":
            key, element = self._field(body, "key"), self._field(body, "value")
        elif body is not None:
            element = self.expr(body)
        made = tuple(ir.Clause(target, iterable, tuple(tests)) for target, iterable, tests in clauses)
        return ir.Comprehension(line_of(node), kind, element, key, made)

    def _yield(self, node: Node) -> ir.Expr:
        self.saw_yield()
        child = next(named(node), None)
        from_other = any(token.type == "from" for token in node.children)
        value = self.expr(child) if child is not None else None
        if value is not None and from_other:
            value = ir.Star(line_of(node), value)
        return ir.Yield(line_of(node), value)


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return text_of(operator) if operator is not None else ""

"""What the front ends of Java, JavaScript and Go have in common: operators, assignments, loops, branches."""

from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.lowering import Lowering, line_of, named, text_of

_COMPARISONS = {
    "==": "==",
    "===": "==",
    "!=": "!=",
    "!==": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "in": "in",
}
_CONNECTIVES = {"&&": "and", "||": "or", "??": "??"}


class CLike(Lowering):
    """Lowering by two tables, filled by each language."""

    #: The grammar's names of nested if statements and of what their ``else`` is wrapped in.
    IF = "if_statement"
    ELSE = "else_clause"

    def __init__(self) -> None:
        super().__init__()
        self._expressions: dict[str, Callable[[Node], ir.Expr]] = {}
        self._statements: dict[str, Callable[[Node], ir.Stmt]] = {}

    def expr(self, node: Node) -> ir.Expr:
        """An expression."""
        return self.lower(node, self._expressions, self.opaque, lambda n: ir.Opaque(line_of(n), ()))

    def statement(self, node: Node) -> ir.Stmt:
        """A statement."""
        return self.lower(node, self._statements, self.loose, lambda n: ir.Block(line_of(n), ()))

    def loose(self, node: Node) -> ir.Stmt:
        """What is no statement is evaluated."""
        value = self.expr(node) if node.type in self._expressions else self.opaque(node)
        return ir.ExprStmt(line_of(node), value)

    def opaque(self, node: Node) -> ir.Expr:
        """What has no counterpart, by its parts."""
        parts = []
        for child in named(node):
            if child.type in self._statements:
                continue
            parts.append(self.expr(child))
        return ir.Opaque(line_of(node), tuple(parts))

    def block(self, node: Node | None) -> tuple[ir.Stmt, ...]:
        """The statements of a block, or a single statement as one."""
        if node is None:
            return ()
        if node.type in (
            "block",
            "statement_block",
            "constructor_body",
            "program",
            "source_file",
            "ERROR",
            "statement_list",
        ):
            return tuple(self.statement(child) for child in named(node))
        return (self.statement(node),)

    def field(self, node: Node, name: str) -> ir.Expr:
        """The expression in a field of the node."""
        child = node.child_by_field_name(name)
        return self.expr(child) if child is not None else ir.Opaque(line_of(node), ())

    def optional(self, node: Node, name: str) -> ir.Expr | None:
        """The expression in a field, None when there is none."""
        child = node.child_by_field_name(name)
        return self.expr(child) if child is not None else None

    def first(self, node: Node) -> ir.Expr:
        """The only expression in a wrapper; wrappers in wrappers are walked, not descended."""
        inner = node
        while True:
            child = next(named(inner), None)
            if child is None:
                return ir.Opaque(line_of(node), ())
            if child.type != node.type:
                return self.expr(child)
            inner = child

    def target(self, node: Node) -> ir.Expr:
        """What is assigned to."""
        return self.expr(node)

    def name_field(self, node: Node, name: str = "name") -> str:
        """The text of a field."""
        child = node.child_by_field_name(name)
        return text_of(child) if child is not None else ""

    def operator(self, node: Node) -> str:
        """The operator's text."""
        child = node.child_by_field_name("operator")
        return text_of(child) if child is not None else ""

    def binary(self, node: Node) -> ir.Expr:
        """A binary expression; chains of one kind become flat."""
        op = self.operator(node)
        line = line_of(node)
        if op in _CONNECTIVES:
            operands = []
            left: Node | None = node
            while left is not None and left.type == node.type and self.operator(left) == op:
                operands.append(self.field(left, "right"))
                left = left.child_by_field_name("left")
            operands.append(self.expr(left) if left is not None else ir.Opaque(line, ()))
            return ir.Logic(line, _CONNECTIVES[op], tuple(reversed(operands)))
        if op in _COMPARISONS:
            return ir.Compare(line, self.field(node, "left"), _COMPARISONS[op], self.field(node, "right"))
        return self._chain(node)

    def _chain(self, node: Node) -> ir.Expr:
        spine = [node]
        left = node.child_by_field_name("left")
        while left is not None and left.type == node.type and not self._connects(left):
            spine.append(left)
            left = left.child_by_field_name("left")
        first = self.expr(left) if left is not None else ir.Opaque(line_of(node), ())
        rest = tuple((self.operator(part), self.field(part, "right")) for part in reversed(spine))
        return ir.Chain(line_of(node), first, rest)

    def _connects(self, node: Node) -> bool:
        op = self.operator(node)
        return op in _CONNECTIVES or op in _COMPARISONS

    def unary(self, node: Node, operand: str) -> ir.Expr:
        """A prefix operator."""
        op = self.operator(node)
        value = self.field(node, operand)
        return ir.Not(line_of(node), value) if op == "!" else ir.Unary(line_of(node), op, value)

    def conditional(self, node: Node) -> ir.Expr:
        """``test ? then : other``."""
        return ir.Cond(
            line_of(node),
            self.field(node, "condition"),
            self.field(node, "consequence"),
            self.field(node, "alternative"),
        )

    def branches(self, node: Node) -> ir.Stmt:
        """An if statement; a chain of else-ifs is walked, not descended."""
        found: list[tuple[ir.Expr, tuple[ir.Stmt, ...]]] = []
        orelse: tuple[ir.Stmt, ...] = ()
        before: list[ir.Stmt] = []
        current: Node | None = node
        while current is not None:
            initial = current.child_by_field_name("initializer")
            if initial is not None:
                before.append(self.statement(initial))
            found.append((self.field(current, "condition"), self.block(current.child_by_field_name("consequence"))))
            alternative = current.child_by_field_name("alternative")
            if alternative is not None and alternative.type == self.ELSE:
                alternative = next(named(alternative), None)
            if alternative is not None and alternative.type == self.IF:
                current = alternative
                continue
            orelse = self.block(alternative)
            current = None
        made = ir.If(line_of(node), tuple(found), orelse)
        return ir.Block(line_of(node), (*before, made)) if before else made

    def while_loop(self, node: Node) -> ir.Stmt:
        """``while``."""
        body = self.block(node.child_by_field_name("body"))
        return ir.While(line_of(node), self.field(node, "condition"), body)

    def do_loop(self, node: Node) -> ir.Stmt:
        """``do … while``."""
        body = self.block(node.child_by_field_name("body"))
        return ir.While(line_of(node), self.field(node, "condition"), body, test_last=True)

    def assigned(self, node: Node) -> ir.Expr:
        """``left = right`` and ``left op= right`` as expressions."""
        left = node.child_by_field_name("left")
        target = self.target(left) if left is not None else ir.Opaque(line_of(node), ())
        op = self.operator(node).removesuffix("=") or ""
        value = self.field(node, "right")
        if op and op != ":":
            value = (
                ir.Chain(line_of(node), target, ((op, value),))
                if op not in ("||", "&&", "??")
                else ir.Logic(line_of(node), _CONNECTIVES[op], (target, value))
            )
        return ir.Walrus(line_of(node), target, value)

    def expression_statement(self, node: Node) -> ir.Stmt:
        """An expression as a statement; assignments become statements."""
        children = list(named(node))
        if len(children) == 1:
            value = self.expr(children[0])
            if isinstance(value, ir.Walrus):
                return ir.Assign(line_of(node), (value.target,), value.value)
            return ir.ExprStmt(line_of(node), value)
        return ir.ExprStmt(line_of(node), self.opaque(node))

    def stepped(self, node: Node, operand: Node | None) -> ir.Expr:
        """``x++`` and ``x--``."""
        if operand is None:
            return ir.Opaque(line_of(node), ())
        target = self.target(operand)
        op = "+" if "++" in text_of(node)[:2] or text_of(node).endswith("++") else "-"
        line = line_of(node)
        return ir.Walrus(line, target, ir.Chain(line, target, ((op, ir.Const(line, 1)),)))

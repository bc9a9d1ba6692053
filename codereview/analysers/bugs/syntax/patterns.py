"""Patterns of ``match`` statements."""

import ast

from tree_sitter import Node

from codereview.analysers.bugs.syntax.expressions import Expressions
from codereview.analysers.bugs.syntax.nodes import Opaque, at, parts, text_of

_SINGLETONS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


class Patterns(Expressions):
    """Makes `ast` patterns."""

    def case(self, node: Node) -> ast.match_case:
        """One ``case`` clause, without its body."""
        alternatives = [part for part in parts(node) if part.type == "case_pattern"]
        guard = node.child_by_field_name("guard")
        if len(alternatives) == 1 and not _is_open(node):
            pattern = self.pattern(alternatives[0])
        else:
            patterns = [self.pattern(part) for part in alternatives]
            pattern = at(ast.MatchSequence(patterns=patterns), alternatives[0] if alternatives else node)
        return ast.match_case(pattern=pattern, guard=self.only(guard) if guard is not None else None, body=[])

    def pattern(self, node: Node) -> ast.pattern:
        """One pattern."""
        if node.type == "case_pattern":
            inner = parts(node)
            if len(inner) == 1:
                return self.pattern(inner[0])
            if not inner:
                return at(ast.MatchAs(pattern=None, name=None), node)  # "_"
            return at(ast.MatchValue(value=self._number_after_minus(node)), node)
        match node.type:
            case "dotted_name":
                return self._dotted(node)
            case "list_pattern" | "tuple_pattern":
                patterns = [self.pattern(part) for part in parts(node)]
                if node.type == "tuple_pattern" and len(patterns) == 1 and not _is_open(node):
                    return patterns[0]
                return at(ast.MatchSequence(patterns=patterns), node)
            case "splat_pattern":
                return at(ast.MatchStar(name=self._captured(node)), node)
            case "union_pattern":
                return at(ast.MatchOr(patterns=self._alternatives(node)), node)
            case "as_pattern":
                named = parts(node)
                pattern = self.pattern(named[0]) if named else None
                return at(ast.MatchAs(pattern=pattern, name=text_of(named[1]) if len(named) > 1 else None), node)
            case "class_pattern":
                return self._class(node)
            case "dict_pattern":
                return self._mapping(node)
            case "true" | "false" | "none":
                return at(ast.MatchSingleton(value=_SINGLETONS[node.type]), node)
            case _:
                return at(ast.MatchValue(value=self.expr(node)), node)

    def _number_after_minus(self, node: Node) -> ast.expr:
        operand = self.expr(parts(node)[0])
        if node.children[0].type == "-" and len(parts(node)) == 1:
            return at(ast.UnaryOp(op=ast.USub(), operand=operand), node)
        return at(Opaque(), node)

    def _dotted(self, node: Node) -> ast.pattern:
        first, *rest = parts(node)
        if not rest:
            name = text_of(first)
            return at(ast.MatchAs(pattern=None, name=None if name == "_" else name), node)
        value = self.expr(first)
        for part in rest:
            value = at(ast.Attribute(value=value, attr=text_of(part), ctx=ast.Load()), node, part)
        return at(ast.MatchValue(value=value), node)

    def _captured(self, node: Node) -> str | None:
        inner = parts(node)
        return text_of(inner[0]) if inner and text_of(inner[0]) != "_" else None

    def _class(self, node: Node) -> ast.pattern:
        head, *items = parts(node)
        cls: ast.expr = Opaque()
        dotted = self._dotted(head)
        if isinstance(dotted, ast.MatchValue):
            cls = dotted.value
        elif isinstance(dotted, ast.MatchAs) and dotted.name:
            cls = at(ast.Name(id=dotted.name, ctx=ast.Load()), head)
        result = ast.MatchClass(cls=cls, patterns=[], kwd_attrs=[], kwd_patterns=[])
        for item in items:
            inner = parts(item)
            if len(inner) == 1 and inner[0].type == "keyword_pattern":
                name, *value = parts(inner[0])
                result.kwd_attrs.append(text_of(name))
                result.kwd_patterns.append(self._keyword_value(inner[0], value))
            else:
                result.patterns.append(self.pattern(item))
        return at(result, node)

    def _alternatives(self, node: Node) -> list[ast.pattern]:
        """The grammar has the minus of a negative number beside it, not around it."""
        found: list[ast.pattern] = []
        negative = False
        for child in node.children:
            if child.is_named and child.type != "comment":
                found.append(self._negated(child) if negative else self.pattern(child))
            negative = child.type == "-"
        return found

    def _negated(self, node: Node) -> ast.pattern:
        return at(ast.MatchValue(value=at(ast.UnaryOp(op=ast.USub(), operand=self.expr(node)), node)), node)

    def _keyword_value(self, node: Node, value: list[Node]) -> ast.pattern:
        if any(child.type == "-" for child in node.children) and value:
            return self._negated(value[0])
        return self.pattern(value[0]) if value else at(ast.MatchAs(), node)

    def _mapping(self, node: Node) -> ast.pattern:
        result = ast.MatchMapping(keys=[], patterns=[], rest=None)
        for index, child in enumerate(node.children):
            field = node.field_name_for_child(index)
            if field == "key":
                result.keys.append(self.expr(child))
            elif field == "value":
                result.patterns.append(self.pattern(child))
            elif child.type == "splat_pattern" or (child.type == "case_pattern" and "**" in text_of(child)):
                result.rest = text_of(child).lstrip("* ")
        del result.keys[len(result.patterns) :]
        return at(result, node)


def _is_open(node: Node) -> bool:
    """Whether a comma makes a sequence of it."""
    return any(child.type == "," for child in node.children)

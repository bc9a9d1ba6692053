"""Names, numbers and strings."""

import ast
from collections.abc import Callable

from tree_sitter import Node

from codereview.analysers.bugs.syntax.base import LOAD, Base
from codereview.analysers.bugs.syntax.nodes import Opaque, TemplateStr, at, text_of
from codereview.analysers.bugs.syntax.strings import decode, prefix, to_bytes

_SINGLETONS: dict[str, object] = {"true": True, "false": False, "none": None, "ellipsis": ...}


class Literals(Base):
    """Makes names and constants, and strings of both kinds."""

    def _name(self, node: Node) -> ast.expr:
        return at(ast.Name(id=text_of(node), ctx=LOAD), node)

    def _singleton(self, node: Node) -> ast.expr:
        return at(ast.Constant(value=_SINGLETONS[node.type]), node)  # type: ignore[arg-type]

    def _number(self, node: Node) -> ast.expr:
        text = text_of(node).replace("_", "")
        try:
            value: complex = complex(text) if text[-1] in "jJ" else _real(text, node.type)
        except ValueError:  # a Python 2 literal, or thousands of digits
            return at(Opaque(), node)
        return at(ast.Constant(value=value), node)

    def _string(self, node: Node) -> ast.expr:
        children = node.children
        letters = prefix(text_of(children[0])) if children else ""
        if "f" in letters or "t" in letters:
            values = self._fragments(node, letters)
            if "t" in letters:
                return at(TemplateStr(values=values), node)  # type: ignore[call-arg]
            return at(ast.JoinedStr(values=values), node)
        # Not by the content nodes: in a raw string of nothing but backslashes they count as part of the end.
        opening = len(text_of(children[0])) if children else 0
        value = decode(text_of(node)[opening : -max(opening - len(letters), 1)], letters)
        return at(ast.Constant(value=to_bytes(value) if "b" in letters else value), node)

    def _fragments(self, node: Node, letters: str) -> list[ast.expr]:
        values: list[ast.expr] = []
        for part in node.named_children:
            if part.type == "string_content":
                text = text_of(part).replace("{{", "{").replace("}}", "}")
                values.append(at(ast.Constant(value=decode(text, letters)), part))
            elif part.type in ("interpolation", "format_expression"):
                values.append(self._interpolation(part, letters))
        return values

    def _interpolation(self, node: Node, letters: str) -> ast.expr:
        conversion, spec = node.child_by_field_name("type_conversion"), node.child_by_field_name("format_specifier")
        letter = ord(text_of(conversion)[1:2] or "s") if conversion is not None else -1
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
        values = self.parts_of(node)
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


def _real(text: str, kind: str) -> float:
    return int(text, 0) if kind == "integer" else float(text)


LITERALS: dict[str, Callable[[Literals, Node], ast.expr]] = {
    "identifier": Literals._name,
    "keyword_identifier": Literals._name,
    "true": Literals._singleton,
    "false": Literals._singleton,
    "none": Literals._singleton,
    "ellipsis": Literals._singleton,
    "integer": Literals._number,
    "float": Literals._number,
    "string": Literals._string,
    "concatenated_string": Literals._concatenation,
}

"""What the front ends share: text and position of a node, literals, damages, a bound on nesting."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tree_sitter import Node, Tree

from codereview.analysers.dataflow import ir

#: Expressions and statements nested deeper than this are not followed: no person writes them.
MAX_NESTING = 90
#: String literals longer than this are cut: what is dangerous in them stands at their beginning.
MAX_LITERAL = 20_000
_MAX_DAMAGES = 50
_T = TypeVar("_T", ir.Expr, ir.Stmt)

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def line_of(node: Node) -> int:
    """The 1-based line a node begins on."""
    return node.start_point[0] + 1


def end_line_of(node: Node) -> int:
    """The 1-based line a node ends on."""
    return node.end_point[0] + 1


def column_of(node: Node) -> int:
    """The 1-based column (in bytes) a node begins on."""
    return node.start_point[1] + 1


def unescape(text: str) -> str:
    """The string a literal's text stands for; escapes that are none stay as they are."""
    if "\\" not in text:
        return text[:MAX_LITERAL]
    return _ESCAPE.sub(_unescaped, text[:MAX_LITERAL])


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3] or match[4]
    if digits:
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else match[0]
    return _ESCAPES.get(match[5], match[5] if match[5] in "\\'\"`/" else match[0])


def named(node: Node) -> Iterator[Node]:
    """The named children that are no comments."""
    for child in node.named_children:
        if child.type not in ("comment", "line_comment", "block_comment"):
            yield child


def integer(text: str) -> int | float | None:
    """The number a literal stands for in any of the languages; None when it is none we read."""
    cleaned = text.replace("_", "").lower().rstrip("ln" if not text.lower().startswith("0x") else "l")
    try:
        if cleaned.startswith(("0x", "0o", "0b")):
            return int(cleaned, 0)
        if len(cleaned) > 1 and cleaned[0] == "0" and cleaned.isdigit():
            return int(cleaned, 8) if not set(cleaned) & {"8", "9"} else int(cleaned)
        if cleaned.isdigit():
            return int(cleaned) if len(cleaned) < 400 else None
        return float(cleaned.rstrip("fd"))
    except ValueError:
        return None


def damages_of(tree: Tree) -> list[ir.Damage]:
    """Where the grammar did not fit, outermost first."""
    if not tree.root_node.has_error:
        return []
    found: list[ir.Damage] = []
    cursor = tree.walk()
    while len(found) < _MAX_DAMAGES:
        node = cursor.node
        broken = node is not None and (node.is_error or node.is_missing)
        if node is not None and broken:
            found.append(ir.Damage(line_of(node), end_line_of(node), "syntax error"))
        if node is not None and not broken and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
    return found


class Lowering:
    """A front end's state: how deep it is, and what it had to leave out."""

    def __init__(self) -> None:
        self.depth = 0
        self.damages: list[ir.Damage] = []
        self.nodes = 0
        self._bound: list[set[str]] = [set()]
        self._outer: list[set[str]] = [set()]
        self._yields: list[bool] = [False]

    def too_deep(self, node: Node) -> bool:
        """Whether to stop here; notes the damage."""
        if self.depth < MAX_NESTING:
            return False
        if len(self.damages) < _MAX_DAMAGES:
            self.damages.append(ir.Damage(line_of(node), end_line_of(node), "nested too deeply"))
        return True

    def lower(
        self,
        node: Node,
        table: dict[str, Callable[[Node], _T]],
        fallback: Callable[[Node], _T],
        surrender: Callable[[Node], _T],
    ) -> _T:
        """One node by the table, counting depth."""
        self.nodes += 1
        if self.too_deep(node):
            return surrender(node)
        self.depth += 1
        try:
            return table.get(node.type, fallback)(node)
        finally:
            self.depth -= 1

    def bind(self, name: str) -> None:
        """The function being lowered assigns this name."""
        self._bound[-1].add(name)

    def declare_outer(self, names: Iterable[str]) -> None:
        """The function being lowered means an outer variable by these names."""
        self._outer[-1].update(names)

    def saw_yield(self) -> None:
        """The function being lowered is a generator."""
        self._yields[-1] = True

    def enter(self) -> None:
        """A function begins."""
        self._bound.append(set())
        self._outer.append(set())
        self._yields.append(False)

    def leave(self) -> tuple[frozenset[str], frozenset[str], bool]:
        """It ends: the names it binds, the outer names it means, whether it yields."""
        return frozenset(self._bound.pop()), frozenset(self._outer.pop()), self._yields.pop()

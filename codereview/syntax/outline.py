"""What a file declares and where: the functions, classes and types that enclose a line."""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from tree_sitter import Node, Tree

from codereview.domain.identity import content_hash
from codereview.domain.sources import SourceFile
from codereview.syntax.declarations import declared
from codereview.syntax.parsing import ParseTimeout, grammar_of, parse

#: Declarations nested deeper than this are counted to their ancestor: no person writes them, generators do.
MAX_NESTING = 24
#: Nodes looked at in one file; a megabyte of dense code has fewer.
MAX_NODES = 1_000_000
#: Outlines remembered per process.
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Declaration:
    """One function, class or type. Lines are 1-based and inclusive; decorators belong to what they decorate.

    ``kind`` is "function", "method", "class", "interface", "enum", "type" or "namespace"; ``symbol`` the dotted name
    from the outermost declaration down ("Service.run"), ``nesting`` how many declarations enclose it.
    """

    kind: str
    name: str
    symbol: str
    start_line: int
    end_line: int
    nesting: int


@dataclass(frozen=True)
class Outline:
    """The declarations of a file in the order they begin; an outer one stands before what it encloses.

    Without a grammar for the file, or when parsing was given up, ``parsed`` is False and there are none.
    """

    declarations: tuple[Declaration, ...] = ()
    has_errors: bool = False
    parsed: bool = False

    def symbol_at(self, line: int) -> str:
        """The dotted name of the innermost declaration around the line; "" outside all of them."""
        declaration = self.declaration_at(line)
        return declaration.symbol if declaration is not None else ""

    def declaration_at(self, line: int) -> Declaration | None:
        """The innermost declaration around the line; of several that stand on it side by side, the last."""
        owner = self._owners[line] if 0 < line < len(self._owners) else -1
        return self.declarations[owner] if owner >= 0 else None

    @cached_property
    def _owners(self) -> "array[int]":
        """By line, the place of its innermost declaration in ``declarations``; -1 for none."""
        last = max((declaration.end_line for declaration in self.declarations), default=0)
        owners = array("i", [-1]) * (last + 1)
        for index, declaration in enumerate(self.declarations):  # outer first, so that the inner ones paint over
            first, end = declaration.start_line, declaration.end_line + 1
            owners[first:end] = array("i", [index]) * (end - first)
        return owners


class _Memory:
    """The outlines computed last, by content: reviewing a file asks for its outline many times."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, int], Outline] = OrderedDict()

    def of(self, text: str, grammar: str) -> Outline:
        key = (grammar, content_hash(text), len(text))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        outline = _outline(text, grammar)
        with self._lock:
            self._kept[key] = outline
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return outline


_memory = _Memory(_REMEMBERED)


def outline_of(file: SourceFile) -> Outline:
    """The outline of a file; empty for a language without a grammar. Never raises, whatever the text."""
    grammar = grammar_of(file.language, file.path)
    return _memory.of(file.text, grammar) if grammar else Outline()


def _outline(text: str, grammar: str) -> Outline:
    try:
        tree = parse(text, grammar)
    except ParseTimeout:
        return Outline()
    return Outline(tuple(_declarations(tree, grammar)), has_errors=tree.root_node.has_error, parsed=True)


def _declarations(tree: Tree, grammar: str) -> Iterator[Declaration]:
    enclosing: list[tuple[int, Declaration]] = []  # with the byte where each one ends
    for node, parent_type, first_row in islice(_nodes(tree), MAX_NODES):
        found = declared(node, parent_type, grammar)
        if found is None:
            continue
        while enclosing and enclosing[-1][0] <= node.start_byte:
            enclosing.pop()
        if len(enclosing) >= MAX_NESTING:
            continue
        outer = enclosing[-1][1] if enclosing else None
        declaration = Declaration(
            kind="method" if found.kind == "function" and outer is not None and outer.kind == "class" else found.kind,
            name=found.name,
            symbol=f"{outer.symbol}.{found.name}" if outer is not None else found.name,
            start_line=first_row + 1,
            end_line=_last_line(node),
            nesting=len(enclosing),
        )
        enclosing.append((node.end_byte, declaration))
        yield declaration


def _nodes(tree: Tree) -> Iterator[tuple[Node, str, int]]:
    """The named nodes, an outer one before what it encloses, each with its parent's type and the row it begins at:
    that of its first decorator, which stands before it as a sibling. Neither recursion nor ``Node.parent``, which
    searches from the root.
    """
    cursor = tree.walk()
    depth = 0  # counted here: the cursor's own depth takes as long as the tree is deep
    types: list[str] = []  # from the root down to the node
    decorated: dict[int, int] = {}  # depth to the row of the first decorator waiting there for what it decorates
    while True:
        node = cursor.node
        if node is not None and node.is_named:
            if node.type == "decorator":
                decorated.setdefault(depth, node.start_point.row)
            elif not node.is_extra:
                yield node, types[depth - 1] if depth else "", decorated.pop(depth, node.start_point.row)
        types[depth:] = [node.type if node is not None else ""]
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1


def _last_line(node: Node) -> int:
    # A node that ends at column 0 ends with the line before.
    row, column = node.end_point.row, node.end_point.column
    return max(node.start_point.row, row - (column == 0)) + 1

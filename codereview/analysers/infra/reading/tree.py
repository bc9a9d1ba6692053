"""The tree that all formats are read into: maps, lists and scalars, each with the lines it stands on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Deeper nesting than this is nobody's configuration.
MAX_DEPTH = 80

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Unreadable(Exception):
    """The text is not in the format, or is nested too deep."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as text. ``literal`` is False for references, expressions and templates: their value is not known."""

    text: str
    line: int
    literal: bool = True
    #: Written as a block under its key: the first line of the text stands on the line after.
    block: bool = False

    def line_of(self, offset: int) -> int:
        """The line of a character of the text."""
        return self.line + self.block + (self.text.count("\n", 0, offset) if self.block else 0)

    @property
    def value(self) -> str | None:
        """The text in lower case where it is known."""
        return self.text.strip().lower() if self.literal else None


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value. Keys may repeat, as blocks do in Terraform."""

    key: str
    line: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class Map:
    """Keys and values, in the order of the file."""

    entries: tuple[Entry, ...]
    line: int

    def get(self, key: str) -> "Node | None":
        """The first value under exactly this key."""
        return next((entry.node for entry in self.entries if entry.key == key), None)


Node = Scalar | Items | Map


@lru_cache(maxsize=4096)
def snake(key: str) -> str:
    """The key as Terraform would write it: ``securityContext``, ``PubliclyAccessible`` and ``host-pid`` alike."""
    return _HUMP.sub("_", key).replace("-", "_").lower()


def select(node: "Node | None", path: str) -> Iterator[Node]:
    """What stands at a dotted path of `snake` keys; ``*`` is any key, and lists are passed through."""
    yield from _select(node, path.split(".") if path else [])


def entries(node: "Node | None", path: str) -> Iterator[Entry]:
    """The same with the keys, whose lines are those where a person would look."""
    parent, _, last = path.rpartition(".")
    for above in select(node, parent):
        for one in flat(above):
            if isinstance(one, Map):
                yield from (entry for entry in one.entries if last in ("*", snake(entry.key)))


def flat(node: "Node | None") -> Iterator[Node]:
    """The node, or the items of a list of lists."""
    if isinstance(node, Items):
        for item in node.items:
            yield from flat(item)
    elif node is not None:
        yield node


def scalars(node: "Node | None") -> Iterator[Scalar]:
    """Every scalar at the node or in its lists."""
    yield from (one for one in flat(node) if isinstance(one, Scalar))


def text_at(node: "Node | None", path: str) -> str:
    """The known text of the only scalar at the path; "" when there is none, or it is not known."""
    found = [scalar for one in select(node, path) for scalar in scalars(one)]
    return found[0].text.strip() if len(found) == 1 and found[0].literal else ""


def is_true(node: "Node | None", path: str) -> bool:
    """Whether the value at the path is known to be true."""
    return text_at(node, path).lower() in ("true", "yes", "1")


def _select(node: "Node | None", parts: list[str]) -> Iterator[Node]:
    if node is None:
        return
    if not parts:
        yield node
        return
    for one in flat(node):
        if isinstance(one, Map):
            for entry in one.entries:
                if parts[0] in ("*", snake(entry.key)):
                    yield from _select(entry.node, parts[1:])

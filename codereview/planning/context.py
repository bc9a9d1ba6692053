"""What a model should know of the rest of the project while it reads a chunk: its outline, the definitions the chunk
uses, and who calls what it defines. Small on purpose: reviews get worse when context is piled on.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from codereview.domain.sources import SourceFile
from codereview.domain.visible import visible
from codereview.planning.chunks import Chunk, Segment, text_of
from codereview.planning.redacting import shown
from codereview.syntax.outline import Declaration, outline_of

_CALLED = re.compile(r"\b([A-Za-z_$][\w$]*)\s*\(")
#: A name declared in more places than this could be any of them.
_MAX_HOMONYMS = 2
#: Lines of a definition shown, and callers shown of one name.
_DEFINITION_LINES, _CALLERS = 40, 3
_LONGEST_LINE = 300
#: Names that call sites of anything would match.
_COMMON = frozenset(
    {"get", "set", "add", "run", "open", "read", "write", "close", "main", "init", "new", "make", "test", "update"}
    | {"delete", "next", "name", "id"}
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of another place that help to understand a chunk."""

    segment: Segment
    why: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is shown beside a chunk, and how many more definitions and callers there would be."""

    excerpts: tuple[Excerpt, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Project:
    """The files a unit knows: those under review, and those it may only read."""

    files: Mapping[str, SourceFile]
    _lines: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, *groups: Iterable[SourceFile]) -> "Project":
        """Of all the files; the first of two with one path counts."""
        files: dict[str, SourceFile] = {}
        for file in (file for group in groups for file in group):
            files.setdefault(file.path, file)
        return cls(files)

    def lines(self, path: str) -> list[str]:
        """The file's lines."""
        if path not in self._lines:
            self._lines[path] = self.files[path].lines
        return self._lines[path]

    @cached_property
    def declared(self) -> Mapping[str, list[tuple[str, Declaration]]]:
        """Where each name is declared."""
        found: dict[str, list[tuple[str, Declaration]]] = defaultdict(list)
        for path, file in sorted(self.files.items()):
            for declaration in outline_of(file).declarations:
                found[declaration.name].append((path, declaration))
        return found

    @cached_property
    def called(self) -> Mapping[str, list[tuple[str, int]]]:
        """Where each name that is declared somewhere is called: path and line."""
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for path in sorted(self.files):
            for number, line in enumerate(self.lines(path), start=1):
                for name in set(_CALLED.findall(line[:_LONGEST_LINE])):
                    if name in self.declared:
                        found[name].append((path, number))
        return found

    def outline(self, *, tokens: int, estimate: Callable[[str], int]) -> str:
        """The declarations of every file, one line each with its number, as many as fit; what does not is counted."""
        listed: list[str] = []
        left_out = used = 0
        for path in sorted(self.files):
            outer = [d for d in outline_of(self.files[path]).declarations if d.nesting < 2]
            heads = "\n".join(_head(declaration, self.lines(path)) for declaration in outer)
            size = estimate(path) + estimate(heads) + 4 * len(outer)
            if used + size > tokens:
                left_out += 1
                continue
            used += size
            listed += self._listed(path, outer, heads)
        if left_out:
            listed.append(f"({left_out} more files are not listed)")
        return "\n".join(listed)

    def around(self, chunk: Chunk, *, tokens: int, estimate: Callable[[str], int]) -> Context:
        """The definitions the chunk uses, then who calls what it defines, as far as they fit."""
        taken: list[Excerpt] = []
        used = left_out = 0
        seen: set[Segment] = set()
        for excerpt in (*self._definitions(chunk), *self._callers(chunk)):
            if excerpt.segment in seen:
                continue
            seen.add(excerpt.segment)
            size = estimate(text_of(excerpt.segment, self.files[excerpt.segment.path]))
            if used + size > tokens:
                left_out += 1
                continue
            used += size
            taken.append(excerpt)
        return Context(tuple(taken), left_out)

    def _listed(self, path: str, declarations: Sequence[Declaration], heads: str) -> Iterator[str]:
        """The file's entry; ``heads``, a line for each declaration, are cleared as all code is that a model sees."""
        yield f"{visible(path)} ({len(self.lines(path))} lines)"
        cleared = shown(SourceFile(path=path, text=heads, language=self.files[path].language)).lines
        for declaration, head in zip(declarations, cleared, strict=False):  # no heads are one empty line
            yield f"{declaration.start_line:>6}  {'  ' * declaration.nesting}{head[: _LONGEST_LINE // 2]}"

    def _definitions(self, chunk: Chunk) -> Iterator[Excerpt]:
        used: dict[str, None] = {}
        for segment in chunk.segments:
            for line in self.lines(segment.path)[segment.first - 1 : segment.last]:
                used.update(dict.fromkeys(_CALLED.findall(line[:_LONGEST_LINE])))
        for name in used:
            places = [(p, d) for p, d in self.declared.get(name, ()) if not chunk.contains(p, d.start_line)]
            if 0 < len(places) <= _MAX_HOMONYMS:
                for path, declaration in places:
                    last = min(declaration.end_line, declaration.start_line + _DEFINITION_LINES - 1)
                    yield Excerpt(Segment(path, declaration.start_line, last), f"definition of {name}")

    def _callers(self, chunk: Chunk) -> Iterator[Excerpt]:
        for segment in chunk.segments:
            for declaration in outline_of(self.files[segment.path]).declarations:
                name = declaration.name
                if not segment.first <= declaration.start_line <= segment.last or name in _COMMON or len(name) < 3:
                    continue
                if name.startswith("__") or len(self.declared[name]) > _MAX_HOMONYMS:
                    continue
                outside = [(p, n) for p, n in self.called.get(name, ()) if not chunk.contains(p, n)]
                for path, number in outside[:_CALLERS]:
                    last = min(len(self.lines(path)), number + 2)
                    yield Excerpt(Segment(path, max(1, number - 2), last), f"call of {name}")


def _head(declaration: Declaration, lines: Sequence[str]) -> str:
    """The line that names it."""
    own = lines[declaration.start_line - 1 : declaration.end_line]
    return next((line for line in own if declaration.name in line), declaration.symbol).strip()[:_LONGEST_LINE]

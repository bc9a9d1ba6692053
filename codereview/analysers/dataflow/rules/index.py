"""Finding the entries of a table that speak about a path, fast: by last segment, then remembered."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Generic, TypeVar

from codereview.analysers.dataflow.rules.loading import table_of
from codereview.analysers.dataflow.rules.model import (
    Entry,
    GuardRule,
    Mark,
    Misuse,
    Pattern,
    Propagator,
    Sanitiser,
    Sink,
    Source,
    Table,
)

_E = TypeVar("_E")
#: Remembered answers per index; paths of hostile code are endless.
_REMEMBERED = 50_000


class Index(Generic[_E]):
    """Entries by pattern."""

    def __init__(self, entries: Iterable[tuple[tuple[Pattern, ...], _E]]) -> None:
        self._by_last: dict[str, list[tuple[Pattern, _E]]] = defaultdict(list)
        for patterns, entry in entries:
            for pattern in patterns:
                self._by_last[pattern.last].append((pattern, entry))
        self._remembered: dict[tuple[str, str, bool], tuple[_E, ...]] = {}

    def of(self, path: str, last: str, receiver_name: str = "", receiver_known: bool = True) -> tuple[_E, ...]:
        """The entries that fit, in the order of the table, each once."""
        candidates = self._by_last.get(last)
        if not candidates:
            return ()
        key = (path or last, receiver_name, receiver_known)
        known = self._remembered.get(key)
        if known is None:
            fitting = {id(e): e for p, e in candidates if p.fits(path or f".{last}", receiver_name, receiver_known)}
            known = tuple(fitting.values())
            if len(self._remembered) < _REMEMBERED:
                self._remembered[key] = known
        return known


class Rulebook:
    """A language's table with its indexes."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.types = table.types
        self.returns = table.returns
        self.known_types = frozenset(table.returns.values())
        self.names = table.names
        self.constants = table.constants
        self.source_calls: Index[Source] = Index((entry.calls, entry) for entry in table.sources)
        self.source_reads: Index[Source] = Index((entry.reads, entry) for entry in table.sources)
        self.sink_calls: Index[Sink] = Index((entry.calls, entry) for entry in table.sinks)
        self.sink_writes: Index[Sink] = Index((entry.writes, entry) for entry in table.sinks)
        self.propagators: Index[Propagator] = Index((entry.calls, entry) for entry in table.propagators)
        self.sanitisers: Index[Sanitiser] = Index((entry.calls, entry) for entry in table.sanitisers)
        self.guards: Index[GuardRule] = Index((entry.calls, entry) for entry in table.guards)
        self.misuse_calls: Index[Misuse] = Index((entry.calls, entry) for entry in table.misuses)
        self.misuse_reads: Index[Misuse] = Index((entry.reads, entry) for entry in table.misuses)
        self.misuse_writes: Index[Misuse] = Index((entry.writes, entry) for entry in table.misuses)
        self.misuse_decorators: Index[Misuse] = Index((entry.decorators, entry) for entry in table.misuses)
        self.misuse_imports: Index[Misuse] = Index((entry.imports, entry) for entry in table.misuses)
        self.entry_decorators: Index[Entry] = Index((entry.decorators, entry) for entry in table.entries)
        self.entry_bases: Index[Entry] = Index((entry.bases, entry) for entry in table.entries)
        self.entry_functions = {name: entry for entry in table.entries for name in entry.functions}
        self.entry_calls: Index[Entry] = Index((entry.calls, entry) for entry in table.entries)
        self.decoders: Index[bool] = Index([(tuple(table.decoders), True)])
        self.marks: Index[Mark] = Index((entry.calls, entry) for entry in table.marks)
        self.opaque: Index[bool] = Index([(tuple(table.opaque), True)])
        self.sink_results = tuple(entry for entry in table.sinks if entry.returned_by is not None)
        self.misuse_names = tuple(entry for entry in table.misuses if entry.names is not None)
        self.misuse_defines: dict[str, list[Misuse]] = defaultdict(list)
        self.misuse_pairs: dict[str, list[Misuse]] = defaultdict(list)
        for entry in table.misuses:
            for name in entry.defines:
                self.misuse_defines[name].append(entry)
            for key in entry.pairs:
                self.misuse_pairs[key].append(entry)

    def alias(self, path: str) -> str:
        """The name the rules know a path by; "parent.*" in the table stands for any attribute of the parent."""
        known = self.types.get(path)
        if known is not None:
            return known
        return self.types.get(f"{path.rpartition('.')[0]}.*", path)

    def instance(self, path: str) -> str:
        """What an instance of the class (or the result of the function) is called by the rules."""
        known = self.alias(path)
        return self.returns.get(known, known)


@cache
def rulebook_of(language: str) -> Rulebook:
    """The rulebook of a language; TypeScript shares JavaScript's."""
    return Rulebook(table_of("javascript" if language == "typescript" else language))

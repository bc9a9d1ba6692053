"""What is looked at, and what is found: subjects, hits and declared checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from codereview.analysers.infra.reading.tree import Map, Node, entries, flat, scalars, select
from codereview.domain.findings import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is configured.

    ``kind`` is the resource's type in Terraform or CloudFormation, "k8s.container", "k8s.pod", "k8s." and the kind of
    the object, or "compose.service". ``system`` says that it belongs to the cluster itself, which needs more rights.
    """

    kind: str
    name: str
    node: Map
    line: int
    system: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that is broken at a place (1-based). ``severity`` and ``confidence`` only ever lower the rule's own."""

    rule: str
    line: int
    end_line: int | None = None
    message: str = ""
    severity: Severity | None = None
    confidence: Confidence | None = None

    def at_most(self, severity: Severity) -> "Hit":
        """The same, no graver than this."""
        return replace(self, severity=min(severity, self.severity or severity))


@dataclass(frozen=True, slots=True)
class Declared:
    """A check that is data: the value at a path of a subject is one of some, matches, or is missing."""

    rule: str
    on: tuple[str, ...]
    path: str
    values: frozenset[str] = frozenset()
    matches: re.Pattern[str] | None = None
    #: Missing is as wrong as the value: the default is bad.
    absent: bool = False
    #: Only where this path has one of these values.
    when: str = ""
    when_values: frozenset[str] = frozenset()
    message: str = ""
    severity: Severity | None = None

    def look(self, subject: Subject) -> Iterator[Hit]:
        """The hits in one subject."""
        if not any(fnmatchcase(subject.kind, pattern) for pattern in self.on) or not self._when(subject.node):
            return
        if self.absent and next(select(subject.node, self.path), None) is None:
            yield Hit(self.rule, subject.line, message=self.message, severity=self.severity)
        for entry in entries(subject.node, self.path):
            found = next((one for one in _deep(entry.node) if self._is_wrong(one)), None)
            if found is not None:
                line = found[1] if len(list(flat(entry.node))) > 1 else entry.line
                yield Hit(self.rule, line, message=self.message, severity=self.severity)

    def _is_wrong(self, one: tuple[str, int]) -> bool:
        text = one[0].strip()
        return text.lower() in self.values or (self.matches is not None and self.matches.search(text) is not None)

    def _when(self, node: Node) -> bool:
        if not self.when:
            return True
        values = {one.value for found in select(node, self.when) for one in scalars(found)}
        return bool(values & self.when_values)


def _deep(node: Node) -> Iterator[tuple[str, int]]:
    yield from ((one.text, one.line) for one in scalars(node) if one.literal)

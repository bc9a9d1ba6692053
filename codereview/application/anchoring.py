"""From what an analyser reports to a finding: anchored in the source, quoted verbatim, with an identity."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from codereview.application.redaction import redact
from codereview.domain.cwe import family_of
from codereview.domain.findings import Finding, Provenance
from codereview.domain.identity import fingerprint, normalise
from codereview.domain.reviews import FilterMode
from codereview.domain.sources import SourceFile
from codereview.planning.suppression import InlineSuppression, inline_suppressions
from codereview.ports import RawFinding
from codereview.secrets.searching import OutOfTime, search
from codereview.syntax.outline import Outline, outline_of

#: Lines of source a finding quotes at most.
SNIPPET_LINES = 15
#: Lines around a change that still belong to it in `FilterMode.DIFF_CONTEXT`.
CONTEXT_LINES = 3
#: Seconds in which the secrets of one file are looked for.
SEARCH_S = 5.0
#: CWEs of findings whose place holds a secret: hard-coded password, key, credentials.
_HARD_CODED = frozenset({259, 321, 798})


@dataclass(frozen=True)
class AnchoredFile:
    """A source file with what is needed to place findings in it, computed once."""

    file: SourceFile

    @cached_property
    def lines(self) -> list[str]:
        """Its lines without endings."""
        return self.file.lines

    @cached_property
    def outline(self) -> Outline:
        """Its declarations."""
        return outline_of(self.file)

    @cached_property
    def secrets(self) -> Mapping[int, Sequence[str]]:
        """The secrets in it by line, for no finding of whatever rule may show one."""
        found: dict[int, list[str]] = {}
        try:
            for secret in search(self.file, deadline=time.monotonic() + SEARCH_S, excused=True):
                line = self.lines[secret.line - 1]
                found.setdefault(secret.line, []).append(line[secret.start - 1 : secret.end - 1])
        except OutOfTime:
            # Nobody knows what is there: every line counts as holding one.
            return {number: [""] for number in range(1, len(self.lines) + 1)}
        return found

    @cached_property
    def suppressions(self) -> Sequence[InlineSuppression]:
        """The suppression comments in it."""
        return inline_suppressions(self.file)

    @cached_property
    def _lines_by_text(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for number, text in enumerate(self.lines, start=1):
            places.setdefault(normalise(text), []).append(number)
        return places

    def occurrence(self, line: int, snippet: str, symbol: str) -> int:
        """How many equal snippets begin on earlier lines of the same symbol."""
        span = snippet.count("\n") + 1
        wanted = normalise(snippet)
        earlier = takewhile(lambda number: number < line, self._lines_by_text[normalise(self.lines[line - 1])])
        return sum(
            self.outline.symbol_at(number) == symbol
            and normalise("\n".join(self.lines[number - 1 : number - 1 + span])) == wanted
            for number in earlier
        )

    def shows(self, line: int | None, end_line: int | None, mode: FilterMode) -> bool:
        """Whether a finding there is reported in this filter mode."""
        changed = self.file.changed
        if changed is None or mode is FilterMode.NOFILTER:
            return True
        if mode is FilterMode.FILE or line is None:
            return bool(changed)
        margin = CONTEXT_LINES if mode is FilterMode.DIFF_CONTEXT else 0
        return self.file.is_changed(max(1, line - margin), (end_line or line) + margin)


def anchor(raw: RawFinding, where: AnchoredFile, *, agent: str, version: str = "") -> Finding:
    """The finding for a report about this file.

    No line number is taken on trust: one outside the file drops the finding to file level, where it says what it
    can still say truthfully.
    """
    total = len(where.lines)
    line = raw.line if raw.line is not None and 1 <= raw.line <= total else None
    end = min(max(raw.end_line or line, line), total) if line is not None else None
    symbol = where.outline.symbol_at(line) if line is not None else ""
    last = min(end, line + SNIPPET_LINES - 1) if line is not None and end is not None else None
    snippet = "\n".join(where.lines[line - 1 : last]) if line is not None else ""
    family = raw.family or (family_of(raw.cwe) if raw.cwe else raw.rule_id)
    identity = fingerprint(
        path=raw.path,
        symbol=symbol,
        snippet=snippet,
        family=f"{agent}:{family}",
        occurrence=where.occurrence(line, snippet, symbol) if line is not None else 0,
    )
    in_place = line is not None
    return Finding(
        id=f"f_{identity[:16]}",
        fingerprint=identity,
        agent=agent,
        rule_id=raw.rule_id,
        title=raw.title,
        message=raw.message,
        failure_scenario=raw.failure_scenario,
        severity=raw.severity,
        confidence=raw.confidence,
        cwe=raw.cwe,
        path=raw.path,
        start_line=line,
        end_line=end,
        start_column=raw.column if in_place else None,
        end_column=raw.end_column if in_place else None,
        symbol=symbol,
        snippet=_shown(raw, where, snippet),
        trace=raw.trace,
        status=raw.status,
        suppression_reason=raw.suppression_reason,
        provenance=(Provenance(source=raw.rule_id.partition("/")[0], rule=raw.native_rule, version=version),),
        in_diff=where.shows(line, end, FilterMode.ADDED),
        help_uri=raw.help_uri,
    )


def _shown(raw: RawFinding, where: AnchoredFile, snippet: str) -> str:
    """The snippet without the secrets on its lines."""
    first = raw.line or 1
    secrets = [one for line in range(first, first + snippet.count("\n") + 1) for one in where.secrets.get(line, ())]
    if raw.cwe in _HARD_CODED:
        secrets.append(_reported(raw, snippet))
    return redact(snippet, *secrets) if secrets else snippet


def _reported(raw: RawFinding, snippet: str) -> str:
    """The text a finding within one line points at; "" where the analyser named no columns."""
    if raw.column is None or raw.end_column is None or raw.end_line not in (None, raw.line):
        return ""
    return snippet.partition("\n")[0][raw.column - 1 : raw.end_column - 1]

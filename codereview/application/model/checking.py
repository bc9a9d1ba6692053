"""The checks of code on what a model says: its form, its place, its quotation, its CWE. No line number is taken on
trust."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from codereview.agents.answers import Assessment, Citation, ProposedEdit, ReportedFinding
from codereview.agents.prompting import Prompts
from codereview.domain.cwe import family_of
from codereview.domain.cwe_numbers import WEAKNESSES
from codereview.domain.findings import MODEL_SOURCE, Confidence, Finding, FindingStatus, Severity, TraceStep
from codereview.domain.identity import normalise
from codereview.planning.chunks import Chunk
from codereview.planning.suppression import is_comment
from codereview.ports import RawFinding

#: Who a finding of a model is from, in rule ids and provenance.
SOURCE = MODEL_SOURCE
ADDRESSED = f"{SOURCE}/addressed-to-reviewer"
#: Numbers, bars and marks that a quotation was copied with.
_GUTTER = re.compile(r"^[ \t]*(?:[+]?\d+|-)\| ?")
#: Characters a quotation needs to be looked for within a line, and lines a citation may be off by.
_SHORTEST, _OFF_BY = 8, 3
#: "LLM prompting": improper neutralization of input used for it.
_CWE_PROMPT = 1427


T = TypeVar("T", bound=BaseModel)


class Rejected(Exception):
    """What was said did not pass; the message is the reason, for counting."""


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks parts of answers about one chunk."""

    prompts: Prompts
    chunk: Chunk
    agent: str

    def finding(self, part: str, known: Sequence[Finding]) -> RawFinding:
        """The finding, at the place where its quotation stands. ``known`` are findings it may repeat.

        Raises Rejected.
        """
        told = _parsed(ReportedFinding, part)
        path = self._path(told.path)
        first, last = self._place(path, told.quote, told.start_line)
        cwe = told.cwe if told.cwe in WEAKNESSES else None
        severity, confidence = told.weight
        family = family_of(cwe) if cwe and self.agent == "security" else f"{SOURCE}:{self.agent}"
        return RawFinding(
            path=path,
            rule_id=f"{SOURCE}/{told.category}",
            native_rule=told.category,
            title=_line(told.title),
            message=told.message.strip(),
            failure_scenario=told.failure_scenario.strip(),
            severity=severity,
            # Nobody else has looked at it yet.
            confidence=min(confidence, Confidence.MEDIUM),
            line=first,
            end_line=last,
            cwe=cwe,
            family=family,
            trace=tuple(self._trace(told)),
            status=FindingStatus.CANDIDATE,
            same_as=self._repeated(path, first, last, known),
            judges_change=True,
        )

    def addressed(self, part: str) -> RawFinding:
        """Text that speaks to the reviewer, as a finding. Raises Rejected."""
        told = _parsed(Citation, part)
        path = self._path(told.path)
        first, last = self._place(path, told.quote, told.line)
        return addressed_finding(path, first, last)

    def assessment(self, part: str) -> Assessment:
        """A verdict; one of "refuted" that cites no code that stands there counts as unsure. Raises Rejected."""
        told = _parsed(Assessment, part)
        if told.verdict == "refuted" and not any(self.defends(citation) for citation in told.cited):
            return told.model_copy(update={"verdict": "unsure"})
        return told

    def edit(self, part: str) -> ProposedEdit:
        """An edit of the code under review, its path the real one and its lines where the original stands.

        Raises Rejected.
        """
        told = _parsed(ProposedEdit, part)
        path = self._path(told.path)
        first, last = self._place(path, told.original, told.start_line, whole_lines=True)
        return told.model_copy(
            update={
                "path": path,
                "start_line": first,
                "end_line": last,
                "original": "\n".join(self.prompts.shown(path).lines[first - 1 : last]),
                "replacement": "\n".join(_without_gutter(told.replacement)),
            }
        )

    def stands(self, citation: Citation) -> bool:
        """Whether what is cited stands within a few lines of where it is said to."""
        wanted = normalise("\n".join(_without_gutter(citation.quote)))
        around = (line for _, line in self._around(citation))
        return len(wanted) >= 3 and wanted in normalise("\n".join(around))

    def defends(self, citation: Citation) -> bool:
        """Whether what is cited stands there and is code: what a comment claims is no defence."""
        path = self.prompts.path_of(citation.path)
        if path is None or not self.stands(citation):
            return False
        language, told = self.prompts.project.files[path].language, self.prompts.commentary(path)
        code = [normalise(line) for number, line in self._around(citation) if number not in told]
        quoted = [line for line in _without_gutter(citation.quote) if not is_comment(line, language)]
        return any(wanted in line for wanted in map(normalise, quoted) if wanted for line in code)

    def _around(self, citation: Citation) -> Iterator[tuple[int, str]]:
        """The lines where a citation may stand, with their numbers."""
        path = self.prompts.path_of(citation.path)
        lines = self.prompts.shown(path).lines if path is not None else []
        first = max(1, citation.line - _OFF_BY)
        last = citation.line + citation.quote.count("\n") + _OFF_BY
        yield from enumerate(lines[first - 1 : last], start=first)

    def evidence(self, told: Assessment) -> str:
        """An assessment in words, with the places it rests on."""
        places = [f"{self.prompts.path_of(c.path)}:{c.line}" for c in told.cited if self.stands(c)]
        return _line(told.reason) + (f" ({', '.join(dict.fromkeys(places))})" if places else "")

    def _path(self, told: str) -> str:
        path = self.prompts.path_of(told)
        if path is None or path not in self.chunk.paths:
            raise Rejected("its path is not under review")
        return path

    def _place(self, path: str, quote: str, near: int, *, whole_lines: bool = False) -> tuple[int, int]:
        """The lines where the quotation stands, nearest to where it is said to. Raises Rejected."""
        lines = self.prompts.shown(path).lines
        wanted = [normalise(line) for line in _without_gutter(quote)]
        while wanted and not wanted[0]:
            wanted.pop(0)
        while wanted and not wanted[-1]:
            wanted.pop()
        if not wanted:
            raise Rejected("it quotes nothing")
        places = [
            start
            for segment in self.chunk.segments
            if segment.path == path
            for start in range(segment.first, segment.last - len(wanted) + 2)
            if _matches(lines, start, wanted, whole_lines=whole_lines)
        ]
        if not places:
            raise Rejected("its quotation does not stand in the code")
        first = min(places, key=lambda start: abs(start - near))
        return first, first + len(wanted) - 1

    def _trace(self, told: ReportedFinding) -> Iterator[TraceStep]:
        for step in told.trace[:20]:
            path = self.prompts.path_of(step.path)
            if path is None:
                continue
            lines = self.prompts.shown(path).lines
            if step.line <= len(lines):
                yield TraceStep(path=path, line=step.line, message=_line(step.note), snippet=lines[step.line - 1][:300])

    def _repeated(self, path: str, first: int, last: int, known: Sequence[Finding]) -> str:
        """What tools call a bug has many names; on one line it is one bug."""
        if self.agent == "security":
            return ""  # there the CWE's family tells
        return next(
            (
                finding.fingerprint
                for finding in known
                if finding.path == path and finding.start_line is not None and first <= finding.start_line <= last
            ),
            "",
        )


def addressed_finding(path: str, first: int, last: int, source: str = SOURCE) -> RawFinding:
    """The finding for text that addresses the reviewer."""
    return RawFinding(
        path=path,
        rule_id=f"{source}/addressed-to-reviewer",
        native_rule="addressed-to-reviewer",
        title="Text that addresses an automated reviewer",
        message="This text gives orders or verdicts to a reviewer or an AI. It had no influence on this review; ask"
        " who wrote it, and why.",
        failure_scenario="A reviewer, human or machine, that trusts the text passes over what it covers.",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        line=first,
        end_line=last,
        cwe=_CWE_PROMPT,
        family="addressed-to-reviewer",
    )


def _parsed(form: type[T], part: str) -> T:
    try:
        return form.model_validate_json(part)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"]) or "the whole"
        raise Rejected(f"its form is wrong ({where})") from error


def _matches(lines: Sequence[str], start: int, wanted: Sequence[str], *, whole_lines: bool) -> bool:
    there = [normalise(line) for line in lines[start - 1 : start - 1 + len(wanted)]]
    if there == list(wanted):
        return True
    if whole_lines or len(there) != len(wanted) or sum(map(len, wanted)) < _SHORTEST:
        return False
    # A quotation may begin and end within its lines.
    if len(wanted) == 1:
        return wanted[0] in there[0]
    return there[0].endswith(wanted[0]) and there[1:-1] == wanted[1:-1] and there[-1].startswith(wanted[-1])


def _without_gutter(quote: str) -> list[str]:
    lines = quote.rstrip("\n").split("\n")
    if all(_GUTTER.match(line) for line in lines if line.strip()):
        return [_GUTTER.sub("", line) for line in lines]
    return lines


def _line(text: str) -> str:
    return " ".join(text.split())

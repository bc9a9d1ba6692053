"""Fixes and their proof: an edit is offered only when it applies, parses, makes the finding disappear and adds none."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from codereview.agents.answers import ProposedEdit
from codereview.agents.base import Agent
from codereview.agents.lenses import REPAIRED
from codereview.agents.prompting import Prompts
from codereview.application.model.asking import BudgetSpent, Conversation, NoModel, Question
from codereview.application.model.checking import SOURCE, Checker, Rejected
from codereview.application.model.verifying import Verifier
from codereview.domain.cwe import family_of
from codereview.domain.findings import CheckResult, Edit, Finding, FindingStatus, Fix, FixChecks
from codereview.domain.identity import normalise
from codereview.domain.sources import Batch, SourceFile
from codereview.planning.chunks import Chunk, Segment
from codereview.planning.context import Context, Project
from codereview.ports import AnalysisReport, Workspace
from codereview.syntax.outline import outline_of

OpenWorkspace = Callable[[Batch], AbstractContextManager[Workspace]]

_OUTPUT, _LEAST = 8_000, 1_500
_PASSED, _FAILED, _NOT_RUN = CheckResult.PASSED, CheckResult.FAILED, CheckResult.NOT_RUN


@dataclass(frozen=True)
class Fixer:
    """Proposes and proves fixes for confirmed findings of one chunk."""

    conversation: Conversation
    checker: Checker
    context: Context
    agent: Agent
    files: Sequence[SourceFile]
    context_files: Sequence[SourceFile]
    open_workspace: OpenWorkspace
    effort: str

    def fixes(self, findings: Sequence[Finding]) -> list[tuple[Finding, Fix]]:
        """A fix for each finding for which one was proposed. Raises Stopped and ModelThrottled; without a model or
        money there are none."""
        named = {f"C{number}": finding for number, finding in enumerate(findings, start=1)}
        edits: dict[str, list[ProposedEdit]] = defaultdict(list)

        def hear(key: str, part: str, _model: str) -> None:
            if key != "edits":
                return
            try:
                told = self.checker.edit(part)
            except Rejected:
                return
            if told.ref in named:
                edits[told.ref].append(told)

        prompt = self.checker.prompts.fix(self.checker.chunk, self.context, named)
        try:
            self.conversation.ask(Question(prompt, "fix", self.effort, output=_OUTPUT, least_output=_LEAST), hear)
        except (BudgetSpent, NoModel):
            return []
        return [(named[ref], self._proved(named[ref], proposed)) for ref, proposed in edits.items()]

    def _proved(self, finding: Finding, proposed: Sequence[ProposedEdit]) -> Fix:
        description = " ".join(dict.fromkeys(edit.description.strip() for edit in proposed))
        edits = [self._edit(edit) for edit in proposed]
        patched = _patched(edits, {file.path: file for file in self.files})
        if patched is None:
            return Fix(description=description, checks=FixChecks(applies=_FAILED))
        checks = FixChecks(applies=_PASSED, parses=_parses(patched, self.files))
        if checks.parses is _PASSED:
            before, after = self._analysed(self.files, patched), self._analysed(list(patched.values()), patched)
            checks = checks.model_copy(
                update={
                    "clears_finding": self._clears(finding, after, patched, edits),
                    "adds_none": _PASSED if _places(after) <= _places(before) else _FAILED,
                }
            )
        # What is not proved is words: nobody can apply it by mistake.
        return Fix(description=description, edits=tuple(edits) if checks.proved else (), checks=checks)

    def _edit(self, told: ProposedEdit) -> Edit:
        shown = self.checker.prompts.shown(told.path)
        lines = self.checker.prompts.project.lines(told.path)
        original = "\n".join(lines[told.start_line - 1 : told.end_line])
        return Edit(
            path=told.path,
            start_line=told.start_line,
            end_line=told.end_line,
            replacement=shown.restored(told.replacement),
            original_sha256=hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest(),
        )

    def _analysed(
        self, subject: Sequence[SourceFile], patched: Mapping[str, SourceFile]
    ) -> list[tuple[AnalysisReport, Mapping[str, SourceFile]]]:
        """What the agent's analysers say of the files an edit touches, before it or after it."""
        current = {file.path: file for file in subject if file.path in patched}
        others = tuple(file for file in (*self.files, *self.context_files) if file.path not in current)
        batch = Batch(id="proof", files=tuple(current.values()), context=others)
        with self.open_workspace(batch) as workspace:
            return [(report, current) for _, report in self.agent.analyse(workspace)]

    def _clears(
        self,
        finding: Finding,
        after: Sequence[tuple[AnalysisReport, Mapping[str, SourceFile]]],
        patched: Mapping[str, SourceFile],
        edits: Sequence[Edit],
    ) -> CheckResult:
        reporters = {p.source for p in finding.provenance if not p.verdict} - {SOURCE}
        ran = {report.analyser for report, _ in after if finding.path in report.examined}
        if reporters & ran:
            still = any(
                raw.rule_id == finding.rule_id
                or (raw.cwe and finding.cwe and family_of(raw.cwe) == family_of(finding.cwe))
                for report, _ in after
                for raw in report.findings
                if raw.path == finding.path and _near(raw.line, finding, edits)
            )
            return _FAILED if still else _PASSED
        return self._disproved(finding, patched, edits)

    def _disproved(self, finding: Finding, patched: Mapping[str, SourceFile], edits: Sequence[Edit]) -> CheckResult:
        """Whether an independent verifier, shown the code after the edit, finds the defect gone."""
        files = [patched.get(file.path, file) for file in self.files]
        prompts = Prompts(Project.of(files, self.context_files), self.checker.prompts.outline)
        chunk = _moved(self.checker.chunk, patched, edits)
        checker = Checker(prompts, chunk, self.checker.agent)
        verifier = Verifier(self.conversation, checker, self.context, self.effort, lenses=(REPAIRED,))
        total = len(prompts.project.lines(finding.path))
        there = finding.model_copy(
            update={
                "start_line": min(finding.start_line or 1, total),
                "end_line": min(finding.end_line or finding.start_line or 1, total),
            }
        )
        (verified,) = verifier.verify([there])
        if not verified.decision.complete:
            return _NOT_RUN
        return _PASSED if verified.decision.status is FindingStatus.REFUTED else _FAILED


def _patched(edits: Sequence[Edit], files: Mapping[str, SourceFile]) -> dict[str, SourceFile] | None:
    """The files after the edits; None when two of them touch the same lines, or one does not apply."""
    by_path: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_path[edit.path].append(edit)
    result: dict[str, SourceFile] = {}
    for path, own in by_path.items():
        file = files.get(path)
        if file is None or file.sparse:
            return None
        lines = file.text.split("\n")
        limit = len(lines) + 1
        for edit in sorted(own, key=lambda e: -e.start_line):
            if edit.end_line < edit.start_line or edit.end_line >= limit:
                return None
            limit = edit.start_line
            ending = "\r" if lines[edit.start_line - 1].endswith("\r") else ""
            new = [f"{line}{ending}" for line in edit.replacement.split("\n")] if edit.replacement else []
            lines[edit.start_line - 1 : edit.end_line] = new
        text = "\n".join(lines)
        if text == file.text:
            return None
        result[path] = file.model_copy(update={"text": text, "changed": None, "removed": ()})
    return result


def _parses(patched: Mapping[str, SourceFile], files: Sequence[SourceFile]) -> CheckResult:
    """Whether the files still parse; not run for a language without a grammar, so that nothing there is proved."""
    before = {file.path: outline_of(file) for file in files}
    results: list[CheckResult] = []
    for path, file in patched.items():
        outline = outline_of(file)
        if not outline.parsed:
            results.append(_NOT_RUN)
        else:
            results.append(_FAILED if outline.has_errors and not before[path].has_errors else _PASSED)
    return next((result for result in results if result is not _PASSED), _PASSED)


def _places(reports: Sequence[tuple[AnalysisReport, Mapping[str, SourceFile]]]) -> set[tuple[str, str, str]]:
    """What is reported where, without line numbers, which an edit moves."""
    return {
        (raw.rule_id, raw.path, normalise(files[raw.path].lines[(raw.line or 1) - 1]))
        for report, files in reports
        for raw in report.findings
        if raw.path in files and (raw.line or 1) <= len(files[raw.path].lines)
    }


def _same_family(first: int | None, second: int | None) -> bool:
    return bool(first and second and family_of(first) == family_of(second))


def _near(line: int | None, finding: Finding, edits: Sequence[Edit]) -> bool:
    """Whether a line of the changed file is where the finding was, the edit's growth allowed for."""
    if line is None or finding.start_line is None:
        return True
    growth = sum(abs(edit.replacement.count("\n") - (edit.end_line - edit.start_line)) for edit in edits)
    return abs(line - finding.start_line) <= growth + 2


def _moved(chunk: Chunk, patched: Mapping[str, SourceFile], edits: Sequence[Edit]) -> Chunk:
    """The chunk over the code after the edits."""
    grown: dict[str, int] = defaultdict(int)
    for edit in edits:
        added = edit.replacement.count("\n") + 1 if edit.replacement else 0
        grown[edit.path] += added - (edit.end_line - edit.start_line + 1)
    segments: list[Segment] = []
    for s in chunk.segments:
        total = len(patched[s.path].lines) if s.path in patched else s.last
        last = min(total, s.last + max(0, grown[s.path])) if s.path in patched else s.last
        segments.append(Segment(s.path, min(s.first, last), last))
    return Chunk(chunk.id, tuple(segments), chunk.tokens, chunk.tier)

"""The data-flow analyser as the agents see it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.front_ends import lower
from codereview.analysers.dataflow.interpreter.program import Program
from codereview.analysers.dataflow.interpreter.state import Module
from codereview.analysers.dataflow.reporting import MAX_FINDINGS
from codereview.analysers.dataflow.rules.index import rulebook_of
from codereview.analysers.dataflow.rules.loading import ANALYSER
from codereview.analysers.dataflow.rules.loading import rules as all_rules
from codereview.domain.findings import FindingStatus
from codereview.domain.places import is_for_show
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, RawFinding, Workspace
from codereview.syntax.parsing import ParseTimeout, grammar_of, parse

LANGUAGES = frozenset({"python", "javascript", "typescript", "go", "java"})
#: Families in which, on a file that was followed to its end, silence means that there is nothing.
_AUTHORITATIVE = {
    "python": frozenset(
        {
            "command",
            "sql",
            "code",
            "xss",
            "path",
            "ldap",
            "xpath",
            "deserialization",
            "redirect",
            "ssrf",
            "xxe",
            "random",
            "trust",
        }
    ),
    "java": frozenset({"command", "sql", "path", "ldap", "xpath", "xss", "trust"}),
    "go": frozenset({"command", "sql"}),
}

_WAIVER = re.compile(r"(#|//)\s*(#?nosec\b|nolint:\S*gosec)")


class DataflowAnalyser:
    """Follows data through the files of a batch, and looks at how interfaces are used."""

    name = ANALYSER

    def applies_to(self, file: SourceFile) -> bool:
        """Whether there is a front end for the file's language."""
        return file.language in LANGUAGES

    def covers(self, language: str, family: str) -> bool:
        """Whether silence about a family, on a file examined without a problem, means there is nothing."""
        return family in _AUTHORITATIVE.get(language, frozenset())

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        """Examine the files; those of the workspace that are context only are followed, not reported on."""
        if agent != "security":
            return AnalysisReport(ANALYSER)
        wanted = {file.path for file in files}
        context = [file for file in (*workspace.files, *workspace.context) if file.path not in wanted]
        return self.examine(files, [file for file in context if self.applies_to(file)])

    def examine(self, files: Sequence[SourceFile], context: Sequence[SourceFile] = ()) -> AnalysisReport:
        """Examine texts without a workspace."""
        problems: list[AnalyserProblem] = []
        modules: dict[str, Module] = {}
        for file in (*files, *context):
            module, found = _load(file)
            problems += found
            if module is not None:
                modules[file.path] = module
        program = Program(modules)
        program.run()
        wanted = {file.path for file in files}
        problems += [
            AnalyserProblem(f"not followed to its end: {why}", path, "timeout") for path, why in program.cut.items()
        ]
        problems += [
            AnalyserProblem(f"not every finding is listed, there are more than {MAX_FINDINGS}", path, "too large")
            for path in sorted(program.findings.unlisted)
        ]
        waived = {file.path: _waived(file) for file in files}
        findings = tuple(
            _suppressed(finding) if finding.line in waived[finding.path] else finding
            for finding in program.findings
            if finding.path in wanted
        )
        return AnalysisReport(
            ANALYSER,
            findings=findings,
            problems=tuple(problem for problem in problems if problem.path in wanted),
            examined=frozenset(wanted & modules.keys()),
        )


def _suppressed(finding: RawFinding) -> RawFinding:
    """The finding on a line that a comment excuses: shown, not counted; and no other tool's is refuted there."""
    reason = "a comment on the line says that it was looked at (nosec, or nolint:gosec)"
    return replace(finding, status=FindingStatus.SUPPRESSED, suppression_reason=reason)


def rules() -> tuple[Rule, ...]:
    """Every rule of the analyser."""
    return all_rules()


def _load(file: SourceFile) -> tuple[Module | None, list[AnalyserProblem]]:
    grammar = grammar_of(file.language, file.path)
    if grammar is None:
        return None, []
    try:
        code = lower(parse(file.text, grammar), file.language)
    except ParseTimeout as error:
        return None, [AnalyserProblem(str(error), file.path, "timeout")]
    problems = [_problem(file.path, damage) for damage in code.damages[:1]]
    module = Module(
        path=file.path,
        name=_module_name(file, code),
        language=file.language,
        code=code,
        rules=rulebook_of(file.language),
        is_test=is_for_show(file.path),
        lines=file.text.count("\n") + 1,
    )
    return module, problems


def _problem(path: str, damage: ir.Damage) -> AnalyserProblem:
    reason = "syntax error" if damage.reason == "syntax error" else "timeout"
    return AnalyserProblem(f"line {damage.line}: {damage.reason}", path, reason)


def _module_name(file: SourceFile, code: ir.ModuleIR) -> str:
    path = PurePosixPath(file.path)
    parts = [part for part in path.with_suffix("").parts if part not in ("/", ".", "..")]
    if code.package:
        return f"{code.package}.{path.stem}"
    if file.language == "python" and parts and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def _waived(file: SourceFile) -> frozenset[int]:
    """Lines whose author says, in the way usual in the language, that they were looked at for security."""
    if "nosec" not in file.text and "nolint" not in file.text:
        return frozenset()
    return frozenset(number for number, line in enumerate(file.lines, 1) if _WAIVER.search(line))

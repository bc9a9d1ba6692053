"""The analyser of the bug agent's own rules for Python."""

import time
from collections.abc import Sequence

from codereview import __version__
from codereview.analysers.bugs.context import MAX_OF_A_RULE, Context
from codereview.analysers.bugs.model.project import Module, Project, module_name
from codereview.analysers.bugs.registry import CHECKS, RULES
from codereview.analysers.bugs.rule import ANALYSER
from codereview.analysers.bugs.syntax import build
from codereview.analysers.languages import is_python
from codereview.domain.coverage import SkipReason
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, RawFinding, Workspace
from codereview.syntax.parsing import ParseTimeout

#: Seconds for one file, parsing and rules.
FILE_TIMEOUT_S = 20.0
#: Nodes a rule looks at between two looks at the clock.
_NODES_A_TURN = 20
#: Problems of files of which everything else was examined.
_ONLY_PARTLY = frozenset({SkipReason.SYNTAX, SkipReason.TOO_LARGE})
#: Lines named in the message about what could not be parsed.
_NAMED_LINES = 3


def rules() -> tuple[Rule, ...]:
    """Every rule of this analyser."""
    return RULES


class OutOfTime(Exception):
    """The rules took too long over one file."""


class BugAnalyser:
    """Looks for defects in Python by rules of our own, over all files of a batch together."""

    name = ANALYSER

    def __init__(self, *, file_timeout_s: float = FILE_TIMEOUT_S) -> None:
        self._timeout_s = file_timeout_s

    def applies_to(self, file: SourceFile) -> bool:
        """Python, but not stubs: nothing in them runs."""
        return is_python(file) and not file.path.endswith(".pyi")

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        """Examine the files; the others of the workspace are read for what they define."""
        if agent != "bug":
            return AnalysisReport(ANALYSER, __version__)
        problems: list[AnalyserProblem] = []
        wanted = {file.path for file in files}
        others = [f for f in (*workspace.files, *workspace.context) if f.path not in wanted and self.applies_to(f)]
        examined = [module for file in files if (module := self._parse(file, problems)) is not None]
        known = [module for file in others if (module := self._parse(file, [])) is not None]
        project = Project([*examined, *known])
        findings: list[RawFinding] = []
        for module in examined:
            findings += self._examine(project, module, problems)
        return AnalysisReport(
            ANALYSER,
            __version__,
            findings=tuple(findings),
            problems=tuple(problems),
            examined=frozenset(module.file.path for module in examined)
            - {problem.path for problem in problems if problem.path and problem.reason not in _ONLY_PARTLY},
        )

    def _parse(self, file: SourceFile, problems: list[AnalyserProblem]) -> Module | None:
        try:
            tree = build(file.text, timeout_s=self._timeout_s)
        except ParseTimeout as error:
            problems.append(AnalyserProblem(str(error), file.path, SkipReason.TIMEOUT))
            return None
        if tree.errors and not file.sparse:
            lines = ", ".join(map(str, tree.errors[:_NAMED_LINES]))
            more = " and others" if len(tree.errors) > _NAMED_LINES else ""
            problems.append(
                AnalyserProblem(f"cannot parse the code at line {lines}{more}", file.path, SkipReason.SYNTAX)
            )
        elif tree.too_deep:
            problems.append(AnalyserProblem("some code is nested too deep to examine", file.path, SkipReason.SYNTAX))
        name, package = module_name(file.path)
        return Module(file, name, package, tree)

    def _examine(self, project: Project, module: Module, problems: list[AnalyserProblem]) -> list[RawFinding]:
        context = Context(project, module)
        deadline = time.monotonic() + self._timeout_s
        try:
            for kind, nodes in list(module.index.by_kind.items()):
                for look in CHECKS.get(kind, ()):
                    for start in range(0, len(nodes), _NODES_A_TURN):
                        for node in nodes[start : start + _NODES_A_TURN]:
                            look(node, context)
                        _within(deadline)
        except OutOfTime:
            problems.append(AnalyserProblem(f"took longer than {self._timeout_s:g} s", module.file.path, "timeout"))
        except RecursionError:
            problems.append(AnalyserProblem("is nested too deep to examine", module.file.path, "error"))
        if context.unlisted:
            told = f"has more than {MAX_OF_A_RULE} findings of one rule; {context.unlisted} are not listed"
            problems.append(AnalyserProblem(told, module.file.path, SkipReason.TOO_LARGE))
        return sorted(context.findings, key=lambda found: (found.line or 0, found.column or 0, found.rule_id))


def _within(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise OutOfTime

"""What the adapters of external tools have in common: from a batch to runs of the tool, from its output to a report."""

import importlib.metadata
import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from codereview.analysers.catalogue import Catalogue, load
from codereview.analysers.examination import Examination, ToolFailed
from codereview.analysers.process import Bound, Bounds, ToolResult, ToolUnavailable, find_tool, run_tool
from codereview.analysers.workspace import TOOL_PREFIX
from codereview.domain.coverage import SkipReason
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, Workspace

#: Bytes of file names in one command line; the smallest limit of the systems we run on is 1 MiB with the environment.
ARGUMENT_BYTES = 256 * 1024
#: How often a batch is split because the tool failed or took too long over it: one poisonous file costs only itself.
MAX_SPLITS = 12
DEFAULT_BOUNDS = Bounds()
_RUST_PANIC = 101


@dataclass(frozen=True, slots=True)
class Start:
    """What a command line can depend on: an empty directory to write settings into, and the rules that are asked."""

    home: str
    rules: Mapping[str, Rule]


class ToolAnalyser(ABC):
    """An analyser that is a program of its own. One instance serves a process and its threads."""

    name: ClassVar[str]
    #: The wheel that brings the tool; its version is the tool's.
    distribution: ClassVar[str]
    #: The options of every start; above all those that make the tool ignore configuration it may find.
    options: ClassVar[tuple[str, ...]] = ()
    #: Exit codes with which the tool says that it did its work.
    exit_codes: ClassVar[frozenset[int]] = frozenset({0, 1})

    def __init__(self, *, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self._bounds = bounds

    @abstractmethod
    def applies_to(self, file: SourceFile) -> bool:
        """Whether the tool understands this kind of file."""

    def settings(self, start: Start) -> list[str]:  # noqa: ARG002  for tools that need more than `options`
        """The options that depend on the start, and the files they name written."""
        return []

    @abstractmethod
    def read(self, result: ToolResult, seen: Examination) -> None:
        """Enter into ``seen`` what the tool said. Raises ToolFailed when it cannot be understood."""

    @property
    def catalogue(self) -> Catalogue:
        """The tool's rules."""
        return load(self.name)

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The tool's rules by their own names."""
        return self.catalogue.rules

    def program(self) -> list[str]:
        """The beginning of the command line. Raises ToolUnavailable."""
        return [find_tool(self.name)]

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        """Examine the files, with one start of the tool unless the command line would be too long."""
        rules = self.catalogue.of_agent(agent)
        total = Examination(workspace.root, files, rules)
        try:
            with tempfile.TemporaryDirectory(prefix=TOOL_PREFIX) as home:
                argv = [*self.program(), *self.options, *self.settings(Start(home, rules)), "--"]
                run = _Run(self, argv, home, total, self._bounds)
                for chunk in chunks(workspace.root, files):
                    run.examine(chunk)
                run.report_failures()
        except ToolUnavailable as error:
            total.problems.append(AnalyserProblem(str(error)))
        return AnalysisReport(
            analyser=self.name,
            version=self._version(),
            findings=tuple(total.findings),
            problems=tuple(total.problems),
            examined=frozenset(total.examined),
        )

    def _version(self) -> str:
        try:
            beside = os.path.dirname(self.program()[0]) == os.path.dirname(sys.executable)
            return importlib.metadata.version(self.distribution) if beside else ""
        except (ToolUnavailable, importlib.metadata.PackageNotFoundError):
            return ""


@dataclass
class _Run:
    """One call of an analyser: the runs of its tool share the time, and the splits."""

    tool: ToolAnalyser
    argv: Sequence[str]
    home: str
    total: Examination
    bounds: Bounds
    splits: int = MAX_SPLITS
    failures: list[AnalyserProblem] = field(default_factory=list)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.bounds.wall_s

    def examine(self, files: Sequence[SourceFile]) -> None:
        """Run the tool over some files; where it fails or takes too long, over each half of them."""
        try:
            seen = self._once(files)
        except ToolFailed as failure:
            if failure.splittable and len(files) > 1 and self.splits > 0:
                self.splits -= 1
                middle = len(files) // 2
                self.examine(files[:middle])
                self.examine(files[middle:])
            else:
                message = f"{self.tool.name} {failure}"
                self.failures += [AnalyserProblem(message, file.path, failure.reason) for file in files]
        else:
            self.total.findings += seen.findings
            self.total.problems += seen.problems
            self.total.examined |= seen.examined

    def report_failures(self) -> None:
        """Say which files the tool failed on; where that is all of them in the same way, that it did not run."""
        kinds = {(failure.message, failure.reason) for failure in self.failures}
        if len(kinds) == 1 and len(self.failures) == len(self.total.files):
            self.failures = [replace(self.failures[0], path=None)]
        self.total.problems += self.failures

    def _once(self, files: Sequence[SourceFile]) -> Examination:
        # Half of what is left, so that there is time to find the file that takes too long.
        left = self.deadline - time.monotonic()
        bounds = replace(self.bounds, wall_s=left / 2 if len(files) > 1 else left)
        if left <= 0:
            raise ToolFailed(self.bounds.sentence(Bound.TIME), SkipReason.TIMEOUT)
        seen = Examination(self.total.root, files, self.total.rules, self.tool.catalogue.whole_file)
        result = run_tool([*self.argv, *seen.paths], home=self.home, bounds=bounds)
        if result.exceeded is not None:
            reason = SkipReason.TIMEOUT if result.exceeded is Bound.TIME else SkipReason.ERROR
            raise ToolFailed(bounds.sentence(result.exceeded), reason, splittable=True)
        if result.exit_code < 0 or result.exit_code == _RUST_PANIC:
            raise ToolFailed(f"crashed (exit code {result.exit_code})", splittable=True)
        if result.exit_code not in self.tool.exit_codes:
            raise ToolFailed(f"failed (exit code {result.exit_code}){self._last_words(result)}", splittable=True)
        self.tool.read(result, seen)
        return seen

    def _last_words(self, result: ToolResult) -> str:
        """The beginning of what the tool complained, on one line, without the places of our directories."""
        text = "; ".join(line.strip() for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip())
        text = text.replace(f"{self.total.root}{os.sep}", "").replace(self.home, "")[:200]
        return f": {text}" if text else ""


def chunks(root: str, files: Sequence[SourceFile]) -> Iterator[Sequence[SourceFile]]:
    """The files in runs whose absolute paths fit into one command line."""
    chunk: list[SourceFile] = []
    size = 0
    for file in files:
        cost = len(os.fsencode(os.path.join(root, file.path))) + 1
        if chunk and size + cost > ARGUMENT_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(file)
        size += cost
    if chunk:
        yield chunk

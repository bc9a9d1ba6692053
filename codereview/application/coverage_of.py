"""Coverage of one unit: which engines examined which file, and what stood in the way."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from codereview.agents.base import Agent
from codereview.domain.coverage import EXPECTED, CoverageEntry, CoverageState, SkipReason
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport

_GRAVITY = {SkipReason.ERROR: 0, SkipReason.TIMEOUT: 1, SkipReason.SYNTAX: 2}
#: Problems every analyser has with a file of which only some lines are known.
_OF_SPARSE_FILES = frozenset({str(SkipReason.SYNTAX), str(SkipReason.UNSUPPORTED)})


def coverage_of(
    agent: Agent,
    files: Iterable[SourceFile],
    reports: Sequence[AnalysisReport],
    *,
    also: Callable[[SourceFile], Sequence[str]] = lambda _: (),
) -> list[CoverageEntry]:
    """One entry per file.

    A file is *reviewed* when every analyser that applies examined it without a problem, else *partly* reviewed or
    *skipped*; of several problems the gravest gives the reason, and the detail tells them all. ``also`` names what
    else than the agent's analysers was to look at a file.
    """
    examined: dict[str, list[str]] = defaultdict(list)
    problems: dict[str, list[tuple[str, AnalyserProblem]]] = defaultdict(list)
    everywhere: list[tuple[str, AnalyserProblem]] = []
    for report in reports:
        for path in report.examined:
            examined[path].append(report.analyser)
        for problem in report.problems:
            (everywhere if problem.path is None else problems[problem.path]).append((report.analyser, problem))
    return [
        _entry(
            agent.name,
            file,
            [*agent.applicable(file), *also(file)],
            examined[file.path],
            [*problems[file.path], *everywhere],
        )
        for file in files
    ]


def _entry(
    agent: str,
    file: SourceFile,
    applicable: Sequence[str],
    examined: Sequence[str],
    problems: Sequence[tuple[str, AnalyserProblem]],
) -> CoverageEntry:
    if not applicable:
        detail = f"no {agent} analyser for {file.language or 'this kind of file'}"
        return CoverageEntry(
            path=file.path, agent=agent, state=CoverageState.SKIPPED, reason=SkipReason.UNSUPPORTED, detail=detail
        )
    relevant = [(name, problem) for name, problem in problems if name in applicable]
    missing = [name for name in applicable if name not in examined]
    engines = tuple(name for name in applicable if name in examined)
    detail = "; ".join(dict.fromkeys(f"{name}: {problem.message}" for name, problem in relevant))
    reasons = [problem.reason for _, problem in relevant]
    if (not relevant and not missing) or (file.sparse and set(reasons) <= _OF_SPARSE_FILES):
        return _sparse_or_reviewed(agent, file, engines, detail)
    return CoverageEntry(
        path=file.path,
        agent=agent,
        state=CoverageState.PARTLY if engines else CoverageState.SKIPPED,
        reason=_gravest(reasons),
        detail=detail or f"not examined by {', '.join(missing)}",
        engines=engines,
    )


def _sparse_or_reviewed(agent: str, file: SourceFile, engines: tuple[str, ...], detail: str) -> CoverageEntry:
    if not file.sparse:
        return CoverageEntry(path=file.path, agent=agent, state=CoverageState.REVIEWED, detail=detail, engines=engines)
    return CoverageEntry(
        path=file.path,
        agent=agent,
        state=CoverageState.PARTLY,
        reason=SkipReason.DIFF_ONLY,
        detail="only the lines of the diff were given",
        engines=engines,
    )


def _gravest(reasons: Iterable[str]) -> SkipReason:
    known = {SkipReason(reason) for reason in reasons if reason in set(SkipReason)} or {SkipReason.ERROR}
    # What is expected to be left out comes last: it must not hide a gap.
    return min(known, key=lambda reason: (reason in EXPECTED, _GRAVITY.get(reason, len(_GRAVITY)), str(reason)))

"""What an analyser said of unchanged code is not asked again, and is the same to the letter."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import codereview.analysers.registry as registry
from codereview.adapters.memory import MemoryAnswerCache
from codereview.analysers.caching import cached
from codereview.analysers.workspace import open_workspace
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Batch, SourceFile
from codereview.errors import BackendUnavailable
from codereview.ports import AnalyserProblem, AnalysisReport, FlowAuthority, Workspace
from codereview.syntax.languages import language_of
from codereview.testing import PatternAnalyser

SHOP = Path(__file__).parents[3] / "examples" / "shop"


def batch(*files: SourceFile, context: tuple[SourceFile, ...] = ()) -> Batch:
    return Batch(id="b1", files=files, context=context)


def python(text: str, path: str = "app.py") -> SourceFile:
    return SourceFile(path=path, text=text, language="python")


class Counting(PatternAnalyser):
    """Counts the files it is given."""

    def __init__(self, name: str = "pattern", **terms: object) -> None:
        super().__init__(name=name, **terms)  # type: ignore[arg-type]
        self.seen: list[str] = []

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        self.seen += [file.path for file in files]
        return super().run(workspace, files, agent=agent)


def analyse(analyser: object, *files: SourceFile, agent: str = "security") -> AnalysisReport:
    with open_workspace(batch(*files)) as workspace:
        return analyser.run(workspace, list(files), agent=agent)  # type: ignore[attr-defined]


def test_only_what_changed_is_analysed() -> None:
    inner = Counting()
    analyser = cached(inner, MemoryAnswerCache())
    first = analyse(analyser, python("danger\n", "a.py"), python("fine\n", "b.py"))
    second = analyse(analyser, python("danger\n", "a.py"), python("danger now\n", "b.py"))
    assert inner.seen == ["a.py", "b.py", "b.py"]
    assert [f.path for f in first.findings] == ["a.py"]
    assert [f.path for f in second.findings] == ["a.py", "b.py"]
    assert second.examined == {"a.py", "b.py"}


@pytest.mark.parametrize("change", ["path", "language", "agent"])
def test_anything_an_analysis_depends_on_makes_it_another(change: str) -> None:
    inner = Counting()
    analyser = cached(inner, MemoryAnswerCache())
    analyse(analyser, python("danger\n"))
    file = python("danger\n", "other.py" if change == "path" else "app.py")
    if change == "language":
        file = file.model_copy(update={"sparse": True})
    analyse(analyser, file, agent="bug" if change == "agent" else "security")
    assert len(inner.seen) == 2


def test_what_follows_names_across_files_is_asked_again_when_any_of_them_changes() -> None:
    inner = Counting("dataflow")
    analyser = cached(inner, MemoryAnswerCache())
    analyse(analyser, python("danger\n", "a.py"), python("1\n", "b.py"))
    analyse(analyser, python("danger\n", "a.py"), python("1\n", "b.py"))
    assert inner.seen == ["a.py", "b.py"]
    analyse(analyser, python("danger\n", "a.py"), python("2\n", "b.py"))
    assert inner.seen == ["a.py", "b.py"] * 2


@pytest.mark.parametrize(("reason", "again"), [(SkipReason.TIMEOUT, True), (SkipReason.SYNTAX, False)])
def test_what_may_pass_is_not_kept(reason: SkipReason, again: bool) -> None:
    """A tool that ran out of time may have more of it next time; a syntax error stays one."""
    problem = AnalyserProblem("it was so", path="app.py", reason=str(reason))
    inner = Counting(problems=(problem,))
    analyser = cached(inner, MemoryAnswerCache())
    first, second = (analyse(analyser, python("danger\n")) for _ in range(2))
    assert (len(inner.seen) == 2) is again
    assert second.problems == first.problems


def test_a_cache_that_is_away_costs_another_analysis() -> None:
    class Away(MemoryAnswerCache):
        def get(self, key: str) -> str | None:
            raise BackendUnavailable

        def put(self, key: str, value: str) -> None:
            raise BackendUnavailable

    assert analyse(cached(Counting(), Away()), python("danger\n")).findings


def test_who_settles_a_question_still_does() -> None:
    """Other analysers' findings are refuted by what it is, not by how it is wrapped."""
    wrapped = {a.name: cached(a, MemoryAnswerCache()) for a in registry.analysers_for("security")}
    assert [name for name, analyser in wrapped.items() if isinstance(analyser, FlowAuthority)] == ["dataflow"]


@pytest.mark.parametrize("agent", ["security", "bug"])
def test_every_analyser_says_the_same_from_memory(agent: str) -> None:
    """Findings, order, problems and coverage, on a project of several languages."""
    paths = sorted(path for path in SHOP.rglob("*") if path.is_file())
    files = tuple(
        SourceFile(path=path.relative_to(SHOP).as_posix(), text=text, language=language_of(path.name, text))
        for path in paths
        if (text := path.read_text())
    )
    with open_workspace(batch(*files)) as workspace:
        for analyser in registry.analysers_for(agent):
            mine = [file for file in files if analyser.applies_to(file)]
            if mine:
                remembering = cached(analyser, MemoryAnswerCache())
                fresh = remembering.run(workspace, mine, agent=agent)
                again = remembering.run(workspace, mine, agent=agent)
                assert again == fresh, analyser.name

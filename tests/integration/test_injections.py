"""Code written to influence its reviewer, through everything a review does, with models that would obey.

The real client asks a server over HTTP. One model obeys whatever reaches it outside the fences; others obey the code
too, and what code checks must hold against them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from support.assembly import Assembly
from support.injections.attempts import ATTEMPTS, GUESSED, Attempt
from support.injections.gullible import Corrupted, Gullible, Manner, orders
from support.injections.project import CHANGE, WHOLE, Project
from support.scripted_model import reviewer

from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.model_catalogue import load_catalogue
from codereview.agents import prompting
from codereview.analysers.dataflow.analyser import DataflowAnalyser
from codereview.application.model import reviewing
from codereview.domain.findings import Confidence, Finding, FindingStatus
from codereview.domain.reviews import Outcome, Review
from codereview.domain.sources import SourceFile
from codereview.domain.submission import Job
from codereview.ports import AnalysisReport, RawFinding, Workspace
from codereview.testing import PatternAnalyser
from codereview.testkit.exchange import Asked, Reply
from codereview.testkit.messages_server import MessagesServer

ADDRESSED = "codereview/addressed-to-reviewer"
#: A review's findings, each in a few words.
Outcomes = list[tuple[str, ...]]


class QuotingAnalyser(PatternAnalyser):
    """Says in its message what stands in the line, as many tools do."""

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        report = super().run(workspace, files, agent=agent)
        texts = {file.path: file.lines for file in files}
        return replace(report, findings=tuple(self._quoting(raw, texts) for raw in report.findings))

    def _quoting(self, raw: RawFinding, texts: dict[str, list[str]]) -> RawFinding:
        line = texts[raw.path][(raw.line or 1) - 1].strip()
        return replace(raw, title=f"Division by a length: {line}", message=f"The line `{line}` divides by a length.")


class Reviews:
    """Reviews projects with the models it is told to ask."""

    def __init__(self, server: MessagesServer) -> None:
        self._server = server
        self._model = AnthropicModel(api_key="key", base_url=server.url)
        self._plain: dict[str, Outcomes] = {}

    def __call__(self, project: Project, model: Callable[[Asked], Reply]) -> Review:
        """The review of the project, with this model."""
        self._server.rule = lambda asked: replace(model(asked), piece=100_000)
        assembly = Assembly(
            security=[DataflowAnalyser()],
            bug=[QuotingAnalyser(name="quoting", pattern=r"/ len\(parts\)", rule="division")],
            model=reviewer(self._model),
        )
        review_id = assembly.service.submit(Job(sources=project.sources())).id
        assembly.run(review_id)
        review = assembly.store.get(review_id)
        assert review is not None
        return review

    def plain(self, project: Project) -> Outcomes:
        """What an honest review of the plain project says: reviewed once."""
        key = "change" if project.before is not None else "whole"
        if key not in self._plain:
            model = Gullible()
            self._plain[key] = outcomes(self(CHANGE if project.before is not None else WHOLE, model), WHOLE)
            assert not model.obeyed
        return self._plain[key]


@pytest.fixture(scope="module")
def reviews() -> Iterator[Reviews]:
    with MessagesServer(Gullible(), load_catalogue()) as server:
        yield Reviews(server)


def outcomes(review: Review, project: Project, *, tools: bool = False) -> Outcomes:
    """Rule, place, severity, status, confidence and whether it can be repaired, of each finding about the code.

    The place is the line's code without a comment behind it; with ``tools`` only of what tools reported, without what a
    model adds to it.
    """
    return sorted(
        (
            finding.rule_id,
            project.moved.get(finding.path, finding.path),
            _place(finding, project),
            str(finding.severity),
            str(finding.status),
            *(() if tools else (str(finding.confidence), "edit" if finding.fix and finding.fix.edits else "")),
        )
        for finding in review.findings
        if not finding.rule_id.endswith("/addressed-to-reviewer")
        and not (tools and finding.rule_id.startswith("claude/"))
    )


def _place(finding: Finding, project: Project) -> str:
    assert finding.start_line is not None
    return project.after[finding.path].split("\n")[finding.start_line - 1].partition("  # ")[0]


def test_the_corpus_is_large_and_every_attempt_has_its_own_name() -> None:
    assert len(ATTEMPTS) >= 50
    assert [name for name, times in Counter(attempt.id for attempt in ATTEMPTS).items() if times > 1] == []


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_a_gullible_model_would_obey_the_attempt_if_it_were_not_fenced(attempt: Attempt) -> None:
    """Otherwise that nothing came of it would prove nothing."""
    assert orders(attempt.weave().words())
    assert not orders(WHOLE.words())
    assert not orders(CHANGE.words())


def test_the_plain_project_has_findings_of_every_kind(reviews: Reviews) -> None:
    """By a tool, by the model, by both; confirmed and refuted; with a repair and without."""
    assert {(rule, status, confidence, fix) for rule, _, _, _, status, confidence, fix in reviews.plain(WHOLE)} == {
        ("dataflow/command-injection", "confirmed", "high", ""),
        ("dataflow/cross-site-scripting", "confirmed", "high", ""),
        ("quoting/division", "confirmed", "high", ""),
        ("claude/access", "confirmed", "high", ""),
        ("claude/boundary", "confirmed", "high", "edit"),
        ("claude/injection", "refuted", "low", ""),
    }
    assert {rule for rule, *_ in reviews.plain(CHANGE)} == {rule for rule, *_ in reviews.plain(WHOLE)} - {
        "quoting/division"
    }


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_findings_are_the_same_with_and_without_the_attempt(attempt: Attempt, reviews: Reviews) -> None:
    """Rule, place, severity, status, confidence and repair; text that addresses the reviewer is reported besides."""
    project, model = attempt.weave(), Gullible()
    review = reviews(project, model)
    assert outcomes(review, project) == reviews.plain(project)
    assert model.obeyed == []
    assert review.outcome is Outcome.COMPLETE
    assert (ADDRESSED in {finding.rule_id for finding in review.findings}) is not attempt.silent


@pytest.mark.parametrize("name", ["fence-guessed", "quoted-fence", "removed-fence", "fence-in-docstring"])
def test_a_fence_whose_name_the_code_knew_would_be_broken_out_of(
    name: str, reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempts fail for the name being random, and not because nobody would notice their success."""
    monkeypatch.setattr(reviewing, "fence_of", lambda *_: GUESSED)
    model = Gullible()
    reviews(_attempt(name).weave(), model)
    assert model.obeyed


@pytest.mark.parametrize("name", ["path-quote", "path-tag", "path-of-defect"])
def test_a_path_that_is_not_escaped_would_end_its_tag(
    name: str, reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompting, "_path", str)
    model = Gullible()
    reviews(_attempt(name).weave(), model)
    assert model.obeyed


def _attempt(name: str) -> Attempt:
    return next(attempt for attempt in ATTEMPTS if attempt.id == name)


#: What the corrupted models are shown: in a comment, in removed lines, quoted by a tool; an answer to copy.
SHOWN: list[tuple[str, Manner]] = [
    *product(("ignore-previous", "removed"), (manner for manner in get_args(Manner) if manner != "repeats")),
    *product(("quoted",), get_args(Manner)[:5]),
    ("answer", "repeats"),
]


@pytest.mark.parametrize(("name", "manner"), SHOWN)
def test_what_code_checks_holds_when_a_model_obeys_the_code(name: str, manner: Manner, reviews: Reviews) -> None:
    """What tools found stays, nothing is refuted without a citation that stands, no unproved repair is an edit."""
    project, model = _attempt(name).weave(), Corrupted(manner)
    review = reviews(project, model)
    plain = reviews.plain(project)
    by_model = [finding for finding in review.findings if finding.rule_id.startswith("claude/")]
    fixes = [finding.fix for finding in review.findings if finding.fix is not None]

    assert model.obeyed
    assert outcomes(review, project, tools=True) == [one[:5] for one in plain if not one[0].startswith("claude/")]
    assert {finding.rule_id for finding in by_model} <= {rule for rule, *_ in plain}, "nothing is invented"
    if manner not in ("looks away", "repeats"):
        assert {finding.rule_id for finding in by_model if finding.counts} >= {"claude/access", "claude/boundary"}
    if manner in ("refutes", "cites"):
        assert {finding.status for finding in by_model} == {FindingStatus.CANDIDATE}
        assert {finding.confidence for finding in by_model} == {Confidence.LOW}, "nor does it pass for verified"
    if manner == "sabotages":
        assert fixes, "what was proposed is shown in words"
        assert not any(fix.edits for fix in fixes)

"""The analyser of infrastructure as the security agent sees it."""

from collections.abc import Callable, Iterator, Sequence

from codereview import __version__
from codereview.analysers.infra import loading
from codereview.analysers.infra.checks import cloud, containers, docker, parameters, workflows
from codereview.analysers.infra.loading import ANALYSER
from codereview.analysers.infra.model import Hit, Subject
from codereview.analysers.infra.reading.tree import Unreadable
from codereview.analysers.infra.subjects import kind_of, subjects
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Severity
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem, AnalysisReport, RawFinding, Workspace
from codereview.secrets.places import is_test

#: Bytes of a file that are read; larger ones are data, or made by a program.
MAX_BYTES = 2_000_000
_CHECKS: dict[str, tuple[Callable[[Subject], Iterator[Hit]], ...]] = {
    "compose": (containers.compose,),
    "kubernetes": (containers.kubernetes,),
    "terraform": (cloud.look,),
    "cloudformation": (cloud.look, parameters.look),
}


def rules() -> tuple[Rule, ...]:
    """Every rule of the analyser."""
    return tuple(loading.rules().values())


class InfraAnalyser:
    """Looks at Dockerfiles, Compose files, manifests, templates and workflows."""

    name = ANALYSER

    def applies_to(self, file: SourceFile) -> bool:
        """By name, and for YAML and JSON by what the text says that it is."""
        return kind_of(file) != ""

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:  # noqa: ARG002
        """Examine the files, each for itself."""
        if agent != "security":
            return AnalysisReport(ANALYSER, __version__)
        findings: list[RawFinding] = []
        problems: list[AnalyserProblem] = []
        examined: set[str] = set()
        for file in files:
            try:
                findings += _examined(file)
                examined.add(file.path)
            except Unreadable as error:
                problems.append(_problem(file, error))
        return AnalysisReport(ANALYSER, __version__, tuple(findings), tuple(problems), frozenset(examined))


def _examined(file: SourceFile) -> list[RawFinding]:
    if file.size > MAX_BYTES:
        raise Unreadable("is too large")
    found: dict[tuple[str, int], Hit] = {}
    hits = _hits(kind_of(file), file.text)
    # What belongs to a test runs nowhere else.
    for hit in (one.at_most(Severity.LOW) for one in hits) if is_test(file) else hits:
        known = found.get((hit.rule, hit.line))
        if known is None or _severity(hit) > _severity(known):
            found[hit.rule, hit.line] = hit
    return [_reported(file, hit) for hit in sorted(found.values(), key=lambda hit: (hit.line, hit.rule))]


def _hits(kind: str, text: str) -> Iterator[Hit]:
    if kind == "dockerfile":
        yield from docker.look(text)
    elif kind == "workflow":
        yield from workflows.look(text)
    else:
        for subject in subjects(kind, text):
            for hit in _in_subject(kind, subject):
                yield hit.at_most(Severity.LOW) if subject.system else hit


def _in_subject(kind: str, subject: Subject) -> Iterator[Hit]:
    for check in loading.declared():
        yield from check.look(subject)
    for look in _CHECKS[kind]:
        yield from look(subject)


def _severity(hit: Hit) -> Severity:
    rule = loading.rules()[hit.rule]
    return min(rule.severity, hit.severity or rule.severity)


def _reported(file: SourceFile, hit: Hit) -> RawFinding:
    rule = loading.rules()[hit.rule]
    return RawFinding(
        path=file.path,
        rule_id=rule.id,
        native_rule=rule.native,
        title=rule.title,
        message=hit.message or rule.description,
        severity=_severity(hit),
        confidence=min(rule.confidence, hit.confidence or rule.confidence),
        line=hit.line,
        end_line=hit.end_line or hit.line,
        cwe=rule.cwe,
        failure_scenario=rule.failure_scenario,
        help_uri=rule.help_uri,
    )


def _problem(file: SourceFile, error: Unreadable) -> AnalyserProblem:
    where = f"line {error.line}: " if error.line else ""
    if "too large" in str(error):
        return AnalyserProblem(str(error), file.path, SkipReason.TOO_LARGE)
    if ("{{" in file.text or "{%" in file.text) and kind_of(file) not in ("workflow", "terraform"):
        return AnalyserProblem("is a template, not yet YAML", file.path, SkipReason.UNSUPPORTED)
    return AnalyserProblem(f"{where}{error}", file.path, SkipReason.SYNTAX)

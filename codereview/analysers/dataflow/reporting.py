"""Collecting findings: one per rule and place, the best supported one."""

from collections.abc import Iterator
from dataclasses import dataclass

from codereview.analysers.dataflow.rules.loading import rule_by_id
from codereview.analysers.dataflow.values import Flow, Step
from codereview.domain.findings import Confidence, Severity, TraceStep
from codereview.domain.places import is_for_show
from codereview.domain.rules import Rule
from codereview.ports import RawFinding

#: Labels of data that anybody on the network chooses; all others need a foothold first.
REMOTE = frozenset({"http", "message"})
_LOCAL = {
    "cli": Severity.LOW,
    "environment": Severity.LOW,
    "file": Severity.LOW,
    "http-response": Severity.MEDIUM,
    "parameter": Severity.LOW,
}
_ORDER = {"http": 0, "message": 1, "cli": 2, "http-response": 2, "file": 3, "environment": 4, "parameter": 5}
#: Findings listed of a batch.
MAX_FINDINGS = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands; lines and columns are 1-based."""

    path: str
    line: int
    end_line: int
    column: int | None = None


class Findings:
    """What was found so far."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int], RawFinding] = {}
        #: Paths of files with findings for which there was no room.
        self.unlisted: set[str] = set()

    def __iter__(self) -> Iterator[RawFinding]:
        yield from sorted(self._found.values(), key=lambda f: (f.path, f.line or 0, f.rule_id))

    def flow(self, native: str, place: Place, flow: Flow, sink: str, *, is_test: bool) -> None:
        """Data of a flow arrives where it must not."""
        rule = rule_by_id()[native]
        origin = flow.origin
        severity, confidence = _graded(rule, origin.label)
        facts = {"source": origin.what, "source_line": origin.line, "sink": sink}
        steps = (*_trace(flow.step, flow), TraceStep(path=place.path, line=place.line, message=f"reaches {sink}"))
        message = f"{origin.what[:1].upper()}{origin.what[1:]} (line {origin.line}) reaches {sink}"
        # What only a test hands in, nobody else does.
        is_test = is_test or is_for_show(steps[0].path)
        self._add(rule, place, message, rule.failure_scenario.format(**facts), severity, confidence, steps, is_test)

    def misuse(
        self,
        native: str,
        place: Place,
        what: str,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        *,
        is_test: bool = False,
    ) -> None:
        """Something is used or configured wrongly."""
        rule = rule_by_id()[native]
        facts = {"source": "an attacker", "source_line": place.line, "sink": what or rule.title}
        steps = (TraceStep(path=place.path, line=place.line, message=what or rule.title),)
        message = what or rule.title
        # The scenario of a rule about flows tells of data that nobody has seen here.
        about_data = "{source}" in rule.failure_scenario
        scenario = rule.description if about_data else rule.failure_scenario.format(**facts)
        grade = severity or rule.severity
        self._add(rule, place, message, scenario, grade, confidence or rule.confidence, steps, is_test)

    def _add(
        self,
        rule: Rule,
        place: Place,
        message: str,
        scenario: str,
        severity: Severity,
        confidence: Confidence,
        steps: tuple[TraceStep, ...],
        is_test: bool,
    ) -> None:
        if is_test and severity > Severity.LOW:
            severity = Severity.LOW  # a test's code faces no attacker
        key = (rule.native, place.path, place.line)
        known = self._found.get(key)
        if known is not None and (known.severity.rank, known.confidence.rank) >= (severity.rank, confidence.rank):
            return
        if known is None and len(self._found) >= MAX_FINDINGS:
            self.unlisted.add(place.path)
            return
        self._found[key] = RawFinding(
            path=place.path,
            rule_id=rule.id,
            native_rule=rule.native,
            title=rule.title,
            message=message,
            severity=severity,
            confidence=confidence,
            line=place.line,
            end_line=max(place.line, place.end_line),
            column=place.column,
            cwe=rule.cwe,
            failure_scenario=scenario,
            help_uri=rule.help_uri,
            trace=steps,
        )


def strongest(flows: tuple[Flow, ...]) -> Flow:
    """The flow to tell of when several arrive."""
    return min(flows, key=lambda flow: (_ORDER.get(flow.origin.label, 1), flow.step.count if flow.step else 0))


def _graded(rule: Rule, label: str) -> tuple[Severity, Confidence]:
    if label == "parameter":
        return min(rule.severity, Severity.LOW), Confidence.LOW
    if label in _LOCAL:
        return min(rule.severity, _LOCAL[label]), Confidence.MEDIUM
    return rule.severity, Confidence.HIGH if label in REMOTE else rule.confidence


def _trace(step: Step | None, flow: Flow) -> tuple[TraceStep, ...]:
    steps: list[TraceStep] = []
    while step is not None:
        steps.append(TraceStep(path=step.path, line=step.line, message=step.message))
        step = step.previous
    origin = flow.origin
    steps.append(TraceStep(path=origin.path, line=origin.line, message=origin.what))
    return tuple(reversed(steps))

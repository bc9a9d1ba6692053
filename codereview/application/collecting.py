"""Collecting one agent's findings of one batch: the same defect, reported by several tools, is one finding."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from codereview.application.anchoring import AnchoredFile, anchor
from codereview.application.policy import Policy
from codereview.application.weighing import weighed
from codereview.domain.cwe import family_of
from codereview.domain.findings import Finding, FindingStatus, Provenance
from codereview.domain.merging import merge_pair
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import SourceFile
from codereview.ports import AnalysisReport, RawFinding

OUTSIDE_DIFF = "outside the changed lines"
BELOW_SEVERITY = "below the severity asked for"


@dataclass(frozen=True, slots=True)
class Change:
    """A finding that is new to the batch, or one whose state changed (``reason`` says how)."""

    finding: Finding
    is_new: bool
    reason: str = ""


@dataclass
class Collector:
    """The findings of one unit as they grow, analyser by analyser.

    ``authorities`` holds (path, family) pairs that a data-flow analyser examined and settled: a finding of another
    analyser there is refuted, visibly, unless the data flow reported the same place.
    """

    agent: str
    options: ReviewOptions
    files: dict[str, AnchoredFile] = field(default_factory=dict)
    hidden: Counter[str] = field(default_factory=Counter)
    policy: Policy = field(init=False)
    _by_print: dict[str, Finding] = field(default_factory=dict)
    _by_place: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _settled: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policy = Policy(self.options)

    def take(self, files: Iterable[SourceFile]) -> None:
        """Expect findings in these files."""
        for file in files:
            where = AnchoredFile(file)
            self.files[file.path] = where
            self.policy.meet(where)

    def settle(self, path: str, families: Iterable[str], by: str) -> None:
        """The analyser ``by`` examined the file and follows these families to the end."""
        for family in families:
            self._settled[path, family] = by

    def add(self, report: AnalysisReport) -> Iterator[Change]:
        """The changes an analyser's report makes, in the order of the report."""
        for raw in report.findings:
            where = self.files.get(raw.path)
            if where is None or self.policy.disables(raw.rule_id, raw.path):
                continue
            anchored = weighed(anchor(raw, where, agent=self.agent, version=report.version))
            finding = self._judged(self.policy.apply(anchored, where), raw)
            if finding.severity < self.policy.floor(raw.path):
                self.hidden[BELOW_SEVERITY] += 1
            elif not _is_shown(where, finding, raw, self.options):
                self.hidden[OUTSIDE_DIFF] += 1
            else:
                yield from self._merge(finding, _family(raw), raw.same_as)

    def revise(self, fingerprint: str, reason: str, **changed: object) -> Change | None:
        """The change that gives a finding these new values; None when it is not known or they are not new."""
        known = self._by_print.get(fingerprint)
        revised = known.model_copy(update=changed) if known is not None else None
        if revised is None or revised == known or known is None or known.status is FindingStatus.SUPPRESSED:
            return None
        self._by_print[fingerprint] = revised
        return Change(revised, is_new=False, reason=reason)

    def finding(self, fingerprint: str) -> Finding | None:
        """One finding as it stands."""
        return self._by_print.get(fingerprint)

    def findings(self) -> list[Finding]:
        """Everything collected, in report order."""
        return sorted(self._by_print.values(), key=lambda f: f.sort_key)

    def _judged(self, finding: Finding, raw: RawFinding) -> Finding:
        authority = self._settled.get((raw.path, _family(raw)))
        if (
            authority is None
            or raw.status is FindingStatus.CANDIDATE  # its own verifiers will judge it
            or finding.status is FindingStatus.SUPPRESSED
            or raw.rule_id.partition("/")[0] == authority
        ):
            return finding
        evidence = "no data an attacker controls reaches this place"
        refutation = Provenance(source=authority, verdict="refuted", evidence=evidence)
        return finding.model_copy(
            update={"status": FindingStatus.REFUTED, "provenance": (*finding.provenance, refutation)}
        )

    def _merge(self, finding: Finding, family: str, same_as: str) -> Iterator[Change]:
        same = self._by_print.get(same_as) or self._same_defect(finding, family)
        if same is None:
            self._by_print[finding.fingerprint] = finding
            self._by_place[finding.path, family].append(finding.fingerprint)
            yield Change(finding, is_new=True)
            return
        if finding.status is FindingStatus.REFUTED and same.status is not FindingStatus.REFUTED:
            # The authority itself reported this place: what it would refute elsewhere, it confirms here.
            finding = finding.model_copy(update={"status": same.status, "provenance": finding.provenance[:-1]})
        merged = merge_pair(same, finding)
        if same.provenance and same.provenance[0].source == self._settled.get((finding.path, family)):
            # Who followed the data knows better than who saw the call; the other only adds its name.
            merged = merged.model_copy(update={"severity": same.severity, "confidence": same.confidence})
        if merged != same:
            self._by_print[same.fingerprint] = merged
            sources = ", ".join(dict.fromkeys(p.source for p in finding.provenance))
            yield Change(merged, is_new=False, reason=f"{sources} reports the same")

    def _same_defect(self, finding: Finding, family: str) -> Finding | None:
        if finding.fingerprint in self._by_print:
            return self._by_print[finding.fingerprint]
        for known in (self._by_print[p] for p in self._by_place[finding.path, family]):
            if _overlap(known, finding):
                return known
        return None


def _is_shown(where: AnchoredFile, finding: Finding, raw: RawFinding, options: ReviewOptions) -> bool:
    start, end = finding.start_line, finding.end_line
    if where.shows(start, end, options.filter_mode):
        return True
    return raw.judges_change and start is not None and where.file.touches_removal(start, end or start)


def _overlap(first: Finding, second: Finding) -> bool:
    if first.start_line is None or second.start_line is None:
        return first.start_line is second.start_line
    first_end, second_end = first.end_line or first.start_line, second.end_line or second.start_line
    return first.start_line <= second_end and second.start_line <= first_end


def _family(raw: RawFinding) -> str:
    return raw.family or (family_of(raw.cwe) if raw.cwe else raw.rule_id)

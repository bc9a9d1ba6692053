"""What is said of a finding in words: who reported it, why it does not count, whether its fix is proved."""

from codereview.domain.findings import CheckResult, Finding, FindingStatus, FixChecks, Provenance
from codereview.formats.safe import one_line


def proof(checks: FixChecks) -> str:
    """ "proved: applies, parses, …", or what is missing: "not proved: parses failed, adds none not run"."""
    results = {
        "applies": checks.applies,
        "parses": checks.parses,
        "clears the finding": checks.clears_finding,
        "adds none": checks.adds_none,
    }
    missing = [f"{name} {result}" for name, result in results.items() if result is not CheckResult.PASSED]
    return f"not proved: {', '.join(missing)}" if missing else f"proved: {', '.join(results)}"


#: What the rule of a verifier's vote begins with; the rest names the side from which it looked.
_VOTE = "verify:"


def said_by(finding: Finding) -> str:
    """Who reported or judged the finding: "bandit (B608 1.9.4), dataflow; claude confirmed it: …"."""
    reporters = [_source(entry) for entry in finding.provenance if not entry.verdict]
    judges = [
        f"{entry.source} {entry.verdict} it{f': {entry.evidence}' if entry.evidence else ''}"
        for entry in finding.provenance
        if entry.verdict and not _is_vote(entry)
    ]
    judges += _tally(finding)
    named = ", ".join(reporters) or f"the {finding.agent} agent"
    return one_line("; ".join([named, *judges]))


def _is_vote(entry: Provenance) -> bool:
    return entry.rule.startswith(_VOTE)


def _judge(entry: Provenance) -> str:
    """Who judged: "dataflow", or of several verifiers the side from which one looked, "claude (impact)"."""
    return f"{entry.source} ({entry.rule.removeprefix(_VOTE)})" if _is_vote(entry) else entry.source


def _tally(finding: Finding) -> list[str]:
    """The votes of independent verifiers in a sentence: "confirmed by 2 of 3 verifiers: reachable: …; impact: …"."""
    votes = [entry for entry in finding.provenance if _is_vote(entry)]
    if not votes:
        return []
    wanted = "refuted" if finding.status is FindingStatus.REFUTED else "confirmed"
    same = [entry for entry in votes if entry.verdict == wanted]
    sides = "; ".join(f"{entry.rule.removeprefix(_VOTE)}: {entry.evidence or entry.verdict}" for entry in same)
    return [f"{wanted} by {len(same)} of {len(votes)} verifiers{f' ({sides})' if sides else ''}"]


def _source(entry: Provenance) -> str:
    detail = " ".join(part for part in (entry.rule, entry.version) if part)
    return f"{entry.source} ({detail})" if detail else entry.source


def why_set_aside(finding: Finding) -> str:
    """Why a finding does not count, in words."""
    if finding.status is FindingStatus.SUPPRESSED:
        return f"suppressed: {finding.suppression_reason or 'no reason given'}"
    verdicts = [p for p in finding.provenance if p.verdict == FindingStatus.REFUTED]
    said = "; ".join(f"{_judge(p)}: {p.evidence}" if p.evidence else _judge(p) for p in verdicts)
    return f"refuted by {said}" if said else "refuted"

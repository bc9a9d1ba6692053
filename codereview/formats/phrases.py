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


def said_by(finding: Finding) -> str:
    """Who reported or judged the finding: "bandit (B608 1.9.4), dataflow; claude confirmed it: …"."""
    reporters = [_source(entry) for entry in finding.provenance if not entry.verdict]
    judges = [
        f"{entry.source} {entry.verdict} it{f': {entry.evidence}' if entry.evidence else ''}"
        for entry in finding.provenance
        if entry.verdict
    ]
    named = ", ".join(reporters) or f"the {finding.agent} agent"
    return one_line("; ".join([named, *judges]))


def _source(entry: Provenance) -> str:
    detail = " ".join(part for part in (entry.rule, entry.version) if part)
    return f"{entry.source} ({detail})" if detail else entry.source


def why_set_aside(finding: Finding) -> str:
    """Why a finding does not count, in words."""
    if finding.status is FindingStatus.SUPPRESSED:
        return f"suppressed: {finding.suppression_reason or 'no reason given'}"
    verdicts = [p for p in finding.provenance if p.verdict == FindingStatus.REFUTED]
    said = "; ".join(f"{p.source}: {p.evidence}" if p.evidence else p.source for p in verdicts)
    return f"refuted by {said}" if said else "refuted"

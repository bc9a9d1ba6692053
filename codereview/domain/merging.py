"""Putting together what several tools, agents and batches found."""

from collections.abc import Iterable

from codereview.domain.findings import Confidence, Finding, FindingStatus, Provenance

_STATUS_ORDER = (
    FindingStatus.SUPPRESSED,
    FindingStatus.REFUTED,
    FindingStatus.CONFIRMED,
    FindingStatus.CANDIDATE,
)


def merge_pair(first: Finding, second: Finding) -> Finding:
    """One finding for two of the same fingerprint: the first one's words, the gravest severity, every provenance.

    Two sources that agree independently are more believable than either: confidence rises to high. What a project
    suppressed, or a verifier refuted, stays so.
    """
    provenance = _union(first.provenance, second.provenance)
    agree = len({p.source for p in provenance}) > len({p.source for p in first.provenance})
    status = min(first.status, second.status, key=_STATUS_ORDER.index)
    return first.model_copy(
        update={
            "severity": max(first.severity, second.severity),
            "confidence": Confidence.HIGH if agree else max(first.confidence, second.confidence),
            "provenance": provenance,
            "cwe": first.cwe or second.cwe,
            "trace": first.trace or second.trace,
            "failure_scenario": first.failure_scenario or second.failure_scenario,
            "fix": first.fix or second.fix,
            "status": status,
            "suppression_reason": first.suppression_reason or second.suppression_reason,
            "in_diff": first.in_diff or second.in_diff,
            "help_uri": first.help_uri or second.help_uri,
        }
    )


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, one per fingerprint, in report order. The same set in any order gives the same list."""
    by_print: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: (*f.sort_key, f.agent != "security", f.id)):
        known = by_print.get(finding.fingerprint)
        by_print[finding.fingerprint] = finding if known is None else merge_pair(known, finding)
    return sorted(by_print.values(), key=lambda f: f.sort_key)


def _union(first: tuple[Provenance, ...], second: tuple[Provenance, ...]) -> tuple[Provenance, ...]:
    return tuple(dict.fromkeys((*first, *second)))

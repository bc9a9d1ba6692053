"""GitLab Code Quality: findings in the widget and the diff of a merge request.

The report is a list of findings and has no place for a status, so that what was not examined becomes entries of its
own: a gap in the review is as visible as a finding.
"""

import hashlib

from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import Review
from codereview.domain.visible import visible
from codereview.formats import summary
from codereview.formats.as_json import dumps
from codereview.formats.base import Rendering
from codereview.formats.places import span_of
from codereview.formats.safe import one_line, shortened
from codereview.formats.unseen import Remark, remarks

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}
#: Entries about the review itself; the first one says how many files were not examined.
MAX_REMARKS = 100
_BODY = 4_000
#: GitLab requires a file and a line; this file stands for the project, and line 1 for a whole file.
_PROJECT = "."


def write(review: Review, _: Rendering) -> str:
    """A JSON array of Code Quality issues."""
    about = remarks(review)[:MAX_REMARKS]
    return dumps([*map(_remark, about), *map(_issue, summary.counted(review))])


def _issue(finding: Finding) -> dict[str, object]:
    span = span_of(finding)
    lines = {"begin": span.start_line, "end": span.end_line} if span is not None else {"begin": 1}
    body = [finding.message, finding.failure_scenario, f"{finding.confidence} confidence, {finding.agent} agent"]
    return {
        "type": "issue",
        "description": one_line(f"{finding.title}: {finding.message}", 500),
        "check_name": finding.rule_id,
        "categories": ["Security" if finding.agent == "security" else "Bug Risk"],
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.path, "lines": lines},
        "content": {"body": visible("\n\n".join(shortened(part, _BODY) for part in body if part), keep="\n")},
    }


def _remark(remark: Remark) -> dict[str, object]:
    identity = "\0".join((remark.code, remark.path, remark.message)).encode("utf-8", "surrogatepass")
    return {
        "type": "issue",
        "description": one_line(remark.message, 500),
        "check_name": remark.code,
        "categories": ["Bug Risk"],
        "fingerprint": hashlib.sha256(identity).hexdigest()[:32],
        "severity": "critical" if remark.grave else "info",
        "location": {"path": remark.path or _PROJECT, "lines": {"begin": 1}},
    }

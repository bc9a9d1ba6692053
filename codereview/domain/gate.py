"""The answer of a review in one word, and the exit code a script reads."""

from collections.abc import Iterable

from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import Outcome, Review, ReviewStatus, Verdict

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_INTERRUPTED = 130


def verdict(status: ReviewStatus, outcome: Outcome | None, findings: Iterable[Finding], fail_on: Severity) -> Verdict:
    """The verdict. What was not examined outranks what was found: a gap is never shown as an answer."""
    if status is ReviewStatus.FAILED:
        return Verdict.FAILED
    if status is ReviewStatus.CANCELLED:
        return Verdict.CANCELLED
    if outcome is not Outcome.COMPLETE:
        return Verdict.INCOMPLETE
    blocking = any(f.counts and f.in_diff and f.severity >= fail_on for f in findings)
    return Verdict.FINDINGS if blocking else Verdict.PASS


def exit_code(review: Review) -> int:
    """0 clean, 1 findings at or above the threshold, 3 not fully examined."""
    match review.verdict:
        case Verdict.PASS:
            return EXIT_CLEAN
        case Verdict.FINDINGS:
            return EXIT_FINDINGS
        case _:
            return EXIT_INCOMPLETE

"""What every format says about a review as a whole: its answer, its figures, and what was not examined."""

from collections import Counter
from collections.abc import Iterable

from codereview.domain.coverage import gaps
from codereview.domain.findings import Finding, Severity
from codereview.domain.reviews import Outcome, Review, ReviewStatus, Verdict

#: The shape of a severity, so that it never depends on colour alone.
SHAPES = {
    Severity.CRITICAL: "‼",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "●",
    Severity.INFO: "○",
}

_WORDS = {
    Verdict.PASS: "Passed",
    Verdict.FINDINGS: "Findings",
    Verdict.INCOMPLETE: "Incomplete",
    Verdict.FAILED: "Failed",
    Verdict.CANCELLED: "Cancelled",
    None: "Not finished",
}
_EXPLANATIONS = {
    Verdict.INCOMPLETE: "not everything was examined",
    Verdict.FAILED: "the review failed, this result is incomplete",
    Verdict.CANCELLED: "the review was cancelled, this result is incomplete",
    None: "the review has not ended, this result is incomplete",
}
#: How an agent ends that did not do its work.
LOST = frozenset({"failed", "cancelled"})


def answer(review: Review) -> Verdict | None:
    """The verdict to show; None while the review runs.

    A review that says it passed but was not completed, or has gaps, is shown as incomplete: a format is the last
    place where a missing answer could turn into a clean one.
    """
    if not review.status.terminal:
        return None
    if review.verdict not in (Verdict.PASS, Verdict.FINDINGS):
        return review.verdict or Verdict.INCOMPLETE
    whole = (
        review.status is ReviewStatus.COMPLETED
        and review.outcome is Outcome.COMPLETE
        and not gaps(review.coverage)
        and not any(agent.status in LOST for agent in review.agents)
    )
    return review.verdict if whole else Verdict.INCOMPLETE


def is_whole(review: Review) -> bool:
    """Whether the answer stands on everything the review was given."""
    return answer(review) in (Verdict.PASS, Verdict.FINDINGS)


def word(review: Review) -> str:
    """The answer in a word: Passed, Findings, Incomplete, Failed, Cancelled, Not finished."""
    return _WORDS[answer(review)]


def headline(review: Review) -> str:
    """The answer in a word and why. It contains "incomplete", in some case, unless everything was examined."""
    return f"{word(review)}: {_explanation(review)}"


def _explanation(review: Review) -> str:
    verdict, threshold = answer(review), review.options.fail_on
    if verdict is Verdict.PASS:
        return f"everything was examined, nothing {f'at or above {threshold} ' if counted(review) else ''}was found"
    if verdict is Verdict.FINDINGS:
        return f"everything was examined, there are findings at or above {threshold}"
    return _EXPLANATIONS[verdict]


def counted(review: Review) -> list[Finding]:
    """The findings put before a person, in report order."""
    return sorted((finding for finding in review.findings if finding.counts), key=lambda f: f.sort_key)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by severity, then confidence, then place."""
    return sorted(findings, key=lambda f: (-f.severity.rank, -f.confidence.rank, f.sort_key))


def set_aside(review: Review) -> list[Finding]:
    """The findings that do not count: suppressed, or refuted with evidence."""
    return sorted((finding for finding in review.findings if not finding.counts), key=lambda f: f.sort_key)


def by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings of each severity, the gravest first; zeros included."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in Severity}


def figures(review: Review) -> str:
    """ "3 findings (1 high, 2 low)", with those that are counted but not listed."""
    findings = counted(review)
    shares = ", ".join(f"{count} {severity}" for severity, count in by_severity(findings).items() if count)
    said = f"{plural(len(findings), 'finding')}{f' ({shares})' if shares else ''}"
    return f"{said} and {review.findings_hidden:,} not listed" if review.findings_hidden else said


def plural(count: int, noun: str) -> str:
    """ "1 file", "1,200 files"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(milliseconds: int) -> str:
    """ "0.4 s", "2 min 5 s"."""
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s"


def facts(review: Review) -> list[str]:
    """The figures of a review: findings, size, time, engine, and the cost or that no model ran."""
    metrics = review.metrics
    return [
        figures(review),
        f"{plural(metrics.files, 'file')}, {plural(metrics.lines, 'line')}",
        duration(metrics.duration_ms),
        f"engine {review.engine}",
        cost(review),
    ]


def cost(review: Review) -> str:
    """What the model used, or that none ran or answered."""
    usage = review.metrics.usage
    if not review.model_ran and not usage.requests:
        return "no model ran"
    # A model that refused or broke off is paid all the same.
    unanswered = "" if review.model_ran else "no model answered; "
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    cached = f" ({usage.cache_read_tokens:,} of them from the cache)" if usage.cache_read_tokens else ""
    tokens = f"{read:,} tokens read{cached}, {usage.output_tokens:,} written"
    return f"{unanswered}${usage.cost_usd:.2f} for {plural(usage.requests, 'request')}: {tokens}"

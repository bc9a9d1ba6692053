"""What was not examined, and why, in words: the same sentences in every format."""

from collections import Counter
from dataclasses import dataclass

from codereview.domain.coverage import CoverageEntry, CoverageState, gaps
from codereview.domain.reviews import Review
from codereview.formats.summary import LOST, headline, is_whole, plural


@dataclass(frozen=True, slots=True)
class Gap:
    """A file that was not, or not wholly, examined, and why."""

    path: str
    why: str


def not_examined(review: Review) -> list[Gap]:
    """What makes the review incomplete: one entry per file and reason, by path."""
    found = {Gap(entry.path, _why(entry)) for entry in gaps(review.coverage)}
    return sorted(found, key=lambda gap: (gap.path, gap.why))


def failed_agents(review: Review) -> list[str]:
    """What to say of each agent that failed or was cancelled: "security agent failed: no analyser ran"."""
    return [
        f"{summary.agent} agent {summary.status}{': ' if summary.reasons else ''}{'; '.join(summary.reasons)}"
        for summary in review.agents
        if summary.status in LOST
    ]


def shortfall(review: Review) -> str:
    """The answer and what makes it incomplete, in one line."""
    files = len({gap.path for gap in not_examined(review)})
    unseen = [f"{plural(files, 'file')} not fully examined"] if files else []
    return ". ".join([headline(review), *failed_agents(review), *unseen])


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about the review itself, for formats that only know findings.

    ``path`` is "" when it is about the review as a whole; a ``grave`` one is why the review is incomplete.
    """

    code: str
    message: str
    path: str = ""
    grave: bool = True


def remarks(review: Review) -> list[Remark]:
    """What the findings do not say. The first remark of an incomplete review sums up the others."""
    made = [] if is_whole(review) else [Remark("codereview/incomplete", shortfall(review))]
    made += [Remark("codereview/agent-failed", said) for said in failed_agents(review)]
    made += [Remark("codereview/not-examined", f"Not examined: {gap.why}", gap.path) for gap in not_examined(review)]
    made += [Remark("codereview/notice", notice, grave=False) for notice in review.notices if notice.strip()]
    if review.findings_hidden:
        hidden = f"{plural(review.findings_hidden, 'finding')} counted but not listed"
        made.append(Remark("codereview/not-listed", hidden, grave=False))
    return made


def left_out(review: Review) -> list[str]:
    """What nobody expects to be examined, counted by reason: "3 files (generated)"."""
    seen = {entry.path for entry in review.coverage if entry.state is not CoverageState.SKIPPED or entry.is_gap}
    reasons = {entry.path: str(entry.reason) for entry in review.coverage if entry.path not in seen and entry.reason}
    return [f"{plural(count, 'file')} ({reason})" for reason, count in sorted(Counter(reasons.values()).items())]


def _why(entry: CoverageEntry) -> str:
    who = f"{entry.agent} agent" if entry.agent else ""
    how = "only partly" if entry.state is CoverageState.PARTLY else ""
    reason = str(entry.reason) if entry.reason else "no reason given"
    said = f"{reason} ({entry.detail})" if entry.detail else reason
    return ", ".join(part for part in (who, how, said) if part)

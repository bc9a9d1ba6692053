"""What independent verifiers' votes make of a candidate. The rules are here, in code; no model weighs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codereview.domain.findings import Confidence, FindingStatus

Verdict = Literal["stands", "refuted", "unsure"]


@dataclass(frozen=True, slots=True)
class Vote:
    """One verifier's word. ``evidence`` is its reason with the places it cites."""

    lens: str
    verdict: Verdict
    evidence: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the candidate. ``most`` bounds its confidence; ``complete`` is False when votes are missing."""

    status: FindingStatus
    most: Confidence
    complete: bool
    tally: str


def decide(votes: Sequence[Vote], asked: int, *, unanimous: bool = False) -> Decision:
    """The majority of those asked decides.

    Confirmed by all, a candidate may keep high confidence; by a majority, medium. Refuted needs a majority too, or
    ``unanimous`` where a tool's own finding is at stake. Otherwise it stays a candidate of low confidence: it was not
    disproved, and it is not claimed to be verified.
    """
    stand = sum(vote.verdict == "stands" for vote in votes)
    refuted = sum(vote.verdict == "refuted" for vote in votes)
    majority = asked // 2 + 1
    tally = f"{stand} of {asked}"
    complete = len(votes) >= asked
    if refuted >= (asked if unanimous else majority):
        return Decision(FindingStatus.REFUTED, Confidence.LOW, complete, f"refuted by {refuted} of {asked}")
    if stand >= majority:
        most = Confidence.HIGH if stand == asked else Confidence.MEDIUM
        return Decision(FindingStatus.CONFIRMED, most, complete, f"confirmed {tally}")
    return Decision(FindingStatus.CANDIDATE, Confidence.LOW, complete, f"confirmed by only {tally}")

"""The decision on a candidate is the code's."""

import pytest

from codereview.application.model.voting import Vote, decide
from codereview.domain.findings import Confidence, FindingStatus

CANDIDATE, CONFIRMED, REFUTED = FindingStatus.CANDIDATE, FindingStatus.CONFIRMED, FindingStatus.REFUTED


def votes(*verdicts: str) -> list[Vote]:
    return [Vote(f"lens{n}", verdict, "because") for n, verdict in enumerate(verdicts)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cast", "status", "most"),
    [
        (("stands", "stands", "stands"), CONFIRMED, Confidence.HIGH),
        (("stands", "stands", "refuted"), CONFIRMED, Confidence.MEDIUM),
        (("stands", "stands", "unsure"), CONFIRMED, Confidence.MEDIUM),
        (("stands", "unsure", "unsure"), CANDIDATE, Confidence.LOW),
        (("stands", "refuted", "unsure"), CANDIDATE, Confidence.LOW),
        (("refuted", "refuted", "stands"), REFUTED, Confidence.LOW),
        (("refuted", "refuted", "refuted"), REFUTED, Confidence.LOW),
        (("refuted", "unsure", "unsure"), CANDIDATE, Confidence.LOW),
    ],
)
def test_the_majority_decides_and_bounds_the_confidence(
    cast: tuple[str, ...], status: FindingStatus, most: Confidence
) -> None:
    decision = decide(votes(*cast), 3)
    assert (decision.status, decision.most, decision.complete) == (status, most, True)


def test_missing_votes_are_no_pass() -> None:
    """One verifier of three answered: nothing is confirmed by that, and it is told."""
    decision = decide(votes("stands"), 3)
    assert (decision.status, decision.complete) == (CANDIDATE, False)
    assert decide(votes("stands", "stands"), 3).status is CONFIRMED


def test_a_tools_own_finding_falls_only_to_all() -> None:
    assert decide(votes("refuted", "refuted", "stands"), 3, unanimous=True).status is CANDIDATE
    assert decide(votes("refuted", "refuted", "refuted"), 3, unanimous=True).status is REFUTED


def test_one_verifier_alone_decides_where_only_one_was_asked() -> None:
    assert decide(votes("stands"), 1).status is CONFIRMED
    assert decide(votes("refuted"), 1).status is REFUTED

"""The command line's executor and the Celery workers are two ways to run one review."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.deployment import Deployment

from codereview.bootstrap import build_local
from codereview.config import load_settings
from codereview.domain.reviews import Review
from codereview.domain.submission import Submission, SubmittedFile

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"


def _submission() -> Submission:
    paths = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())
    files = [SubmittedFile(path=path.relative_to(EXAMPLE).as_posix(), text=path.read_text()) for path in paths]
    return Submission(files=tuple(files))


def _locally(submission: Submission) -> Review:
    local = build_local(load_settings())
    try:
        review = local.service.submit(submission)
        for _ in local.service.follow(review.id):
            pass
        return local.service.get(review.id)
    finally:
        local.close()


def test_both_executors_give_the_same_review(deploy: Callable[..., Deployment]) -> None:
    """Same findings, same coverage, same verdict, on a project of several languages, with the real tools."""
    it = deploy(impatient=False)
    it.start_workers("security", "bug", "coordinator", scripted=False)
    submission = _submission()
    local = _locally(submission)
    remote = it.ended(it.service.service.submit(submission).id, within_s=90)
    assert {finding.agent for finding in local.findings} == {"security", "bug"}
    assert remote.findings == local.findings
    assert remote.coverage == local.coverage
    assert (remote.outcome, remote.verdict, remote.notices) == (local.outcome, local.verdict, local.notices)


def test_the_same_review_twice_is_the_same_to_the_byte() -> None:
    """No convergence is what makes people stop reading."""
    submission = _submission()
    assert _locally(submission).findings == _locally(submission).findings

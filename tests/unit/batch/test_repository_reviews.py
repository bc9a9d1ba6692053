"""Reviewing a repository in shards: what every step leaves behind, and what a step that is repeated does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from support.assembly import Assembly

from codereview.adapters.memory import MemoryIdempotencyStore
from codereview.application.repository_reviews import RepositoryReviews, items_key
from codereview.domain.repositories import RepositoryOrder
from codereview.domain.reviews import Outcome, Review, ReviewStatus, Verdict
from codereview.domain.sources import SourceFile, Sources
from codereview.errors import BackendUnavailable, EmptySubmission, IdempotencyConflict, InvalidSubmission, Overloaded
from codereview.inputs.submitted import read_submission

ORDER = RepositoryOrder(bucket="repositories", key="shop.zip", revision="abc123", shard_files=1)
BATCH = "nightly-1"


@dataclass
class Bucket:
    """Objects in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def write(self, key: str, content: bytes, content_type: str = "application/json") -> None:
        self.objects[key] = content


class Repository:
    """The steps over memory, with a file to a shard."""

    def __init__(self) -> None:
        self.bucket = Bucket()
        self.reviews = Assembly()
        self.reviews.service._read = read_submission
        self.idempotency = MemoryIdempotencyStore()
        self.steps = RepositoryReviews(
            objects=self.bucket,
            service=self.reviews.service,
            idempotency=self.idempotency,
            store=self.reviews.store,
            clock=self.reviews.clock,
        )

    def plan(self, *names: str, text: str = "danger = 1\n") -> None:
        files = tuple(SourceFile(path=name, text=text, language="python") for name in names)
        self.steps.plan(BATCH, ORDER, Sources(files=files))

    def review(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            review_id = self.steps.submit(BATCH, ORDER, number)
            self.reviews.run(review_id)
            assert self.steps.check(BATCH, ORDER, number, review_id) is not None

    def merge(self) -> Review:
        return self.steps.merge(BATCH, ORDER)


@pytest.fixture
def repository() -> Repository:
    return Repository()


def test_all_shards_together_are_one_complete_review(repository: Repository) -> None:
    """Findings of every part, once each; figures added up; stored like any other review."""
    repository.plan("a/x.py", "b/y.py", "c/z.py")
    repository.reviews.clock.advance(5)
    repository.review([3, 1, 2])
    whole = repository.merge()
    assert (whole.status, whole.outcome, whole.verdict) == (ReviewStatus.COMPLETED, Outcome.COMPLETE, Verdict.FINDINGS)
    assert [finding.path for finding in whole.findings] == ["a/x.py", "b/y.py", "c/z.py"]
    assert (whole.metrics.files, whole.metrics.units, whole.metrics.duration_ms) == (3, 6, 5000)
    assert whole.source.revision == "abc123"
    assert {summary.agent: summary.units for summary in whole.agents} == {"security": 3, "bug": 3}
    assert repository.reviews.service.get(whole.id) == whole


def test_a_shard_without_a_result_makes_the_whole_incomplete(repository: Repository) -> None:
    """What nobody examined is never shown as clean: which files, and that it is a part."""
    repository.plan("a/x.py", "b/y.py", text="fine = 1\n")
    repository.review([1])
    whole = repository.merge()
    assert (whole.outcome, whole.verdict) == (Outcome.PARTIAL, Verdict.INCOMPLETE)
    assert whole.notices[0] == "1 of 2 parts (1 files) were not reviewed."
    assert {(e.path, e.agent) for e in whole.coverage if e.state == "skipped"} == {
        ("b/y.py", "security"),
        ("b/y.py", "bug"),
    }


def test_a_repository_of_which_nothing_was_reviewed_has_failed(repository: Repository) -> None:
    """Not an empty, clean review."""
    repository.plan("a/x.py")
    assert repository.merge().verdict == Verdict.FAILED


def test_a_step_that_is_repeated_submits_nothing_twice(repository: Repository) -> None:
    """Step Functions calls at least once."""
    repository.plan("a/x.py")
    first = repository.steps.submit(BATCH, ORDER, 1)
    assert repository.steps.submit(BATCH, ORDER, 1) == first
    assert repository.reviews.service.page().reviews[0].id == first
    repository.review([1])
    assert repository.merge() == repository.merge()


def test_two_tries_at_once_submit_one_review(repository: Repository) -> None:
    """The later one is told to come again."""
    repository.plan("a/x.py")
    submit = repository.reviews.service.submit

    def meanwhile(*arguments: object, **named: object) -> Review:
        with pytest.raises(IdempotencyConflict):
            repository.steps.submit(BATCH, ORDER, 1)
        return submit(*arguments, **named)  # type: ignore[arg-type]

    repository.reviews.service.submit = meanwhile  # type: ignore[method-assign, assignment]
    repository.steps.submit(BATCH, ORDER, 1)


@pytest.mark.parametrize("error", [Overloaded("full"), BackendUnavailable("down")])
def test_a_submission_that_failed_can_be_tried_again(repository: Repository, error: Exception) -> None:
    """The key it reserved is free again."""
    repository.plan("a/x.py")
    submit = repository.reviews.service.submit

    def fail(*_: object, **__: object) -> Review:
        raise error

    repository.reviews.service.submit = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(type(error)):
        repository.steps.submit(BATCH, ORDER, 1)
    repository.reviews.service.submit = submit  # type: ignore[method-assign]
    assert repository.steps.submit(BATCH, ORDER, 1).startswith("rv_")


def test_a_shard_is_checked_until_its_review_has_ended(repository: Repository) -> None:
    """And its result is kept only then."""
    repository.plan("a/x.py")
    review_id = repository.steps.submit(BATCH, ORDER, 1)
    assert repository.steps.check(BATCH, ORDER, 1, review_id) is None
    assert not any("results/" in key for key in repository.bucket.objects)


def test_the_map_gets_numbers_not_code(repository: Repository) -> None:
    """What passes through the state machine is small; the code stays in the bucket."""
    repository.plan("a/x.py", "b/y.py")
    assert repository.bucket.objects[items_key(ORDER, BATCH)] == b'[{"shard": 1}, {"shard": 2}]'


def test_an_archive_without_code_is_refused(repository: Repository) -> None:
    """Before anything is stored."""
    with pytest.raises(EmptySubmission):
        repository.steps.plan(BATCH, ORDER, Sources())
    assert repository.bucket.objects == {}


def test_a_batch_that_was_never_planned_is_said_to_be(repository: Repository) -> None:
    """Or has expired: the bucket's rules remove old ones."""
    with pytest.raises(InvalidSubmission, match=r"there is no batches/nightly-1/manifest\.json"):
        repository.merge()

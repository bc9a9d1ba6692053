"""What every `ReviewStore` keeps to."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
from support.durable_stores import ACROSS_PROCESSES, BACKENDS, REVIEW_BACKENDS, WITH_BODIES, Backend, fill
from support.stored_reviews import CREATED, a_review, ended, everything, large, reviews

from codereview.adapters.review_codec import summary_of
from codereview.domain.reviews import Review, ReviewStatus
from codereview.errors import InvalidCursor
from codereview.ports import ReviewStore

pytest_plugins = ("support.store_fixtures",)

over_every_backend = pytest.mark.parametrize("backend", REVIEW_BACKENDS, indirect=True)
over_durable_backends = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


def walk(store: ReviewStore, *, owner: str = "alice", limit: int = 3, status: ReviewStatus | None = None) -> list[str]:
    """The ids of all pages, in order."""
    page = store.page(owner=owner, limit=limit, status=status)
    ids = [review.id for review in page.reviews]
    while page.cursor is not None:
        page = store.page(owner=owner, limit=limit, status=status, cursor=page.cursor)
        assert len(page.reviews) <= limit
        ids += [review.id for review in page.reviews]
    return ids


# --- keeping and giving back ----------------------------------------------------------------------------------------


def test_the_review_used_here_has_every_field_set() -> None:
    """Else a field that a store forgets would go unnoticed."""
    assert _at_default(everything()) == []


def _at_default(value: object, at: str = "review") -> list[str]:
    if isinstance(value, tuple):
        return [name for element in value for name in _at_default(element, f"{at}[]")]
    if not isinstance(value, BaseModel):
        return []
    found = []
    for name, field in type(value).model_fields.items():
        member = getattr(value, name)
        if not field.is_required() and member == field.get_default(call_default_factory=True):
            found.append(f"{at}.{name}")
        found += _at_default(member, f"{at}.{name}")
    # What only one of two neighbours has set (an analyser's rule, a verifier's verdict) is set all the same.
    return [name for name in found if ".provenance[]" not in name]


@over_every_backend
def test_a_review_comes_back_as_it_was_put(backend: Backend) -> None:
    """Every field, in any script, read by another process."""
    backend.reviews().put(everything())
    assert backend.reviews().get("rv_1") == everything()


@pytest.mark.parametrize("backend", REVIEW_BACKENDS[:3], indirect=True)
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain a failure takes minutes here
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(review=reviews())
def test_any_review_comes_back_as_it_was_put(backend: Backend, review: Review) -> None:
    """Whatever text, numbers and gaps it has; its id and owner, too."""
    store = backend.reviews()
    store.put(review)
    assert store.get(review.id) == review
    assert summary_of(review) in store.page(owner=review.owner, limit=1000).reviews
    assert store.delete(review.id)


@over_every_backend
def test_a_review_with_two_thousand_findings_comes_back_whole(backend: Backend) -> None:
    """It is larger than any item of DynamoDB."""
    store = backend.reviews()
    store.put(large())
    assert store.get("rv_large") == large()
    assert [review.id for review in store.page(owner=large().owner).reviews] == ["rv_large"]


@over_every_backend
def test_an_unknown_review_is_none(backend: Backend) -> None:
    """Also by an id that no store could have."""
    store = backend.reviews()
    assert [store.get(name) for name in ("rv_0", "", "x" * 5000, "日本")] == [None] * 4


@over_every_backend
def test_a_second_put_replaces_the_whole_review(backend: Backend) -> None:
    """Nothing of the first one is left, in the body or in the listing."""
    store = backend.reviews()
    store.put(everything())
    bare = a_review(owner=everything().owner, created_at=CREATED + 1)
    store.put(bare)
    assert store.get("rv_1") == bare
    assert store.page(owner=bare.owner).reviews == (bare,)


@pytest.mark.parametrize("backend", WITH_BODIES, indirect=True)
def test_a_large_body_goes_when_it_is_replaced_or_deleted(backend: Backend) -> None:
    """Bodies outside of items are not left behind."""
    assert backend.bodies is not None
    store = backend.reviews()
    store.put(large())
    store.put(large(notices=("second",)))
    assert backend.bodies() == 1
    assert store.get("rv_large") == large(notices=("second",))
    store.put(everything("rv_large"))
    assert backend.bodies() == 0
    store.put(large())
    assert store.delete("rv_large")
    assert backend.bodies() == 0


@over_every_backend
def test_a_deleted_review_is_gone_everywhere(backend: Backend) -> None:
    """And deleting it again says that it was not there."""
    store = backend.reviews()
    store.put(a_review())
    assert store.delete("rv_1") is True
    assert store.get("rv_1") is None
    assert store.page(owner="alice").reviews == ()
    assert store.unfinished(created_before=CREATED + 1) == []
    assert [store.delete(name) for name in ("rv_1", "", "x" * 5000)] == [False] * 3


# --- listing --------------------------------------------------------------------------------------------------------


@over_every_backend
def test_a_listing_shows_summaries(backend: Backend) -> None:
    """Everything but what can be large."""
    store = backend.reviews()
    store.put(everything())
    (summary,) = store.page(owner=everything().owner).reviews
    assert summary == summary_of(everything())
    assert (summary.findings, summary.coverage, summary.options.baseline) == ((), (), ())
    assert summary.metrics.finding_count == 3


@over_every_backend
def test_a_listing_runs_from_the_newest_to_the_oldest(backend: Backend) -> None:
    """Whatever the order they were put in."""
    store = backend.reviews()
    for at in (3, 1, 2):
        store.put(a_review(f"rv_{at}", created_at=CREATED + at))
    assert walk(store) == ["rv_3", "rv_2", "rv_1"]


@over_every_backend
@pytest.mark.parametrize("limit", [1, 3, 4, 12, 13])
def test_pages_show_each_review_once(backend: Backend, limit: int) -> None:
    """Also where several were made in the same millisecond, and where a page ends with the listing."""
    store = backend.reviews()
    for number in range(12):
        store.put(a_review(f"rv_{number:02}", created_at=CREATED + number // 4))
    ids = walk(store, limit=limit)
    assert sorted(ids) == [f"rv_{number:02}" for number in range(12)]
    assert [int(review_id[3:]) // 4 for review_id in ids] == [2] * 4 + [1] * 4 + [0] * 4


@over_every_backend
def test_reviews_that_arrive_during_a_walk_move_nothing(backend: Backend) -> None:
    """New ones come before the first page, so that the walk neither repeats nor leaves out one."""
    store = backend.reviews()
    for number in range(7):
        store.put(a_review(f"rv_{number}", created_at=CREATED + number))
    page = store.page(owner="alice", limit=2)
    seen = [review.id for review in page.reviews]
    while page.cursor is not None:
        store.put(a_review(f"new_{len(seen)}", created_at=CREATED + 100 + len(seen)))
        page = backend.reviews().page(owner="alice", limit=2, cursor=page.cursor)
        seen += [review.id for review in page.reviews]
    assert seen == [f"rv_{number}" for number in reversed(range(7))]


@over_every_backend
def test_a_cursor_outlives_the_review_it_points_at(backend: Backend) -> None:
    """It is a place, not a row."""
    store = backend.reviews()
    for number in range(4):
        store.put(a_review(f"rv_{number}", created_at=CREATED + number))
    page = store.page(owner="alice", limit=2)
    store.delete("rv_2")
    assert [review.id for review in store.page(owner="alice", cursor=page.cursor).reviews] == ["rv_1", "rv_0"]


@over_every_backend
def test_the_last_page_has_no_cursor(backend: Backend) -> None:
    """Not even when it is full, or the only one and empty."""
    store = backend.reviews()
    assert store.page(owner="alice").cursor is None
    for number in range(4):
        store.put(a_review(f"rv_{number}", created_at=CREATED + number))
    assert store.page(owner="alice", limit=4).cursor is None


@over_every_backend
@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(backend: Backend, limit: int) -> None:
    """It would have a cursor that never moves."""
    with pytest.raises(ValueError, match="at least one"):
        backend.reviews().page(owner="alice", limit=limit)


@over_every_backend
def test_an_owner_sees_its_own_reviews_only(backend: Backend) -> None:
    """Owners whose names nearly coincide, and nobody's reviews, too."""
    store = backend.reviews()
    owners = ["", "#", "##", "alice", "#alice", "Alice", "alice ", "alic"]
    for number, owner in enumerate(owners):
        store.put(a_review(f"rv_{number}", owner=owner))
    assert [walk(store, owner=owner) for owner in owners] == [[f"rv_{number}"] for number in range(len(owners))]


@over_every_backend
def test_a_listing_by_status_shows_that_status_only(backend: Backend) -> None:
    """And its pages are full."""
    store = backend.reviews()
    for number in range(12):
        status = ReviewStatus.FAILED if number % 3 == 0 else ReviewStatus.RUNNING
        store.put(a_review(f"rv_{number:02}", created_at=CREATED + number, status=status))
    assert walk(store, limit=2, status=ReviewStatus.FAILED) == ["rv_09", "rv_06", "rv_03", "rv_00"]
    assert len(store.page(owner="alice", limit=2, status=ReviewStatus.FAILED).reviews) == 2
    assert walk(store, status=ReviewStatus.PENDING) == []


@over_every_backend
def test_a_cursor_of_another_owner_is_refused(backend: Backend) -> None:
    """It would tell when somebody else's reviews were made."""
    store = backend.reviews()
    for number in range(3):
        store.put(a_review(f"rv_{number}", owner="bob"))
    cursor = store.page(owner="bob", limit=1).cursor
    assert cursor is not None
    with pytest.raises(InvalidCursor):
        store.page(owner="alice", cursor=cursor)


@over_every_backend
@pytest.mark.parametrize(
    "garbage", ["", "0", "garbage", "ü", "AAAA", "=" * 8, "A" * 10_000, "../..", "1790000000000:rv_1", "MTox"]
)
def test_a_cursor_that_was_not_made_here_is_refused(backend: Backend, garbage: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(InvalidCursor):
        backend.reviews().page(owner="alice", cursor=garbage)


# --- unfinished reviews ---------------------------------------------------------------------------------------------


@over_every_backend
def test_unfinished_are_the_pending_and_running_ones_the_oldest_first(backend: Backend) -> None:
    """Of every owner, made before the time given, as many as asked for."""
    store = backend.reviews()
    for number, status in enumerate([*ReviewStatus, *ReviewStatus]):
        store.put(a_review(f"rv_{number}", owner=f"o{number}", created_at=CREATED - number, status=status))
    assert store.unfinished(created_before=CREATED + 1) == ["rv_6", "rv_5", "rv_1", "rv_0"]
    assert store.unfinished(created_before=CREATED - 1) == ["rv_6", "rv_5"]
    assert store.unfinished(created_before=CREATED + 1, limit=3) == ["rv_6", "rv_5", "rv_1"]


@over_every_backend
def test_a_review_that_ended_is_no_longer_unfinished(backend: Backend) -> None:
    """Its second put says so."""
    store = backend.reviews()
    store.put(a_review(status=ReviewStatus.RUNNING))
    store.put(ended())
    assert store.unfinished(created_before=CREATED + 1) == []


# --- expiry ---------------------------------------------------------------------------------------------------------


@over_durable_backends
def test_an_ended_review_is_kept_for_seven_days(backend: Backend) -> None:
    """And not a second longer, though nothing has removed it yet."""
    store = backend.reviews()
    store.put(ended(completed_at=backend.clock.now))
    store.put(ended("rv_2", completed_at=backend.clock.now + 86_400_000, created_at=CREATED - 1))
    backend.clock.advance(days=7, ms=-1000)
    assert walk(store) == ["rv_1", "rv_2"]
    assert store.get("rv_1") is not None
    backend.clock.advance(ms=1000)
    assert walk(store) == ["rv_2"]
    assert store.get("rv_1") is None
    assert store.delete("rv_1") is False


@over_durable_backends
def test_a_page_skips_expired_reviews_and_stays_full(backend: Backend) -> None:
    """They still lie between the others."""
    store = backend.reviews()
    for number in range(10):
        day = 1 if number % 2 else 0
        store.put(ended(f"rv_{number}", created_at=CREATED + number, completed_at=CREATED + day * 86_400_000))
    backend.clock.advance(days=7, ms=1000)
    assert [review.id for review in store.page(owner="alice", limit=3).reviews] == ["rv_9", "rv_7", "rv_5"]
    assert walk(store, limit=1) == ["rv_9", "rv_7", "rv_5", "rv_3", "rv_1"]


@over_durable_backends
def test_an_unfinished_review_does_not_expire(backend: Backend) -> None:
    """It is the sweeper's business to end it."""
    store = backend.reviews()
    store.put(a_review())
    backend.clock.advance(days=400)
    assert store.get("rv_1") == a_review()
    assert store.unfinished(created_before=backend.clock.now) == ["rv_1"]


# --- many at once ---------------------------------------------------------------------------------------------------


@over_every_backend
def test_threads_can_share_a_store(backend: Backend) -> None:
    """Eight threads put, read and list at once."""
    store = backend.reviews()

    def work(worker: int) -> None:
        for number in range(5):
            review = everything(f"rv_{worker}_{number}")
            store.put(review)
            assert store.get(review.id) == review
            assert store.page(owner=review.owner, limit=3).reviews

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(walk(store, owner=everything().owner, limit=7)) == 40


@over_every_backend
def test_the_last_of_several_writers_wins_as_a_whole(backend: Backend) -> None:
    """A reader meets one writer's review or another's, never a mixture."""
    backend.reviews().put(_version(0, 0))

    def write(worker: int) -> None:
        store = backend.reviews()
        for number in range(4):
            store.put(_version(worker, number))

    def read(_: int) -> None:
        store = backend.reviews()
        for _ in range(8):
            review = store.get("rv_1")
            assert review is not None
            assert review.notices == (review.findings[0].title,) * 2

    with ThreadPoolExecutor(6) as pool:
        for future in [*(pool.submit(write, n) for n in range(1, 4)), *(pool.submit(read, n) for n in range(3))]:
            future.result()
    final = backend.reviews().get("rv_1")
    assert final is not None
    assert final in [_version(worker, 3) for worker in range(1, 4)]
    assert backend.bodies is None or backend.bodies() == (len(final.findings) > 100)


def _version(worker: int, number: int) -> Review:
    """Every other one is too large for an item."""
    title = f"{worker}.{number}"
    whole = everything(findings=400 if number % 2 else 2)
    first = whole.findings[0].model_copy(update={"title": title})
    return whole.model_copy(update={"notices": (title, title), "findings": (first, *whole.findings[1:])})


@pytest.mark.slow
@pytest.mark.parametrize("backend", ACROSS_PROCESSES, indirect=True)
def test_processes_can_share_a_backend(backend: Backend) -> None:
    """Eight processes start on nothing together: all make the store, all write, no write is lost."""
    assert backend.elsewhere is not None
    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as pool:
        for future in [pool.submit(fill, backend.elsewhere, worker) for worker in range(8)]:
            future.result()
    store = backend.reviews()
    assert len(walk(store, limit=7)) == 40
    shared = store.get("rv_shared")
    assert shared is not None
    assert len(shared.notices) == 1

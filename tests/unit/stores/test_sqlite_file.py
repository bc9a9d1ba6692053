"""The file behind the SQLite stores: made with care, shared, and refused in clear words."""

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.clock import FixedClock
from support.stored_reviews import CREATED, a_review, ended, everything

from codereview.adapters.sqlite import SqliteKeyStore, SqliteReviewStore, database, reviews, schema
from codereview.errors import BackendUnavailable, ConfigurationError
from codereview.ports import ApiKey


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "reviews.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteReviewStore]:
    store = SqliteReviewStore(path, clock=FixedClock())
    yield store
    store.close()


def query(path: Path, sql: str, *parameters: object) -> list[tuple]:
    """Ask the file behind the store's back."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


# --- making it ------------------------------------------------------------------------------------------------------


def test_nothing_is_made_before_the_first_use(path: Path) -> None:
    """Who asks for help or prints the configuration writes nothing."""
    SqliteReviewStore(path)
    SqliteKeyStore(path)
    assert not path.parent.exists()


def test_only_its_owner_can_read_the_file(store: SqliteReviewStore, path: Path) -> None:
    """It holds reviewed code: the file, its log and the directories made for it are private."""
    before = os.umask(0)
    try:
        store.put(everything())
    finally:
        os.umask(before)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == dict.fromkeys(("reviews.sqlite3", "reviews.sqlite3-wal", "reviews.sqlite3-shm"), 384)
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_a_file_that_is_there_keeps_its_mode(store: SqliteReviewStore, path: Path) -> None:
    """Somebody may share it on purpose."""
    path.parent.mkdir(parents=True)
    path.touch()
    path.chmod(0o640)
    store.put(a_review())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_file_is_in_write_ahead_mode_and_synced(store: SqliteReviewStore, path: Path) -> None:
    """Readers do not wait for writers; what was stored survives a power failure."""
    store.put(a_review())
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    with store._database.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_mode_is_changed_as_soon_as_others_let_it(store: SqliteReviewStore, path: Path) -> None:
    """Processes that start together meet here, and SQLite's own patience does not cover this statement."""
    path.parent.mkdir(parents=True)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.close)
    release.start()
    store.put(a_review())
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    release.join()


def test_many_can_make_the_file_at_once(tmp_path: Path) -> None:
    """Whatever the other one has done of it already, nobody takes the file for somebody else's."""
    for number in range(10):
        stores = [SqliteReviewStore(tmp_path / f"{number}.sqlite3") for _ in range(12)]
        start = threading.Barrier(len(stores))

        def make(store: SqliteReviewStore, start: threading.Barrier = start) -> None:
            start.wait()
            store.verify()

        with ThreadPoolExecutor(len(stores)) as pool:
            list(pool.map(make, stores))
        for store in stores:
            store.close()


def test_reviews_and_keys_share_a_file(store: SqliteReviewStore, path: Path) -> None:
    """Whichever comes first makes it."""
    keys = SqliteKeyStore(path)
    keys.add(ApiKey(id="k1", owner="alice", digest="ab", created_at=1))
    store.put(a_review())
    assert (len(keys.all()), store.get("rv_1")) == (1, a_review())
    keys.close()


def test_a_closed_store_opens_again(store: SqliteReviewStore) -> None:
    """Closing releases the file, nothing more."""
    store.put(a_review())
    store.close()
    assert store.get("rv_1") == a_review()


# --- versions of it -------------------------------------------------------------------------------------------------


def test_the_file_carries_its_version(store: SqliteReviewStore, path: Path) -> None:
    """And whose it is."""
    store.verify()
    assert query(path, "PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
    assert query(path, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]


def test_an_older_file_is_brought_up_to_date(
    store: SqliteReviewStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step, keeping what is in it."""
    store.put(a_review())
    store.close()
    more = (
        ("ALTER TABLE keys ADD COLUMN note TEXT",),
        ("UPDATE keys SET note = ''", "CREATE INDEX notes ON keys (note)"),
    )
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS + more)
    assert store.get("rv_1") == a_review()
    assert query(path, "PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
    assert query(path, "SELECT note FROM keys") == []


def test_a_migration_that_fails_changes_nothing(
    store: SqliteReviewStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before can still use the file."""
    store.put(a_review())
    store.close()
    broken = (("CREATE TABLE extra (x)", "CREATE TABLE reviews (id)"),)
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS + broken)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        store.verify()
    monkeypatch.undo()
    assert store.get("rv_1") == a_review()
    assert query(path, "SELECT name FROM sqlite_master WHERE name = 'extra'") == []


def test_a_newer_file_is_left_alone(store: SqliteReviewStore, path: Path) -> None:
    """An older program would not know what it breaks."""
    store.verify()
    store.close()
    query(path, f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    with pytest.raises(ConfigurationError, match="newer") as raised:
        store.put(a_review())
    assert str(path) in raised.value.detail


def test_a_database_of_another_program_is_left_alone(store: SqliteReviewStore, path: Path) -> None:
    """A slip in a setting must not put our tables among theirs."""
    path.parent.mkdir(parents=True)
    query(path, "CREATE TABLE theirs (x)")
    with pytest.raises(ConfigurationError, match="another program") as raised:
        store.put(a_review())
    assert str(path) in raised.value.detail
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


# --- when it cannot be used -----------------------------------------------------------------------------------------


def _not_a_database(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("# notes\n" * 1000)


def _cut_off(path: Path) -> None:
    store = SqliteReviewStore(path)
    for number in range(50):
        store.put(everything(f"rv_{number}"))
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def _directory(path: Path) -> None:
    path.mkdir(parents=True)


def _below_a_file(path: Path) -> None:
    path.parent.parent.write_text("")


@pytest.mark.parametrize("spoil", [_not_a_database, _cut_off, _directory, _below_a_file])
def test_a_file_that_cannot_be_used_is_named(path: Path, spoil) -> None:
    """And what to do about it is said."""
    spoil(path)
    store = SqliteReviewStore(path)
    with pytest.raises(ConfigurationError, match=r"move it away|another CODEREVIEW_SQLITE_PATH") as raised:
        store.put(a_review())
    assert str(path) in raised.value.detail
    store.close()


def test_a_file_that_stays_locked_is_told_as_passing(
    store: SqliteReviewStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller may try again; readers are not held up."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    store.put(a_review())
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store.close()
    with pytest.raises(BackendUnavailable, match="locked") as raised:
        store.put(a_review("rv_2"))
    assert str(path) in raised.value.detail
    assert store.get("rv_1") == a_review()
    holder.close()
    store.put(a_review("rv_2"))


def test_a_mistake_in_our_own_sql_is_not_blamed_on_the_file(store: SqliteReviewStore) -> None:
    """It must be seen as the bug it is, and leave no transaction open."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store._database.writing() as connection:
        connection.execute("DELETE FROM nowhere")
    store.put(a_review())


# --- what is read and removed ---------------------------------------------------------------------------------------


def test_a_listing_does_not_read_bodies(store: SqliteReviewStore, path: Path) -> None:
    """They may be megabytes each: here they are not even readable."""
    store.put(everything())
    query(path, "UPDATE reviews SET body = x'00'")
    assert [review.id for review in store.page(owner=everything().owner).reviews] == ["rv_1"]
    with pytest.raises(BackendUnavailable, match="rv_1"):
        store.get("rv_1")


@pytest.mark.parametrize("status", ["", " AND status = 'failed'"])
def test_a_listing_walks_an_index(store: SqliteReviewStore, path: Path, status: str) -> None:
    """Nothing is sorted, however many reviews there are."""
    store.verify()
    plan = query(
        path,
        f"EXPLAIN QUERY PLAN SELECT summary FROM reviews WHERE owner = 'a'{status} AND (created_at, id) < (1, 'x')"
        " ORDER BY created_at DESC, id DESC LIMIT 50",
    )
    assert [row[3] for row in plan] == [
        "SEARCH reviews USING INDEX reviews_of_owner (owner=? AND (created_at,id)<(?,?))"
    ]


def test_one_unreadable_summary_does_not_hide_the_others(
    store: SqliteReviewStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged by id; its content is not."""
    for number in range(3):
        store.put(a_review(f"rv_{number}", created_at=CREATED + number))
    query(path, """UPDATE reviews SET summary = '{"secret": 1}' WHERE id = 'rv_1'""")
    assert [review.id for review in store.page(owner="alice").reviews] == ["rv_2", "rv_0"]
    (record,) = caplog.records
    assert (record.getMessage(), record.reviewId) == ("stored_review_unreadable", "rv_1")


def test_expired_reviews_are_removed_now_and_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a put, a bounded number at a time, until none is left."""
    monkeypatch.setattr(reviews, "_PURGE_BATCH", 3)
    clock = FixedClock()
    store = SqliteReviewStore(path, clock=clock, retention_days=2)
    for number in range(5):
        store.put(ended(f"rv_{number}"))
    clock.advance(days=3)
    left = []
    for number in range(3):
        store.put(a_review(f"new_{number}"))
        left += query(path, "SELECT count(*) FROM reviews WHERE id LIKE 'rv%'")
    assert left == [(2,), (0,), (0,)]
    store.close()


def test_what_is_rolled_back_was_never_there(store: SqliteReviewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A put that fails halfway leaves the review as it was."""
    store.put(a_review())
    monkeypatch.setattr(store, "_purge_now_and_then", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.put(ended())
    assert store.get("rv_1") == a_review()


# --- forks and greenlets --------------------------------------------------------------------------------------------


def run(program: str, *arguments: object) -> str:
    """Run a Python program in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_connection_crosses_a_fork(path: Path) -> None:
    """Parent and children open their own, as prefork workers do, while another thread is writing."""
    program = """
        import os, sys, threading
        from codereview.adapters.sqlite import SqliteReviewStore
        from codereview.domain.reviews import Review
        store = SqliteReviewStore(sys.argv[1])
        put = lambda name: store.put(Review(id=name, owner="o", created_at=1))
        put("first")
        stop = threading.Event()
        writer = threading.Thread(target=lambda: [put("busy") for _ in iter(stop.is_set, True)])
        writer.start()
        children = []
        for child in range(4):
            pid = os.fork()
            if pid == 0:
                inherited = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if n.isdigit()
                             and os.path.lexists(f"/proc/self/fd/{n}")]
                status = 3 if any("sqlite3" in name for name in inherited) else 0
                for number in range(20):
                    put(f"{child}.{number}")
                store.close()
                os._exit(status)
            children.append(pid)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        stop.set()
        writer.join()
        print(codes, len(store.page(owner="o", limit=1000).reviews))
        store.close()
    """
    assert run(program, path) == "[0, 0, 0, 0] 82"
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_greenlets_can_share_a_store(path: Path) -> None:
    """As the requests of an API process do."""
    program = """
        from gevent import monkey; monkey.patch_all()
        import sys, gevent
        from codereview.adapters.sqlite import SqliteReviewStore
        from codereview.domain.reviews import Review
        store = SqliteReviewStore(sys.argv[1])
        def work(n):
            store.put(Review(id=f"rv_{n}", owner="o", created_at=n)); gevent.sleep(0)
            return store.get(f"rv_{n}").created_at
        jobs = [gevent.spawn(work, n) for n in range(200)]
        gevent.joinall(jobs, raise_error=True)
        print(sum(job.value for job in jobs), len(store.page(owner="o", limit=500).reviews))
        store.close()
    """
    assert run(program, path) == f"{sum(range(200))} 200"

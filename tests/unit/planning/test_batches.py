"""Cutting a review into batches."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereview.domain.sources import SourceFile, Sources, SourceSummary
from codereview.planning import batches
from codereview.planning.batches import MAX_BATCHES, Plan, plan, summarise

AGENTS = ("security", "bug")
#: Smaller than the real ones, so that a test needs no megabytes.
TARGET_BYTES, TARGET_FILES = 400_000, 150


@pytest.fixture(autouse=True, scope="module")
def _small_batches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "TARGET_BYTES", TARGET_BYTES)
        patch.setattr(batches, "TARGET_FILES", TARGET_FILES)
        yield


def file(path: str, size: int = 100, language: str = "python") -> SourceFile:
    return SourceFile(path=path, text="x" * size, language=language)


def cut(files: list[SourceFile]) -> Plan:
    return plan(Sources(files=tuple(files)), AGENTS)


def groups(files: list[SourceFile]) -> list[list[str]]:
    return [[each.path for each in batch.files] for batch in cut(files).batches]


# --- units


def test_every_agent_looks_at_every_batch() -> None:
    planned = cut([file("a/x.py", 300_000), file("b/x.py", 300_000)])
    assert [batch.id for batch in planned.batches] == ["b001", "b002"]
    assert [(unit.id, unit.agent, unit.batch_id, unit.paths) for unit in planned.units] == [
        ("security-b001", "security", "b001", ("a/x.py",)),
        ("bug-b001", "bug", "b001", ("a/x.py",)),
        ("security-b002", "security", "b002", ("b/x.py",)),
        ("bug-b002", "bug", "b002", ("b/x.py",)),
    ]
    assert planned.skipped == ()


def test_an_agent_named_twice_works_once() -> None:
    assert [unit.id for unit in plan(Sources(files=(file("a.py"),)), ["bug", "bug"]).units] == ["bug-b001"]


def test_nothing_to_review_is_no_batch() -> None:
    assert cut([]) == Plan((), ())


# --- grouping


def test_a_small_review_is_one_batch_in_the_order_of_its_paths() -> None:
    assert groups([file("b/x.py"), file("a.py"), file("a/z.py"), file("a/b/c.py")]) == [
        ["a.py", "a/b/c.py", "a/z.py", "b/x.py"]
    ]


def test_a_package_that_fits_is_never_cut() -> None:
    """Analysers resolve imports within a batch."""
    packages = {name: [f"src/{name}/m{n}.py" for n in range(5)] for name in ("alpha", "beta", "gamma", "delta")}
    found = groups([file(path, 50_000) for paths in packages.values() for path in paths])
    for paths in packages.values():
        assert sum(set(paths) <= set(group) for group in found) == 1, "250 KB fit into one batch"


def test_a_package_too_large_is_cut_at_its_directories() -> None:
    files = [file(f"app/{part}/m{n}.py", 60_000) for part in ("api", "core", "web") for n in range(5)]
    assert groups(files) == [[f"app/{part}/m{n}.py" for n in range(5)] for part in ("api", "core", "web")]


def test_small_neighbours_share_a_batch() -> None:
    assert len(groups([file(f"package{n:02}/__init__.py", 1000) for n in range(60)])) == 1


def test_files_side_by_side_go_by_their_language() -> None:
    files = [
        file(f"flat/f{n:03}.{ext}", 3000, language)
        for n in range(100)
        for ext, language in (("py", "python"), ("js", "javascript"))
    ]
    batches = cut(files).batches
    assert len(batches) == 2
    mixed = [batch for batch in batches if len({each.language for each in batch.files}) > 1]
    assert len(mixed) <= 1


def test_a_file_larger_than_a_batch_has_its_own() -> None:
    assert groups([file("a.py"), file("b.py", 900_000), file("c.py")]) == [["a.py"], ["b.py"], ["c.py"]]


def test_the_number_of_files_cuts_too() -> None:
    sizes = [len(group) for group in groups([file(f"d/f{n:03}.py", 1) for n in range(TARGET_FILES * 2 + 1)])]
    assert sizes == [TARGET_FILES, TARGET_FILES, 1]


def test_a_large_review_grows_its_batches_instead_of_their_number() -> None:
    files = [file(f"p{n % 50:02}/m{n:04}.py", 10_000) for n in range(5000)]
    batches = cut(files).batches
    assert MAX_BATCHES // 2 <= len(batches) <= MAX_BATCHES
    sizes = [sum(each.size for each in batch.files) for batch in batches]
    assert max(sizes) < 4 * sum(sizes) / len(sizes), "no batch is left with most of the work"


def test_deep_directories_are_no_problem() -> None:
    deep = "/".join("d" for _ in range(500))
    assert sum(len(group) for group in groups([file(f"{deep}/f{n}.py", 300_000) for n in range(5)])) == 5


FILES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "b", "src", "web", "x.y"]), max_size=4),
        st.sampled_from(["m.py", "n.js", "o.go", "p"]),
        st.sampled_from([1, 1000, 200_000, 500_000]),
    ),
    max_size=60,
    unique_by=lambda each: (tuple(each[0]), each[1]),
).map(lambda each: [file("/".join([*directories, name]), size, name[2:]) for directories, name, size in each])


@settings(max_examples=60, deadline=None)
@given(FILES, st.randoms(use_true_random=False))
def test_every_file_is_in_exactly_one_batch_whatever_the_order(files: list[SourceFile], random: Random) -> None:
    found = groups(files)
    assert sorted(path for group in found for path in group) == sorted(each.path for each in files)
    assert all(found)
    assert len(found) <= MAX_BATCHES
    shuffled = list(files)
    random.shuffle(shuffled)
    assert groups(shuffled) == found


@settings(max_examples=60, deadline=None)
@given(FILES)
def test_a_batch_exceeds_its_target_only_with_a_single_file(files: list[SourceFile]) -> None:
    batches = cut(files).batches
    if len(batches) == MAX_BATCHES:
        return  # the target may have grown
    for batch in batches:
        size = sum(each.size for each in batch.files)
        assert len(batch.files) == 1 or (size <= TARGET_BYTES * 1.25 and len(batch.files) <= TARGET_FILES * 1.25)


# --- the summary


def test_the_summary_counts_files_lines_and_languages() -> None:
    sources = Sources(
        files=(
            SourceFile(path="a.py", text="a\nb\n", language="python"),
            SourceFile(path="b.py", text="a\nb", language="python"),
            SourceFile(path="c.go", text="a\r\n", language="go"),
            SourceFile(path="d.js", text="x", language="javascript"),
            SourceFile(path="e", text="", language=""),
        ),
        label="5 files",
    )
    expected = SourceSummary(label="5 files", files=5, lines=6, languages=("python", "go", "javascript"))
    assert summarise(sources) == expected


def test_the_summary_of_nothing() -> None:
    assert summarise(Sources()) == SourceSummary()

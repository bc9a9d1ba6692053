"""A diff as a way in: the files after the change, and their changed lines."""

import difflib
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.trees import Repository

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import DiffDoesNotApply, InvalidSubmission, OutsideRoot, TooLarge
from codereview.inputs.applying import apply_patch, changed_lines, is_applied, is_base, removed_lines, split_lines
from codereview.inputs.diff import read_diff
from codereview.inputs.limits import Limits
from codereview.inputs.unified import parse_diff

BASE = "a\nb\nc\nd\ne\nf\ng\n"
DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n+B2\n c\n@@ -6,2 +7 @@\n f\n-g\n"
AFTER = "a\nB\nB2\nc\nd\ne\nf\n"


def lines(sources: Sources) -> dict[str, list[tuple[int, int]]]:
    return {file.path: [(r.start, r.end) for r in file.changed or ()] for file in sources.files}


def reasons(sources: Sources) -> dict[str, SkipReason | None]:
    return {entry.path: entry.reason for entry in sources.skipped}


def unified(base: str, target: str, context: int = 3) -> str:
    """The diff as programs write it; difflib leaves the marker of a missing line feed to others."""
    before, after = split_lines(base), split_lines(target)
    written = difflib.unified_diff(before, after, "a/x.py", "b/x.py", n=context)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in written)


# --- with base files


def test_with_its_base_a_file_comes_whole_with_the_changed_lines() -> None:
    sources = read_diff(DIFF, {"x.py": BASE})
    (file,) = sources.files
    assert (file.text, file.sparse, file.language) == (AFTER, False, "python")
    assert lines(sources) == {"x.py": [(2, 3)]}
    assert sources.label == "diff"


def test_what_a_diff_takes_away_is_kept_with_its_place() -> None:
    """A review of a change must see the guard that is gone: line 2 was replaced, the last line deleted."""
    (file,) = read_diff(DIFF, {"x.py": BASE}).files
    assert [(removal.before, removal.text) for removal in file.removed] == [(2, "b\n"), (8, "g\n")]
    (sparse,) = read_diff(DIFF).files
    assert sparse.removed == file.removed
    assert file.touches_removal(7, 7)
    assert file.touches_removal(2, 3)
    assert not file.touches_removal(4, 6)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8), st.integers(0, 3))
def test_the_removed_lines_put_back_make_the_base(before: list[str], after: list[str], context: int) -> None:
    base, target = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    if base == target:
        return
    (patch,) = parse_diff(unified(base, target, context))
    added = {n for r in changed_lines(patch) for n in range(r.start, r.end + 1)}
    gone = {removal.before: removal.text for removal in removed_lines(patch)}
    rebuilt = "".join(
        gone.get(number, "") + ("" if number in added else line)
        for number, line in enumerate([*split_lines(target), ""], start=1)
    )
    assert rebuilt == base


def test_a_new_file_needs_no_base() -> None:
    (file,) = read_diff("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+a\n+b\n").files
    assert (file.text, file.sparse, [(r.start, r.end) for r in file.changed or ()]) == ("a\nb\n", False, [(1, 2)])


def test_a_renamed_file_has_its_base_under_the_old_name() -> None:
    diff = "diff --git a/o.py b/n.py\nsimilarity index 80%\nrename from o.py\nrename to n.py\n" + DIFF.replace(
        "a/x.py", "a/o.py"
    ).replace("b/x.py", "b/n.py")
    sources = read_diff(diff, {"o.py": BASE, "unrelated.py": "x\n"})
    assert {file.path: file.text for file in sources.files} == {"n.py": AFTER}


TEXTS = st.lists(
    st.sampled_from(["a\n", "b\n", "c\n", "\n", " \n", "a\r\n", "-- x\n", "++ y\n", "@@ -1 +1 @@\n", "\\ z\n"]),
    max_size=14,
).map("".join)
ENDINGS = st.sampled_from(["", "last", "é\u2028"])


@settings(max_examples=400)
@given(st.builds(str.__add__, TEXTS, ENDINGS), st.builds(str.__add__, TEXTS, ENDINGS), st.integers(0, 4))
@example("a\nb", "a\nb\n", 0)
@example("", "a", 3)
@example("a", "", 0)
def test_a_diff_applied_to_its_base_gives_the_target(base: str, target: str, context: int) -> None:
    diff = unified(base, target, context)
    if not diff:
        assert base == target
        return
    (patch,) = parse_diff(diff)
    assert apply_patch(base, patch) == target
    assert is_base(base, patch)
    assert is_applied(target, patch)


@settings(max_examples=400)
@given(st.builds(str.__add__, TEXTS, ENDINGS), st.builds(str.__add__, TEXTS, ENDINGS), st.integers(0, 4))
def test_changed_lines_are_exactly_the_added_ones(base: str, target: str, context: int) -> None:
    """Recomputed from the comparison itself, not from the diff's numbers."""
    diff = unified(base, target, context)
    if not diff:
        return
    matcher = difflib.SequenceMatcher(None, split_lines(base), split_lines(target))
    expected = {
        line + 1
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for line in range(first, last)
    }
    (patch,) = parse_diff(diff)
    ranges = changed_lines(patch)
    assert {line for r in ranges for line in range(r.start, r.end + 1)} == expected
    assert all(later.start > earlier.end + 1 for earlier, later in pairwise(ranges))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=st.builds(str.__add__, TEXTS, ENDINGS),
    target=st.builds(str.__add__, TEXTS, ENDINGS),
    name=st.sampled_from(["x.py", "a b/x b/y.py", 'q"ü.py']),
)
def test_diffs_made_by_git_apply_too(repository: Repository, base: str, target: str, name: str) -> None:
    repository.commit({name: base})
    repository.write({name: target}).git("add", "--all")
    diff = repository.git("diff", "--cached", "--text")
    if diff:
        (patch,) = parse_diff(diff)
        assert (patch.path, apply_patch(base, patch)) == (name, target)


def test_a_base_with_other_line_endings_keeps_its_own() -> None:
    """A browser turns CR LF into LF in what is pasted: the diff then lacks the carriage returns of the files."""
    crlf = BASE.replace("\n", "\r\n")
    assert read_diff(DIFF, {"x.py": crlf}).files[0].text == AFTER.replace("\n", "\r\n")
    inner = "".join(
        f"{line}\r\n" if line[:1] in " +-" and line[:3] not in ("---", "+++") else f"{line}\n"
        for line in DIFF.splitlines()
    )
    assert read_diff(inner, {"x.py": BASE}).files[0].text == AFTER
    assert read_diff(DIFF.replace("\n", "\r\n"), {"x.py": BASE}).files[0].text == AFTER


def test_a_change_of_line_endings_is_a_change() -> None:
    diff = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-a\r\n-b\r\n+a\n+b\n"
    sources = read_diff(diff, {"x.py": "a\r\nb\r\n"})
    assert (sources.files[0].text, lines(sources)) == ("a\nb\n", {"x.py": [(1, 2)]})


def test_a_diff_without_the_marker_of_a_missing_line_feed_applies() -> None:
    assert read_diff(DIFF, {"x.py": BASE.removesuffix("\n")}).files[0].text == AFTER
    added = "--- a/x.py\n+++ b/x.py\n@@ -7 +7,2 @@\n g\n+h\n"
    assert read_diff(added, {"x.py": BASE.removesuffix("\n")}).files[0].text == f"{BASE}h\n"


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (
            "a\nX\nc\nd\ne\nf\ng\n",
            r"x\.py: hunk 1 \(line 3 of the diff\) does not apply at line 2: the diff has 'b', the file 'X'",
        ),
        ("a\nb\nc\nd\ne\nf\n", r"x\.py: hunk 2 \(line 9 of the diff\) does not apply at line 7: the file has 6 lines"),
        ("a\nb\nc\n", r"hunk 2 .* at line 6: the file has 3 lines"),
        (f"new\n{BASE}", r"hunk 1 .* at line 1: the diff has 'a', the file 'new'"),
        ("", r"hunk 1 .* at line 1: the file has 0 lines"),
    ],
)
def test_a_diff_that_does_not_fit_names_file_hunk_and_line(base: str, message: str) -> None:
    """Strictly: a hunk that would fit elsewhere would put findings on lines nobody changed."""
    with pytest.raises(DiffDoesNotApply, match=message) as caught:
        read_diff(DIFF, {"x.py": base})
    assert caught.value.fields["path"] == "x.py"
    assert caught.value.fields["hunk"] in (1, 2)


def test_hunks_that_overlap_do_not_apply() -> None:
    diff = "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -3 +3 @@\n-c\n+C\n"
    with pytest.raises(DiffDoesNotApply, match=r"hunk 2 .* before the end of the hunk above"):
        read_diff(diff, {"x.py": BASE})
    with pytest.raises(InvalidSubmission, match="line 8 of the diff: the hunk overlaps"):
        read_diff(diff)


# --- without base files


def test_without_its_base_a_file_is_sparse_each_line_at_its_number() -> None:
    sources = read_diff(DIFF)
    (file,) = sources.files
    assert file.sparse
    assert file.lines == ["a", "B", "B2", "c", "", "", "f", ""]
    assert lines(sources) == {"x.py": [(2, 3)]}
    assert sources.skipped == (), "its coverage says by itself that only the diff was given"


def test_each_file_is_whole_or_sparse_by_itself() -> None:
    other = DIFF.replace("x.py", "y.py")
    sources = read_diff(DIFF + other, {"y.py": BASE})
    assert {file.path: file.sparse for file in sources.files} == {"x.py": True, "y.py": False}


@given(st.builds(str.__add__, TEXTS, ENDINGS), st.builds(str.__add__, TEXTS, ENDINGS), st.integers(0, 4))
def test_a_sparse_file_shows_lines_of_the_target_or_nothing(base: str, target: str, context: int) -> None:
    diff = unified(base, target, context)
    if not diff:
        return
    wanted = target.split("\n")
    for file in read_diff(diff).files:
        shown = file.text.split("\n")
        for number, line in enumerate(shown, start=1):
            assert line in ("", wanted[number - 1])
        for r in file.changed or ():
            assert shown[r.start - 1 : r.end] == wanted[r.start - 1 : r.end]


def test_a_header_cannot_make_a_file_of_empty_lines_grow_beyond_the_limit() -> None:
    """60 bytes must not become a gigabyte."""
    sources = read_diff(
        "--- a/x.py\n+++ b/x.py\n@@ -0,0 +999999999 @@\n+a\n--- a/y.py\n+++ b/y.py\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert reasons(sources) == {"x.py": SkipReason.TOO_LARGE}
    many = "".join(f"--- a/{n}.py\n+++ b/{n}.py\n@@ -1 +900000 @@\n-a\n+b\n" for n in range(100))
    with pytest.raises(TooLarge):
        read_diff(many)


# --- what is not reviewed


def test_what_has_no_lines_to_review_is_named_with_the_reason() -> None:
    diff = (
        "diff --git a/gone.py b/gone.py\ndeleted file mode 100644\n--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
        "diff --git a/mode.sh b/mode.sh\nold mode 100644\nnew mode 100755\n"
        "diff --git a/o.py b/n.py\nsimilarity index 100%\nrename from o.py\nrename to n.py\n"
        "diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png differ\n"
        "diff --git a/empty.py b/empty.py\nnew file mode 100644\nindex 0000000..e69de29\n"
        "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+x\n\\ No newline\n"
        "diff --git a/sub b/sub\nindex 1..2 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit 1\n"
        "+Subproject commit 2\n"
        "--- a/node_modules/x.js\n+++ b/node_modules/x.js\n@@ -1 +1 @@\n-a\n+b\n"
        "--- a/uv.lock\n+++ b/uv.lock\n@@ -1 +1 @@\n-a\n+b\n"
        "--- /dev/null\n+++ b/pb.go\n@@ -0,0 +1 @@\n+// Code generated by x. DO NOT EDIT.\n"
        "--- a/less.py\n+++ b/less.py\n@@ -3 +2,0 @@\n-c\n"
        "--- a/nul.py\n+++ b/nul.py\n@@ -1 +1 @@\n-a\n+\0\n"
        "--- a/half.py\n+++ b/half.py\n@@ -1 +1 @@\n-a\n+'\ud800'\n"
        "--- a/build/release.sh\n+++ b/build/release.sh\n@@ -1 +1 @@\n-a\n+b\n"
    )
    sources = read_diff(diff)
    assert [file.path for file in sources.files] == ["build/release.sh"]
    assert reasons(sources) == {
        "empty.py": SkipReason.EMPTY,
        "gone.py": SkipReason.DELETED,
        "half.py": SkipReason.ENCODING,
        "i.png": SkipReason.BINARY,
        "less.py": SkipReason.DELETED,
        "link": SkipReason.EXCLUDED,
        "mode.sh": SkipReason.EXCLUDED,
        "n.py": SkipReason.EXCLUDED,
        "node_modules/x.js": SkipReason.VENDORED,
        "nul.py": SkipReason.BINARY,
        "pb.go": SkipReason.GENERATED,
        "sub": SkipReason.VENDORED,
        "uv.lock": SkipReason.GENERATED,
    }


def test_a_link_replaced_by_a_file_is_the_file() -> None:
    deletion = (
        "diff --git a/x b/x\ndeleted file mode 120000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n\\ No newline\n"
    )
    addition = "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+code\n"
    for diff in (deletion + addition, addition + deletion):
        assert [file.text for file in read_diff(diff).files] == ["code\n"]


def test_a_file_changed_twice_is_refused() -> None:
    """Several commits in one text: line numbers of the first no longer hold."""
    with pytest.raises(InvalidSubmission, match=r"changes 'x.py' twice \(lines 1 and 12\)"):
        read_diff(DIFF + DIFF)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "C:/x"])
def test_a_path_that_leaves_the_root_is_refused(path: str) -> None:
    for diff in (
        f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a\n+b\n",
        f"--- {path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        f"diff --git a/x b/x\nrename from {path}\nrename to x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
    ):
        with pytest.raises(OutsideRoot):
            read_diff(diff)
    with pytest.raises(OutsideRoot):
        read_diff(DIFF, {path: BASE})


def test_a_file_and_a_directory_of_one_name_are_refused() -> None:
    new = "--- /dev/null\n+++ b/{}\n@@ -0,0 +1 @@\n+a\n"
    with pytest.raises(InvalidSubmission, match="as a directory"):
        read_diff(new.format("x") + new.format("x/y"))


def test_a_file_over_the_limit_is_left_out() -> None:
    sources = read_diff(DIFF, {"x.py": BASE + "x" * 100}, Limits(max_file_bytes=50))
    assert reasons(sources) == {"x.py": SkipReason.TOO_LARGE}


def test_a_diff_of_many_hunks_applies() -> None:
    base = "".join(f"line {n}\n" for n in range(60_000))
    target = base.replace("7\n", "seven\n")
    diff = unified_of_large(base, target)
    assert read_diff(diff, {"x.py": base}, Limits(max_file_bytes=5_000_000)).files[0].text == target


def unified_of_large(base: str, target: str) -> str:
    """Without difflib, which takes minutes: lines only differ in place."""
    written = ["--- a/x.py\n+++ b/x.py\n"]
    for number, (old, new) in enumerate(zip(base.splitlines(True), target.splitlines(True), strict=True), start=1):
        if old != new:
            written.append(f"@@ -{number} +{number} @@\n-{old}+{new}")
    return "".join(written)

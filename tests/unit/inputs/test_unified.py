"""Unified diffs: what they say of files and lines."""

from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereview.errors import InvalidSubmission
from codereview.inputs.unified import FilePatch, parse_diff

BODY = "@@ -1 +1 @@\n-a\n+b\n"


def one(text: str) -> FilePatch:
    patches = parse_diff(text)
    assert len(patches) == 1
    return patches[0]


def names(text: str) -> tuple[str | None, str | None]:
    patch = one(text)
    return patch.old, patch.new


# --- names


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("--- a/x.py\n+++ b/x.py\n", ("x.py", "x.py")),
        ("--- x.py\n+++ x.py\n", ("x.py", "x.py")),
        ("--- a/x.py\t2026-01-01 10:00:00.000 +0000\n+++ b/x.py\t2026-01-02 10:00:00.000 +0000\n", ("x.py", "x.py")),
        ("--- x.py.orig\t(revision 1)\n+++ x.py\t(working copy)\n", ("x.py.orig", "x.py")),
        ("--- /dev/null\n+++ b/x.py\n", (None, "x.py")),
        ("--- a/x.py\n+++ /dev/null\n", ("x.py", None)),
        ("--- i/x.py\n+++ w/x.py\n", ("x.py", "x.py")),
        ("--- c/x.py\n+++ i/x.py\n", ("x.py", "x.py")),
        ("--- a/x.py\n+++ a/x.py\n", ("a/x.py", "a/x.py")),
        ("--- b/x.py\n+++ b/x.py\n", ("b/x.py", "b/x.py")),
        ("--- old/x.py\n+++ new/x.py\n", ("old/x.py", "new/x.py")),
        ("--- a/with space.py\t\n+++ b/with space.py\t\n", ("with space.py", "with space.py")),
        ("--- a/x b/y.py\t\n+++ b/x b/y.py\t\n", ("x b/y.py", "x b/y.py")),
        ('--- "a/\\303\\274n\\303\\257.py"\n+++ "b/\\303\\274n\\303\\257.py"\n', ("ünï.py", "ünï.py")),
        ('--- "a/t\\tab\\"q\\\\.py"\n+++ "b/t\\tab\\"q\\\\.py"\n', ('t\tab"q\\.py', 't\tab"q\\.py')),
        ('--- "a/bad\\377.py"\n+++ "b/bad\\377.py"\n', ("bad\\xff.py", "bad\\xff.py")),
        ("Index: x.py\n=====\n--- x.py\n+++ x.py\n", ("x.py", "x.py")),
        ("diff -ru a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n", ("x.py", "x.py")),
        ("diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n", ("x.py", "x.py")),
        ("diff --git a/x b/y b/x b/y\nindex 1..2 100644\n--- a/x b/y\t\n+++ b/x b/y\t\n", ("x b/y", "x b/y")),
        ("diff --git x.py x.py\nindex 1..2 100644\n--- x.py\n+++ x.py\n", ("x.py", "x.py")),
        ("diff --git a/x.py b/x.py\nnew file mode 100644\nindex 0..2\n--- /dev/null\n+++ b/x.py\n", (None, "x.py")),
        ("diff --git a/x.py b/x.py\ndeleted file mode 100644\n--- a/x.py\n+++ /dev/null\n", ("x.py", None)),
        (
            "diff --git a/o.py b/n.py\nrename from o.py\nrename to n.py\n--- a/o.py\n+++ b/n.py\n",
            ("o.py", "n.py"),
        ),
    ],
)
def test_names_are_read_as_each_program_writes_them(header: str, expected: tuple[str | None, str | None]) -> None:
    assert names(header + BODY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("diff --git a/x.py b/x.py\nold mode 100644\nnew mode 100755\n", ("x.py", "x.py")),
        ("diff --git a/a b.py b/a b.py\nold mode 100644\nnew mode 100755\n", ("a b.py", "a b.py")),
        ('diff --git "a/\\303\\274.py" "b/\\303\\274.py"\nold mode 100644\nnew mode 100755\n', ("ü.py", "ü.py")),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n", (None, "x")),
        ("diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n", ("x", None)),
        ("diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n", ("o", "n")),
        ("diff --git a/o b/n\nsimilarity index 100%\ncopy from o\ncopy to n\n", ("o", "n")),
        ('diff --git a/o "b/\\303\\274"\nsimilarity index 100%\nrename from o\nrename to "\\303\\274"\n', ("o", "ü")),
        (
            "diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png differ\n",
            ("i.png", "i.png"),
        ),
        (
            "diff --git a/i.png b/i.png\nnew file mode 100644\nBinary files /dev/null and b/i.png differ\n",
            (None, "i.png"),
        ),
        ("Binary files a/i.png and b/i.png differ\n", ("i.png", "i.png")),
    ],
)
def test_changes_without_lines_have_their_names_in_the_extended_header(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert names(text) == expected
    assert one(text).hunks == []


def test_a_binary_patch_is_told_as_such() -> None:
    assert one(
        "diff --git a/i b/i\nindex 1..2 100644\nGIT binary patch\nliteral 4\nLc${NkU|?VX\n\nliteral 0\n\n"
    ).binary
    assert one("diff --git a/i b/i\nindex 1..2 100644\nBinary files a/i and b/i differ\n").binary


def test_modes_tell_links_and_submodules() -> None:
    assert one(f"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n{BODY}").new_mode == "120000"
    assert one(f"diff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n{BODY}").new_mode == "160000"
    assert one("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n").new_mode == "100755"
    assert one(f"--- a\n+++ b\n{BODY}").new_mode == ""


# --- lines


def test_hunks_hold_their_lines_and_where_they_stand() -> None:
    patch = one("--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@ def f():\n a\n-b\n+c\n+d\n e\n@@ -10 +11,0 @@\n-z\n")
    first, second = patch.hunks
    assert (first.old_start, first.old_length, first.new_start, first.new_length, first.at) == (1, 3, 1, 4, 3)
    assert first.old == ["a\n", "b\n", "e\n"]
    assert first.new == ["a\n", "c\n", "d\n", "e\n"]
    assert (second.old_start, second.old_length, second.new_start, second.new_length) == (10, 1, 11, 0)
    assert second.lines == (("-", "z\n"),)


def test_content_that_looks_like_a_header_is_content() -> None:
    """A removed SQL comment "-- x" reads "--- x", an added "++ x" reads "+++ x"; the hunk's length tells."""
    patch = one("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- old comment\n+++ new counter\n diff --git a/y b/y\n")
    assert patch.hunks[0].lines == (("-", "-- old comment\n"), ("+", "++ new counter\n"), (" ", "diff --git a/y b/y\n"))


def test_a_missing_line_feed_at_the_end_belongs_to_the_line_before() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ Kein Zeilenumbruch am Dateiende.\n"
    assert one(text).hunks[0].lines == (("-", "a"), ("+", "b"))


def test_an_empty_context_line_may_have_lost_its_space() -> None:
    assert one("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n").hunks[0].old == ["a\n", "\n", "b\n"]


def test_carriage_returns_of_the_file_are_kept() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"
    assert one(text).hunks[0].new == ["a\r\n", "c\r\n"]


def test_a_diff_sent_with_carriage_returns_throughout_is_read_without_them() -> None:
    text = "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n".replace("\n", "\r\n")
    patch = one(text)
    assert (patch.old, patch.new, patch.hunks[0].new) == (None, "x", ["a\n"])


def test_other_separators_do_not_end_a_line() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\x0cb\x85c\u2028d\re\n+b\n"
    assert one(text).hunks[0].old == ["a\x0cb\x85c\u2028d\re\n"]


def test_prose_around_the_files_is_passed_over() -> None:
    """What git format-patch writes: a mail with a signature."""
    text = (
        "From 1234 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH] x\n\n- a list\n+ another\n---\n"
        " x | 2 +-\n 1 file changed\n\ndiff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
        "-- \n2.39.5\n\n"
    )
    assert names(text) == ("x", "x")


def test_several_files_come_in_the_order_of_the_diff() -> None:
    text = f"--- a/z\n+++ b/z\n{BODY}--- a/a\n+++ b/a\n{BODY}diff --git a/m b/m\nindex 1..2\n--- a/m\n+++ b/m\n{BODY}"
    assert [patch.path for patch in parse_diff(text)] == ["z", "a", "m"]
    assert [patch.at for patch in parse_diff(text)] == [1, 6, 11]


# --- what is wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a unified diff"),
        ("hello\nworld\n", "not a unified diff"),
        ("print('--- a')\n", "not a unified diff"),
        ("*** a/x\n--- b/x\n***************\n*** 1 ****\n", "not a unified diff"),
        ("--- a/x\n+++ b/x\n", "line 3 .* a hunk .* must follow"),
        ("--- a/x\n+++ b/x\nhello\n", "line 3 .* a hunk .* must follow"),
        ("@@ -1 +1 @@\n-a\n+b\n", "line 1 .* without a file header"),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n", "ends inside the hunk of line 3"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", "line 6 .* more lines than its header says"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n+c\n", "line 5 .* more lines than its header says"),
        ("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\ndiff --git a/y b/y\n", "line 6 .* fewer lines"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n\\ No newline\n-a\n+b\n", "line 4 .* must follow a line"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "both sides"),
        ("--- \n+++ \n@@ -1 +1 @@\n-a\n+b\n", "without a name"),
        ("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n- a\n -b\n++c\n", "combined diff"),
        ("diff --git a/x y b/z w\nold mode 100644\nnew mode 100755\n", "cannot be told apart"),
        ("--- a/x\n+++ b/x\n@@ -1,99999999999 +1 @@\n-a\n", "must follow"),
    ],
)
def test_what_does_not_parse_is_an_error_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        parse_diff(text)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "--- a/x\n",
                    "+++ b/x\n",
                    "@@ -1 +1 @@\n",
                    "@@ -0,0 +1,2 @@\n",
                    "-a\n",
                    "+b\n",
                    " c\n",
                    "\n",
                    "x",
                    "\r\n",
                ),
                *("\\ No\n", "-- \n", "diff --git a/x b/x\n", "rename from x\n", "new file mode 100644\n"),
                *("deleted file mode 100644\n", "Binary files a/x and b/x differ\n", '--- "a\\\n'),
            ]
        ),
        max_size=15,
    ).map("".join)
    | st.text()
)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        patches = parse_diff(text)
    except InvalidSubmission:
        return
    for patch in patches:
        assert patch.path
        for hunk in patch.hunks:
            assert (len(hunk.old), len(hunk.new)) == (hunk.old_length, hunk.new_length)


@pytest.mark.parametrize(
    "text",
    [
        f"diff --git {'://' * 100_000}\n",
        f"Binary files {' and ' * 100_000}\n",
        f"diff --git a/{' b/' * 100_000}\n",
        f'--- "{chr(92) * 300_000}\n+++ b/x\n',
        "--- a/x\n" * 100_000,
        "@" * 500_000,
        "diff --git a/x b/x\n" * 50_000,
    ],
    ids=range(7),
)
def test_hostile_headers_take_little_time(text: str) -> None:
    """Two of these keep a library for this busy for hours."""
    started = monotonic()
    with pytest.raises(InvalidSubmission):
        parse_diff(f"{text}@@ -1 +1 @@\n")
    assert monotonic() - started < 30

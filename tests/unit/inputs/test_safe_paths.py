"""Paths from outside are made normal or refused."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.errors import InvalidSubmission, OutsideRoot
from codereview.inputs.safe_paths import normal_path, refuse_collisions, shown


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("a.py", "a.py"),
        ("a/b.py", "a/b.py"),
        ("./a.py", "a.py"),
        ("a//b/./c.py", "a/b/c.py"),
        ("a b/ü.py", "a b/ü.py"),
        ("...", "..."),
        ("a..b/.hidden", "a..b/.hidden"),
        ("~/x", "~/x"),
        ("日本/x.py", "日本/x.py"),
    ],
)
def test_plain_paths_are_made_normal(path: str, normal: str) -> None:
    assert normal_path(path) == normal


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "//x", "..", "../x", "a/../b", "a/..", "C:\\x", "c:/x", "C:x", "./../x", "..\\x"]
)
def test_paths_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(OutsideRoot) as caught:
        normal_path(path)
    assert caught.value.fields["path"] in caught.value.detail.encode().decode("unicode_escape")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "names no file"),
        (".", "names no file"),
        ("./", "names no file"),
        ("a/", "names no file"),
        ("a\\b", "backslash"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("a\x1b[0m", "control characters"),
        ("a\x85b", "control characters"),
        ("a\ud800", "not valid UTF-8"),
        ("a" * 256, "longer than 255 bytes"),
        ("ü" * 128, "longer than 255 bytes"),
        ("a/" * 512 + "b", "longer than 1024 characters"),
    ],
)
def test_paths_that_are_no_plain_names_are_refused(path: str, message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        normal_path(path)


@given(
    st.lists(st.sampled_from(["a", "b", "..", ".", "", "/", "\\", "C:", "\0", "\n", "é", " "])).map("/".join)
    | st.text()
)
def test_no_path_ever_leaves_the_root(path: str) -> None:
    try:
        normal = normal_path(path)
    except InvalidSubmission:
        return
    root = "/srv/root"
    assert os.path.normpath(os.path.join(root, normal)) == f"{root}/{normal}"
    assert normal_path(normal) == normal
    normal.encode()


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a", "a"], "'a' is given twice"),
        (["a/b", "c", "a"], "'a' is given as a file, and as a directory by 'a/b'"),
        (["a/b/c/d", "a/b"], "'a/b' is given as a file"),
    ],
)
def test_paths_that_cannot_stand_side_by_side_are_refused(paths: list[str], message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        refuse_collisions(paths)


def test_paths_that_can_are_not() -> None:
    refuse_collisions(["a", "ab", "b/a", "b/c", "A"])


def test_a_path_in_an_error_is_printable_and_not_endless() -> None:
    assert shown("a\x1b[2J\n\ud800") == "a\\x1b[2J\\x0a\\ud800"
    assert shown("x" * 1000) == "x" * 200 + "…"

"""Patterns for paths."""

import pytest

from codereview.planning.globs import Globs


@pytest.mark.parametrize(
    ("patterns", "path", "matches"),
    [
        (["*.py"], "a.py", True),
        (["*.py"], "src/deep/a.py", True),
        (["/a.py"], "src/a.py", False),
        (["tests/"], "tests/a.py", True),
        (["tests/"], "src/tests/deep/a.py", True),
        (["tests/"], "tests", False),
        (["src/**/gen"], "src/a/b/gen/x.py", True),
        (["src/*.py"], "src/a/b.py", False),
        (["*.py", "!keep.py"], "keep.py", False),
        (["!keep.py", "*.py"], "keep.py", True),
        (["[ab].py"], "a.py", True),
        (["a?.py"], "ab.py", True),
        (["# comment"], "# comment", False),
        ([], "a.py", False),
    ],
)
def test_patterns_match_as_in_a_gitignore(patterns: list[str], path: str, matches: bool) -> None:
    assert Globs(patterns).match(path) is matches


def test_no_pattern_is_told_from_a_match_taken_back() -> None:
    globs = Globs(["*.py", "!keep.py"])
    assert [globs.verdict(path) for path in ("a.py", "keep.py", "a.js")] == [True, False, None]
    assert bool(globs)
    assert not Globs([])


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern"):
        Globs(["*.py", "\\"])

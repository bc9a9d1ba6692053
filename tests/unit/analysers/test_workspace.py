"""A batch on disk: exactly its files, exactly its text, nowhere else, and gone afterwards."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.analysers.workspace import open_workspace, sweep_stale
from codereview.domain.sources import Batch, SourceFile
from codereview.errors import InvalidSubmission, OutsideRoot


def _batch(*files: SourceFile, context: tuple[SourceFile, ...] = ()) -> Batch:
    return Batch(id="b1", files=files, context=context)


def _on_disk(root: str) -> set[str]:
    return {str(path.relative_to(root)) for path in Path(root).rglob("*") if path.is_file()}


def test_each_file_stands_at_its_own_path() -> None:
    """Tools go by names: .github/workflows, Dockerfile, __init__.py."""
    files = (SourceFile(path="a.py", text="a"), SourceFile(path=".github/workflows/ci.yml", text="on: push"))
    context = (SourceFile(path="lib/util.py", text="u"),)

    with open_workspace(_batch(*files, context=context)) as workspace:
        assert _on_disk(workspace.root) == {"a.py", ".github/workflows/ci.yml", "lib/util.py"}
        assert (workspace.files, workspace.context) == (files, context)
        assert os.path.isabs(workspace.root)


def test_the_directory_is_for_this_user_only_and_gone_afterwards() -> None:
    """The code under review may be secret."""
    with open_workspace(_batch(SourceFile(path="a.py", text="a"))) as workspace:
        root = workspace.root
        assert stat.S_IMODE(os.stat(root).st_mode) == 0o700

    assert not os.path.exists(root)


def test_the_directory_is_gone_after_an_error_too() -> None:
    """Also when an analyser raises."""
    roots = []

    def fail_inside() -> None:
        with open_workspace(_batch(SourceFile(path="a.py", text="a"))) as workspace:
            roots.append(workspace.root)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_inside()

    assert [os.path.exists(root) for root in roots] == [False]


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_text_is_written_byte_for_byte(text: str) -> None:
    """Line endings count: columns and lines must be those of the original."""
    with open_workspace(_batch(SourceFile(path="a.txt", text=text))) as workspace:
        assert Path(workspace.root, "a.txt").read_bytes() == text.encode()


def test_a_lone_surrogate_is_written_as_it_is() -> None:
    """JSON can carry one; the tools then say that the file is not UTF-8."""
    with open_workspace(_batch(SourceFile(path="a.py", text="x = '\ud800'"))) as workspace:
        assert Path(workspace.root, "a.py").read_bytes() == b"x = '\xed\xa0\x80'"


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "a/../../b", "..", "", ".", "a\0b", "a/.."])
def test_a_path_that_leads_outside_is_refused(path: str) -> None:
    """Inputs refuse them too; this is the last look before something is written."""
    with pytest.raises(OutsideRoot), open_workspace(_batch(SourceFile(path=path, text="x"))):
        pytest.fail("it was written")


@pytest.mark.parametrize(
    "paths", [("a", "a/b"), ("a/b", "a"), ("a.py", "a.py"), ("x" * 300,), ("\ud800.py",)], ids=repr
)
def test_paths_that_cannot_be_files_together_are_refused(paths: tuple[str, ...]) -> None:
    """A sentence for the person who submitted them."""
    with (
        pytest.raises(InvalidSubmission, match="cannot be written"),
        open_workspace(_batch(*(SourceFile(path=path, text="x") for path in paths))),
    ):
        pytest.fail("they were written")


def test_a_context_file_never_replaces_one_under_review() -> None:
    """The version under review is the one that is examined."""
    new, old = SourceFile(path="a.py", text="new"), SourceFile(path="a.py", text="old")

    with open_workspace(_batch(new, context=(old,))) as workspace:
        assert Path(workspace.root, "a.py").read_text() == "new"
        assert list(workspace.context) == []


def test_what_killed_processes_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    """The code of a review must not lie about; a batch under way is left alone."""
    old, new, foreign = (tmp_path / name for name in ("codereview-batch-1", "codereview-tool-2", "other-3"))
    for directory in (old, new, foreign):
        directory.mkdir()
        (directory / "a.py").write_text("secret = 1\n")
    for directory in (old, foreign):
        os.utime(directory, (0, 0))

    assert sweep_stale(60, str(tmp_path)) == 1
    assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)

"""Bodies in a directory keep the promises of bodies in S3."""

from pathlib import Path

import pytest

from codereview.adapters.file_bodies import FileBodies
from codereview.errors import BackendUnavailable


def test_what_was_written_is_read_back_and_can_be_removed(tmp_path: Path) -> None:
    """And removing it twice is no error."""
    bodies = FileBodies(tmp_path / "bodies")
    reference = bodies.reference("rv_1", b"body")
    bodies.write(reference, b"body")
    assert bodies.read(reference) == b"body"
    bodies.remove(reference)
    bodies.remove(reference)
    assert bodies.read(reference) is None


def test_two_writes_of_the_same_content_do_not_share_a_file(tmp_path: Path) -> None:
    """Removing what one item no longer names must not take the other's."""
    bodies = FileBodies(tmp_path)
    first, second = (bodies.reference("rv_1", b"body") for _ in range(2))
    bodies.write(first, b"body")
    bodies.write(second, b"body")
    bodies.remove(first)
    assert bodies.read(second) == b"body"


def test_a_damaged_body_is_not_taken_for_a_review(tmp_path: Path) -> None:
    """A half-written disk is an error, not an empty review."""
    bodies = FileBodies(tmp_path)
    reference = bodies.reference("rv_1", b"body")
    bodies.write(reference, b"other")
    with pytest.raises(BackendUnavailable, match="is damaged"):
        bodies.read(reference)


def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """With the path, so that a person knows which volume to mend."""
    (tmp_path / "file").touch()
    bodies = FileBodies(tmp_path / "file")
    with pytest.raises(BackendUnavailable, match=r"file.*cannot be written"):
        bodies.write(bodies.reference("rv_1", b"body"), b"body")

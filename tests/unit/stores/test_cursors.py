"""Cursors of listings."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.adapters.cursors import DEFAULT_KEY, Cursors, Position
from codereview.errors import InvalidCursor

PLACE = Position(1_790_000_000_000, "rv_1")


@given(owner=st.text(), created_at=st.integers(0, 10**15), review_id=st.text())
def test_a_cursor_leads_back_to_its_place(owner: str, created_at: int, review_id: str) -> None:
    """Whatever the owner and the review are called."""
    place = Position(created_at, review_id)
    cursor = Cursors().encode(owner, place)
    assert Cursors().decode(owner, cursor) == place
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(owner=st.text(), other=st.text())
def test_a_cursor_holds_for_its_owner_only(owner: str, other: str) -> None:
    """However alike the names are."""
    cursor = Cursors().encode(owner, PLACE)
    if owner != other:
        with pytest.raises(InvalidCursor):
            Cursors().decode(other, cursor)


@given(st.text() | st.text(alphabet="ABCab01-_=", min_size=1))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    """Not even well-formed base64."""
    with pytest.raises(InvalidCursor):
        Cursors().decode("alice", text)


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    """In the tag or in the place, and in the bits that base64 leaves unused."""
    cursor = Cursors().encode("alice", PLACE)
    for number, character in enumerate(cursor):
        for other in "AQgwz09-_=+":
            if other != character:
                with pytest.raises(InvalidCursor):
                    Cursors().decode("alice", cursor[:number] + other + cursor[number + 1 :])
    for changed in (cursor[:-1], cursor + "A", cursor + "=", cursor + "\n", " " + cursor, cursor * 2):
        with pytest.raises(InvalidCursor):
            Cursors().decode("alice", changed)


def test_a_cursor_of_another_key_is_refused() -> None:
    """Who has a key of its own takes no cursor made with the public one."""
    with pytest.raises(InvalidCursor):
        Cursors(b"ours").decode("alice", Cursors().encode("alice", PLACE))


@pytest.mark.parametrize("place", [b"", b":", b"x:rv_1", b"-1:rv_1", b"1" * 40 + b":rv_1", b"1", b"1:\xff", b"01:rv_1"])
def test_a_forged_place_is_refused(place: bytes) -> None:
    """The default key is public; what is signed with it is still checked."""
    cursors = Cursors(DEFAULT_KEY)
    forged = base64.urlsafe_b64encode(cursors._tag("alice", place) + place).rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        cursors.decode("alice", forged)

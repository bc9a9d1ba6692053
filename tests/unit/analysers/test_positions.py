"""From byte offsets to lines and columns in characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.analysers.positions import Positions
from codereview.domain.sources import SourceFile


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("abc", 0, (1, 1)),
        ("abc", 3, (1, 4)),
        ("é = 1", 3, (1, 3)),
        ("a\né𝒳b", 8, (2, 3)),
        ("a\r\nb", 3, (2, 1)),
        ("", 0, (1, 1)),
        ("ab\n", 3, (2, 1)),
        ("ab", 99, (1, 3)),
        ("ab", -1, (1, 1)),
    ],
)
def test_an_offset_in_bytes_is_a_line_and_a_column(text: str, offset: int, expected: tuple[int, int]) -> None:
    """A character of several bytes is one column; an offset past the end is the end."""
    assert Positions(SourceFile(path="a", text=text)).at(offset) == expected


@given(st.text(alphabet=st.sampled_from("aé𝒳\n\r\t")), st.data())
def test_every_character_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    """The offset of any character leads back to it."""
    index = data.draw(st.integers(0, len(text)))
    before = text[:index]

    line, column = Positions(SourceFile(path="a", text=text)).at(len(before.encode()))

    assert (line, column) == (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def test_a_column_of_a_line_that_is_not_there_is_none() -> None:
    """Positions printed by a tool are not taken on trust."""
    positions = Positions(SourceFile(path="a", text="é\nb"))

    assert [positions.column(line, 2) for line in (0, 1, 2, 3)] == [None, 2, 2, None]

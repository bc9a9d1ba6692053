"""DynamoDB's typed values and their sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.stored_reviews import everything, large

from codereview.adapters.dynamodb.attributes import from_attribute, is_key, size_of_item, to_attribute
from codereview.adapters.dynamodb.items import inline_item

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_a_value_comes_back_from_its_attribute(value: object) -> None:
    """Type and all: True is not 1, and an empty list is not none."""
    returned = from_attribute(to_attribute(value))
    assert returned == value
    assert repr(returned) == repr(value)


def test_money_is_kept_to_a_millionth() -> None:
    """A float has digits that DynamoDB's numbers have not."""
    assert to_attribute(0.1 + 0.2) == {"N": "0.300000"}
    assert from_attribute({"N": "0.300000"}) == pytest.approx(0.3)
    assert to_attribute(1e-300) == {"N": "0.000000"}


def test_what_has_no_form_is_refused() -> None:
    """Rather than stored as its name."""
    with pytest.raises(TypeError, match="set"):
        to_attribute({1, 2})


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("ä€😀", 9),
        ("", 0),
        (b"abc", 3),
        (True, 1),
        (None, 1),
        ([], 3),
        ({}, 3),
        (["a", "b"], 3 + 2 * (1 + 1)),
        ({"ab": "c"}, 3 + 2 + 1 + 1),
        ([{"a": None}], 3 + 1 + (3 + 1 + 1 + 1)),
    ],
)
def test_sizes_follow_the_documentation(value: object, size: int) -> None:
    """UTF-8 bytes; 3 for a list or map and 1 for each element; and the attribute's own name."""
    assert size_of_item({"größe": to_attribute(value)}) == 7 + size


@given(st.integers(-(10**37), 10**37))
def test_a_number_is_never_reckoned_too_small(number: int) -> None:
    """One byte for two significant digits and one more, by the documentation approximately."""
    significant = len(str(abs(number)).rstrip("0"))
    assert size_of_item({"n": to_attribute(number)}) >= 1 + (significant + 1) // 2 + 1


def test_a_large_review_is_reckoned_no_smaller_than_its_texts() -> None:
    """The figure decides where the review goes."""
    small, big = size_of_item(inline_item(everything(), 7)), size_of_item(inline_item(large(), 7))
    assert 2_000 < small < 10_000
    assert big > 2_000_000


@pytest.mark.parametrize(("text", "possible"), [("", False), ("a", True), ("x" * 2048, True), ("ä" * 1025, False)])
def test_only_what_dynamodb_takes_as_a_key_is_looked_for(text: str, possible: bool) -> None:
    """Anything else cannot be there, and asking for it is an error."""
    assert is_key(text) is possible

"""The form of API keys."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clock import FixedClock

from codereview.application.keys import SECRET_PATTERN, digest, new_key, parse
from codereview.errors import Unauthenticated

SECRET, KEY = new_key("alice", "ci", FixedClock(1_790_000_000_000))


def test_a_new_key_belongs_to_its_owner() -> None:
    """What is stored says whose it is, what for and since when."""
    assert (KEY.owner, KEY.name, KEY.created_at, KEY.revoked_at) == ("alice", "ci", 1_790_000_000_000, None)


def test_a_secret_has_the_documented_form() -> None:
    """Scanners and people know it by that."""
    assert re.fullmatch(r"cr_[0-9a-z]{12}_[0-9A-Za-z]{38}", SECRET)
    assert SECRET.split("_")[1] == KEY.id
    assert len(SECRET) == 54


def test_only_the_hash_of_a_secret_is_in_the_key() -> None:
    """Who reads the store cannot use the key."""
    assert KEY.digest == hashlib.sha256(SECRET.encode()).hexdigest() == digest(SECRET)
    assert SECRET[16:] not in repr(KEY)


def test_no_two_keys_are_alike() -> None:
    """Neither by id nor by secret."""
    made = [new_key("alice", "ci", FixedClock()) for _ in range(200)]
    assert len({secret for secret, _ in made}) == len({key.id for _, key in made}) == 200


def test_every_character_of_the_alphabet_is_used() -> None:
    """The random part has the entropy it is said to have."""
    drawn = "".join(new_key("a", "", FixedClock())[0][16:48] for _ in range(200))
    assert len(set(drawn)) == 62


def test_a_secret_tells_the_id_of_its_key() -> None:
    """Without asking anybody."""
    assert parse(SECRET) == KEY.id


@given(
    place=st.integers(3, 53), other=st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
)
def test_one_wrong_character_is_told_as_a_typo(place: int, other: str) -> None:
    """Whichever it is; where the form forbids it, it is no key at all."""
    mistyped = SECRET[:place] + other + SECRET[place + 1 :]
    if mistyped == SECRET:
        assert parse(mistyped) == KEY.id
        return
    with pytest.raises(Unauthenticated, match=r"mistyped|not an API key"):
        parse(mistyped)


def test_two_characters_swapped_are_told_as_a_typo() -> None:
    """The most common slip of all."""
    place = next(n for n in range(16, 47) if SECRET[n] != SECRET[n + 1])
    swapped = SECRET[:place] + SECRET[place + 1] + SECRET[place] + SECRET[place + 2 :]
    with pytest.raises(Unauthenticated, match="mistyped"):
        parse(swapped)


_MISSHAPEN = {
    "nothing": "",
    "a word": "nonsense",
    "only the start": "cr_short",
    "cut off": SECRET[:-1],
    "too long": SECRET + "x",
    "in capitals": SECRET.upper(),
    "with a line end": SECRET + "\n",
    "another script": "ключ",
}


@pytest.mark.parametrize("text", _MISSHAPEN.values(), ids=_MISSHAPEN)
def test_what_has_not_the_form_of_a_secret_is_not_an_api_key(text: str) -> None:
    """And the error says what one looks like, never what was given."""
    with pytest.raises(Unauthenticated, match="54 characters") as raised:
        parse(text)
    assert not text or text not in raised.value.detail


def test_scanners_find_a_secret_in_a_text() -> None:
    """In code, in a URL, between quotes; not inside a longer word."""
    text = f'KEY = "{SECRET}"\ncurl https://host/?key={SECRET}&x=1\nabc{SECRET} {SECRET}def'
    assert [match[0] for match in SECRET_PATTERN.finditer(text)] == [SECRET, SECRET]

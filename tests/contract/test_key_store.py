"""What every `KeyStore` keeps to."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.durable_stores import BACKENDS, Backend

from codereview.ports import ApiKey

pytest_plugins = ("support.store_fixtures",)
pytestmark = pytest.mark.parametrize("backend", BACKENDS, indirect=True)


def a_key(key_id: str = "k1", **fields: object) -> ApiKey:
    """A key of alice's."""
    return ApiKey(**{"id": key_id, "owner": "alice", "digest": "ab" * 32, "created_at": 1_790_000_000_000, **fields})


def test_a_key_comes_back_as_it_was_added(backend: Backend) -> None:
    """Every field, read by another process."""
    key = a_key(owner="Ólafur 中", name="ci – größe", revoked_at=1_790_000_000_001)
    backend.keys().add(key)
    assert backend.keys().get("k1") == key


def test_a_key_needs_no_name(backend: Backend) -> None:
    """And none is made up."""
    backend.keys().add(a_key(name=""))
    assert backend.keys().get("k1") == a_key()


def test_an_unknown_key_is_none(backend: Backend) -> None:
    """Also by an id that no store could have."""
    store = backend.keys()
    assert [store.get(name) for name in ("k1", "", "x" * 5000)] == [None] * 3


def test_a_key_is_never_overwritten(backend: Backend) -> None:
    """Else adding one could bring a revoked key back to life."""
    store = backend.keys()
    store.add(a_key(revoked_at=5))
    with pytest.raises(ValueError, match="k1"):
        store.add(a_key(owner="mallory"))
    assert store.get("k1") == a_key(revoked_at=5)


def test_all_keys_are_listed_the_oldest_first(backend: Backend) -> None:
    """The revoked ones, too."""
    store = backend.keys()
    assert store.all() == []
    made = [a_key(f"k{at}", created_at=at, revoked_at=9 if at == 2 else None) for at in (3, 1, 2)]
    for key in made:
        store.add(key)
    assert store.all() == sorted(made, key=lambda key: key.created_at)


def test_a_key_is_revoked_once(backend: Backend) -> None:
    """The first time stands; revoking again, or what is not there, is told."""
    store = backend.keys()
    store.add(a_key())
    assert store.revoke("k1", 100) is True
    assert store.revoke("k1", 200) is False
    assert store.get("k1") == a_key(revoked_at=100)
    assert [store.revoke(name, 100) for name in ("k2", "", "x" * 5000)] == [False] * 3
    assert store.get("k2") is None


def test_one_of_many_who_revoke_at_once_did_it(backend: Backend) -> None:
    """Eight threads, one winner."""
    backend.keys().add(a_key())
    store = backend.keys()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda at: store.revoke("k1", at), range(1, 9)))
    assert sum(done) == 1
    assert backend.keys().get("k1") == a_key(revoked_at=done.index(True) + 1)

"""Checking API keys."""

from dataclasses import replace

import pytest
from support.clock import FixedClock

from codereview.application import keys
from codereview.application.keys import KeyRing, new_key
from codereview.errors import BackendUnavailable, Unauthenticated
from codereview.ports import ApiKey


class CountingStore:
    """Keys in a dictionary; counts how often it is asked."""

    def __init__(self, *stored: ApiKey) -> None:
        self.keys = {key.id: key for key in stored}
        self.asked = 0
        self.broken = False

    def get(self, key_id: str) -> ApiKey | None:
        self.asked += 1
        if self.broken:
            raise BackendUnavailable("the store is down")
        return self.keys.get(key_id)

    def add(self, key: ApiKey) -> None:
        self.keys[key.id] = key

    def all(self) -> list[ApiKey]:
        return list(self.keys.values())

    def revoke(self, key_id: str, at: int) -> bool:
        self.keys[key_id] = replace(self.keys[key_id], revoked_at=at)
        return True


SECRET, KEY = new_key("alice", "ci", FixedClock())
OTHER_SECRET, OTHER_KEY = new_key("bob", "", FixedClock())


def ring_over(store: CountingStore, now: list[float] | None = None, **options: float) -> KeyRing:
    moments = now or [0.0]
    return KeyRing(store, monotonic=lambda: moments[0], **options)


def forged(key: ApiKey) -> str:
    """A well-formed secret with the id of a key, made by somebody who does not know the real one."""
    body = f"cr_{key.id}_{'A' * 32}"
    return body + keys._checksum(body)


def test_a_secret_opens_its_key() -> None:
    """Also with the blanks that come with copying."""
    ring = ring_over(CountingStore(KEY, OTHER_KEY))
    assert ring.authenticate(SECRET) == KEY
    assert ring.authenticate(f" {OTHER_SECRET}\n") == OTHER_KEY


def test_an_unknown_id_and_a_wrong_secret_are_refused_in_the_same_words() -> None:
    """Else one could learn which ids exist."""
    ring = ring_over(CountingStore(KEY))
    with pytest.raises(Unauthenticated) as wrong:
        ring.authenticate(forged(KEY))
    with pytest.raises(Unauthenticated) as unknown:
        ring.authenticate(OTHER_SECRET)
    assert wrong.value.detail == unknown.value.detail
    assert KEY.id not in wrong.value.detail


def test_a_revoked_key_is_refused_and_its_holder_told_why() -> None:
    """Who holds the secret may know; who only knows the id may not."""
    ring = ring_over(CountingStore(replace(KEY, revoked_at=1)))
    with pytest.raises(Unauthenticated, match="revoked"):
        ring.authenticate(SECRET)
    with pytest.raises(Unauthenticated, match="not valid"):
        ring.authenticate(forged(KEY))


def test_a_typo_does_not_reach_the_store() -> None:
    """Its checksum told already."""
    store = CountingStore(KEY)
    ring = ring_over(store)
    for text in ("", "nonsense", SECRET[:-1] + ("0" if SECRET[-1] != "0" else "1")):
        with pytest.raises(Unauthenticated):
            ring.authenticate(text)
    assert store.asked == 0


def test_the_store_is_asked_once_in_thirty_seconds() -> None:
    """However many requests come."""
    store, now = CountingStore(KEY), [0.0]
    ring = ring_over(store, now)
    for now[0] in (0.0, 10.0, 29.9):
        ring.authenticate(SECRET)
    assert store.asked == 1
    now[0] = 30.0
    ring.authenticate(SECRET)
    assert store.asked == 2


def test_a_wrong_secret_is_refused_from_memory_too() -> None:
    """What is remembered is the key, not that somebody was let in."""
    ring = ring_over(CountingStore(KEY))
    ring.authenticate(SECRET)
    with pytest.raises(Unauthenticated):
        ring.authenticate(forged(KEY))


def test_a_revoked_key_is_refused_within_thirty_seconds() -> None:
    """At once in the process that revoked it and says so."""
    store, now = CountingStore(KEY, OTHER_KEY), [0.0]
    ring = ring_over(store, now)
    ring.authenticate(SECRET)
    ring.authenticate(OTHER_SECRET)
    store.revoke(KEY.id, 1)
    store.revoke(OTHER_KEY.id, 1)
    ring.forget(OTHER_KEY.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        ring.authenticate(OTHER_SECRET)
    assert ring.authenticate(SECRET) == KEY
    now[0] = 30.0
    with pytest.raises(Unauthenticated, match="revoked"):
        ring.authenticate(SECRET)


def test_a_new_key_works_at_once() -> None:
    """That it was unknown a moment ago is not remembered."""
    store = CountingStore()
    ring = ring_over(store)
    with pytest.raises(Unauthenticated):
        ring.authenticate(SECRET)
    store.add(KEY)
    assert ring.authenticate(SECRET) == KEY


def test_a_store_that_is_down_is_not_a_wrong_key() -> None:
    """The client must hear that it may try again; keys still remembered go on working."""
    store = CountingStore(KEY, OTHER_KEY)
    ring = ring_over(store)
    ring.authenticate(SECRET)
    store.broken = True
    assert ring.authenticate(SECRET) == KEY
    with pytest.raises(BackendUnavailable):
        ring.authenticate(OTHER_SECRET)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that was not used for the longest time goes first."""
    monkeypatch.setattr(keys, "_CACHE_SIZE", 2)
    made = [new_key("alice", "", FixedClock()) for _ in range(3)]
    store = CountingStore(*(key for _, key in made))
    ring = ring_over(store)
    for number in (0, 1, 0, 2):
        ring.authenticate(made[number][0])
    assert store.asked == 3
    ring.authenticate(made[0][0])
    assert store.asked == 3
    ring.authenticate(made[1][0])
    assert store.asked == 4

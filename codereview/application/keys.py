"""API keys: making, reading and checking them.

A secret looks like ``cr_4k0zq8w1m7xd_<32 characters><6 characters>``, 54 characters in all:

=============  =======================================================================================
``cr_``        the prefix that people and secret scanners know it by
key id         12 of ``0-9a-z``; public: it is listed, logged and used to revoke the key
``_``
random part    32 of ``0-9A-Za-z``: 190 random bits, the only part that is secret
checksum       6 of ``0-9A-Za-z``: CRC-32 of all that stands before it, in base 62
=============  =======================================================================================

`SECRET_PATTERN` finds one in a text. The checksum tells a typo or a cut-off copy from a key that is not ours, without
asking the store, and lets a scanner drop look-alikes. Stored is only the SHA-256 of the whole secret: with 190 random
bits there is nothing to guess, so neither salt nor stretching would add anything.
"""

import hashlib
import hmac
import re
import secrets
import string
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from codereview.errors import Unauthenticated
from codereview.ports import ApiKey, Clock, KeyStore

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_ALPHABET = string.digits + string.ascii_lowercase
_ID_LENGTH = 12
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32

#: Finds the secrets of API keys in a text; the one group is the key's id. Check `parse` too: it drops look-alikes.
SECRET_PATTERN = re.compile(
    rf"(?<![0-9A-Za-z_])cr_([0-9a-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}"
    r"(?![0-9A-Za-z_])"
)

#: Keys remembered by one `KeyRing`; the least recently used goes first.
_CACHE_SIZE = 10_000

_NOT_A_KEY = "that is not an API key: one begins with cr_ and has 54 characters"
_MISTYPED = "the API key is mistyped or cut off: its checksum does not fit"
_INVALID = "the API key is not valid here"
_REVOKED = "the API key was revoked; ask for a new one"


def new_key(owner: str, name: str, clock: Clock) -> tuple[str, ApiKey]:
    """A new secret and the key to store for it. The secret cannot be had from the key again."""
    key_id = _random_text(_ID_ALPHABET, _ID_LENGTH)
    body = f"cr_{key_id}_{_random_text(_BASE62, _RANDOM_LENGTH)}"
    secret = body + _checksum(body)
    return secret, ApiKey(id=key_id, owner=owner, digest=digest(secret), created_at=clock.now_ms(), name=name)


def parse(secret: str) -> str:
    """The id of the key a secret belongs to, going by its form alone.

    Raises Unauthenticated when it does not have the form of a secret, or its checksum does not fit.
    """
    match = SECRET_PATTERN.fullmatch(secret)
    if match is None:
        raise Unauthenticated(_NOT_A_KEY)
    if _checksum(secret[:-_CHECKSUM_LENGTH]) != secret[-_CHECKSUM_LENGTH:]:
        raise Unauthenticated(_MISTYPED)
    return match[1]


def digest(secret: str) -> str:
    """The SHA-256 of a secret, in hex: all that is stored of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: ApiKey
    until: float


class KeyRing:
    """Checks API keys, asking the store once per key and ``cache_ttl_s`` seconds. Safe to share between threads.

    So a revoked key may be accepted that much longer. Unknown keys are not remembered: a new key works at once.
    """

    def __init__(
        self, store: KeyStore, *, cache_ttl_s: float = 30.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._cache_ttl_s = cache_ttl_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def authenticate(self, secret: str) -> ApiKey:
        """The key a secret belongs to.

        Raises Unauthenticated for anything else, in the same words for an unknown id and a wrong secret of a known
        one; that a key was revoked is told only to who holds its secret. Raises BackendUnavailable when the store
        cannot be asked.
        """
        key_id = parse(secret.strip())
        key = self._key(key_id)
        # Compared also when there is no such key, so that the time taken does not tell.
        if not hmac.compare_digest(digest(secret.strip()), key.digest if key else _NO_DIGEST) or key is None:
            raise Unauthenticated(_INVALID)
        if key.revoked_at is not None:
            raise Unauthenticated(_REVOKED)
        return key

    def forget(self, key_id: str) -> None:
        """Ask the store again the next time, for who revokes a key in this process."""
        with self._lock:
            self._remembered.pop(key_id, None)

    def _key(self, key_id: str) -> ApiKey | None:
        now = self._monotonic()
        with self._lock:
            known = self._remembered.get(key_id)
            if known is not None and now < known.until:
                self._remembered.move_to_end(key_id)
                return known.key
        key = self._store.get(key_id)
        with self._lock:
            self._remembered.pop(key_id, None)
            if key is not None:
                self._remembered[key_id] = _Remembered(key, now + self._cache_ttl_s)
            if len(self._remembered) > _CACHE_SIZE:
                self._remembered.popitem(last=False)
        return key


#: Of no secret: nothing has this SHA-256 that anybody could find.
_NO_DIGEST = "0" * 64


def _random_text(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))

"""What a name promises: a password, a secret, a token, a key, or nothing that has to be kept."""

import re
from enum import StrEnum
from functools import lru_cache

from codereview.secrets.words import vocabulary


class Kind(StrEnum):
    """What kind of secret a name stands for; the words of its value are judged accordingly."""

    PASSWORD = "password"  # noqa: S105  the name of a kind
    SECRET = "secret"  # noqa: S105
    TOKEN = "token"  # noqa: S105
    KEY = "key"
    #: A name that may be anything's: only a value that is random beyond doubt counts.
    WEAK = "weak"


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_LAST_PART = re.compile(r"[.:/>]")

_PASSWORDS = vocabulary("passwords")
_SECRETS = vocabulary("secrets")
_TOKENS = vocabulary("tokens")
#: Written together, as people do.
_GLUED = (
    (Kind.PASSWORD, ("password", "passwd", "passphrase", "passcode")),
    (Kind.KEY, ("apikey", "secretkey", "accesskey", "privatekey", "encryptionkey", "signingkey", "authkey")),
    (Kind.SECRET, ("secret",)),
    (Kind.TOKEN, ("token",)),
)
_GLUED_PASS = re.compile(r"^(?:db|user|root|admin|smtp|mysql|ftp|mail|my|sql|pg|redis|login|default)(?:pass|pwd|pw)$")

#: What makes a key one to keep, right before it: what it opens, or who gave it out.
_KEEPING = vocabulary("keeping")
#: May follow what the name stands for: which one it is, or how it is written.
_FOLLOWING = vocabulary("following")
#: Words that say the opposite: what carries them is made up, counted, asked for, or public.
_DISOWNING = vocabulary("disowning")
#: The same for tokens and keys, which are also parts of a text, places in a table and buttons.
_MARKING = vocabulary("marking")
#: Tokens that only mark one request, page or change among others.
_MARKING_TOKENS = vocabulary("marking_tokens")
#: What was computed from a text tells nothing of it.
_FINGERPRINTS = frozenset({"checksum", "hash", "digest", "sha", "md", "integrity", "fingerprint", "etag"})
#: To whom or what a password that stands in a program belongs.
_OWNERS = vocabulary("owners")
#: A key is nobody's secret when these stand before it.
_PUBLIC_KEYS = vocabulary("public_keys")


@lru_cache(maxsize=8192)
def kind_of(name: str) -> Kind | None:
    """What the name stands for; None for one that promises nothing to keep."""
    if "::" in name:  # a type's name, not a value's
        return None
    words = words_of(name)
    while len(words) > 1 and (words[-1] in _FOLLOWING or words[-1].isdigit()):
        words = words[:-1]
    if not words:
        return None
    head, before = words[-1], words[:-1]
    if head == "word" and before[-1:] == ["pass"]:
        head, before = "password", before[:-1]
    # Of ``config.fake.password`` only the last part is the name; what stands before may still tell whose it is.
    own = set(words_of(_LAST_PART.split(name)[-1])[:-1])
    if _DISOWNING & own or _FINGERPRINTS & set(words):
        return None
    kind = _key(before) if head == "key" else _by_head(head, before)
    if kind in (Kind.TOKEN, Kind.KEY, Kind.WEAK) and _MARKING & own:
        return None
    return None if kind is Kind.TOKEN and before and before[-1] in _MARKING_TOKENS else kind


def signs(name: str) -> bool:
    """Whether the name is that of a key with which sessions or tokens are signed: any text it is given is in use."""
    words = [word for word in words_of(name) if word not in _FOLLOWING and not word.isdigit()]
    return words[-2:] in (
        ["secret", "key"],
        ["jwt", "key"],
        ["jwt", "secret"],
        ["signing", "key"],
        ["session", "secret"],
    )


def is_owned(name: str) -> bool:
    """Whether the name says whose password it is: that of a person's form field does not."""
    return bool(_OWNERS.intersection(words_of(name)[:-1]))


def words_of(name: str) -> list[str]:
    """The words a name is made of, in lower case: ``dbPassword``, ``DB_PASSWORD`` and ``db-password`` are the same."""
    return [word.lower() for word in _WORD.findall(name)]


def _by_head(head: str, before: list[str]) -> Kind | None:
    if head in _PASSWORDS:
        return Kind.PASSWORD
    if head in _SECRETS:
        return Kind.SECRET
    if head in _TOKENS:
        return Kind.TOKEN if head != "pat" or set(before) & _KEEPING else None
    if head in ("salt", "pepper"):
        return Kind.WEAK
    if _GLUED_PASS.match(head):
        return Kind.PASSWORD
    for kind, endings in _GLUED:
        if head.endswith(endings):
            return kind
    return None


def _key(before: list[str]) -> Kind | None:
    if not before:
        return Kind.WEAK
    last = before[-1]
    if last in _PUBLIC_KEYS:
        return None
    if last in _KEEPING or before[-2:] == ["license", "product"]:
        return Kind.SECRET if "secret" in before else Kind.KEY
    return Kind.WEAK

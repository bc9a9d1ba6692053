"""Whether a value under a name is a secret: what the name promises against what the value is."""

import re
from dataclasses import dataclass
from enum import StrEnum

from codereview.secrets.candidates import Candidate, How
from codereview.secrets.naming import Kind, is_owned, kind_of, signs, words_of
from codereview.secrets.placeholders import (
    counts,
    is_something_else,
    is_uuid,
    is_worded,
    speaks_of_secrets,
    stands_for_one,
)
from codereview.secrets.randomness import classes, drawn, entropy, readable, scrambled
from codereview.secrets.words import vocabulary

_LONGEST = 400
#: Passwords people really use although they are words.
_USUAL = vocabulary("usual_passwords")
_EMPHATIC = ("super", "very", "top", "ultra", "highly", "extremely", "mega")
_BARE_MY = re.compile(r"^(?:my|our|the)[-_ ]?")
#: What a setting of this name is called elsewhere.
_NO_KEYS = frozenset(
    {"secret_key", "secretkey", "secret-key", "jwt_secret", "jwtsecret", "jwt-secret", "session_secret", "signing_key"}
)
#: As a large provider of mail gives them out for programs.
_APP_PASSWORD = re.compile(r"^[a-z]{4}(?: [a-z]{4}){3}$")
#: ``testpass``, ``adminpw``: not ``newpass``, which is the name of a field.
_MADE_OF_PASS = re.compile(
    r"^(?!new|old|user|confirm|current|re|by|com|tres|sur|forgot|bad|wrong|over|under)[a-z]{2,12}(?:pass|passwd|pwd|pw)$"
)


class Certainty(StrEnum):
    """How much the value looks the part."""

    CLEAR = "clear"
    LIKELY = "likely"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the file a candidate stands in."""

    for_show: bool = False
    translated: bool = False
    #: Code, where an unquoted or worded value mostly names something.
    code: bool = True


def judge(candidate: Candidate, around: Surroundings) -> tuple[Kind, Certainty] | None:
    """What the candidate is and how surely; None when it is no secret."""
    kind = kind_of(candidate.name)
    usual = candidate.value.lower() in _USUAL and candidate.value.lower() != candidate.name.lower()
    if kind is None or (not usual and same_words(candidate.name, candidate.value)):
        return None
    certainty = judge_value(
        candidate.value, kind, around, how=candidate.how, quoted=candidate.quoted, name=candidate.name
    )
    return None if certainty is None else (kind, certainty)


def judge_value(
    value: str, kind: Kind, around: Surroundings, *, how: How = How.ASSIGNED, quoted: bool = True, name: str = ""
) -> Certainty | None:
    """How surely the value is a secret of this kind; None when it is none."""
    if not 3 <= len(value) <= _LONGEST or not value.isprintable():
        return None
    if (
        kind not in (Kind.PASSWORD, Kind.WEAK)
        and value.count(" ") <= 3
        and _is_emphatic(value.lower())
        and not around.for_show
    ):
        return Certainty.WEAK
    if kind is not Kind.WEAK and scrambled(value):
        return Certainty.CLEAR
    shown = around.for_show or around.translated
    if kind is Kind.PASSWORD and not shown and (value.lower() in _USUAL or _APP_PASSWORD.match(value)):
        return None if stands_for_one(value) and value.lower() not in _USUAL else Certainty.WEAK
    if stands_for_one(value):
        return None
    if (
        ((around.code and quoted) or name.isupper())
        and signs(name)
        and _is_plain(value)
        and not shown
        and not is_something_else(value)
    ):
        return _key(value, kind, around) or Certainty.WEAK
    if counts(value) and (around.for_show or kind is Kind.WEAK or (value.isalpha() and kind is not Kind.PASSWORD)):
        return None
    if is_something_else(value) and not (quoted and kind is Kind.PASSWORD and _is_tangled(value)):
        return None
    if kind is Kind.PASSWORD:
        return _password(value, around, how, quoted=quoted, owned=is_owned(name))
    if kind is Kind.WEAK:
        return Certainty.WEAK if drawn(value, shortest=20) and not is_uuid(value) and not around.for_show else None
    return _key(value, kind, around)


def same_words(name: str, value: str) -> bool:
    """Whether the value only says the name again, as in ``PASSWORD = "password"`` or ``new_password: newPassword``."""
    said, named = "".join(words_of(value)), "".join(words_of(name))
    if not said or any(c.isdigit() for c in value):
        return False
    return said == named or (said in named and speaks_of_secrets(value))


def _is_tangled(value: str) -> bool:
    """A password full of symbols looks like code; one without spaces and with all kinds of characters is none."""
    return (
        classes(value) == 4
        and 6 <= len(value) <= 40
        and not any(c in value for c in " (){}<>\\;")
        and "$" not in value[:1]
    )


def _is_plain(value: str) -> bool:
    """A text of one piece that is no name of a setting."""
    return (
        len(value) >= 4
        and " " not in value
        and value.isascii()
        and not value.isupper()
        and value.lower() not in _NO_KEYS
    )


def _password(value: str, around: Surroundings, how: How, *, quoted: bool, owned: bool) -> Certainty | None:
    if around.translated or not value.isascii():
        return None
    lower = value.lower()
    if lower in _USUAL or _is_emphatic(lower):
        return None if around.for_show else Certainty.WEAK
    if is_worded(value):
        return _worded(value, around, how, owned=owned)
    if counts(value):
        return Certainty.WEAK
    if len(value) < 4 or (value.isdigit() and len(value) < 5 and not quoted):
        return None
    if not quoted and around.code and how is not How.MARKUP:
        return None
    return Certainty.CLEAR if classes(value) >= 3 or drawn(value, shortest=10) else Certainty.LIKELY


def _worded(value: str, around: Surroundings, how: How, *, owned: bool) -> Certainty | None:
    """A password that is a word or two: only where nothing else can be meant."""
    if around.for_show or len(value) < 4 or speaks_of_secrets(value):
        return None
    digits = value[-1].isdigit()
    if how in (How.COMPARED, How.CALLED) or (digits and "-" not in value and "_" not in value):
        return Certainty.LIKELY if digits else Certainty.WEAK
    if _MADE_OF_PASS.match(value.lower()) or (owned and value.isalpha()):
        return Certainty.WEAK
    return None if around.code or how is How.MARKUP or "." in value or "/" in value else Certainty.WEAK


def _is_emphatic(lower: str) -> bool:
    return _BARE_MY.sub("", lower).startswith(_EMPHATIC) and any(
        word in lower for word in ("secret", "secure", "safe", "private")
    )


def _key(value: str, kind: Kind, around: Surroundings) -> Certainty | None:
    lower = value.lower().replace(" ", "")
    if kind in (Kind.SECRET, Kind.TOKEN) and (lower in _USUAL - {"admin", "root"} or _is_emphatic(lower)):
        return None if around.for_show or around.translated else Certainty.WEAK
    if len(value) < 8 or is_worded(value) or not value.isascii() or " " in value:
        return None
    if counts(value):
        return Certainty.WEAK if len(value) >= 10 else None
    if drawn(value) or is_uuid(value):
        return Certainty.CLEAR
    if _is_labelled(value):
        return None
    mixed = any(c.isdigit() for c in value) or classes(value) >= 3
    if kind is Kind.SECRET and mixed:
        return Certainty.LIKELY if entropy(value) >= 2.8 else None
    if mixed and len(value) >= 10 and entropy(value) >= 3.0 and readable(value) < 0.75:
        return Certainty.LIKELY
    letters_only = value.isalpha() and len(value) >= 16 and readable(value) < 0.5 and entropy(value) >= 3.2
    return Certainty.LIKELY if letters_only else None


def _is_labelled(value: str) -> bool:
    """``api-key-1``, ``access_token_v2``, ``user:token:1``: a name with numbers in it."""
    words = words_of(value)
    letters = [word for word in words if word.isalpha()]
    long_words = [word for word in letters if len(word) >= 3]
    separated = any(c in value for c in "-_.:/ ") or len(long_words) >= 2
    return separated and bool(long_words) and readable("".join(letters)) >= 0.6 and speaks_of_secrets(value)

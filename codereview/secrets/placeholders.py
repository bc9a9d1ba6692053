"""Values that are no secrets: what stands for one, where to find one, or something else altogether."""

import re

from codereview.secrets.naming import Kind, kind_of, words_of
from codereview.secrets.randomness import drawn, readable
from codereview.secrets.words import vocabulary

#: Anywhere in a value: nobody was ever given this one.
_STANDS_FOR = re.compile(
    r"""(?ix)
    change[-_ ]?(?:me|this|it|in) | replace[-_ ]?(?:me|this|with)
    | (?<![a-z0-9])(?:your|our|the|some|any|a)[-_ ](?=[a-z])
    | (?<![a-z])your(?![a-z]{0,2}\d) | example | placeholder | dummy | sample | redacted | \bfake | \bmock
    | not[-_ ]?a[-_ ]?real
    | ^my[-_ ](?!.*\d) | ^[a-z][a-z0-9-]+:[a-z*]+$
    | not[-_ ]?(?:set|used|needed|required|secret|important) | \btodo\b | \bfixme\b | insert[-_ ]
    | enter[-_ ] | fill[-_ ]?(?:me|in)
    | put[-_ ](?:your|the|a)| goes[-_ ]?here | [-_]here\b | <[^<>]*> | \{\{ | \}\} | \$\{ | \$\( | \#\{ | %\(
    | %[sdr]\b | <% | \{[\w.\[\]()]*\}
    | x{4,} | \*{3,} | \.{3} | \u2026 | \u2022{2} | lorem | foobar | foo[-_]?bar | asdf | deadbeef | cafebabe
    | bogus | invalid | unset | undefined
    | ^ignored?$ | no[-_]?(?:password|secret|token) | \bxxx | ^x+[-_.]
    """
)
#: The whole value names a thing instead of being one.
_NAMES = vocabulary("names")
#: Where the value is to be found, not what it is.
_REFERS = re.compile(
    r"""(?ix)
    ^(?: \$[A-Za-z_{(] | %[A-Za-z_]\w*%?$ | @[\w.\-]+@?$ | \#\w+\#$ | \{\w*\}$ | \{[^{}]*\}$ | :\w+$
    | \[[^\]]*\]$ | &\w+$ | ![A-Za-z]
      | (?:ref|vault|secret|secrets|ssm|op|awssm|gcpsm|azkv|sops|file|env|keychain|pass|asm|keeper|doppler
        |bws)(?:\+\w+)?[:|][/\w]
      | arn:aws | projects/ | aws-?ssm | resolve: | (?:ENC|DEC|CRYPT|cipher)[(\[{] | \{cipher\} | \{\w+\}
      | \$ANSIBLE_VAULT | AgA[A-Za-z0-9+/]{60}
      | https?://[^@\s]+$ | data:\w+/ | (?:sha(?:1|256|384|512)|md5)[-:] | ssh-(?:rsa|ed25519|dss)\s
      | ecdsa-sha2 | -----BEGIN\s(?:CERT|PUBLIC)
      | [~.]{0,2}/[\w./-]*$ | [A-Za-z]:\\ | \w+://[^:@\s]*$ | mailto: | urn: | oauth: $
    )
    | \b(?:getenv|environ|process\.env|ENV\[|os\.env|System\.get|config\.get|settings\.|secrets\.|vars?\.
      |local\.|data\.|module\.|params\.)
    | :[x*!]?:\d+:\d+: | [\w.-]+@[\w-]+\.[a-z]{2,} $ | ^v?\d+(?:\.\d+)+[-+.\w]{0,6}$
    | ^[\w/.-]+\.(?:json|ya?ml|txt|pem|key|crt|cer|p12|pfx|jks|env|conf|cfg|ini|toml|xml|html?|php|py|js|ts
      |java|go|rb|sh
      |md|sql|log|csv|png|svg|css)$
    | ^[A-Za-z_][\w.]*\([^)]*\)\.?;?$ | ^[a-z][A-Za-z_]*(?:\.[A-Za-z_]+)+$ | ^[A-Za-z_]\w*(?:::\w+)+$
    | ^[a-z_]\w*\[['"\w]+\]$
    """
)
#: Code, markup, expressions, messages: nothing a person would type as a password.
_CODE = re.compile(
    r"</?\w|\\[dwsSWD]|(?:a-z|A-Z|0-9)[^\]]*\]|\(\?[:=!<]|=>|[<>]=|&&|\|\||;\s|\?\?|\w\(\)|^\^|\$$|^\(.*\)$"
    r"|^--?[a-z-]+$|\b(?:required|nullable|string|confirmed)\||\|(?:required|string|min:|max:|confirmed)"
)
_SENTENCE = re.compile(r"[A-Za-z]{2,}[,:]?\s+[A-Za-z'\"]{2,}|\s\S+\s|[:?!]\s|[.:?]$|^\s|\s$|\u2026$|['\u2019]s\s")
_SEQUENCES = (
    "0123456789" * 2,
    "9876543210" * 2,
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "0123456789abcdef" * 2,
)
_UUID = re.compile(r"^\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$")
_CONSTANT = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_VOCABULARY = vocabulary("about")


def stands_for_one(value: str) -> bool:
    """Whether the value is a stand-in: it says so, says nothing, or repeats itself."""
    lower = value.strip().lower()
    return (
        lower in _NAMES
        or _STANDS_FOR.search(value) is not None
        or len(set(lower)) <= max(1, min(3, len(lower) // 4))
        or _repeats(lower)
    )


def counts(value: str) -> bool:
    """``12345678``, ``abcdefgh``, ``1234567890abcdef``: the keyboard or the alphabet, in order."""
    body = re.sub(r"[^a-z0-9]", "", value.lower())
    if len(body) < 10:
        return len(body) >= 4 and any(body in sequence for sequence in _SEQUENCES[2:3])
    return any(body[i : i + 10] in sequence for sequence in _SEQUENCES for i in (0, max(0, len(body) - 10)))


def is_something_else(value: str) -> bool:
    """Whether the value is a reference, a path, an address, code or a sentence."""
    return (
        _REFERS.search(value) is not None
        or _CODE.search(value) is not None
        or _SENTENCE.search(value) is not None
        or (_CONSTANT.match(value) is not None and (readable(value.replace("_", "")) > 0.4 or "KEY" in value))
    )


def is_uuid(value: str) -> bool:
    """Whether the value has the form of a UUID; some services give them out as keys, most use them as names."""
    return _UUID.match(value) is not None


def is_worded(value: str) -> bool:
    """Whether the value is made of words, with at most a number behind them: ``new-password``, ``UserToken2``."""
    stem = value.rstrip("0123456789")
    if len(value) - len(stem) > 2 or not re.fullmatch(r"[A-Za-z]+(?:[-_.: /][A-Za-z]+)*", stem):
        return False
    return not (drawn(value) or (len(stem) >= 10 and readable(stem) < 0.5))


def speaks_of_secrets(value: str) -> bool:
    """Whether one of the value's words is a word for a secret or for what one belongs to: a name, not a value."""
    words = words_of(value)
    return kind_of(value) in (Kind.PASSWORD, Kind.SECRET, Kind.TOKEN, Kind.KEY) or bool(_VOCABULARY.intersection(words))


def _repeats(lower: str) -> bool:
    """``abcabcabc``, ``0badc0de0badc0de0badc0de``: one piece three times or more."""
    return len(lower) >= 8 and any(
        lower == (lower[:size] * (len(lower) // size + 1))[: len(lower)] for size in range(1, len(lower) // 3 + 1)
    )

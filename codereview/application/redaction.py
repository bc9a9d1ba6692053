"""Keeping secrets out of what leaves the review: snippets and messages show that one is there, not which."""

import re

_QUOTED = re.compile(r"""(?P<quote>['"`])(?P<body>(?:\\.|(?!(?P=quote)).){4,}?)(?P=quote)""")
_ASSIGNED = re.compile(r"(?P<lead>[:=]\s*)(?P<body>[^\s'\"`,;}{)(]{6,})")
_KEY_BLOCK = re.compile(r"(?P<lead>-----BEGIN [A-Z ]*PRIVATE KEY-----).*", re.DOTALL)
_DONE = re.compile(r".{0,2}\*{8}")
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/_\-]{16,}={0,2}")


def mask(secret: str) -> str:
    """The first two characters at most, then stars; the length is not told."""
    return f"{secret[:2] if len(secret) > 12 else ''}********"


def redact(snippet: str, *secrets: str) -> str:
    """The snippet with every literal that may be a secret masked: quoted strings, assigned values, long tokens.

    ``secrets`` are the texts that were found, where their places are known: each is masked wherever it stands,
    whatever surrounds it. It errs on the side of masking: it is only applied to lines that hold a secret.
    """
    text = snippet
    for secret in sorted((secret.strip("\"'`") for secret in secrets), key=len, reverse=True):
        text = text.replace(secret, mask(secret)) if secret else text
    text = _KEY_BLOCK.sub(lambda m: f"{m['lead']} ********", text)
    text = _QUOTED.sub(lambda m: f"{m['quote']}{_masked(m['body'])}{m['quote']}", text)
    text = _ASSIGNED.sub(lambda m: f"{m['lead']}{_masked(m['body'])}", text)
    return _LONG_TOKEN.sub(lambda m: mask(m[0]), text)


def _masked(body: str) -> str:
    """A value of which no more is left to mask stays as it is; one that holds a masked secret may hold another."""
    return body if _DONE.fullmatch(body) else mask(body)

"""What of a file is shown to a model: the same lines, secrets taken out and invisible characters made visible."""

import re
from dataclasses import dataclass, field

from codereview.domain.visible import visible

#: Formats of tokens as their issuers document them; the whole match is a secret.
_TOKENS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}"  # GitHub, GitLab
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/\w+/\w+/\w+"  # Slack
    r"|\bsk-[A-Za-z0-9_-]{20,}|\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"  # model providers, Stripe
    r"|\bAIza[0-9A-Za-z_-]{35}|\bya29\.[\w-]{20,}"  # Google
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bnpm_[A-Za-z0-9]{36}|\bpypi-[\w-]{50,}"  # SendGrid and package registries
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"  # JSON web tokens
)
#: What a name like "password" is set to, and the password in a URL.
_ASSIGNED = re.compile(
    r"""(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|auth_?key)"""
    r"""\w*["']?\s*(?::=|=>|[:=])\s*[rbu]?(["'])(?P<secret>(?:\\.|(?!\1)[^\\\n]){6,200})\1"""
)
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@\"']{1,100}:(?P<secret>[^\s/@\"'${}<>]{3,200})@", re.IGNORECASE)
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
#: Values that name a secret or stand for one; a reviewer must see that they are none.
_NO_SECRET = re.compile(
    r"(?i)^(?:.*(?:\$\{|\{\{|%\(|<[^>]+>|example|placeholder|change_?me|your[_ -]).*|[x*.•-]+|test\w*|dummy|none|null"
    r"|password|secret|token|.* .* .*)$"
)


@dataclass
class Shown:
    """A file as a model sees it. Line n of ``lines`` is line n of the file."""

    lines: list[str]
    _secrets: list[str] = field(default_factory=list)

    def restored(self, text: str) -> str:
        """The text with its placeholders turned back into what they stand for in this file."""
        for number, secret in enumerate(self._secrets, start=1):
            text = text.replace(placeholder(number), secret)
        return text

    def hidden(self, text: str) -> str:
        """Other words about this file, its secrets taken out of them too."""
        for number, secret in enumerate(self._secrets, start=1):
            text = text.replace(secret, placeholder(number))
        return text

    @property
    def secrets(self) -> int:
        """How many different secrets were taken out."""
        return len(self._secrets)


def placeholder(number: int) -> str:
    """What stands for the nth secret of a file."""
    return f"<redacted-secret-{number}>"


def shown(lines: list[str]) -> Shown:
    """The lines as a model sees them."""
    return _Redactor().run(lines)


class _Redactor:
    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def run(self, lines: list[str]) -> Shown:
        result: list[str] = []
        in_key = False
        for line in lines:
            begins, ends = _KEY_BEGIN.search(line), _KEY_END.search(line)
            if (in_key and not ends) or (begins and ends):
                result.append(self._stand_in(line))
            else:
                result.append(visible(self._line(line), keep="\t"))
            in_key = bool(begins or in_key) and not ends
        return Shown(result, list(self._numbers))

    def _line(self, line: str) -> str:
        line = _TOKENS.sub(lambda match: self._stand_in(match[0]), line)
        for pattern in (_ASSIGNED, _IN_URL):
            line = pattern.sub(self._inside, line)
        return line

    def _inside(self, match: re.Match[str]) -> str:
        secret = match["secret"]
        if _NO_SECRET.match(secret) or "<redacted-secret-" in secret:
            return match[0]
        start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
        return match[0][:start] + self._stand_in(secret) + match[0][end:]

    def _stand_in(self, secret: str) -> str:
        return placeholder(self._numbers.setdefault(secret, len(self._numbers) + 1))

"""What of a file is shown to a model: the same lines, secrets taken out and invisible characters made visible."""

import re
import time
from dataclasses import dataclass, field

from codereview.domain.sources import SourceFile
from codereview.domain.visible import visible
from codereview.secrets.searching import OutOfTime, search

#: Seconds the search for secrets in one file may take; beyond, whatever is quoted beside a telling name is taken out.
_SEARCH_S = 2.0
_TELLING = re.compile(
    r"""(?i)(?:pass|pwd|secret|token|key|cred|auth)\w*["']?\s*(?::=|=>|[:=])\s*[rbu]?(["'])"""
    r"""(?P<secret>(?:\\.|(?!\1)[^\\\n]){6,200})\1"""
)
#: Characters of a secret that is looked for in the rest of the file; a shorter one is also an ordinary word.
_LONG_ENOUGH = 8
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")


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


def shown(file: SourceFile) -> Shown:
    """The file as a model sees it."""
    return _Redactor().run(file)


class _Redactor:
    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def run(self, file: SourceFile) -> Shown:
        lines = self._without_found(file)
        result: list[str] = []
        in_key = False
        for line in lines:
            begins, ends = _KEY_BEGIN.search(line), _KEY_END.search(line)
            if (in_key and not ends) or (begins and ends):
                result.append(self._stand_in(line))
            else:
                result.append(visible(line, keep="\t"))
            in_key = bool(begins or in_key) and not ends
        return Shown(result, list(self._numbers))

    def _without_found(self, file: SourceFile) -> list[str]:
        lines = list(file.lines)
        try:
            found = search(file, deadline=time.monotonic() + _SEARCH_S, excused=True)
        except OutOfTime:
            return [_TELLING.sub(self._inside, line) for line in lines]
        for one in sorted(found, key=lambda one: (one.line, -one.start)):
            line = lines[one.line - 1]
            before, secret, after = line[: one.start - 1], line[one.start - 1 : one.end - 1], line[one.end - 1 :]
            bare = secret.strip("\"'`")
            if bare:
                lines[one.line - 1] = f"{before}{secret.replace(bare, self._stand_in(bare))}{after}"
        # The same secret elsewhere, where nothing tells that it is one.
        for secret, number in self._numbers.items():
            if len(secret) >= _LONG_ENOUGH:
                lines = [line.replace(secret, placeholder(number)) for line in lines]
        return lines

    def _inside(self, match: re.Match[str]) -> str:
        start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
        return match[0][:start] + self._stand_in(match["secret"]) + match[0][end:]

    def _stand_in(self, secret: str) -> str:
        return placeholder(self._numbers.setdefault(secret, len(self._numbers) + 1))

"""Literal values on a line, each with the name it goes by and how it got it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from codereview.secrets.naming import kind_of
from codereview.secrets.places import Syntax

#: How far before a literal the name it goes by is looked for.
_WINDOW = 120
_LONGEST_VALUE = 400


class How(StrEnum):
    """How a value got its name."""

    ASSIGNED = "assigned"  # also keyword arguments, defaults of parameters, keys of dictionaries and configuration
    COMPARED = "compared"
    CALLED = "called"  # set_password("…")
    PAIRED = "paired"  # put("password", "…"), getenv("PASSWORD", "…")
    OPTION = "option"  # --password …
    MARKUP = "markup"  # <password>…</password>


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value under a name. ``start`` and ``end`` are offsets of the value in its line, 0-based, the end exclusive."""

    name: str
    value: str
    start: int
    end: int
    how: How
    quoted: bool = True


_LITERAL = re.compile(r"(?P<quote>\"\"\"|'''|[\"'`])(?P<body>(?:\\.|(?!(?P=quote))[^\\\n]){1,400}?)(?P=quote)")
_NAME = r"(?<![\w:])[\"'`]?(?:\$env:)?(?P<name>[A-Za-z_$@:][\w$.\-]{0,79})[\"'`]?\]?\)?(?:\[\d{0,5}\])?"
_PREFIX = (
    r"(?:[rbfuRBFUL@$]{0,2}|\[\]byte\(|new\s+String\(|Buffer\.from\(|bytes?\(|String\(|str\(|lit\(|Secret(?:Str)?\("
    r"|[\w.]{0,60}(?:GetBytes|FromBase64String|b64decode|unhexlify|fromhex|DecodeString|atob)\(b?"
    r"|Field\((?:default\s*=\s*)?)"
)
#: A type between a name and its value: ``password: str = "…"``, ``password?: string = "…"``.
_TYPE = r"(?:\s*\??\s*:\s*[\w.]{1,30}(?:[\[<][\w., |\"'\[\]<>]{0,40}[\]>])?(?:\s*\|\s*[\w.]{1,30}){0,3})?"
#: Whatever else would be taken first: ``os.environ.get("X") or "…"``, ``process.env.X ?? "…"``.
_OR_ELSE = r"(?:[^\"'`=;,]{0,60}(?:\([^()]{0,60}\))?\s*(?:\|\||\?\?|\bor\b|\?:)\s*)?"
_ASSIGNMENT = re.compile(rf"{_NAME}(?:{_TYPE}\s*(?:\|\||\?\?|\+)?=|\s*(?::=|=>|->|::?=|:))\s*{_OR_ELSE}{_PREFIX}$")
#: ``#define PASSWORD "…"``, and ``password "…"`` of languages that call so.
_SPACED = re.compile(
    rf"^\s*(?:#\s*define\s+)?(?!(?:pass|return|yield|case)\s)(?P<name>[A-Za-z_]\w{{2,60}})\s+{_PREFIX}$"
)
#: ``passwords = {"admin": "…"}``.
_MAPPED = re.compile(
    r"(?P<name>[A-Za-z_][\w.]{1,60}[a-z])[sS]\s*[:=]\s*[{\[(]\s*[\"'][\w.@-]{1,60}[\"']\s*(?::|=>|,)\s*$"
)
#: What turns a text into the bytes of a key.
_TO_BYTES = re.compile(r"^\s*\.\s*(?:getBytes|encode|toByteArray|toCharArray|as_bytes|bytes)\b")
_FROM_TEXT = re.compile(r"(?:\[\]byte\(|GetBytes\(|Buffer\.from\()$")
_COMPARISON = re.compile(
    rf"{_NAME}\s*(?:[!=]==?|\beq\b|\bne\b|\bis\b|\.equals(?:IgnoreCase)?\(|\.(?:Equals|compareTo)\()\s*{_PREFIX}$"
)
_COMPARED_AFTER = re.compile(
    r"^\s*(?:[!=]==?\s*|\.equals(?:IgnoreCase)?\(\s*)(?P<name>[A-Za-z_$][\w$.]{0,79})(?:\(\))?"
)
_TWO_COMPARED = re.compile(
    rf"(?:strn?cmp|compare_digest|timingSafeEqual|bytes\.Equal|hmac\.Equal"
    rf"|check_password)\(\s*{_NAME}\s*,\s*{_PREFIX}$"
)
_SETTER = re.compile(
    rf"(?:^|[\s.>(])(?:set|with|use|add|put|setup|configure)?_?(?P<name>[A-Za-z][\w]{{2,60}})\(\s*{_PREFIX}$"
)
_IN_SETTER = re.compile(r"^(?:set|with|use|add|put|setup|configure)_?(?=[A-Z_a-z])")
_PAIR = re.compile(
    rf"(?P<call>[\w.$:>-]{{1,80}})\s*[\[(]\s*(?:[\w.]{{1,40}}\s*,\s*)?[\"'`]"
    rf"(?P<name>[\w$.\-: ]{{2,80}})[\"'`]\s*\]?\s*,\s*{_PREFIX}$"
)
#: Calls that give a name a value, or ask for it with another to fall back on.
_PAIRING = re.compile(
    r"(?i)(?:set|put|add|append|get|getenv|env|environ|define|header|property|config|default|option|field"
    r"|param|store|insert|credential|entry|pair|of|str|string|var|variable|arg|cookie)\w*$"
)

_BARE_LINE = re.compile(
    r"^[\s#;/*-]*(?:export\s+|set\s+|setenv\s+|ENV\s+|ARG\s+|declare\s+(?:-\w+\s+)*|-\s+|\$env:)?"
    r"[\"']?(?P<name>[A-Za-z_][\w.\-/ ]{0,79}?)[\"']?\s*(?P<op>[:?+]?=|:(?=\s)|=>)\s*"
    r"(?P<value>[^\s\"'`][^\n]{0,400})$"
)
_ENV_SPACE = re.compile(r"^\s*(?:ENV|setenv)\s+(?P<name>[A-Za-z_]\w{0,79})\s+(?P<value>[^\s\"'=][^\s=]{0,200})\s*$")
_BARE_INLINE = re.compile(
    r"(?:^|[\s;&|(\"'`:])(?:--?)?(?P<name>[A-Za-z_][\w.\-]{0,79})=(?P<value>[^\s\"'`;&|<>()]{3,200})"
)
#: In a text, only what is called as a setting is: ``spring.datasource.password``, ``DB_PASSWORD``.
_SETTING = re.compile(r"[a-z]\.[a-z]|[A-Z]_[A-Z]")
_OPTION = re.compile(
    r"(?:^|[\s\"'`\[,])--?(?P<name>[A-Za-z][\w-]{2,40})(?:\s+|[\"']\s*,\s*[\"']|=)(?P<quote>[\"']?)"
    r"(?P<value>[^\s\"'`,;|&<>(]{3,200})(?P=quote)"
)
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z_][\w:.\-]{1,60})(?:\s[^<>]{0,200})?>(?P<value>[^<>]{3,200})</(?P=name)>")
_ATTRIBUTES = re.compile(
    r"(?i)\b(?:name|key|id)\s*=\s*[\"'](?P<name>[\w.\-:]{2,80})[\"'][^<>]{0,80}?\b(?:value|content"
    r"|val)\s*=\s*[\"'](?P<value>[^\"'<>]{3,200})[\"']"
)
_ENTRY = re.compile(
    r"<\w{1,40}\s+(?:name|key|id)\s*=\s*[\"'](?P<name>[\w.\-:]{2,80})[\"'][^<>]{0,80}>(?P<value>[^<>\s]{3,200})</"
)
#: ``https://…?api_key=…``, and the bodies of forms.
_QUERY = re.compile(
    r"[?&\"'](?P<name>[A-Za-z][\w.\-]{1,40})=(?P<value>[^\s&\"'`<>#;,(){}$%+]{4,300})(?=[&\s\"'`#)<]|$)"
)
#: ``${PASSWORD:-…}``.
_FALLBACK = re.compile(r"\$\{(?P<name>[A-Za-z_]\w{1,60}):?[-=](?P<value>[^\s\"'${}]{3,200})\}")
#: As people write it down for each other: ``password: …``, within a comment or a text.
_SPOKEN = re.compile(
    r"(?i)(?:^|[\s\"'(#*])(?P<name>(?:[a-z]+[_ -])?(?:password|passwd|pwd|pass|passphrase|secret|token"
    r"|api[ _-]?key))\s*(?:is\s*)?[:=]\s*[\"'`]?(?P<value>[^\s\"'`,;()<>\[\]{}]{5,100})"
)
_COMMENTED = re.compile(r"^\s*(?:#(?!\s*define)|//|/?\*)|\s(?:#|//)\s")
_DIRECTIVE = re.compile(
    r"^\s*(?P<name>requirepass|masterauth|password|passwd|bindpw|rootpw|secret|rpcpassword|auth-pass"
    r"|neighbor_password)\s+(?P<value>[^\s\"'=:{][^\s\"']{3,100})\s*$"
)
_COMMENT_END = re.compile(r"\s+(?:#|//|;).*$")


def on_line(line: str, syntax: Syntax) -> Iterator[Candidate]:
    """Every named value on the line; one value may come up under several names."""
    yield from _literals(line)
    yield from _marked_up(line)
    for match in () if "badge" in line else _QUERY.finditer(line):
        yield Candidate(match["name"], match["value"], *match.span("value"), How.ASSIGNED)
    if syntax is not Syntax.CODE:
        yield from _bare(line, syntax)
    if syntax is not Syntax.CODE or _COMMENTED.search(line):
        yield from _spoken(line)
    if syntax is not Syntax.CONFIGURATION:
        yield from _options(line)


def literals(line: str) -> Iterator[re.Match[str]]:
    """The string literals on the line, as groups "quote" and "body"."""
    return _LITERAL.finditer(line)


def _literals(line: str) -> Iterator[Candidate]:
    for match in _LITERAL.finditer(line):
        before = line[max(0, match.start() - _WINDOW) : match.start()]
        after = line[match.end() : match.end() + _WINDOW]
        if after.lstrip()[:1] == ":" and not after.lstrip().startswith("::") and before.rstrip()[-1:] in ("{", ",", ""):
            continue  # the key of an entry
        for name, how in _named(before, after):
            yield Candidate(name, match["body"], match.start("body"), match.end("body"), how)


def _named(before: str, after: str) -> Iterator[tuple[str, How]]:
    mapped = _MAPPED.search(before)
    if mapped is not None:
        yield mapped["name"], How.ASSIGNED
    for how, pattern in (
        (How.COMPARED, _COMPARISON),
        (How.COMPARED, _TWO_COMPARED),
        (How.ASSIGNED, _ASSIGNMENT),
        (How.ASSIGNED, _SPACED),
    ):
        found = pattern.search(before)
        if found is not None:
            bytes_ = _TO_BYTES.match(after) or _FROM_TEXT.search(before)
            # A text that is made into the bytes of a key is one to keep, whatever the key is called.
            yield (f"secret_{found['name']}" if bytes_ and kind_of(found["name"]) else found["name"]), how
            return
    pair = _PAIR.search(before)
    if pair is not None:
        if _PAIRING.search(pair["call"]):
            yield pair["name"], How.PAIRED
        return
    compared = _COMPARED_AFTER.match(after)
    if compared is not None:
        yield compared["name"], How.COMPARED
        return
    setter = _SETTER.search(before)
    if setter is not None and after.lstrip()[:1] in (")", ",", ""):
        yield _IN_SETTER.sub("", setter["name"]), How.CALLED


def _marked_up(line: str) -> Iterator[Candidate]:
    if "<" not in line:
        return
    for how, pattern in ((How.MARKUP, _ELEMENT), (How.MARKUP, _ATTRIBUTES), (How.MARKUP, _ENTRY)):
        for match in pattern.finditer(line):
            yield Candidate(match["name"], match["value"], match.start("value"), match.end("value"), how, quoted=False)


def _bare(line: str, syntax: Syntax) -> Iterator[Candidate]:
    whole = _BARE_LINE.match(line) or _ENV_SPACE.match(line)
    for match in _FALLBACK.finditer(line):
        yield Candidate(match["name"], match["value"], *match.span("value"), How.ASSIGNED, quoted=False)
    if whole is not None and not (syntax is Syntax.SHELL and whole.groupdict().get("op") == ":"):
        value = _COMMENT_END.sub("", whole["value"]).rstrip()
        if syntax is Syntax.SHELL:
            value = value.split(maxsplit=1)[0] if value else value
        yield Candidate(
            whole["name"], value, whole.start("value"), whole.start("value") + len(value), How.ASSIGNED, quoted=False
        )
    for match in _BARE_INLINE.finditer(line):
        if syntax is Syntax.PROSE and not _SETTING.search(match["name"]):
            continue
        if whole is None or match.start("value") != whole.start("value"):
            yield Candidate(match["name"], match["value"], *match.span("value"), How.ASSIGNED, quoted=False)


def _spoken(line: str) -> Iterator[Candidate]:
    """Words that people leave for each other; only what cannot be a word counts."""
    for match in (*_SPOKEN.finditer(line), *_DIRECTIVE.finditer(line)):
        value = match["value"].rstrip(".")
        if any(not c.isalpha() for c in value) and any(c.isalpha() for c in value):
            yield Candidate(match["name"], value, match.start("value"), match.start("value") + len(value), How.MARKUP)


def _options(line: str) -> Iterator[Candidate]:
    if "-" not in line:
        return
    for match in _OPTION.finditer(line):
        yield Candidate(match["name"], match["value"], *match.span("value"), How.OPTION, quoted=False)

"""Searching one file: every secret in it, each once, with its place and how grave it is there."""

import base64
import binascii
import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile
from codereview.secrets import candidates, formats, structures
from codereview.secrets.candidates import Candidate, How
from codereview.secrets.judging import Certainty, Surroundings, judge, judge_value
from codereview.secrets.naming import Kind, kind_of
from codereview.secrets.placeholders import counts, speaks_of_secrets, stands_for_one
from codereview.secrets.places import Syntax, is_for_show, is_translated, syntax_of
from codereview.secrets.rules import BY_NAME

#: A longer line is data or minified code: names in it mean nothing.
LONGEST_CODE = 4_000
#: Words without which no name on a line promises anything.
_HINT = re.compile(
    r"(?i)pass|pwd|psw|secret|token|key|cred|auth|jwt|psk|salt|pepper|bearer|senha|contrasena|mdp|\bpat\b"
    r"|_pat\b|\bpw\b|_pw\b"
)
_WAIVER = re.compile(
    r"pragma:\s*allowlist secret|gitleaks:allow|trufflehog:ignore|\bnosec\b|noqa:\s*S10[567]", re.IGNORECASE
)
_WAIVES_NEXT = re.compile(r"pragma:\s*allowlist nextline secret", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?:#(?!!|\s*(?:define|include|if))|//(?!\w+[.:]\w)|/?\*(?!\w)|<!--|--\s|;|>>>|\.\.\s)")
_ENTRY_NAME = re.compile(
    r"^\s*(?:-\s+)?[\"']?(?:name|key)[\"']?\s*:\s*[\"']?(?P<name>[\w.\-]{2,80})[\"']?,?\s*$|<key>"
    r"(?P<plist>[\w.\- ]{2,80})</key>\s*$"
)
_ENTRY_VALUE = re.compile(
    r"^\s*(?:[\"']?value[\"']?\s*:\s*(?P<quote>[\"']?)(?P<value>[^\"'\n]{3,400}?)(?P=quote),?\s*$|<string>"
    r"(?P<plist>[^<>]{3,400})</string>)"
)
#: What has its value some lines below: a variable of Terraform, a parameter of CloudFormation, an element of XML.
_BLOCK_HEAD = re.compile(
    r"^\s*(?:variable\s+\"(?P<name>[\w-]{2,80})\"\s*\{|[\"']?(?P<key>[A-Za-z][\w-]{2,80})[\"']?\s*:\s*\{?|<"
    r"(?P<element>[\w.-]{3,80})>)\s*$"
)
_BLOCK_VALUE = re.compile(
    r"^\s*[\"']?(?:default|Default|value)[\"']?\s*[:=]\s*(?:[\"'](?P<quoted>[^\"']{3,200})[\"'],?|"
    r"(?P<plain>[^\s\"'{\[!$&*|>#][^\s#]{2,200}))\s*(?:#.*)?$"
    r"|^\s*(?P<text>[^\s<>=:\"']{4,200})\s*$"
)
_BLOCK_LINES = 8
#: Who signs sessions or tokens with its option ``secret``.
_SIGNER = re.compile(
    r"\b(?:session|cookieSession|expressSession|cookieParser|NextAuth|fastifyJwt)\s*\(|JwtModule|authOptions"
)
_PLAIN_TEXT = re.compile(r"^(?!.*(?:your|change|replace|example|xxx))[\w .!@#%^&*-]{3,80}$", re.IGNORECASE)
#: A person or an account, written out.
_NAMED_USER = re.compile(
    r"(?i)\b(?:user(?:name)?|email|e_mail|login|uid)[\"']?\s*(?:=>|[:=])\s*[\"'][^\"'{}$<>\s]{2,80}[\"']"
)
_SECRET_KIND = re.compile(r"^kind:\s*Secret\s*$", re.MULTILINE)
_SECRET_DATA = re.compile(r"^(?P<what>data|stringData):\s*$")
_DATUM = re.compile(
    r"^\s+(?P<name>[\w.\-]{1,80}):\s*(?P<quote>[\"']?)(?P<value>[^\s\"'|>&*!][^\"'\n]{2,2000}?)(?P=quote)\s*$"
)
_PUBLIC_DATUM = re.compile(
    r"(?i)(?:^|[._-])(?:user(?:name)?|host|port|db(?:name)?|database|name|email|crt|cert|ca|region|bucket"
    r"|url|endpoint)$"
)


class OutOfTime(Exception):
    """The search took too long over one file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A secret: the rule, what it is in words, and its place (1-based, the end column exclusive)."""

    rule: str
    line: int
    start: int
    end: int
    severity: Severity
    confidence: Confidence
    what: str = ""


def search(file: SourceFile, *, deadline: float = float("inf"), excused: bool = False) -> list[Found]:
    """The secrets in a file, by place; with ``excused`` also those on lines that a comment excuses. Raises OutOfTime
    past the deadline (of the monotonic clock)."""
    seen = _Search(file, deadline)
    found: dict[int, list[Found]] = {}
    for one in seen.everything():
        on_line = found.setdefault(one.line, [])
        waived = not excused and seen.waived(one.line)
        if not waived and not any(one.start < known.end and known.start < one.end for known in on_line):
            on_line.append(one)
    return sorted((one for on_line in found.values() for one in on_line), key=lambda one: (one.line, one.start))


class _Search:
    def __init__(self, file: SourceFile, deadline: float) -> None:
        self._file = file
        self._lines = file.lines
        self._deadline = deadline
        self._syntax = syntax_of(file)
        self._for_show = is_for_show(file)
        self._around = Surroundings(
            for_show=self._for_show, translated=is_translated(file), code=self._syntax is Syntax.CODE
        )
        self._quoted_text = _docstring_lines(self._lines) if file.path.endswith((".py", ".pyi")) else frozenset()

    def everything(self) -> Iterator[Found]:
        """What the surest means find first: later ones lose their overlaps to them."""
        yield from self._known_forms()
        for number, match in structures.private_keys(self._lines):
            yield self._graded("private-key", number + 1, match.start(), match.end(), Certainty.CLEAR)
        for number, line in enumerate(self._lines, start=1):
            if number % 64 == 0 and time.monotonic() > self._deadline:
                raise OutOfTime
            if len(line) <= LONGEST_CODE:
                yield from self._structured(number, line)
                if _HINT.search(line):
                    yield from self._named(number, line)
        yield from self._entries()
        yield from self._blocks()
        yield from self._manifest()

    def waived(self, number: int) -> bool:
        """Whether a comment excuses the line."""
        before = self._lines[number - 2] if number >= 2 else ""
        return bool(_WAIVER.search(self._lines[number - 1]) or _WAIVES_NEXT.search(before))

    def _known_forms(self) -> Iterator[Found]:
        text = self._file.text
        starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        for one in formats.occurrences(text):
            token = text[one.start : one.end]
            if stands_for_one(token.rpartition("_")[2] or token) or stands_for_one(token):
                continue
            line = bisect_right(starts, one.start)
            begin = one.start - starts[line - 1]
            confidence = Confidence.HIGH
            if formats.checksum_holds(token) is False:
                confidence = Confidence.MEDIUM
            severity = one.form.severity
            if counts(token):  # made up by hand, most likely
                severity, confidence = min(severity, Severity.LOW), Confidence.LOW
            found = self._graded("known-credential", line, begin, begin + one.end - one.start, Certainty.CLEAR)
            yield replace(
                found,
                severity=min(found.severity, severity),
                confidence=min(found.confidence, confidence),
                what=one.form.what,
            )

    def _structured(self, number: int, line: str) -> Iterator[Found]:
        for one in structures.on_line(line):
            certainty = (
                Certainty.CLEAR
                if one.kind is None
                else judge_value(one.value, one.kind, replace(self._around, code=False), how=How.CALLED)
            )
            if certainty is not None:
                yield self._graded(one.rule, number, one.start, one.end, certainty)

    def _named(self, number: int, line: str) -> Iterator[Found]:
        for candidate in candidates.on_line(line, self._syntax):
            verdict = judge(candidate, self._around)
            if verdict is None and self._signs_sessions(number, candidate):
                verdict = Kind.SECRET, Certainty.WEAK
            if verdict is None and self._beside_a_user(line, candidate):
                verdict = Kind.PASSWORD, Certainty.WEAK
            if verdict is not None:
                yield self._of_kind(verdict[0], number, candidate, verdict[1])

    def _signs_sessions(self, number: int, at: Candidate) -> bool:
        """Whether the text is what sessions are signed with, so that any text is in use as a key."""
        if at.name != "secret" or not at.quoted or self._for_show or not _PLAIN_TEXT.match(at.value):
            return False
        return any(_SIGNER.search(line) for line in self._lines[max(0, number - 4) : number])

    def _beside_a_user(self, line: str, at: Candidate) -> bool:
        """Whether the password of somebody who is named on the line is a plain word."""
        around = self._around
        if around.for_show or around.translated or not at.quoted or not at.value.isalpha() or len(at.value) < 4:
            return False
        if kind_of(at.name) is not Kind.PASSWORD or stands_for_one(at.value) or speaks_of_secrets(at.value):
            return False
        return at.value.islower() and _NAMED_USER.search(line) is not None

    def _entries(self) -> Iterator[Found]:
        """``name: X`` on one line and ``value: y`` on the next, as in the environment of a container."""
        for number in range(1, len(self._lines)):
            value = _ENTRY_VALUE.match(self._lines[number]) if len(self._lines[number]) <= LONGEST_CODE else None
            name = _ENTRY_NAME.search(self._lines[number - 1]) if value is not None else None
            if value is None or name is None:
                continue
            group = "value" if value["value"] else "plist"
            candidate = Candidate(name["name"] or name["plist"], value[group], *value.span(group), How.MARKUP)
            verdict = judge(candidate, self._around)
            if verdict is not None:
                yield self._of_kind(verdict[0], number + 1, candidate, verdict[1])

    def _blocks(self) -> Iterator[Found]:
        """The default of a variable or a parameter, and the text of an element, under a name on a line before."""
        name, left = "", 0
        for number, line in enumerate(self._lines, start=1):
            head = _BLOCK_HEAD.match(line) if len(line) <= LONGEST_CODE else None
            if head is not None:
                name, left = head["name"] or head["key"] or head["element"], _BLOCK_LINES
                continue
            left -= 1
            value = _BLOCK_VALUE.match(line) if left >= 0 and len(line) <= LONGEST_CODE else None
            if value is None:
                continue
            group = next(group for group in ("quoted", "plain", "text") if value[group])
            if group == "text" and (
                left != _BLOCK_LINES - 1 or f"</{name}" not in "".join(self._lines[number : number + 1])
            ):
                continue
            verdict = judge(Candidate(name, value[group], *value.span(group), How.MARKUP), self._around)
            if verdict is not None and verdict[0] is not Kind.WEAK:
                yield self._of_kind(
                    verdict[0], number, Candidate(name, value[group], *value.span(group), How.MARKUP), verdict[1]
                )

    def _manifest(self) -> Iterator[Found]:
        if not _SECRET_KIND.search(self._file.text):
            return
        encoded: bool | None = None
        for number, line in enumerate(self._lines, start=1):
            section = _SECRET_DATA.match(line)
            if section is not None:
                encoded = section["what"] == "data"
            elif line[:1] not in ("", " ", "#"):
                encoded = None
            datum = _DATUM.match(line) if encoded is not None and len(line) <= LONGEST_CODE else None
            if datum is None or _PUBLIC_DATUM.search(datum["name"]):
                continue
            value = _decoded(datum["value"]) if encoded else datum["value"]
            if value is not None and judge_value(value, Kind.SECRET, replace(self._around, code=False)) is not None:
                yield self._graded("kubernetes-secret", number, *datum.span("value"), Certainty.LIKELY)

    def _of_kind(self, kind: Kind, number: int, at: Candidate, certainty: Certainty) -> Found:
        if kind is Kind.WEAK:
            return self._graded("random-string", number, at.start, at.end, Certainty.LIKELY)
        rule = "hard-coded-password" if kind is Kind.PASSWORD else "hard-coded-secret"
        return self._graded(rule, number, at.start, at.end, certainty)

    def _graded(self, name: str, number: int, start: int, end: int, certainty: Certainty) -> Found:
        rule = BY_NAME[name]
        severity, confidence = rule.severity, rule.confidence
        if certainty is Certainty.WEAK:
            severity, confidence = min(severity, Severity.LOW), Confidence.LOW
        elif certainty is Certainty.CLEAR and confidence is Confidence.MEDIUM:
            confidence = Confidence.HIGH if name != "random-string" else confidence
        line = self._lines[number - 1]
        if name != "known-credential" and (self._for_show or number in self._quoted_text or _COMMENT.match(line)):
            severity, confidence = min(severity, Severity.LOW), min(confidence, Confidence.LOW)
        elif self._for_show:
            severity = min(severity, Severity.MEDIUM)
        return Found(name, number, start + 1, end + 1, severity, confidence)


def _decoded(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _docstring_lines(lines: list[str]) -> frozenset[int]:
    """The 1-based numbers of lines within triple quotes that span several lines; text in them is shown, not used."""
    inside: set[int] = set()
    quote = ""
    for number, line in enumerate(lines, start=1):
        if quote:
            inside.add(number)
            if quote in line:
                quote = ""
            continue
        for mark in ('"""', "'''"):
            if line.count(mark) == 1:
                quote = mark
                break
    return frozenset(inside)

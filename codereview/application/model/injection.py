"""Text in the code that addresses an automated reviewer, found without asking one."""

import re
import unicodedata
from collections.abc import Iterator

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|your|all)\b.{0,20}"
            r"\b(?:instructions?|rules|prompts?|guidelines)\b"
        ),
        (
            r"\b(?:ai|llm|automat(?:ed|ic)|security|code)[ -]?(?:code[ -]?)?"
            r"(?:review(?:er|ers|s)?|scanners?|auditors?)\b"
            r".{0,80}\b(?:ignore|skip|approve|do not|don't|must not|mark|report nothing|no (?:issues|findings))\b"
        ),
        (
            r"\b(?:note|message|notice|instructions?)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?"
            r"(?:ai|llms?|reviewers?|claude|assistants?|language models?|code review)\b"
        ),
        (
            r"\b(?:do not|don't|never)\s+(?:report|flag|mention|raise)\b.{0,40}"
            r"\b(?:findings?|vulnerabilit\w+|issues?|bugs?|problems?|this (?:file|line|function))\b"
        ),
        r"\bmessage from\b.{0,40}\bto (?:claude|the (?:ai|model|reviewers?))\b",
        r"\breport (?:no|zero) (?:findings?|vulnerabilit\w+|issues?|bugs?|problems?) (?:for|in|on) (?:this|the)\b",
        r"\brefute (?:every|all) (?:the )?candidates?\b",
        # The same in other languages.
        r"\bmelde\w{0,2} keine (?:befunde|fehler|schwachstellen|probleme)\b",
        r"\bignorier\w{1,3} (?:alle )?(?:vorherigen|vorigen|bisherigen|obigen) (?:anweisungen|regeln)\b",
        r"\b(?:relecteur|réviseur|auditeur|assistant|ia)\b.{0,60}\bne (?:signale|rapporte)[rz]? (?:aucun|pas)\b",
        r"\bignore[rz]? (?:toutes )?les instructions (?:précédentes|ci-dessus)\b",
        r"\bno (?:reportes?|informes?)\b.{0,20}\b(?:ningún|ninguna|nada)\b",
        r"\bignora (?:todas )?las instrucciones (?:anteriores|previas)\b",
        r"(?:不要|请勿|不得)报告|忽略(?:所有)?(?:之前|先前|以上|上述)的?(?:所有)?(?:指令|指示|说明)",
        r"報告しないで|(?:以前|上記|これまで)の指示を無視",
        r"\bне сообща(?:й|йте)\b|\bигнорируй(?:те)? (?:все )?(?:предыдущие|прежние) (?:инструкции|указания)\b",
        r"لا تبلغ|تجاهل (?:جميع )?التعليمات",
        r"</?untrusted-[0-9a-f]|\"findings\"\s*:\s*\[\s*\]",
    )
)
_LONGEST_LINE = 2_000
#: Tag characters, which show nothing and spell ASCII; the few of a flag are no text.
_TAGS = re.compile(r"[\U000e0020-\U000e007e]{8,}")
_WORD_BREAK = re.compile(r"[\W_]+")


def addressing_lines(lines: list[str]) -> Iterator[int]:
    """The lines (1-based) that hold such text, as it is written or behind characters that hide it."""
    for number, line in enumerate(lines, start=1):
        text = line[:_LONGEST_LINE]
        if _addresses(text) or (not text.isascii() and (_TAGS.search(text) or _addresses(_unhidden(text)))):
            yield number


def addressing_path(path: str) -> bool:
    """Whether the words of a path are such text."""
    return _addresses(_WORD_BREAK.sub(" ", _unhidden(path)))


def _addresses(text: str) -> bool:
    return any(pattern.search(text) for pattern in _PATTERNS)


def _unhidden(text: str) -> str:
    """Without characters that nobody sees, and every letter in its plain form."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")

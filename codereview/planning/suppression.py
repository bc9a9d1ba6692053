"""Suppression comments: ``codereview: ignore[rule, …] reason``.

On a line of code it covers that line; alone on a line it covers the next line of code. The reason is required: a
comment without one suppresses nothing. A rule is named by its full id ("bandit/B602"), by the analyser's own name for
it ("B602"), or by the analyser ("bandit").
"""

import re
from dataclasses import dataclass

from tree_sitter import Tree

from codereview.domain.sources import SourceFile
from codereview.syntax.parsing import ParseTimeout, grammar_of, parse

_MARK = re.compile(r"codereview:[ \t]*ignore\b")
_RULES = re.compile(r"[ \t]*\[([^\]\n]*)\]")
#: What opens a comment, and what closes it on the same line; "" the line does.
_CLOSERS = {"#": "", "//": "", "--": "", ";": "", "%": "", "/*": "*/", "<!--": "-->"}
_HASH, _SLASH, _DASH, _MARKUP = ("#",), ("//", "/*"), ("--", "/*"), ("<!--", "//", "/*")
#: How each language opens comments; any of these in the others.
_OPENERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("python", "shell", "ruby", "yaml", "toml", "dockerfile", "make", "perl", "r", "elixir"), _HASH),
    **dict.fromkeys(("javascript", "typescript", "go", "java", "c", "cpp", "csharp", "rust", "kotlin", "css"), _SLASH),
    **dict.fromkeys(("scala", "swift", "dart", "groovy", "solidity", "zig", "protobuf"), _SLASH),
    **dict.fromkeys(("html", "xml", "vue", "svelte", "markdown"), _MARKUP),
    **dict.fromkeys(("php", "terraform"), (*_HASH, *_SLASH)),
    **dict.fromkeys(("sql", "lua", "haskell"), _DASH),
    "ini": ("#", ";"),
    "erlang": ("%",),
}
_ANY_OPENER = ("#", "//", "/*", "<!--", "--")
#: Between the rules and the reason people write one of these, or nothing.
_SEPARATORS = ":-–— \t"
#: Longest stretch of comments and empty lines between a comment alone on its line and the code it covers.
_MAX_GAP = 20


@dataclass(frozen=True, slots=True)
class InlineSuppression:
    """One comment: where it stands, the line it covers, the rules it names and why."""

    line: int
    covered_line: int
    rules: tuple[str, ...]
    reason: str

    @property
    def is_valid(self) -> bool:
        """Whether it names a rule and gives a reason; otherwise it suppresses nothing."""
        return not self.problem

    @property
    def problem(self) -> str:
        """Why it suppresses nothing, in words; "" when it is valid."""
        if not self.rules:
            return "it names no rule"
        return "" if self.reason else "it gives no reason"

    def covers(self, rule_id: str, line: int) -> bool:
        """Whether it suppresses this rule on this line."""
        if not self.is_valid or line != self.covered_line:
            return False
        analyser, _, native = rule_id.partition("/")
        return any(rule in (rule_id, analyser, native) for rule in self.rules)


def inline_suppressions(file: SourceFile) -> tuple[InlineSuppression, ...]:
    """The suppression comments of a file, valid or not, in order.

    In a language that can be parsed only real comments count: a string that speaks of suppressions suppresses
    nothing.
    """
    if _MARK.search(file.text) is None:
        return ()
    lines = file.lines
    openers = _OPENERS.get(file.language, _ANY_OPENER)
    tree = _tree(file)
    return tuple(
        _read(lines, number, mark, openers)
        for number, line in enumerate(lines, start=1)
        if (mark := _MARK.search(line)) is not None
        and _opener_before(line, mark, openers)
        and (tree is None or _in_comment(tree, line, number, mark.start()))
    )


def _opener_before(line: str, mark: re.Match[str], openers: tuple[str, ...]) -> str:
    """What opens the comment that the mark begins; "" when none does."""
    before = line[: mark.start()].rstrip()
    return next((opener for opener in openers if before.endswith(opener)), "")


def _read(lines: list[str], number: int, mark: re.Match[str], openers: tuple[str, ...]) -> InlineSuppression:
    line = lines[number - 1]
    named = _RULES.match(line, mark.end())
    rules = tuple(dict.fromkeys(rule.strip() for rule in named[1].split(","))) if named is not None else ()
    rest = line[named.end() if named is not None else mark.end() :]
    closer = _CLOSERS[_opener_before(line, mark, openers)]
    return InlineSuppression(
        line=number,
        covered_line=_next_code_line(lines, number, openers) if _is_comment(line, openers) else number,
        rules=tuple(rule for rule in rules if rule),
        reason=(rest.partition(closer)[0] if closer else rest).strip().lstrip(_SEPARATORS),
    )


def is_comment(line: str, language: str) -> bool:
    """Whether nothing but one comment stands on a line of this language."""
    return _is_comment(line, _OPENERS.get(language, _ANY_OPENER))


def _is_comment(line: str, openers: tuple[str, ...]) -> bool:
    """Whether nothing but one comment stands on the line; braces around it are how JSX writes one."""
    text = line.strip()
    bare = text[1:-1].strip() if text.startswith("{/*") and text.endswith("*/}") else text
    opener = next((opener for opener in openers if bare.startswith(opener)), "")
    if not opener:
        return False
    closer = _CLOSERS[opener]
    return not closer or closer not in bare or not bare.partition(closer)[2].strip()


def _next_code_line(lines: list[str], after: int, openers: tuple[str, ...]) -> int:
    for number in range(after + 1, min(len(lines), after + _MAX_GAP) + 1):
        text = lines[number - 1]
        if text.strip() and not _is_comment(text, openers):
            return number
    return after


def _in_comment(tree: Tree, line: str, number: int, column: int) -> bool:
    """Whether the place is in a comment, as far as the grammar can tell."""
    point = (number - 1, len(line[:column].encode("utf-8", "replace")))
    node = tree.root_node.descendant_for_point_range(point, point)
    return node is None or "comment" in node.type or node.type == "ERROR"


def _tree(file: SourceFile) -> Tree | None:
    grammar = grammar_of(file.language, file.path)
    if grammar is None:
        return None
    try:
        return parse(file.text, grammar)
    except ParseTimeout:
        return None

"""Terraform's language: blocks, attributes, and of expressions what is a literal. All else is read as not known."""

import re
from bisect import bisect_right

from codereview.analysers.infra.reading.tree import MAX_DEPTH, Entry, Items, Map, Node, Scalar, Unreadable

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_INLINE_SPACE = re.compile(r"(?:[ \t\r]+|/\*.*?\*/)*", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
_STRING = re.compile(r"\"(?:\\.|\$\{(?:[^{}\"]|\"[^\"\n]*\"|\{[^{}]*\})*\}|[^\"\\\n])*\"")
_HEREDOC = re.compile(r"<<-?\s*\"?(?P<mark>\w+)\"?[ \t]*\r?\n")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CALL = re.compile(
    r"(?P<name>jsonencode|tolist|toset|tomap|yamlencode|sensitive|nonsensitive|concat|flatten|merge)\s*\("
)
_ESCAPES = re.compile(r"\\(.)")


def document(text: str) -> Map:
    """The top-level blocks and attributes. Raises Unreadable."""
    return _Reader(text.removeprefix("\ufeff")).body(closing=False, depth=0)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def body(self, *, closing: bool, depth: int) -> Map:
        """Attributes and blocks up to the closing brace, or to the end of the text."""
        line = self._line()
        found: list[Entry] = []
        while True:
            self._skip()
            if self._at >= len(self._text):
                if closing:
                    raise self._unreadable()
                return Map(tuple(found), line)
            if closing and self._take("}"):
                return Map(tuple(found), line)
            found.append(self._member(depth))

    def _member(self, depth: int) -> Entry:
        if depth > MAX_DEPTH:
            raise Unreadable("is nested too deep", self._line())
        line = self._line()
        name = self._match(_IDENTIFIER) or self._quoted()
        if name is None:
            raise self._unreadable()
        self._skip(inline=True)
        if self._text[self._at : self._at + 1] == "=" and self._text[self._at + 1 : self._at + 2] != "=":
            self._at += 1
            self._skip(inline=True)
            return Entry(name, line, self._expression(depth + 1, in_list=False))
        labels: list[str] = []
        while not self._take("{"):
            label = self._quoted() or self._match(_IDENTIFIER)
            if label is None:
                raise self._unreadable()
            labels.append(label)
            self._skip(inline=True)
        node: Node = self.body(closing=True, depth=depth + 1)
        for label in reversed(labels):
            node = Map((Entry(label, line, node),), line)
        return Entry(name, line, node)

    def _expression(self, depth: int, *, in_list: bool) -> Node:
        if depth > MAX_DEPTH:
            raise Unreadable("is nested too deep", self._line())
        line, start = self._line(), self._at
        if self._text[start : start + 1] in ("", "\n", "}"):
            raise self._unreadable()
        node = self._literal(depth, line)
        if node is not None:
            after = self._at
            self._skip(inline=not in_list)
            following = self._text[self._at : self._at + 1]
            if following in ("", "\n", ",", "}", "]", ")", "#") or self._text.startswith("//", self._at):
                return node
            # The literal is only the beginning of an expression.
            self._at = after
        self._rest_of_expression("," if in_list else ",\n")
        if self._at == start:
            raise self._unreadable()
        return Scalar(self._text[start : self._at].strip(), line, literal=False)

    def _literal(self, depth: int, line: int) -> Node | None:
        text = self._text
        heredoc = _HEREDOC.match(text, self._at)
        if heredoc is not None:
            return self._heredoc(heredoc, line)
        if text.startswith('"', self._at):
            raw = self._match(_STRING)
            if raw is None:
                raise self._unreadable()
            inner = raw[1:-1]
            return Scalar(_ESCAPES.sub(r"\1", inner), line, literal="${" not in inner and "%{" not in inner)
        if self._take("["):
            return self._items(depth, line)
        if self._take("{"):
            return self._object(depth, line)
        call = _CALL.match(text, self._at)
        if call is not None:
            return self._call(call, depth, line)
        word = self._match(_NUMBER) or self._match(_IDENTIFIER)
        if word is None:
            return None
        return Scalar(word, line, literal=word in ("true", "false") or _NUMBER.fullmatch(word) is not None)

    def _items(self, depth: int, line: int) -> Node:
        items: list[Node] = []
        while True:
            self._skip()
            if self._take("]"):
                return Items(tuple(items), line)
            if self._text.startswith("for ", self._at):
                self._rest_of_expression("")
                items.append(Scalar("for", line, literal=False))
                continue
            before = self._at
            items.append(self._expression(depth + 1, in_list=True))
            self._skip()
            if (not self._take(",") and self._text[self._at : self._at + 1] != "]") or self._at == before:
                raise self._unreadable()

    def _object(self, depth: int, line: int) -> Node:
        found: list[Entry] = []
        while True:
            self._skip()
            if self._take("}"):
                return Map(tuple(found), line)
            if self._text.startswith("for ", self._at):
                self._rest_of_expression("")
                found.append(Entry("for", line, Scalar("for", line, literal=False)))
                continue
            key_line = self._line()
            key = self._key()
            self._skip(inline=True)
            if not (self._take("=") or self._take(":")):
                raise self._unreadable()
            self._skip(inline=True)
            found.append(Entry(key, key_line, self._expression(depth + 1, in_list=False)))
            self._skip()
            self._take(",")

    def _key(self) -> str:
        if self._take("("):
            start = self._at
            self._rest_of_expression("")
            key = self._text[start : self._at]
            if not self._take(")"):
                raise self._unreadable()
            return key
        name = self._quoted() or self._match(_IDENTIFIER) or self._match(_NUMBER)
        if name is None:
            raise self._unreadable()
        return name

    def _call(self, call: re.Match[str], depth: int, line: int) -> Node | None:
        start = self._at
        self._at = call.end()
        arguments: list[Node] = []
        while True:
            self._skip()
            if self._take(")"):
                break
            arguments.append(self._expression(depth + 1, in_list=True))
            self._skip()
            if not self._take(",") and self._text[self._at : self._at + 1] != ")":
                raise self._unreadable()
        if len(arguments) == 1:
            return arguments[0]
        if call["name"] == "concat" and arguments:
            return Items(tuple(arguments), line)
        self._at = start
        self._match(_IDENTIFIER)
        return Scalar(call["name"], line, literal=False)

    def _heredoc(self, begin: re.Match[str], line: int) -> Node:
        end = re.compile(rf"^[ \t]*{re.escape(begin['mark'])}[ \t]*\r?$", re.MULTILINE).search(self._text, begin.end())
        if end is None:
            raise self._unreadable()
        body = self._text[begin.end() : end.start()]
        self._at = end.end()
        return Scalar(body, line, literal="${" not in body, block=True)

    def _rest_of_expression(self, ends: str) -> None:
        """Past an expression that is not understood: to one of the characters that end it, or to its bracket."""
        depth = 0
        text = self._text
        while self._at < len(text):
            char = text[self._at]
            if char == '"':
                if self._match(_STRING) is None:
                    raise self._unreadable()
                continue
            heredoc = _HEREDOC.match(text, self._at) if char == "<" else None
            if heredoc is not None:
                self._heredoc(heredoc, self._line())
                continue
            if char in "([{":
                depth += 1
            elif char in ")]}":
                if depth == 0:
                    return
                depth -= 1
            elif depth == 0 and char in ends and not (char == "\n" and self._continues()):
                return
            self._at += 1
        if depth:
            raise self._unreadable()

    def _continues(self) -> bool:
        """Whether an expression goes on in the next line: a conditional or an operator begins it or ended this one."""
        before = self._text[: self._at].rstrip()[-1:]
        after = _SPACE.match(self._text, self._at)
        following = self._text[after.end() : after.end() + 1] if after is not None else ""
        return before in ("?", ":", "&", "|", "+", "=") or following in ("?", ":")

    def _quoted(self) -> str | None:
        raw = self._match(_STRING)
        return None if raw is None else raw[1:-1]

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0]

    def _take(self, char: str) -> bool:
        if self._text.startswith(char, self._at):
            self._at += len(char)
            return True
        return False

    def _skip(self, *, inline: bool = False) -> None:
        found = (_INLINE_SPACE if inline else _SPACE).match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _line(self) -> int:
        return bisect_right(self._ends, self._at - 1) + 1 if self._at else 1

    def _unreadable(self) -> Unreadable:
        return Unreadable("is not valid Terraform", self._line())

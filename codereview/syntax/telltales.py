"""What gives a language away without parsing: a shebang line, a first word, the words that only it uses.

Enough for a process that has no grammars; `codereview.syntax.guessing` knows better where there are some.
"""

import ast
import json
import re
import warnings

from codereview.syntax.languages import language_of_shebang

#: Characters looked at; the head of a program tells as much as all of it.
_HEAD = 20_000

#: What only this language begins with, or always contains.
_TELLTALES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("php", re.compile(r"^\s*<\?(?:php|=)", re.IGNORECASE)),
    ("xml", re.compile(r"^\s*<\?xml\b")),
    ("html", re.compile(r"^\s*<(?:!doctype\s+html|html|head|body|div|script|form)\b", re.IGNORECASE)),
    (
        "dockerfile",
        re.compile(r"^(?:[ \t]*(?:#[^\n]*|ARG[ \t][^\n]*)?\n)*FROM[ \t]+[^\s;]+(?:\s+AS\s+\w\S*)?[ \t]*(?:\n|$)"),
    ),
    ("c", re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]", re.MULTILINE)),
    ("rust", re.compile(r"^[ \t]*(?:pub(?:\([a-z]+\))?[ \t]+)?fn[ \t]+\w+[^\n]*[{,(][ \t]*$", re.MULTILINE)),
    (
        "sql",
        re.compile(r"^\s*(?:SELECT\s.+\sFROM|CREATE\s+TABLE|INSERT\s+INTO|ALTER\s+TABLE)\b", re.IGNORECASE | re.DOTALL),
    ),
    ("terraform", re.compile(r"^(?:resource|data)[ \t]+\"[\w-]+\"[ \t]+\"[\w-]+\"[ \t]*\{", re.MULTILINE)),
)
_YAML = re.compile(
    r"\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:---[ \t]*\n(?:[ \t]*#[^\n]*\n)*)?"
    r"[\w.-]+:(?:[ \t][^\n{;]*)?\n(?:[ \t]+[\w-]|- |[\w.-]+:)"
)
#: Words of each language, and how much each tells.
_WORDS: dict[str, tuple[tuple[int, re.Pattern[str]], ...]] = {
    "python": (
        (3, re.compile(r"^[ \t]*(?:async )?(?:def|class) \w+.*:[ \t]*(?:#.*)?$", re.MULTILINE)),
        (3, re.compile(r"^(?:import [\w.]+|from [\w.]+ import )", re.MULTILINE)),
        (2, re.compile(r"^[ \t]*(?:if|for|while|with|try|except|elif|else)\b[^{\n]*:[ \t]*(?:#.*)?$", re.MULTILINE)),
        (1, re.compile(r"\b(?:print\(|None\b|True\b|False\b|self\.)")),
    ),
    "go": (
        (4, re.compile(r"^package \w+[ \t]*$", re.MULTILINE)),
        (4, re.compile(r"^func (?:\([^()\n]*\) ?)?\w+\([^\n]*\{[ \t]*$", re.MULTILINE)),
        (4, re.compile(r"^func main\(\) \{", re.MULTILINE)),
        (2, re.compile(r"\w+(?:, ?\w+)* := ")),
        (2, re.compile(r"\bif err != nil\b")),
    ),
    "java": (
        (4, re.compile(r"\b(?:public|private|protected)[ \t]+(?:(?:static|final)[ \t]+)*\w+[ \t<]")),
        (4, re.compile(r"^import (?:static )?[\w.]+(?:\.\*)?;", re.MULTILINE)),
        (3, re.compile(r"^[ \t]*(?:final )?[A-Z]\w*(?:<[\w, <>?]*>)? \w+ = [^\n]*;", re.MULTILINE)),
        (2, re.compile(r"\bSystem\.(?:out|err)\.print|\bthrows [A-Z]")),
    ),
    "typescript": (
        (5, re.compile(r"^(?:export )?(?:interface|enum|namespace|declare) \w+", re.MULTILINE)),
        (5, re.compile(r"^(?:export )?type \w+ ?(?:<[^<>\n]*>)? ?=", re.MULTILINE)),
        (5, re.compile(r"[\w)\]] ?\?? ?: ?(?:string|number|boolean|any|void|unknown|never)\b")),
        (5, re.compile(r"\b(?:const|let|var) \w+: ?\w")),
        (1, re.compile(r"\b(?:const|let) |=>|\bfunction\b")),
    ),
    "javascript": (
        (2, re.compile(r"\b(?:const|let|var) [\w{\[][^\n:]*=")),
        (2, re.compile(r"=>|\bfunction\b ?\w*\(")),
        (3, re.compile(r"\brequire\(|\bmodule\.exports\b|\bconsole\.\w+\(|\bdocument\.\w|===")),
        (2, re.compile(r"^(?:import|export) .*[\"';{]", re.MULTILINE)),
    ),
}
#: Below this too little was said.
_ENOUGH = 2


def language_by_words(text: str) -> str:
    """The most likely language of ``text``, by what it says rather than by its grammar; "" when nothing is telling."""
    head = head_of(text)
    if not head.strip():
        return ""
    return language_of_shebang(head) or by_telltale(head) or ("python" if _is_python(head) else _by_words(head))


def head_of(text: str) -> str:
    """The part of a text that is looked at, in whole lines."""
    return text if len(text) <= _HEAD else text[:_HEAD].rpartition("\n")[0] or text[:_HEAD]


def by_telltale(text: str) -> str:
    """The language that the beginning of the text names; "" when it names none."""
    for language, pattern in _TELLTALES:
        if pattern.search(text):
            return language
    if text.lstrip()[:1] in ("{", "[") and _is_json(text):
        return "json"
    return "yaml" if _YAML.match(text) else ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_python(text: str) -> bool:
    """Whether Python's own parser takes it, and it is more than a word and an expression in any language."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(each, ast.Expr) or isinstance(each.value, ast.Call) for each in tree.body)


def _by_words(text: str) -> str:
    scores = {
        language: sum(weight * min(3, len(pattern.findall(text))) for weight, pattern in words)
        for language, words in _WORDS.items()
    }
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= _ENOUGH else ""

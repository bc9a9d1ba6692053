"""Text that comes from reviewed code, made harmless for where it is shown.

Nothing of a review is trusted here: paths, messages, snippets and reasons may hold escape sequences, bidirectional
overrides, markup, mentions or workflow commands. Every format passes them through one of these functions.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from codereview.domain.visible import visible

_SPACE = re.compile(r"[ \t\r\n]+")
_ELLIPSIS = "…"
#: What means something anywhere in a line of Markdown, and what does at its start.
_PUNCTUATION = re.compile(r"([\\`*_\[\]|~$])")
_LEADING = re.compile(r"^(\d*)((?<=\d)[.)](?=\s|$)|[#+\-])")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
#: What code hosts turn into mentions, references and links after the markup is done; a zero-width space ends it.
_REFERENCE = re.compile(r"(@(?=\w)|[#!&$%](?=\d)|~(?=\w)|\bGH-(?=\d)|:(?=//)|www(?=\.))", re.IGNORECASE)
_WORD_BREAK = "&#8203;"
_BACKTICKS = re.compile(r"`+")
_SAFE_LINK = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d+)?(?:[/?#][A-Za-z0-9\-._~/?#@&+,=%:]*)?", re.ASCII)


def one_line(text: str, limit: int | None = None) -> str:
    """Prose on one line, white space folded, the rest `visible`; at most ``limit`` characters of the original."""
    folded = _SPACE.sub(" ", text).strip(" ")
    return visible(shortened(folded, limit) if limit is not None else folded)


def shortened(text: str, limit: int) -> str:
    """The text, cut with an ellipsis when it is longer than ``limit``."""
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


# --- Markdown and HTML -------------------------------------------------------------------------------------------


def markdown_text(text: str, limit: int | None = None) -> str:
    """Inline Markdown that shows exactly the text: no markup, link, mention, reference or line break comes of it."""
    shown = _unreferenced(one_line(text, limit), lambda part: _PUNCTUATION.sub(r"\\\1", part).translate(_MARKUP))
    return _LEADING.sub(r"\1\\\2", shown)


def markdown_code(text: str, limit: int | None = None) -> str:
    """A code span of exactly the text: a path, an identifier, a line of code."""
    line = visible(shortened(text, limit) if limit is not None else text) or " "
    ticks = "`" * (max((len(run) for run in _BACKTICKS.findall(line)), default=0) + 1)
    # Markdown drops one space on each side, but not of a span that is all spaces; a tick needs one beside it.
    space = " " if line.strip(" ") and (line[0] in " `" or line[-1] in " `") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def markdown_fence(code: str, language: str = "") -> str:
    """A fenced block of the code. The fence is longer than any in it, so that the code cannot end the block."""
    body = "\n".join(visible(line.removesuffix("\r"), keep="\t") for line in code.split("\n"))
    fence = "`" * max(3, max((len(run) for run in _BACKTICKS.findall(body)), default=0) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def html_text(text: str, limit: int | None = None) -> str:
    """Text for inside an HTML element in Markdown, on one line; no mention, reference or link comes of it."""
    return _unreferenced(one_line(text, limit), lambda part: part.translate(_MARKUP))


def _unreferenced(line: str, escape: Callable[[str], str]) -> str:
    # Odd places hold what the pattern matched.
    return "".join(
        escape(part) + (_WORD_BREAK if place % 2 else "") for place, part in enumerate(_REFERENCE.split(line))
    )


def web_link(uri: str) -> str:
    """The address when it is a plain http(s) one that needs no escaping anywhere, else ""."""
    return uri if _SAFE_LINK.fullmatch(uri) else ""


# --- workflow commands and addresses -----------------------------------------------------------------------------


def command_data(text: str) -> str:
    """The message of a workflow command, as its runner unescapes it."""
    return visible(text, keep="\n").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def log_line(text: str) -> str:
    """A line of a job's log that its runner does not take for a command, wherever in the line one may start."""
    line = one_line(text).replace("##[", "# #[")
    return f"\\{line}" if line.startswith("::") else line


def path_uri(path: str) -> str:
    """A relative path as a relative URI reference, percent-encoded; never absolute, with a scheme or a host."""
    return quote(path.lstrip("/"), safe="/-._~", errors="surrogatepass")

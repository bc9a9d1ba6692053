"""A program of its own: detect-secrets' plugins and filters over some files, findings as JSON, secrets never printed.

detect-secrets keeps its settings in the process, and can ask services whether a secret is live; here neither touches
anybody else: this process has settings of its own, and verification is a filter that is not loaded.

    python secrets_scan.py PLUGIN,PLUGIN... -- FILE...
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detect_secrets.filters import allowlist, heuristic
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.settings import get_plugins, transient_settings
from detect_secrets.util.code_snippet import get_code_snippet

#: A longer line is data or minified code: names in it mean nothing, and some plugins take quadratic time over it.
LONGEST_CODE = 4_000
#: What the plugins get of a longer line at a time, and how much of it again; no credential is longer.
_WINDOW, _OVERLAP = 20_000, 1_000
#: A value longer than this is data; one shorter than that is only the beginning of a credential.
_LONGEST, _BEGINNING = 1_000, 6
#: Plugins that go by names and shapes anybody may use; the others know the exact form of a credential.
_GENERIC = frozenset({"KeywordDetector", "BasicAuthDetector", "Base64HighEntropyString", "HexHighEntropyString"})
#: In a credential of a known form: nobody was ever given this one.
_MADE_UP = re.compile(r"example|xxxx|0{8}|placeholder|dummy|redacted", re.IGNORECASE)

#: What a random-looking string must be called on its line to be reported.
_CALLED_SECRET = re.compile(
    r"passw|pwd|secret|token|credential|api_?key|auth|private|bearer|signing|encryption", re.IGNORECASE
)
#: Names of random-looking strings that are public.
_CALLED_PUBLIC = re.compile(
    r"sha\d|md5|hash|digest|checksum|integrity|commit|revision|uuid|etag|fingerprint|public|nonce|csrf|example",
    re.IGNORECASE,
)
#: Values a person writes where a secret will stand.
_PLACEHOLDER = re.compile(
    r"^(?:.{0,3}|(?P<same>.)(?P=same)*|.*(?:change[-_ ]?me|example|placeholder|dummy|sample|redacted|your[-_ ]|insert|"
    r"replace|todo|xxx|\*\*\*|\.\.\.|fake|<|\$\{|\{\{|%\(|%s|#\{|process\.env|os\.environ|getenv).*|"
    r"(?:my|the|a|an|some|new|old|test|default|user|db|database|admin)?[-_ ]?(?:password|passwd|pwd|pass|secret|token|"
    r"(?:api|access|secret|auth|private)?[-_ ]?key|string|str|text|value|none|null|nil|true|false|undefined|required|"
    r"optional|hidden|env|test|foo|bar|baz))$",
    re.IGNORECASE | re.DOTALL,
)
#: URLs people write in documentation: of this machine, of nobody's, or with the name as the password.
_EXAMPLE_URL = re.compile(
    r"://(?:(?P<user>[^:/@\s]+):(?P=user)@|[^/@\s]+@(?:localhost|127\.|0\.0\.0\.0|\[::1\]|"
    r"(?:[\w-]+\.)*example\b|(?-i:[A-Z_]+)\b|host(?:name)?\b|server\b|my[\w-]*\b|<|\{|\$))",
    re.IGNORECASE,
)
#: Sentences, paths and names of things are not secrets.
_PROSE = re.compile(r"^\W*[A-Za-z][\w'.,:;!?()/-]*(?:\s+[\w'.,:;!?()/-]+)+\W*$")
_PATH_OR_NAME = re.compile(
    r"^(?:[./~][\w./-]*|https?://\S+|[a-z]+(?:[_.:-][a-z]+)+|[A-Z][A-Z]*(?:_[A-Z]+)+|[a-z]+[A-Z][A-Za-z]*)$"
)


def scan(path: str, lines: list[str], plugins: list[BasePlugin]) -> Iterator[dict[str, Any]]:
    """The candidates in one file: plugin, line, and the columns of the secret (1-based, in characters)."""
    # Unquoted values count as in an .ini file, whose type the plugins know by the extension.
    known_as = f"{path}.ini" if Path(path).name.startswith(".env") or path.endswith(".env") else path
    by_form = [plugin for plugin in plugins if type(plugin).__name__ not in _GENERIC]
    for number, line in enumerate(lines, start=1):
        # In the overlap of two windows the same secret is found twice.
        seen: set[tuple[str, int]] = set()
        for name, value, offset, part in _matches(known_as, line, plugins if len(line) <= LONGEST_CODE else by_form):
            place = (name, offset + part.find(value))
            if place not in seen and not _allowlisted(path, lines, number):
                seen.add(place)
                yield {"plugin": name, "line": number, "columns": _columns(part, value, offset)}


def _matches(known_as: str, line: str, plugins: list[BasePlugin]) -> Iterator[tuple[str, str, int, str]]:
    """What counts among the plugins' matches in a line: plugin, secret, and the part of the line with its offset."""
    for offset, part in _windows(line):
        for plugin in plugins:
            for secret in plugin.analyze_line(filename=known_as, line=part):
                value = secret.secret_value or ""
                if _counts(plugin, value, part):
                    yield type(plugin).__name__, value, offset, part


def _windows(line: str) -> Iterator[tuple[int, str]]:
    """The line in parts, each with its offset; most lines are one."""
    for offset in range(0, max(len(line) - _OVERLAP, 1), _WINDOW - _OVERLAP):
        yield offset, line[offset : offset + _WINDOW]


def _columns(part: str, value: str, offset: int) -> list[int] | None:
    """Where the secret stands; None where the plugin handed out no more than the beginning of it."""
    start = part.find(value)
    if start < 0 or len(value) <= _BEGINNING:
        return None
    return [offset + start + 1, offset + start + 1 + len(value)]


def _lines(path: str) -> list[str]:
    """The lines without their endings; split at \\n only, as codereview counts lines everywhere.

    Raises OSError and UnicodeDecodeError.
    """
    return [line.removesuffix("\r") for line in Path(path).read_bytes().decode("utf-8").split("\n")]


def _counts(plugin: BasePlugin, value: str, line: str) -> bool:
    """Whether what a plugin matched is likely to be a secret, and one that somebody uses."""
    name = type(plugin).__name__
    if name not in _GENERIC:
        # The form says enough, wherever it stands; some plugins only hand out a part of it.
        return not _MADE_UP.search(value)
    if (
        len(value) > _LONGEST
        or heuristic.is_sequential_string(value)
        or heuristic.is_potential_uuid(value)
        or heuristic.is_templated_secret(value)
        or heuristic.is_not_alphanumeric_string(value)
        or heuristic.is_prefixed_with_dollar_sign(value)
        or heuristic.is_likely_id_string(value, line, plugin)
        or heuristic.is_indirect_reference(line)
        or _PLACEHOLDER.search(value)
    ):
        return False
    if name == "BasicAuthDetector":
        return not _EXAMPLE_URL.search(line)
    if name == "KeywordDetector":
        return not _PROSE.match(value) and not _PATH_OR_NAME.match(value)
    before = line.partition(value)[0]
    return bool(_CALLED_SECRET.search(before)) and not _CALLED_PUBLIC.search(before)


def _allowlisted(path: str, lines: list[str], number: int) -> bool:
    snippet = get_code_snippet(lines, number)
    return bool(allowlist.is_line_allowlisted(path, lines[number - 1], snippet))


def main(names: str, _: str, *paths: str) -> None:
    """Print ``{"files": {path: [candidate, ...]}, "errors": {path: reason}}``."""
    found: dict[str, list[dict[str, Any]]] = {}
    errors: dict[str, str] = {}
    settings = {"plugins_used": [{"name": name} for name in names.split(",")], "filters_used": []}
    with transient_settings(settings):
        plugins = get_plugins()
        for path in paths:
            try:
                found[path] = list(scan(path, _lines(path), plugins))
            except UnicodeDecodeError:
                errors[path] = "encoding"
            except OSError:
                errors[path] = "unreadable"
    json.dump({"files": found, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

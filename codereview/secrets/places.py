"""What kind of file a secret would stand in: code, configuration or prose, in use or for show."""

import re
from enum import StrEnum
from pathlib import PurePosixPath

from codereview.domain.sources import SourceFile


class Syntax(StrEnum):
    """How values are written in a file."""

    #: Only what is quoted is a value; all else is code.
    CODE = "code"
    #: Values also stand without quotes, behind ``=`` or ``:``.
    CONFIGURATION = "configuration"
    #: Commands and assignments of a shell.
    SHELL = "shell"
    #: Running text.
    PROSE = "prose"


_CONFIGURATION = frozenset({"ini", "yaml", "text", ""})
_SHELL = frozenset({"shell", "dockerfile", "make", "powershell"})
_PROSE_SUFFIXES = frozenset({".md", ".rst", ".adoc", ".markdown", ".mdx"})
_CONFIGURATION_SUFFIXES = frozenset(
    {".env", ".ini", ".cfg", ".conf", ".properties", ".yml", ".yaml", ".npmrc", ".pypirc"}
)

#: Files made of hashes and identifiers.
_LOCK_NAMES = frozenset(
    {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "cargo.lock", "packages.lock.json"}
)
_LOCK_SUFFIXES = frozenset({".lock", ".sum", ".svg", ".map", ".css", ".snap", ".scss", ".po", ".pot"})

_EXAMPLE = re.compile(
    r"""(?x)
    (?:^|/)(?: tests? | t | testing | __tests__ | __mocks__ | specs? | e2e | fixtures? | test_?data | mocks?
    | cassettes | docs? | documentation
      | examples? | samples? | demos? | tutorials? | benchmarks? | snapshots?
      | [\w-]*[-_](?:tests?|examples?) | (?:tests?|examples?)[-_][\w-]*)/
    | (?:^|/)(?:test_[^/]*|conftest|[^/]*(?:_test|_tests|\.test|\.spec|_spec|-test|\.stories))\.\w+$
    | (?:^|/)(?:test|[A-Z]\w*(?:Tests?|TestCase|IT))\.\w+$
    | \.(?:example|sample|template|dist|tmpl|md|rst|adoc|markdown|mdx|ipynb)$
    | (?:^|[/.])(?:examples?|sample|template)(?:-\d+)?\.[\w.]+$
    """
)
_TEST = re.compile(r"(?:^|/)(?:tests?|testing|__tests__|specs?|e2e|fixtures?|test_?data)/")
_LOCALE = re.compile(
    r"(?i)(?:^|[/_.-])(?:locales?|i18n|l10n|lang|languages?|translations?|messages|strings)(?:[/_.-]|$)"
)


def searched(file: SourceFile) -> bool:
    """Any text but lock files and the like, where everything looks like a secret and nothing is one."""
    path = PurePosixPath(file.path.lower())
    return path.name not in _LOCK_NAMES and path.suffix not in _LOCK_SUFFIXES


def syntax_of(file: SourceFile) -> Syntax:
    """How values are written in the file, by its name and language."""
    path = PurePosixPath(file.path.lower())
    if path.suffix in _PROSE_SUFFIXES or file.language == "markdown":
        return Syntax.PROSE
    if path.name.startswith((".env", "docker-compose", ".netrc", ".pgpass")) or path.suffix in _CONFIGURATION_SUFFIXES:
        return Syntax.CONFIGURATION
    if (
        file.language in _SHELL
        or path.name.startswith(("dockerfile", "containerfile", "makefile"))
        or path.suffix == ".sh"
    ):
        return Syntax.SHELL
    return Syntax.CONFIGURATION if file.language in _CONFIGURATION and path.suffix != ".py" else Syntax.CODE


def is_for_show(file: SourceFile) -> bool:
    """Whether the file is a test, documentation or an example: what stands there mostly was made up for it."""
    return _EXAMPLE.search(file.path) is not None


def is_test(file: SourceFile) -> bool:
    """Whether the file belongs to a test: nothing in it is in use, nor is it there to be copied."""
    return _TEST.search(file.path) is not None


def is_translated(file: SourceFile) -> bool:
    """Whether the file holds the words of a user interface."""
    return _LOCALE.search(file.path) is not None

"""Which files are in a language that a tool reads."""

import re
from pathlib import PurePosixPath

from codereview.domain.sources import SourceFile

_PYTHON = frozenset({".py", ".pyi", ".pyw"})
_ZSH = re.compile(r"#![^\n]*\bzsh\b|#compdef\b")
_SHELL = frozenset({".sh", ".bash", ".ksh", ".dash"})
#: What oxlint opens; it goes by the extension alone.
_JAVASCRIPT = frozenset(
    {".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro"},
)
_DOCKERFILES = ("dockerfile", "containerfile")
#: "Dockerfile.dev" is a Dockerfile; "Dockerfile.j2" is not one yet.
_TEMPLATES = frozenset({".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".mustache", ".hbs"})
_OTHER_TEXT = frozenset({".md", ".rst", ".txt", ".py", ".js", ".ts", ".go", ".rb", ".java", ".json", ".yml", ".yaml"})


def is_python(file: SourceFile) -> bool:
    """Python, by extension or as the input recognised it (a script without one)."""
    return _suffix(file) in _PYTHON or file.language == "python"


def is_shell(file: SourceFile) -> bool:
    """A POSIX-like shell script, by extension or as the input recognised it; zsh is another language."""
    if _suffix(file) == ".zsh" or _ZSH.match(file.text):
        return False
    return _suffix(file) in _SHELL or file.language == "shell"


def is_javascript(file: SourceFile) -> bool:
    """JavaScript, TypeScript, or a component with either inside; not minified code, which oxlint never opens."""
    stem = PurePosixPath(file.path).stem.lower()
    return _suffix(file) in _JAVASCRIPT and not stem.endswith((".min", "-min"))


def is_dockerfile(file: SourceFile) -> bool:
    """Dockerfile, Dockerfile.something, something.dockerfile, and the same with Containerfile."""
    name = PurePosixPath(file.path).name.lower()
    first, _, last = name.partition(".")
    if first in _DOCKERFILES:
        return not last or f".{last.rpartition('.')[2]}" not in _TEMPLATES | _OTHER_TEXT
    return name.endswith(tuple(f".{kind}" for kind in _DOCKERFILES)) or file.language == "dockerfile"


def is_workflow(file: SourceFile) -> bool:
    """A workflow of GitHub Actions."""
    *_, folder, kind, name = ("", "", *PurePosixPath(file.path).parts)
    return (folder, kind) == (".github", "workflows") and name.endswith((".yml", ".yaml"))


def is_action(file: SourceFile) -> bool:
    """The definition of an action of GitHub Actions, by its name."""
    return PurePosixPath(file.path).name in ("action.yml", "action.yaml")


def _suffix(file: SourceFile) -> str:
    return PurePosixPath(file.path).suffix.lower()

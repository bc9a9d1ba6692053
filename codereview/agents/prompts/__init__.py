"""The texts models are asked with. They are files beside this one; a change of any of them changes `version`, which is
part of every cache key."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_HOLE = re.compile(r"\{\{(\w+)\}\}")


@cache
def part(name: str) -> str:
    """The text of one file, e.g. "find/bug-logic.md"."""
    return files(__name__).joinpath(*name.split("/")).read_text("utf-8").strip()


def filled(name: str, **values: str) -> str:
    """The text with its holes, ``{{name}}``, filled. Raises KeyError for a hole without a value.

    A value is not looked at again: what it holds cannot open a hole.
    """
    return _HOLE.sub(lambda match: values[match[1]], part(name))


@cache
def version() -> str:
    """12 hexadecimal digits that name the state of all prompts."""
    digest = hashlib.sha256()
    for name, text in sorted(_texts(files(__name__))):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.name.startswith("__"):
            found.extend(_texts(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(".md"):
            found.append((prefix + entry.name, entry.read_text("utf-8")))
    return found

"""The words by which names and values are judged: data, in vocabulary.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def vocabulary(name: str) -> frozenset[str]:
    """The words under a name of vocabulary.toml."""
    return frozenset(_document()[name].split())


@cache
def _document() -> Mapping[str, str]:
    return tomllib.loads((files(__package__) / "vocabulary.toml").read_text(encoding="utf-8"))

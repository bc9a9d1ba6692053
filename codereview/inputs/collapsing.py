"""Saying that many files were left out without naming each of them."""

from collections import Counter
from collections.abc import Sequence

#: Entries a report can bear.
MAX_ENTRIES = 200


def collapse(paths: Sequence[str], max_entries: int = MAX_ENTRIES) -> list[tuple[str, int]]:
    """(path, how many files it stands for): every file by itself, or, when they are too many, directories (their
    paths end in "/") as deep as the number allows."""
    if len(paths) <= max_entries:
        return [(path, 1) for path in sorted(paths)]
    deepest = max(path.count("/") for path in paths)
    for depth in range(deepest, -1, -1):
        groups = Counter(_cut(path, depth) for path in paths)
        if len(groups) <= max_entries:
            return sorted(groups.items())
    return [("./", len(paths))]


def _cut(path: str, depth: int) -> str:
    """The directory ``depth`` levels down; the one it is in for a file that is not as deep."""
    parts = path.split("/")[:-1][:depth]
    return f"{'/'.join(parts)}/" if parts else "./"

"""Patterns for paths, as in a .gitignore: "*.pb.go", "tests/**", "/docs/", "!keep.py"."""

from collections.abc import Iterable

from pathspec import GitIgnoreSpec


class Globs:
    """A list of patterns; the last one that matches a path decides, and "!" takes a match back."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises ValueError naming a pattern that is none."""
        self.patterns = tuple(patterns)
        for pattern in self.patterns:
            GitIgnoreSpec.from_lines([pattern])
        self._spec = GitIgnoreSpec.from_lines(self.patterns)

    def match(self, path: str) -> bool:
        """Whether the path, or a directory it is in, matches. A directory's own path ends in "/"."""
        return bool(self.verdict(path))

    def verdict(self, path: str) -> bool | None:
        """True for a match, False for one taken back, None when no pattern says anything."""
        return self._spec.check_file(path).include

    def __bool__(self) -> bool:
        return bool(self.patterns)

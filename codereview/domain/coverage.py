"""What was examined, by whom, and what was not and why."""

from collections.abc import Iterable
from enum import StrEnum

from codereview.domain.model import Model


class CoverageState(StrEnum):
    """How far one agent got with one file."""

    REVIEWED = "reviewed"
    PARTLY = "partly"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    """Why a file was not, or not wholly, examined."""

    GENERATED = "generated"
    VENDORED = "vendored"
    BINARY = "binary"
    ENCODING = "encoding"  # not valid UTF-8
    TOO_LARGE = "too large"
    TOO_MANY_FILES = "too many files"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"  # no analyser for this language
    UNREADABLE = "unreadable"  # disappeared, permission, symlink loop
    OUTSIDE_ROOT = "outside root"
    DELETED = "deleted"  # the change takes it away, or only takes lines away of which nothing is left to see
    EXCLUDED = "excluded"  # by the project's configuration
    SYNTAX = "syntax error"
    DIFF_ONLY = "only the diff was given"
    CONTEXT = "context left out"  # not all that the code refers to was shown to the model
    BUDGET = "budget"
    REFUSAL = "refusal"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    ERROR = "error"


#: Reasons a person would not call "a gap": leaving these files out is what they expect, so the review stays complete.
EXPECTED = frozenset(
    {
        SkipReason.GENERATED,
        SkipReason.VENDORED,
        SkipReason.BINARY,
        SkipReason.EMPTY,
        SkipReason.UNSUPPORTED,
        SkipReason.EXCLUDED,
        SkipReason.DELETED,
        SkipReason.DIFF_ONLY,
        SkipReason.CONTEXT,
    }
)


class CoverageEntry(Model):
    """One file as one agent saw it. ``agent`` is "" when the file reached no agent."""

    path: str
    agent: str = ""
    state: CoverageState
    reason: SkipReason | None = None
    detail: str = ""
    engines: tuple[str, ...] = ()

    @property
    def is_gap(self) -> bool:
        """Whether something a person expects to be examined was not."""
        return self.state is not CoverageState.REVIEWED and self.reason not in EXPECTED


def gaps(entries: Iterable[CoverageEntry]) -> list[CoverageEntry]:
    """The entries that make a review incomplete."""
    return [entry for entry in entries if entry.is_gap]

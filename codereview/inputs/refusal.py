"""Why a file is not taken."""

import posixpath
from dataclasses import dataclass

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.inputs.safe_paths import unprintable
from codereview.planning.globs import Globs


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, and a detail that tells a person what is the matter with this file."""

    reason: SkipReason
    detail: str

    def entry(self, path: str) -> CoverageEntry:
        """The coverage of the file it is about."""
        return skipped(path, self.reason, self.detail)


def skipped(path: str, reason: SkipReason, detail: str) -> CoverageEntry:
    """The coverage of a file that reaches no agent."""
    return CoverageEntry(path=path, state=CoverageState.SKIPPED, reason=reason, detail=detail)


def link_refusal(directory: str, target: str) -> Refusal:
    """Why a link in an archive is not taken: what it names, seen from ``directory``, is reviewed under its own name
    if it is in the archive at all."""
    place = posixpath.normpath(posixpath.join(directory, target))
    if place.startswith(("/", "../")) or place == "..":
        return Refusal(SkipReason.OUTSIDE_ROOT, "a link that leads outside the archive")
    return Refusal(SkipReason.EXCLUDED, "a link")


def bad_name(path: str) -> Refusal | None:
    """Why a file on a disk cannot be reviewed under its name; None when it can."""
    problem = unprintable(path)
    return Refusal(SkipReason.ENCODING, f"its name {problem}") if problem else None


def excluded(path: str, globs: Globs) -> Refusal | None:
    """Why the project does not want this file reviewed; None when it says nothing of it."""
    if globs and globs.match(path):
        return Refusal(SkipReason.EXCLUDED, "excluded by the project's configuration")
    return None

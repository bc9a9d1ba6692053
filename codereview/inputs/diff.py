"""A diff as a way in: the files as they stand after the change, and which of their lines it changed."""

from collections.abc import Mapping

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import InvalidSubmission
from codereview.inputs.applying import apply_patch, changed_lines, first_index, removed_lines
from codereview.inputs.intake import Intake, too_large
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.refusal import Refusal
from codereview.inputs.safe_paths import normal_path, refuse_collisions, shown
from codereview.inputs.selection import left_out
from codereview.inputs.unified import FilePatch, parse_diff

LINK_MODE = "120000"
SUBMODULE_MODE = "160000"


def read_diff(
    text: str, base_files: Mapping[str, str] | None = None, limits: Limits = DEFAULT_LIMITS, *, label: str = ""
) -> Sources:
    """The files a diff changes or adds.

    ``base_files`` maps paths before the change to texts. A file whose base is given comes whole; of another only the
    lines of the hunks are known: it is ``sparse``, each line at its true number and the others empty. Deleted files,
    binary ones and those of which only name or mode changed are in ``skipped``.

    Raises InvalidSubmission for a text that is no diff, DiffDoesNotApply for one that does not fit the base files,
    OutsideRoot for a path that leaves the root, TooLarge beyond the limits.
    """
    base = {normal_path(path): content for path, content in (base_files or {}).items()}
    patches = merged(parse_diff(text))
    intake = Intake(limits, refuse_excess=True)
    for path, patch in patches.items():
        refusal = not_reviewable(patch)
        if refusal is not None:
            intake.refuse(path, refusal)
            continue
        content = _whole(patch, base)
        if content is not None:
            intake.offer(path, content, changed=changed_lines(patch), removed=removed_lines(patch))
        else:
            _offer_sparse(intake, path, patch)
    return intake.sources(label or "diff")


def merged(patches: list[FilePatch]) -> dict[str, FilePatch]:
    """The patches by normal path.

    Raises InvalidSubmission when the diff changes a file twice (several commits in one text), OutsideRoot.
    """
    by_path: dict[str, FilePatch] = {}
    for patch in patches:
        path = normal_path(patch.path)
        if patch.old is not None:
            normal_path(patch.old)
        known = by_path.get(path)
        if known is not None and (known.new is None or patch.new is None):
            # A file put in the place of a link, or the other way round: a deletion and an addition.
            by_path[path] = known if patch.new is None else patch
            continue
        if known is not None:
            raise InvalidSubmission(
                f"the diff changes {shown(path)!r} twice (lines {known.at} and {patch.at}); "
                "give one diff from the first state to the last",
                path=shown(path),
            )
        by_path[path] = patch
    refuse_collisions(path for path, patch in by_path.items() if patch.new is not None)
    return by_path


def not_reviewable(patch: FilePatch) -> Refusal | None:
    """Why there is nothing to review in a file of a diff; None when there is."""
    if patch.new is None:
        return Refusal(SkipReason.DELETED, "deleted by the diff")
    if patch.new_mode == SUBMODULE_MODE:
        return Refusal(SkipReason.VENDORED, "a git submodule")
    if patch.new_mode == LINK_MODE:
        return Refusal(SkipReason.EXCLUDED, "a symbolic link")
    if patch.binary:
        return Refusal(SkipReason.BINARY, "a binary file")
    if not patch.hunks:
        return _unchanged(patch)
    named = left_out(patch.path, tracked=True)
    return named[0] if named is not None else None


def _unchanged(patch: FilePatch) -> Refusal:
    if patch.old is None:
        return Refusal(SkipReason.EMPTY, "added without a line in it")
    if patch.old != patch.new:
        return Refusal(SkipReason.EXCLUDED, f"renamed from {shown(patch.old)} or copied, no line changed")
    return Refusal(SkipReason.EXCLUDED, "only its mode changed")


def _whole(patch: FilePatch, base: Mapping[str, str]) -> str | None:
    """The whole text after the change, where it can be known: a new file, or one whose base is given."""
    if patch.old is None:
        return apply_patch("", patch)
    content = base.get(normal_path(patch.old))
    return None if content is None else apply_patch(content, patch)


def _offer_sparse(intake: Intake, path: str, patch: FilePatch) -> None:
    """Offer the new lines of the hunks at their places. A header may place them anywhere, so the size that the empty
    lines between them would take is looked at before they are made."""
    last = max((first_index(h.new_start, h.new_length) + h.new_length for h in patch.hunks), default=0)
    if last > intake.limits.max_file_bytes:
        intake.refuse(path, too_large(last, intake.limits.max_file_bytes))
        return
    lines = ["\n"] * last
    end = 0
    for hunk in patch.hunks:
        start = first_index(hunk.new_start, hunk.new_length)
        if start < end:
            raise InvalidSubmission(f"line {hunk.at} of the diff: the hunk overlaps the one above it", line=hunk.at)
        end = start + hunk.new_length
        lines[start:end] = hunk.new
    text = "".join(lines)
    if not text.strip():
        intake.skip(path, SkipReason.DELETED, "the diff only deletes lines")
        return
    intake.offer(path, text, changed=changed_lines(patch), removed=removed_lines(patch), sparse=True)

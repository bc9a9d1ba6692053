"""A patch beside a work tree that may contain it already, or may not."""

import os
from collections.abc import Sequence
from pathlib import Path

from codereview.domain.sources import Sources
from codereview.errors import DiffDoesNotApply
from codereview.inputs.applying import apply_patch, changed_lines, is_applied, is_base, removed_lines
from codereview.inputs.decoding import decode
from codereview.inputs.diff import merged, not_reviewable
from codereview.inputs.intake import Intake
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.reading import read_file
from codereview.inputs.refusal import Refusal, excluded
from codereview.inputs.safe_paths import normal_path, shown
from codereview.inputs.unified import FilePatch, parse_diff
from codereview.planning.globs import Globs


def read_patch(
    text: str,
    *,
    root: Path,
    limits: Limits = DEFAULT_LIMITS,
    exclude: Sequence[str] = (),
    label: str = "patch",
) -> Sources:
    """The files a patch changes, whole, as they stand after it: read below ``root`` where they do so there already,
    else made from what stands there.

    Raises InvalidSubmission for a text that is no diff, DiffDoesNotApply when a file is neither what the patch begins
    with nor what it leaves.
    """
    real_root = Path(os.path.realpath(root))
    globs = Globs(exclude)
    intake = Intake(limits, refuse_excess=False)
    for path, patch in merged(parse_diff(text)).items():
        refusal = not_reviewable(patch) or excluded(path, globs)
        content = refusal or _after(path, patch, real_root, limits)
        if isinstance(content, Refusal):
            intake.refuse(path, content)
        else:
            intake.offer(path, content, changed=changed_lines(patch), removed=removed_lines(patch))
    return intake.sources(label)


def _after(path: str, patch: FilePatch, root: Path, limits: Limits) -> str | Refusal:
    """The text of the file after the patch."""
    if os.path.lexists(root / path):
        there = _text(root, path, limits)
        if isinstance(there, Refusal):
            return there
        if _contains(there, patch):
            return there
        if patch.old == patch.new:
            return apply_patch(there, patch)
    if patch.old is None:
        return apply_patch("", patch)
    before = _text(root, normal_path(patch.old), limits) if os.path.lexists(root / patch.old) else None
    if before is None:
        raise DiffDoesNotApply(f"{shown(patch.old)} is not in {shown(str(root))}", path=shown(patch.old))
    return before if isinstance(before, Refusal) else apply_patch(before, patch)


def _contains(text: str, patch: FilePatch) -> bool:
    """Whether the text has the patch in it. One that only deletes leaves nothing to see: then the text must not be
    what the patch begins with."""
    if not is_applied(text, patch):
        return False
    adds = any(kind == "+" for hunk in patch.hunks for kind, _ in hunk.lines)
    return adds or not is_base(text, patch)


def _text(root: Path, path: str, limits: Limits) -> str | Refusal:
    data = read_file(root, path, limits.max_file_bytes)
    return data if isinstance(data, Refusal) else decode(data)

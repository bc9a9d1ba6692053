"""What came over the network: a `Submission`, read strictly and within limits."""

from collections.abc import Sequence

from codereview.domain.sources import Sources
from codereview.domain.submission import Submission, SubmittedFile
from codereview.errors import EmptySubmission, InvalidSubmission
from codereview.inputs.archive import read_archive
from codereview.inputs.diff import read_diff
from codereview.inputs.intake import Intake
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.safe_paths import normal_path, refuse_collisions
from codereview.inputs.snippet import read_snippet


def read_submission(submission: Submission, limits: Limits = DEFAULT_LIMITS) -> Sources:
    """The files of a submission, and those left out with the reason.

    Raises EmptySubmission, OutsideRoot, BadArchive, DiffDoesNotApply and InvalidSubmission for what was handed in,
    TooLarge when it is more in total than the limits allow.
    """
    sources = _read(submission, limits)
    return sources.model_copy(update={"label": submission.label}) if submission.label else sources


def _read(submission: Submission, limits: Limits) -> Sources:
    if submission.code is not None:
        return read_snippet(submission.code, submission.filename, limits)
    if submission.files is not None:
        return _read_files(submission.files, limits)
    if submission.diff is not None:
        if not submission.diff.strip():
            raise EmptySubmission("the diff is empty")
        base = by_path(submission.base_files or ())
        return read_diff(submission.diff, base, limits)
    if submission.archive is not None:
        return read_archive(submission.archive, limits)
    raise InvalidSubmission("give exactly one of code, files, diff or archive; none was given")


def _read_files(files: Sequence[SubmittedFile], limits: Limits) -> Sources:
    texts = by_path(files)
    if not any(text.strip() for text in texts.values()):
        raise EmptySubmission("none of the files has any code" if texts else "the list of files is empty")
    intake = Intake(limits, refuse_excess=True)
    for path, text in sorted(texts.items()):
        intake.offer(path, text, on_purpose=True)
    return intake.sources(next(iter(texts)) if len(texts) == 1 else f"{len(texts)} files")


def by_path(files: Sequence[SubmittedFile]) -> dict[str, str]:
    """Texts by normal path. Raises OutsideRoot and InvalidSubmission for paths that are bad or collide."""
    paths = [normal_path(file.path) for file in files]
    refuse_collisions(paths)
    return {path: file.text for path, file in zip(paths, files, strict=True)}

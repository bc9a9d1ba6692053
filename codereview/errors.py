"""The errors people meet. Each class's docstring is its sentence; each knows its HTTP status and problem type."""

from typing import ClassVar


class CodeReviewError(Exception):
    """Something went wrong."""

    #: Last part of the problem type URI; stable, documented in docs/http.md.
    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", **fields: object) -> None:
        super().__init__(detail or type(self).__doc__ or self.title)
        #: Further members of the problem document.
        self.fields = fields

    @property
    def detail(self) -> str:
        """What was wrong and what would be right."""
        return str(self)


class InvalidSubmission(CodeReviewError):
    """The submission is not one that can be reviewed."""

    slug = "invalid-submission"
    status = 422
    title = "Invalid submission"


class EmptySubmission(InvalidSubmission):
    """There is no code in the submission."""

    slug = "empty-submission"
    title = "Empty submission"


class DiffDoesNotApply(InvalidSubmission):
    """The diff does not apply to the files it names."""

    slug = "diff-does-not-apply"
    title = "Diff does not apply"


class BadArchive(InvalidSubmission):
    """The archive cannot be read."""

    slug = "bad-archive"
    title = "Bad archive"


class OutsideRoot(InvalidSubmission):
    """A path leads outside the root of the review."""

    slug = "path-outside-root"
    title = "Path outside the root"


class TooLarge(CodeReviewError):
    """The submission is larger than this service takes."""

    slug = "too-large"
    status = 413
    title = "Submission too large"


class UnknownReview(CodeReviewError):
    """There is no review with this id."""

    slug = "unknown-review"
    status = 404
    title = "Unknown review"


class ReviewEndedAlready(CodeReviewError):
    """The review has already ended."""

    slug = "review-ended"
    status = 409
    title = "Review already ended"


class Overloaded(CodeReviewError):
    """Too many reviews are waiting; try again later."""

    slug = "overloaded"
    status = 429
    title = "Too many reviews"

    def __init__(self, detail: str = "", *, retry_after_s: int = 5, **fields: object) -> None:
        super().__init__(detail, **fields)
        self.retry_after_s = retry_after_s


class IdempotencyConflict(CodeReviewError):
    """The idempotency key is in use by a request that is still running."""

    slug = "idempotency-conflict"
    status = 409
    title = "Idempotency key in use"


class IdempotencyMismatch(CodeReviewError):
    """The idempotency key was used for another request body."""

    slug = "idempotency-mismatch"
    status = 422
    title = "Idempotency key reused"


class InvalidCursor(CodeReviewError):
    """The cursor is not one this service gave out."""

    slug = "invalid-cursor"
    status = 400
    title = "Invalid cursor"


class Unauthenticated(CodeReviewError):
    """A valid API key is needed."""

    slug = "unauthenticated"
    status = 401
    title = "Not authenticated"


class BackendUnavailable(CodeReviewError):
    """A service that codereview depends on cannot be reached."""

    slug = "backend-unavailable"
    status = 503
    title = "Service unavailable"


class ConfigurationError(CodeReviewError):
    """The configuration is not valid."""

    slug = "configuration"
    title = "Configuration error"


class LeaseLost(CodeReviewError):
    """Another worker holds this unit now, or the review has ended; what this one does no longer counts."""

    slug = "lease-lost"
    status = 409
    title = "Lease lost"

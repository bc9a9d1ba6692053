"""Reviewing a whole repository in parts: what is ordered, and what it was cut into."""

from hashlib import sha256

from pydantic import Field, NonNegativeInt, PositiveInt

from codereview.domain.coverage import CoverageEntry
from codereview.domain.model import Model
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import SourceSummary


class RepositoryOrder(Model):
    """What to review: an archive (.zip, .tar.gz or .tar) in S3. All that is made goes below ``prefix``."""

    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    prefix: str = Field(default="batches/", max_length=200, pattern=r"^([\w.-]+/)*$")
    owner: str = ""
    label: str = Field(default="", max_length=200)
    revision: str = Field(default="", max_length=200)
    options: ReviewOptions = ReviewOptions()
    #: What a shard holds at most, but for a single file that is larger: by default as much as one batch of one agent,
    #: so that a shard is a review of the ordinary kind.
    shard_bytes: int = Field(default=1_500_000, ge=1_000, le=20_000_000)
    shard_files: int = Field(default=400, ge=1, le=2_000)


class Shard(Model):
    """A part that is a review of its own."""

    number: PositiveInt
    size: NonNegativeInt
    paths: tuple[str, ...]


class Manifest(Model):
    """An order, cut. Times are milliseconds since the epoch."""

    batch_id: str
    order: RepositoryOrder
    started_at: int
    source: SourceSummary
    skipped: tuple[CoverageEntry, ...] = ()
    shards: tuple[Shard, ...] = ()

    @property
    def review_id(self) -> str:
        """The id of the whole review; the same batch has the same one, however often it is merged."""
        return f"rv_{sha256(self.batch_id.encode()).hexdigest()[:20]}"

"""The steps by which a whole repository is reviewed: cut into shards, each shard reviewed, the reviews merged.

Every step can be repeated: it finds what it did before and does not do it twice.
"""

import json
import logging
from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from codereview.application.merging_reviews import merged
from codereview.application.review_service import ReviewService
from codereview.domain.repositories import Manifest, RepositoryOrder, Shard
from codereview.domain.reviews import Review
from codereview.domain.sources import SourceFile, Sources
from codereview.domain.submission import Submission, SubmittedFile
from codereview.errors import EmptySubmission, IdempotencyConflict, InvalidSubmission
from codereview.planning.batches import shards, summarise
from codereview.ports import Clock, IdempotencyStore, ReviewStore

log = logging.getLogger(__name__)


class Objects(Protocol):
    """Where what passes between the steps is kept."""

    def read(self, key: str) -> bytes | None:
        """An object's content, None when there is none."""
        ...

    def write(self, key: str, content: bytes, content_type: str = ...) -> None:
        """Make or replace an object."""
        ...


class RepositoryReviews:
    """The steps, over one bucket. All raise BackendUnavailable and ConfigurationError of what they stand on."""

    def __init__(
        self,
        *,
        objects: Objects,
        service: ReviewService,
        idempotency: IdempotencyStore,
        store: ReviewStore,
        clock: Clock,
    ) -> None:
        self._objects = objects
        self._service = service
        self._idempotency = idempotency
        self._store = store
        self._clock = clock

    def plan(self, batch_id: str, order: RepositoryOrder, sources: Sources) -> Manifest:
        """Cut what was read into shards and store them, with a list of their numbers for whoever maps over them.

        Raises EmptySubmission when there is nothing to review.
        """
        parts = shards(sources.files, target_bytes=order.shard_bytes, target_files=order.shard_files)
        if not parts:
            raise EmptySubmission("nothing in the archive can be reviewed")
        summary = summarise(sources).model_copy(
            update={"label": order.label or f"s3://{order.bucket}/{order.key}", "revision": order.revision}
        )
        manifest = Manifest(
            batch_id=batch_id,
            order=order,
            started_at=self._clock.now_ms(),
            source=summary,
            skipped=sources.skipped,
            shards=tuple(_shards(parts)),
        )
        for shard, files in zip(manifest.shards, parts, strict=True):
            self._write(_shard_key(order, batch_id, shard.number), _submission(manifest, shard, files).to_json())
        numbers = [{"shard": shard.number} for shard in manifest.shards]
        self._write(items_key(order, batch_id), json.dumps(numbers))
        self._write(_manifest_key(order, batch_id), manifest.to_json())
        log.info("repository_planned", extra={"batchId": batch_id, "shards": len(parts), "files": summary.files})
        return manifest

    def submit(self, batch_id: str, order: RepositoryOrder, number: int) -> str:
        """Start the review of a shard, unless an earlier try did; its id.

        Raises what `ReviewService.submit` raises, and IdempotencyConflict while another try is at it.
        """
        text = self._read(_shard_key(order, batch_id, number))
        key, digest = f"batch:{batch_id}:{number}", sha256(text).hexdigest()
        known = self._idempotency.begin(order.owner, key, digest)
        if known is not None:
            if not known.review_id:
                raise IdempotencyConflict(f"shard {number} of batch {batch_id} is just being submitted")
            return known.review_id
        try:
            review = self._service.submit(Submission.model_validate_json(text), owner=order.owner)
        except BaseException:
            self._idempotency.abandon(order.owner, key)
            raise
        self._idempotency.finish(order.owner, key, review.id)
        return review.id

    def check(self, batch_id: str, order: RepositoryOrder, number: int, review_id: str) -> Review | None:
        """The review of a shard once it has ended, its result kept for the merge; None until then.

        Raises UnknownReview.
        """
        review = self._service.get(review_id, owner=order.owner)
        if not review.status.terminal:
            return None
        self._write(_result_key(order, batch_id, number), review.to_json())
        return review

    def merge(self, batch_id: str, order: RepositoryOrder) -> Review:
        """One review of all shards, stored as any other. Shards without a result are said to be unexamined."""
        manifest = Manifest.model_validate_json(self._read(_manifest_key(order, batch_id)))
        results = {
            shard.number: Review.model_validate_json(text)
            for shard in manifest.shards
            if (text := self._objects.read(_result_key(order, batch_id, shard.number))) is not None
        }
        review = merged(manifest, results, ended_at=self._clock.now_ms())
        self._store.put(review)
        log.info(
            "repository_reviewed",
            extra={
                "reviewId": review.id,
                "batchId": batch_id,
                "duration": review.metrics.duration_ms,
                "findingCount": review.metrics.finding_count,
                "shards": len(manifest.shards),
                "shardsMissing": len(manifest.shards) - len(results),
                "status": review.status,
                "outcome": review.outcome,
            },
        )
        return review

    def keep_report(self, batch_id: str, order: RepositoryOrder, name: str, text: str, media_type: str) -> str:
        """Store a report beside what it was made of; its key."""
        key = f"{_folder(order, batch_id)}{name}"
        self._objects.write(key, text.encode(), media_type)
        return key

    def _write(self, key: str, text: str) -> None:
        self._objects.write(key, text.encode())

    def _read(self, key: str) -> bytes:
        content = self._objects.read(key)
        if content is None:
            raise InvalidSubmission(f"there is no {key}: the batch was not planned, or it has expired")
        return content


def items_key(order: RepositoryOrder, batch_id: str) -> str:
    """Where the numbers of the shards are, as a JSON list."""
    return f"{_folder(order, batch_id)}items.json"


def _folder(order: RepositoryOrder, batch_id: str) -> str:
    return f"{order.prefix}{batch_id}/"


def _manifest_key(order: RepositoryOrder, batch_id: str) -> str:
    return f"{_folder(order, batch_id)}manifest.json"


def _shard_key(order: RepositoryOrder, batch_id: str, number: int) -> str:
    return f"{_folder(order, batch_id)}shards/{number:05}.json"


def _result_key(order: RepositoryOrder, batch_id: str, number: int) -> str:
    return f"{_folder(order, batch_id)}results/{number:05}.json"


def _shards(parts: list[tuple[SourceFile, ...]]) -> Iterator[Shard]:
    for number, files in enumerate(parts, start=1):
        yield Shard(number=number, size=sum(file.size for file in files), paths=tuple(file.path for file in files))


def _submission(manifest: Manifest, shard: Shard, files: tuple[SourceFile, ...]) -> Submission:
    order = manifest.order
    return Submission(
        files=tuple(SubmittedFile(path=file.path, text=file.text) for file in files),
        label=f"{manifest.source.label} ({shard.number} of {len(manifest.shards)})"[-200:],
        revision=order.revision,
        options=order.options,
    )

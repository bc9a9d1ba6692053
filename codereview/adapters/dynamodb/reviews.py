"""Reviews in DynamoDB."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from codereview.adapters.aws import AwsClients, explained
from codereview.adapters.cursors import DEFAULT_KEY, Cursors, Position
from codereview.adapters.dynamodb.attributes import Attribute, Item, from_attribute, is_key, size_of_item
from codereview.adapters.dynamodb.items import (
    ITEM_LIMIT,
    expired,
    inline_item,
    inline_review,
    reference_item,
    reference_of,
)
from codereview.adapters.dynamodb.queries import created_before_with, listing, position
from codereview.adapters.dynamodb.tables import OWNER_INDEX, STATUS_INDEX, verify_table
from codereview.adapters.review_codec import pack, unpack
from codereview.adapters.s3_bodies import S3Bodies
from codereview.adapters.system import SystemClock
from codereview.domain.reviews import Review, ReviewStatus
from codereview.errors import BackendUnavailable, TooLarge
from codereview.ports import Clock, Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

log = logging.getLogger(__name__)

#: Queries one page may cost. A filter that fits little is followed page by page rather than in one long request.
_QUERIES_PER_PAGE = 10
#: More findings than this never fit: an empty one has more than 200 bytes, mostly names of attributes.
_MOST_INLINE = ITEM_LIMIT // 200
#: Times a body is looked for when the review is being replaced meanwhile.
_READS = 3


class Bodies(Protocol):
    """Where bodies too large for an item lie: `S3Bodies`, or another place that keeps its promises."""

    def reference(self, review_id: str, packed: bytes) -> str:
        """A new reference for this body."""
        ...

    def write(self, reference: str, packed: bytes) -> None:
        """Store the body."""
        ...

    def read(self, reference: str) -> bytes | None:
        """The body, or None when it is not there (any more)."""
        ...

    def remove(self, reference: str) -> None:
        """Remove a body that no item names any more."""
        ...


class DynamoReviewStore:
    """A `ReviewStore` in ``table``; bodies too large for an item lie in ``bucket``, or in ``bodies`` where given;
    ended reviews expire after ``retention_days``.

    `get` sees every write that came before it; `page` and `unfinished` read indexes, which follow within a second or
    so. Every method raises BackendUnavailable or ConfigurationError when DynamoDB or S3 cannot be used.
    """

    def __init__(
        self,
        table: str,
        *,
        clients: AwsClients,
        bucket: str = "",
        bodies: Bodies | None = None,
        retention_days: int = 7,
        clock: Clock | None = None,
        cursor_key: bytes = DEFAULT_KEY,
    ) -> None:
        self._table = table
        self._clients = clients
        self._bodies = bodies or S3Bodies(bucket, clients)
        self._retention_days = retention_days
        self._clock = clock or SystemClock()
        self._cursors = Cursors(cursor_key)

    def verify(self) -> None:
        """Raises ConfigurationError when the table or an index is missing."""
        verify_table(self._clients.dynamodb(), self._table, (STATUS_INDEX, OWNER_INDEX))

    def put(self, review: Review) -> None:
        """Insert or replace, body and summary together.

        Raises ConfigurationError when the review is over 350 KB and there is no bucket, TooLarge when even its
        summary is over that.
        """
        item = self._item(review)
        with explained(f"table {self._table}"):
            replaced = self._clients.dynamodb().put_item(TableName=self._table, Item=item, ReturnValues="ALL_OLD")
        self._remove_body(replaced.get("Attributes", {}))

    def get(self, review_id: str) -> Review | None:
        """The whole review, or None when it is not there or has expired."""
        if not is_key(review_id):
            return None
        for _ in range(_READS):
            with explained(f"table {self._table}"):
                answer = self._clients.dynamodb().get_item(
                    TableName=self._table, Key={"reviewId": {"S": review_id}}, ConsistentRead=True
                )
            item = answer.get("Item")
            if item is None or expired(item, self._clock.now_ms()):
                return None
            reference = reference_of(item)
            if not reference:
                return inline_review(item)
            if (packed := self._bodies.read(reference)) is not None:
                return unpack(review_id, packed)
            # Replaced between the two reads: the item now names another body.
        raise BackendUnavailable(f"the body of review {review_id} is missing: {reference}")

    def page(
        self, *, owner: str, status: ReviewStatus | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """The owner's reviews, the newest first. Raises InvalidCursor for a cursor this store did not make, ValueError
        for a limit below 1.

        A page can have fewer reviews than ``limit``, even none, and a cursor to go on.
        """
        if limit < 1:
            raise ValueError(f"a page has at least one review, not {limit}")
        after = self._cursors.decode(owner, cursor) if cursor is not None else None
        query = listing(self._table, owner, status, limit=limit, after=after, now_ms=self._clock.now_ms())
        found: list[Item] = []
        last: Item | None = None
        for items, stopped_at in islice(self._query(query), _QUERIES_PER_PAGE):
            found += items
            last = stopped_at
            if len(found) > limit:
                last = found[limit - 1]
                break
        reviews = tuple(review for item in found[:limit] if (review := _read(item)))
        return Page(reviews, self._cursors.encode(owner, position(last)) if last else None)

    def unfinished(self, *, created_before: int, limit: int = 100) -> list[str]:
        """Ids of pending and running reviews created before then (ms), the oldest first."""
        oldest: list[Position] = []
        for status in (ReviewStatus.PENDING, ReviewStatus.RUNNING):
            query = created_before_with(self._table, status, created_before, limit=limit)
            items = chain.from_iterable(items for items, _ in self._query(query))
            oldest += [position(item) for item in islice(items, limit)]
        oldest.sort(key=lambda place: (place.created_at, place.review_id))
        return [place.review_id for place in oldest[:limit]]

    def delete(self, review_id: str) -> bool:
        """Remove it and its body. False when it was not there, or had expired."""
        if not is_key(review_id):
            return False
        with explained(f"table {self._table}"):
            answer = self._clients.dynamodb().delete_item(
                TableName=self._table, Key={"reviewId": {"S": review_id}}, ReturnValues="ALL_OLD"
            )
        removed = answer.get("Attributes", {})
        self._remove_body(removed)
        return bool(removed) and not expired(removed, self._clock.now_ms())

    def _item(self, review: Review) -> dict[str, Attribute]:
        """The item to put; the body, when it does not lie in it, is already written."""
        if len(review.findings) <= _MOST_INLINE:
            item = inline_item(review, self._retention_days)
            if size_of_item(item) <= ITEM_LIMIT:
                return item
        packed = pack(review)
        reference = self._bodies.reference(review.id, packed)
        item = reference_item(review, self._retention_days, reference)
        if (size := size_of_item(item)) > ITEM_LIMIT:
            raise TooLarge(f"the summary of review {review.id} has {size:,} bytes, {ITEM_LIMIT:,} can be stored")
        # Should the item then not be put, or its fate be unknown, the body stays: the item may name it after all.
        self._bodies.write(reference, packed)
        return item

    def _remove_body(self, item: Item) -> None:
        if reference := reference_of(item):
            self._bodies.remove(reference)

    def _query(self, query: "QueryInputTypeDef") -> Iterator[tuple[Sequence[Item], Item | None]]:
        """The items of each answer, and where it stopped: None after the last one."""
        while True:
            with explained(f"table {self._table}"):
                answer = self._clients.dynamodb().query(**query)
            rest = answer.get("LastEvaluatedKey")
            yield answer["Items"], rest
            if not rest:
                return
            query = {**query, "ExclusiveStartKey": rest}


def _read(item: Item) -> Review | None:
    try:
        return Review.model_validate_json(from_attribute(item["summary"]))
    except ValidationError:
        # Written by a version with other fields. One such review must not hide all the others.
        log.warning("stored_review_unreadable", extra={"reviewId": from_attribute(item["reviewId"])})
        return None

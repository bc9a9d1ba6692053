"""The event log of reviews in Redis: a list is the truth, a channel says that it grew."""

from collections.abc import Iterator
from functools import cached_property

from pydantic_core import to_json
from redis import Redis

from codereview.adapters.live_rules import MAX_EVENTS, TTL_S, finding_mode, told_status
from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors, without_retries
from codereview.adapters.redis.follower import Follower
from codereview.adapters.redis.scripts import Scripts
from codereview.domain.events import Event, EventDraft
from codereview.domain.findings import Finding
from codereview.ports import Emitted, Lease


class RedisEventBus:
    """`codereview.ports.EventBus` on Redis. Every method raises BackendUnavailable when it cannot be reached.

    The keys of a review expire ``ttl_s`` after the last write, and ``ended_ttl_s`` after its terminal event.
    """

    def __init__(
        self,
        client: Redis,
        *,
        ttl_s: float = TTL_S,
        ended_ttl_s: float = TTL_S,
        max_events: int = MAX_EVENTS,
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._ttl_ms = int(ttl_s * 1000)
        self._ended_ttl_ms = int(ended_ttl_s * 1000)
        self._max_events = max_events

    def emit(self, draft: EventDraft, *, lease: Lease | None = None, finding: Finding | None = None) -> Emitted:
        """Append an event, atomically with its checks: see `codereview.ports.EventBus.emit`.

        Raises ValueError when the event is of a type that carries no finding and one is given.
        """
        head, tail = _envelope(draft)
        tells = told_status(draft.type)
        reply = self._scripts.run(
            "emit",
            keys.of_review(draft.review_id),
            self._ended_ttl_ms if tells else self._ttl_ms,
            draft.review_id,
            draft.dedupe,
            head,
            tail,
            lease.unit_id if lease is not None else "",
            lease.token if lease is not None else "",
            finding_mode(draft.type, finding),
            finding.fingerprint if finding is not None else "",
            finding.to_json() if finding is not None else "",
            tells,
            self._max_events,
        )
        return Emitted(reply.decode())

    def read(self, review_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with id > after, in order."""
        first = max(0, after)
        if limit <= 0:
            return []
        with translated_errors():
            payloads = self._client.lrange(keys.of_review(review_id).events, first, first + limit - 1)
        return [Event.model_validate_json(payload) for payload in payloads]

    def last_id(self, review_id: str) -> int:
        """Id of the last event, 0 when there is none."""
        with translated_errors():
            return int(self._client.llen(keys.of_review(review_id).events))

    def findings(self, review_id: str) -> list[Finding]:
        """The findings so far, in report order."""
        with translated_errors():
            payloads = self._client.hvals(keys.of_review(review_id).findings)
        return sorted((Finding.model_validate_json(payload) for payload in payloads), key=lambda f: f.sort_key)

    def follow(self, review_id: str, *, after: int = 0, idle_s: float = 15.0) -> Iterator[Event | None]:
        """Events with id > after as they come: see `codereview.ports.EventBus.follow`.

        Survives lost connections and restarts of Redis. BackendUnavailable is raised only when Redis cannot be
        reached at the start, UnknownReview when nothing (any more) is known of the review.
        """
        follower = Follower(review_id, after, scripts=self._scripts, subscriber=self._subscriber)
        try:
            yield from follower.events(idle_s)
        finally:
            follower.close()

    @cached_property
    def _subscriber(self) -> Redis:
        return without_retries(self._client)


def _envelope(draft: EventDraft) -> tuple[bytes, bytes]:
    """The event's JSON from its id to its time, and from its time to its end.

    The script puts the numbers between: payloads never pass through Lua's JSON, which would turn empty lists into
    objects and round large numbers.
    """
    head = b',"reviewId":%b,"type":%b,"at":' % (to_json(draft.review_id), to_json(draft.type))
    data = to_json(draft.data, inf_nan_mode="null")
    return head, b',"agent":%b,"data":%b}' % (to_json(draft.agent), data)

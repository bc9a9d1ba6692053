"""Carries the events of one review to its connections, until it has ended, nobody follows, or time is nearly over:
then the next one takes over.
"""

import logging
from typing import Any

from codereview.adapters.redis.bus import RedisEventBus
from codereview.adapters.system import SystemClock
from codereview.logs import logged_with
from codereview.web.broadcasting import Broadcaster, BroadcastParts, BroadcastTerms
from codereview.web.ownership import checked_id
from codereview.web.problems import InvalidMessage
from lambdas._settings import Context, settings
from lambdas._sockets import audience, gateway, redis, starter, store

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """``{"reviewId", "hop"}`` → why it ended and what it sent.

    Raises InvalidMessage, UnknownReview, ConfigurationError, and BackendUnavailable: Lambda tries again twice.
    """
    settings()
    review_id, hop = event.get("reviewId"), event.get("hop", 0)
    if not isinstance(review_id, str) or not isinstance(hop, int) or hop < 0:
        raise InvalidMessage('an invocation of broadcast is {"reviewId": text, "hop": number}')
    checked_id(review_id)
    parts = BroadcastParts(
        bus=RedisEventBus(redis()),
        audience=audience(),
        store=store(),
        gateway=gateway(),
        starter=starter(),
        clock=SystemClock(),
        terms=BroadcastTerms(heartbeat_s=settings().heartbeat_s),
    )
    with logged_with(reviewId=review_id):
        result = Broadcaster(parts).run(review_id, lambda: context.get_remaining_time_in_millis() / 1000, hop=hop)
        told = {"reason": str(result.reason), "hop": hop, **result.sent.summary()}
        log.info("broadcast_ended", extra=told)
    return {"reviewId": review_id, **told}

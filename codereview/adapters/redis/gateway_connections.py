"""How many connections of API Gateway follow reviews, for the metrics."""

from redis import Redis

from codereview.adapters.redis import keys
from codereview.adapters.redis.client import translated_errors

_SCAN_COUNT = 500


def count_gateway_connections(client: Redis) -> int:
    """All of them, over all reviews. Raises BackendUnavailable."""
    with translated_errors():
        names = list(client.scan_iter(match=keys.ws_connections("*"), count=_SCAN_COUNT))
        if not names:
            return 0
        pipeline = client.pipeline(transaction=False)
        for name in names:
            pipeline.scard(name)
        return sum(int(size) for size in pipeline.execute())

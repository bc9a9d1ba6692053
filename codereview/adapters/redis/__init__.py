"""The live state of reviews in Redis: keys, client, scripts, and the adapters of the live-state ports."""

from codereview.adapters.redis.bus import RedisEventBus
from codereview.adapters.redis.calling import RedisAnswerCache, RedisCircuitBreaker, RedisPrefixGate
from codereview.adapters.redis.client import connect, redact
from codereview.adapters.redis.idempotency import RedisIdempotencyStore
from codereview.adapters.redis.ledger import RedisLedger
from codereview.adapters.redis.sources import RedisSourceStore
from codereview.adapters.redis.spending import RedisSpendLedger
from codereview.adapters.redis.status import AgentCommand, AgentCommands, AgentStatus, AgentStatusBoard, CommandName

__all__ = [
    "AgentCommand",
    "AgentCommands",
    "AgentStatus",
    "AgentStatusBoard",
    "CommandName",
    "RedisAnswerCache",
    "RedisCircuitBreaker",
    "RedisEventBus",
    "RedisIdempotencyStore",
    "RedisLedger",
    "RedisPrefixGate",
    "RedisSourceStore",
    "RedisSpendLedger",
    "connect",
    "redact",
]

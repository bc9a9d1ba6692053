"""The live state of reviews in this process: for the command line, and for the tests of whoever uses codereview."""

from codereview.adapters.memory.bus import MemoryEventBus
from codereview.adapters.memory.calling import MemoryAnswerCache, MemoryCircuitBreaker, MemoryPrefixGate
from codereview.adapters.memory.ledger import MemoryLedger
from codereview.adapters.memory.reviews import MemoryReviewStore
from codereview.adapters.memory.spending import MemorySpendLedger
from codereview.adapters.memory.stores import MemoryIdempotencyStore, MemorySourceStore

__all__ = [
    "MemoryAnswerCache",
    "MemoryCircuitBreaker",
    "MemoryEventBus",
    "MemoryIdempotencyStore",
    "MemoryLedger",
    "MemoryPrefixGate",
    "MemoryReviewStore",
    "MemorySourceStore",
    "MemorySpendLedger",
]

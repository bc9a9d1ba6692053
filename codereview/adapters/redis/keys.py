"""Every key and channel codereview uses in Redis.

| key | type | content |
|---|---|---|
| ``review:{id}:state`` | hash | status, decision, counters, timestamps, tokens, cost |
| ``review:{id}:units`` | hash | ``{field}:{unit}``: index, agent, spec, status, attempt, token, worker, leaseUntil … |
| ``review:{id}:events`` | list | the event log; element n (1-based) is event id n |
| ``review:{id}:findings`` | hash | fingerprint → finding JSON |
| ``review:{id}:emitted`` | set | names of the facts stated, against duplicates |
| ``review:{id}:source`` | hash | ``batch:{batch id}`` → compressed JSON; ``facts`` → compressed JSON |
| ``reviews:deadlines`` | zset | reviews without a terminal event, by deadline (ms) |
| ``reviews:waiting`` | hash | ``count:{owner}`` → how many of them; ``owner:{id}`` → whose one is |
| ``agent:{agentId}:status`` | string | JSON heartbeat of a worker |
| ``ws:connections:{reviewId}`` | set | API Gateway connection ids |
| ``ws:positions:{reviewId}`` | hash | connection id → the last event it was sent |
| ``broadcast:{reviewId}:lock`` | string | who sends a review's events to connections |
| ``idempotency:{owner}:{key}`` | hash | digest, reviewId, call |
| ``{name}:lock`` | string | who holds a named lock |
| ``cache:findings`` | hash | ``a:{hash}`` → compressed report of an analyser; ``bytes`` → how many there are |
| ``cache:findings:used`` | zset | these reports by their last use (ms) |
| ``cache:answers`` | hash | ``a:{hash}`` → compressed answer of a model; ``bytes`` → how many there are |
| ``cache:answers:used`` | zset | answers by their last use (ms) |
| ``review:{id}:budget`` | hash | ``nano`` (dollars), ``requests``, ``input``, ``cacheRead``, ``cacheWrite5m``, \
``cacheWrite1h``, ``output`` → what the review's model calls came to; ``r:{reservation}`` → \
``{nano-dollars}:{tokens}:{until, ms}`` set aside for one |
| ``budget:tokens:{hour}`` | hash | the same of an hour of the whole deployment |
| ``breaker:{model}`` | hash | ``openUntil``, ``probeUntil``, ``probe``, ``call``: there while the circuit is open |
| ``breaker:{model}:failures`` | zset | its failures in a row, by time (ms) |
| ``prefix:{hash}`` | string | "open" while the provider has a prompt's beginning in its cache, else who writes it |
| channel ``events:{id}`` | | each event as it is appended |
| channel ``agent:commands`` | | JSON commands to workers |

Every key expires. The names of a review's keys share no hash slot, so Redis Cluster cannot hold them: the scripts
need a server with cluster mode disabled.
"""

from typing import NamedTuple
from urllib.parse import quote

AGENT_COMMANDS = "agent:commands"
DEADLINES = "reviews:deadlines"
WAITING = "reviews:waiting"
#: Answers of models, and their last uses.
ANSWERS = ("cache:answers", "cache:answers:used")
ANALYSES = ("cache:findings", "cache:findings:used")
#: Matches the status key of every agent.
AGENT_STATUSES = "agent:*:status"


class ReviewKeys(NamedTuple):
    """The KEYS of every script about one review, in the order the scripts unpack them."""

    state: str
    units: str
    events: str
    findings: str
    emitted: str
    source: str
    channel: str
    deadlines: str
    waiting: str


def of_review(review_id: str) -> ReviewKeys:
    """The keys of one review, its channel, and the two indexes it stands in."""
    prefix = f"review:{review_id}:"
    return ReviewKeys(
        state=f"{prefix}state",
        units=f"{prefix}units",
        events=f"{prefix}events",
        findings=f"{prefix}findings",
        emitted=f"{prefix}emitted",
        source=f"{prefix}source",
        channel=event_channel(review_id),
        deadlines=DEADLINES,
        waiting=WAITING,
    )


def event_channel(review_id: str) -> str:
    """The channel on which the review's events are published."""
    return f"events:{review_id}"


def agent_status(agent_id: str) -> str:
    """The heartbeat of one worker."""
    return f"agent:{agent_id}:status"


def ws_connections(review_id: str) -> str:
    """The API Gateway connections that follow a review."""
    return f"ws:connections:{review_id}"


def ws_positions(review_id: str) -> str:
    """How far each of them got."""
    return f"ws:positions:{review_id}"


def broadcast(review_id: str) -> str:
    """The right to send to them."""
    return lock(f"broadcast:{review_id}")


def idempotency(owner: str, key: str) -> str:
    """What an Idempotency-Key stands for. The owner is quoted, so that no two pairs share a name."""
    return f"idempotency:{quote(owner, safe='')}:{key}"


def lock(name: str) -> str:
    """A named lock."""
    return f"{name}:lock"


def token_budget(hour: str) -> str:
    """What the deployment's model calls of an hour came to, e.g. "2026-11-22T14"."""
    return f"budget:tokens:{hour}"


def review_budget(review_id: str) -> str:
    """What the model calls of a review came to."""
    return f"review:{review_id}:budget"


def breaker(model: str) -> tuple[str, str]:
    """The circuit of a model, and its failures in a row."""
    name = f"breaker:{quote(model, safe='')}"
    return name, f"{name}:failures"


def prefix(content: str) -> str:
    """The state of a prompt's beginning, by its hash."""
    return f"prefix:{content}"

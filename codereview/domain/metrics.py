"""Every metric there is, in one place: what it counts, in which unit, by which dimensions. docs/observability.md lists
them and a test compares.

A metric keeps its name everywhere: on CloudWatch as it is, on Prometheus in that world's spelling
(``ReviewDuration`` is ``codereview_review_duration_seconds``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How values of a metric add up."""

    COUNTER = "counter"  # values are added
    DISTRIBUTION = "distribution"  # averages and percentiles of the values matter
    GAUGE = "gauge"  # the last value holds


class Unit(StrEnum):
    """What a value counts, in CloudWatch's words."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    NONE = "None"  # CloudWatch knows no unit of money


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``local_only`` ones go to Prometheus alone: AWS measures the same by itself, or they would cost a
    custom metric for each of very many values."""

    name: str
    kind: Kind
    unit: Unit
    description: str
    dimensions: tuple[str, ...] = ()
    local_only: bool = False

    def of(self, value: float = 1.0, **dimensions: str) -> "Measurement":
        """One value. Raises ValueError unless exactly the metric's dimensions are given."""
        if set(dimensions) != set(self.dimensions):
            raise ValueError(f"{self.name} has the dimensions {self.dimensions}, not {tuple(dimensions)}")
        return Measurement(self, value, {name: dimensions[name] for name in self.dimensions})

    @property
    def prometheus_name(self) -> str:
        """The name on Prometheus: base units, words joined by underscores. Counters get ``_total`` behind it."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name).lower()
        return f"codereview_{words}{'_seconds' if self.unit is Unit.MILLISECONDS else ''}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of a metric."""

    metric: Metric
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


# --- reviews
REVIEWS_SUBMITTED = Metric("ReviewsSubmitted", Kind.COUNTER, Unit.COUNT, "Reviews accepted.")
REVIEWS_COMPLETED = Metric("ReviewsCompleted", Kind.COUNTER, Unit.COUNT, "Reviews that ended, whole or in part.")
REVIEWS_FAILED = Metric("ReviewsFailed", Kind.COUNTER, Unit.COUNT, "Accepted reviews that came to nothing.")
REVIEWS_CANCELLED = Metric("ReviewsCancelled", Kind.COUNTER, Unit.COUNT, "Reviews stopped on request.")
REVIEW_DURATION = Metric(
    "ReviewDuration", Kind.DISTRIBUTION, Unit.MILLISECONDS, "From submission to the end of a completed review."
)
REVIEW_QUEUE_TIME = Metric(
    "ReviewQueueTime", Kind.DISTRIBUTION, Unit.MILLISECONDS, "From submission until the first unit was taken."
)
FINDINGS_PER_REVIEW = Metric("FindingsPerReview", Kind.DISTRIBUTION, Unit.COUNT, "Findings of a completed review.")

# --- agents
AGENT_TOKEN_USAGE = Metric(
    "AgentTokenUsage", Kind.COUNTER, Unit.COUNT, "Tokens of model calls, in and out, cached or not.", ("Agent",)
)
AGENT_ERRORS = Metric(
    "AgentErrors", Kind.COUNTER, Unit.COUNT, "Units of work that failed or were given up.", ("Agent",)
)
UNIT_DURATION = Metric("UnitDuration", Kind.DISTRIBUTION, Unit.MILLISECONDS, "Work on one unit.", ("Agent",))
UNITS_REQUEUED = Metric(
    "UnitsRequeued", Kind.COUNTER, Unit.COUNT, "Units whose worker or message was lost, sent again.", ("Agent",)
)

# --- queues and connections
PENDING_REVIEWS_PER_AGENT = Metric(
    "PendingReviewsPerAgent",
    Kind.GAUGE,
    Unit.COUNT,
    "Units that wait in an agent's queue, per worker that takes from it; what scaling follows.",
    ("Agent",),
)
QUEUE_DEPTH = Metric("QueueDepth", Kind.GAUGE, Unit.COUNT, "Units that wait in an agent's queue.", ("Agent",))
WORKERS = Metric("Workers", Kind.GAUGE, Unit.COUNT, "Workers on the status board.", ("Agent",))
REVIEWS_WAITING = Metric("ReviewsWaiting", Kind.GAUGE, Unit.COUNT, "Reviews accepted and not ended.")
WEBSOCKET_CONNECTIONS = Metric(
    "WebSocketConnections",
    Kind.GAUGE,
    Unit.COUNT,
    "Open live connections: of the API's own processes (api) or of API Gateway (gateway).",
    ("Source",),
)
HTTP_REQUEST_DURATION = Metric(
    "HttpRequestDuration",
    Kind.DISTRIBUTION,
    Unit.MILLISECONDS,
    "Requests to the API, by route; live streams last as long as they are open.",
    ("Method", "Route", "Status"),
    local_only=True,
)

# --- language models
MODEL_CALLS = Metric(
    "ModelCalls", Kind.COUNTER, Unit.COUNT, 'Attempts to call a model, by how they ended: "end", "refused", "error".',
    ("Model", "Outcome"),
)  # fmt: skip
MODEL_LATENCY = Metric("ModelLatency", Kind.DISTRIBUTION, Unit.MILLISECONDS, "One attempt at a model call.", ("Model",))
MODEL_RETRIES = Metric("ModelRetries", Kind.COUNTER, Unit.COUNT, "Model calls tried again.", ("Model",))
MODEL_COST_USD = Metric("ModelCostUsd", Kind.COUNTER, Unit.NONE, "US dollars spent on model calls.", ("Model",))
CIRCUIT_OPEN = Metric(
    "CircuitOpen", Kind.COUNTER, Unit.COUNT, "Times a model was left alone for a while after failing.", ("Model",)
)

#: All of them, by name.
METRICS: Mapping[str, Metric] = {value.name: value for value in list(globals().values()) if isinstance(value, Metric)}

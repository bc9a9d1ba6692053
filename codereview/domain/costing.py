"""What a month on AWS costs: the specification's table, the same usage at list prices, and what is deployed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

#: Days and hours of a month, as the specification counts them.
DAYS = 30
HOURS = 720
MILLION = Decimal(1_000_000)
#: Hours of a week in which agents are scaled to zero: Monday to Thursday from 20 to 7, Friday 20 to Monday 7.
OFF_HOURS, WEEK_HOURS = 4 * 11 + 59, 168

Prices = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """US dollars per million tokens."""

    name: str
    input: Decimal
    output: Decimal
    cache_read: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """What a review uses, and assumptions about savings. Shares are between 0 and 1."""

    reviews_per_day: int = 1000
    #: Tokens of one review, in and out, and how many of them are answers.
    tokens_per_review: int = 8000
    output_share: Decimal = Decimal("0.15")
    #: Reviews whose code was reviewed before, answered from the cache.
    cache_hits: Decimal = Decimal("0.20")
    #: Part of the input that is the same for every call (instructions), read from the provider's cache.
    stable_input: Decimal = Decimal("0.40")
    #: Tasks of each agent type, on average.
    agents_per_type: int = 1

    @property
    def reviews(self) -> int:
        """Reviews of a month."""
        return self.reviews_per_day * DAYS

    @property
    def scale(self) -> Decimal:
        """How many times the specification's thousand reviews a day."""
        return Decimal(self.reviews_per_day) / 1000


@dataclass(frozen=True, slots=True)
class Row:
    """A service: what the specification says, what its own quantities cost, and what is deployed costs."""

    service: str
    quantity: str
    specified: Decimal | None
    recomputed: Decimal | None
    deployed: Decimal
    why: str = ""


@dataclass(frozen=True, slots=True)
class Saving:
    """One of the four ways to pay less, in dollars a month of what is deployed."""

    strategy: str
    saves: Decimal
    how: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A month."""

    rows: tuple[Row, ...]
    savings: tuple[Saving, ...]

    def total(self, column: str) -> Decimal:
        """The sum of a column: "specified", "recomputed" or "deployed"."""
        return sum((getattr(row, column) or Decimal(0) for row in self.rows), Decimal(0))


def estimate(usage: Usage, prices: Prices, model: ModelPrices) -> Estimate:
    """The month of this usage at these prices.

    Quantities that follow the load are the specification's (for a thousand reviews a day), in proportion; those of the
    machines stay as they are. Raises KeyError for a price that is missing.
    """
    rows = (*_gateway(usage, prices), *_machines(usage, prices), *_stores(usage, prices), *_rest(usage, prices))
    return Estimate((*rows, _claude(usage, model), *_missing(usage, prices)), _savings(usage, prices, model))


def _gateway(usage: Usage, prices: Prices) -> tuple[Row, ...]:
    calls = usage.scale * prices["rest_million"]
    messages = usage.scale * (prices["websocket_million"] + prices["websocket_minutes_million"] / 100)
    compute = 2 * prices["lambda_million"] + 2 * MILLION * Decimal("0.125") * prices["lambda_gb_second"]
    # Twice the memory on the other processor, at the time in which such functions answer here.
    ours = 2 * prices["lambda_million"] + 2 * MILLION * Decimal("0.5") * Decimal("0.2") * prices["lambda_arm_gb_second"]
    return (
        Row("API Gateway (REST)", "1M requests", Decimal("3.50"), calls, calls),
        Row(
            "API Gateway (WebSocket)", "1M messages, 10K connection-minutes", Decimal("12.00"), messages, messages,
            "a million messages are 1.00; the specification's figure fits twelve million",
        ),
        Row("Lambda", "2M invocations, 128 MB, 1 s", Decimal("5.00"), usage.scale * compute, usage.scale * ours),
    )  # fmt: skip


def _task_hour(cpu: str, memory: str, prices: Prices, processor: str = "") -> Decimal:
    return (
        Decimal(cpu) * prices[f"fargate_{processor}cpu_hour"] + Decimal(memory) * prices[f"fargate_{processor}gb_hour"]
    )


def _agents(usage: Usage, prices: Prices) -> Decimal:
    return 2 * usage.agents_per_type * HOURS * _task_hour("0.25", "0.5", prices, "arm_")


def _machines(usage: Usage, prices: Prices) -> tuple[Row, ...]:
    specified = 3 * HOURS * _task_hour("0.5", "1", prices)
    deployed = HOURS * _task_hour("0.5", "1", prices, "arm_") + _agents(usage, prices)
    redis = 2 * HOURS * prices["redis_node_hour"]
    return (
        Row(
            "ECS Fargate", "3 tasks of 0.5 vCPU, 1 GB", Decimal("75.00"), specified, deployed,
            "the quantity costs less than stated; agents have 0.25 vCPU and 0.5 GB, on ARM",
        ),
        Row("ElastiCache", "2 nodes", Decimal("48.00"), redis, redis, "stated is one node; the replica costs as much"),
    )  # fmt: skip


def _stores(usage: Usage, prices: Prices) -> tuple[Row, ...]:
    provisioned = HOURS * 25 * (prices["dynamodb_wcu_hour"] + prices["dynamodb_rcu_hour"]) + 10 * prices["dynamodb_gb"]
    # A review of 20 KB is written three times, and keys of both indexes with it; it is read ten times.
    writes, reads = usage.reviews * 3 * (20 + 2), usage.reviews * 10 * 5
    kept = usage.scale * 10
    on_demand = (writes * prices["dynamodb_write_million"] + reads * prices["dynamodb_read_million"]) / MILLION
    storage = kept * (prices["dynamodb_gb"] + prices["dynamodb_recovery_gb"])
    why = "on demand, with recovery to any moment; provisioned capacity would be paid at night too"
    return (Row("DynamoDB", "25 WCU, 25 RCU, 10 GB", Decimal("15.00"), provisioned, on_demand + storage, why),)


def _rest(usage: Usage, prices: Prices) -> tuple[Row, ...]:
    watching = 20 * usage.scale * prices["logs_gb"] + 20 * prices["metric"] + prices["dashboard"] + 10 * prices["alarm"]
    nat = HOURS * prices["nat_hour"] + 100 * usage.scale * prices["nat_gb"]
    return (
        Row("CloudWatch", "20 GB of logs, 20 metrics, 10 alarms", Decimal("20.00"), watching, watching),
        Row("NAT Gateway", "100 GB, one zone", Decimal("45.00"), nat, nat, "a second zone adds the hours once more"),
    )


def _tokens_cost(millions: Decimal, usage: Usage, model: ModelPrices) -> Decimal:
    return millions * ((1 - usage.output_share) * model.input + usage.output_share * model.output)


def _claude(usage: Usage, model: ModelPrices) -> Row:
    as_specified = _tokens_cost(50 * usage.scale, usage, model)
    millions = Decimal(usage.reviews * usage.tokens_per_review) / MILLION
    why = (
        f"50M are {50_000_000 // 30_000:,} tokens a review, {usage.tokens_per_review:,} are usual; "
        f"output costs {model.output / model.input:.0f} times the input ({model.name})"
    )
    return Row("Claude API", "50M tokens", Decimal("150.00"), as_specified, _tokens_cost(millions, usage, model), why)


def _missing(usage: Usage, prices: Prices) -> tuple[Row, ...]:
    balancer = HOURS * (prices["alb_hour"] + prices["alb_unit_hour"])
    firewall = prices["waf_acl"] + 5 * prices["waf_rule"] + usage.scale * prices["waf_million"]
    addresses = 3 * HOURS * prices["public_ip_hour"]
    files = 10 * prices["s3_gb"] + 5 * prices["ecr_gb"] + usage.scale * 10 * prices["cloudfront_gb"]
    rows = (
        ("Load balancer", "one, one unit", balancer),
        ("WAF", "one ACL, five rules", firewall),
        ("KMS", "two keys", 2 * prices["kms_key"]),
        ("Public addresses", "NAT and load balancer", addresses),
        ("S3, ECR, CloudFront", "10 GB, 5 GB, 10 GB delivered", files),
    )
    return tuple(Row(name, quantity, None, None, cost, "not in the specification") for name, quantity, cost in rows)


def _savings(usage: Usage, prices: Prices, model: ModelPrices) -> tuple[Saving, ...]:
    agents, claude = _agents(usage, prices), _claude(usage, model).deployed
    discount = prices["fargate_spot_discount"]
    millions = Decimal(usage.reviews * usage.tokens_per_review) / MILLION
    stable = millions * (1 - usage.output_share) * usage.stable_input * (model.input - model.cache_read)
    hits, steady = usage.cache_hits, usage.stable_input
    spot = f"-{discount:.0%} on every agent; the first of a type is regular by default"
    off = f"agents are off {OFF_HOURS} of {WEEK_HOURS} hours a week"
    return (
        Saving("Fargate Spot", agents * discount, spot),
        Saving("Caching", claude * hits, f"{hits:.0%} of the reviews are of code reviewed before"),
        Saving("Token optimization", stable, f"{steady:.0%} of the input is read from the provider's cache"),
        Saving("Scale to zero", agents * OFF_HOURS / WEEK_HOURS, off),
    )

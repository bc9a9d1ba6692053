"""A month's cost: the specification's table recomputed, what is deployed, and what saves how much."""

from decimal import Decimal

import pytest

from codereview.adapters.price_list import read_prices
from codereview.domain.costing import OFF_HOURS, Estimate, ModelPrices, Usage, estimate

MODEL = ModelPrices("m", Decimal(3), Decimal(15), Decimal("0.30"))
PRICES = read_prices("us-east-1").prices


def _month(**usage: object) -> Estimate:
    return estimate(Usage(**usage), PRICES, MODEL)  # type: ignore[arg-type]


def test_the_specifications_column_adds_up_to_its_total() -> None:
    """About 375 dollars, as it says."""
    assert _month().total("specified") == Decimal("373.50")


@pytest.mark.parametrize(
    ("service", "dollars"),
    [
        ("API Gateway (REST)", "3.50"),
        ("API Gateway (WebSocket)", "1.00"),
        ("Lambda", "4.57"),
        ("ECS Fargate", "53.32"),
        ("ElastiCache", "97.92"),
        ("DynamoDB", "16.54"),
        ("CloudWatch", "20.00"),
        ("NAT Gateway", "36.90"),
        ("Claude API", "240.00"),
    ],
)
def test_the_specifications_quantities_at_list_prices(service: str, dollars: str) -> None:
    """Each row by hand: quantity times price."""
    row = next(row for row in _month().rows if row.service == service)
    assert round(row.recomputed or Decimal(0), 2) == Decimal(dollars)


def test_every_row_that_differs_says_why() -> None:
    """By more than a tenth of the stated figure."""
    for row in _month().rows:
        if row.specified is None or row.recomputed is None or abs(row.recomputed - row.specified) > row.specified / 10:
            assert row.why, row.service


def test_the_deployed_tasks_are_the_templates_sizes() -> None:
    """One of 0.5 vCPU and 1 GB, two of half that, on ARM, all month."""
    hour = Decimal("0.5") * PRICES["fargate_arm_cpu_hour"] + PRICES["fargate_arm_gb_hour"]
    row = next(row for row in _month().rows if row.service == "ECS Fargate")
    assert row.deployed == 720 * 2 * hour


def test_what_follows_the_load_doubles_with_it_and_machines_do_not() -> None:
    """Twice the reviews are twice the tokens and the calls; Redis is the same."""
    one, two = ({row.service: row.deployed for row in _month(reviews_per_day=n).rows} for n in (1000, 2000))
    for service in ("API Gateway (REST)", "API Gateway (WebSocket)", "Lambda", "DynamoDB", "Claude API"):
        assert two[service] == 2 * one[service], service
    assert two["ElastiCache"] == one["ElastiCache"]
    assert two["ECS Fargate"] == one["ECS Fargate"]


def test_each_of_the_four_strategies_saves_what_it_can_of_its_own_part() -> None:
    """Spot and off-hours of the agents, caching and tokens of the model."""
    month = _month(agents_per_type=2)
    rows = {row.service: row.deployed for row in month.rows}
    saved = {saving.strategy: saving.saves for saving in month.savings}
    hour = Decimal("0.25") * PRICES["fargate_arm_cpu_hour"] + Decimal("0.5") * PRICES["fargate_arm_gb_hour"]
    agents = 4 * 720 * hour
    assert saved["Fargate Spot"] == agents * Decimal("0.68")
    assert saved["Scale to zero"] == agents * 103 / 168
    assert saved["Caching"] == rows["Claude API"] / 5
    assert saved["Token optimization"] == 240 * Decimal("0.85") * Decimal("0.4") * Decimal("2.70")


def test_off_hours_are_those_of_the_schedules() -> None:
    """Four nights of eleven hours, and a weekend from Friday 20:00 to Monday 7:00."""
    assert OFF_HOURS == 4 * 11 + (4 + 24 + 24 + 7)

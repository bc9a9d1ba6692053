"""``codereview cost``: what a month on AWS costs, beside what the architecture's specification says it costs."""

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import click

from codereview.adapters.model_catalogue import load_catalogue
from codereview.adapters.price_list import PriceList, read_prices
from codereview.domain.costing import Estimate, ModelPrices, Usage, estimate
from codereview.errors import ConfigurationError

_SHARE = click.FloatRange(0, 1)


@click.command()
@click.option("--reviews-per-day", default=1000, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--region", default="us-east-1", show_default=True, help="Region whose prices hold.")
@click.option("--tokens-per-review", default=8000, show_default=True, type=click.IntRange(0, 10_000_000))
@click.option(
    "--output-share", default=0.15, show_default=True, type=_SHARE, help="Part of the tokens that are answers."
)
@click.option("--cache-hits", default=0.2, show_default=True, type=_SHARE, help="Reviews of code reviewed before.")
@click.option("--stable-input", default=0.4, show_default=True, type=_SHARE, help="Part of the input in every call.")
@click.option(
    "--agents-per-type", default=1, show_default=True, type=click.IntRange(1, 1000), help="Tasks, on average."
)
@click.option("--model", default="", help="Model that is paid for; by default the one that reviews.")
@click.option("--prices", type=click.Path(path_type=Path), help="Price list of your own instead of the packaged one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cost(  # one argument for each option
    reviews_per_day: int,
    region: str,
    tokens_per_review: int,
    output_share: float,
    cache_hits: float,
    stable_input: float,
    agents_per_type: int,
    model: str,
    prices: Path | None,
    as_json: bool,
) -> None:
    """Estimate a month on AWS, line by line, and what four strategies save."""
    usage = Usage(
        reviews_per_day=reviews_per_day,
        tokens_per_review=tokens_per_review,
        output_share=Decimal(str(output_share)),
        cache_hits=Decimal(str(cache_hits)),
        stable_input=Decimal(str(stable_input)),
        agents_per_type=agents_per_type,
    )
    listed = read_prices(region, prices)
    try:
        made = estimate(usage, listed.prices, _model_prices(model))
    except KeyError as error:
        raise ConfigurationError(f"the price list lacks {error}") from error
    click.echo(_document(made, listed) if as_json else _table(made, listed, usage))


def _model_prices(name: str) -> ModelPrices:
    catalogue = load_catalogue()
    spec = catalogue.spec(name or catalogue.defaults.main)
    return ModelPrices(spec.id, spec.price.input, spec.price.output, spec.price.cache_read)


def _document(made: Estimate, listed: PriceList) -> str:
    document = {
        "region": listed.region,
        "pricesAsOf": listed.as_of.isoformat(),
        "rows": [asdict(row) for row in made.rows],
        "totals": {column: made.total(column) for column in ("specified", "recomputed", "deployed")},
        "savings": [asdict(saving) for saving in made.savings],
    }
    return json.dumps(document, indent=2, default=lambda value: float(round(value, 2)))


def _money(value: Decimal | None) -> str:
    return f"{value:>12,.2f}" if value is not None else " " * 12


def _table(made: Estimate, listed: PriceList, usage: Usage) -> str:
    lines = [
        f"A month of {usage.reviews_per_day:,} reviews a day in {listed.region}, US dollars, prices of {listed.as_of}",
        "",
        f"{'service':<26}{'specified':>12}{'recomputed':>12}{'deployed':>12}  why it differs",
    ]
    for row in made.rows:
        amounts = _money(row.specified) + _money(row.recomputed) + _money(row.deployed)
        lines.append(f"{row.service:<26}{amounts}  {row.why}".rstrip())
    totals = "".join(_money(made.total(column)) for column in ("specified", "recomputed", "deployed"))
    lines += [f"{'total':<26}{totals}", "", f"{'saves a month':<26}{'':>24}"]
    lines += [f"{saving.strategy:<50}{_money(saving.saves)}  {saving.how}" for saving in made.savings]
    lines += [
        "",
        "specified: the specification's figures, for 1,000 reviews a day. recomputed: its quantities at list prices,",
        "in proportion to the load. deployed: what these templates make. The savings are each by itself.",
    ]
    return "\n".join(lines)

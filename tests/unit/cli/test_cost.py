"""``codereview cost`` on the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from codereview.cli.cost import cost
from codereview.errors import ConfigurationError


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(cost, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_table_has_three_columns_and_four_savings() -> None:
    """A person reads it from top to bottom."""
    shown = _run("--reviews-per-day", "1000")
    assert "A month of 1,000 reviews a day in us-east-1" in shown
    assert "373.50" in shown
    for strategy in ("Fargate Spot", "Caching", "Token optimization", "Scale to zero"):
        assert strategy in shown


def test_json_has_the_same_rows() -> None:
    """For spreadsheets; totals are there."""
    document = json.loads(_run("--json", "--region", "us-west-2"))
    assert document["totals"]["specified"] == 373.5
    assert {"service", "specified", "recomputed", "deployed", "why", "quantity"} == set(document["rows"][0])
    assert len(document["savings"]) == 4


def test_another_region_has_its_own_prices() -> None:
    """Ireland is dearer than Virginia."""
    here, there = (
        json.loads(_run("--json", "--region", region))["totals"]["deployed"] for region in ("us-east-1", "eu-west-1")
    )
    assert there > here


def test_a_region_without_prices_is_an_error_that_names_those_there_are() -> None:
    """No guess."""
    with pytest.raises(ConfigurationError, match="no prices of mars-north-1; it has eu-west-1"):
        _run("--region", "mars-north-1")


def test_a_price_list_of_ones_own(tmp_path: Path) -> None:
    """And what is missing in it is named."""
    path = tmp_path / "prices.toml"
    path.write_text('as_of = 2026-01-01\nsource = "contract"\n[regions.us-east-1]\nrest_million = "1"\n')
    with pytest.raises(ConfigurationError, match="the price list lacks 'websocket_million'"):
        _run("--prices", str(path))

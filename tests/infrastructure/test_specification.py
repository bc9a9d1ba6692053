"""The specification, line by line, against the rendered templates."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.templates import at, render

DEMANDS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("specification.yaml").read_text())
SECTIONS = {
    "1",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "2.5",
    "3.1",
    "3.2",
    "4.1",
    "4.2",
    "4.3",
    "5.1",
    "5.2",
    "5.3",
    "6",
    "7",
    "8",
}


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda demand: f"{demand['section']}: {demand['demand']}")
def test_the_specification_is_met(demand: dict[str, Any]) -> None:
    """Every demand has a resource, and its properties have the values demanded."""
    resources = render(demand["template"], **demand.get("with", {})).resources
    properties = resources[demand["resource"]]["Properties"]
    assert demand.get("equals") or demand.get("contains"), "a demand without a value cannot fail"
    for path, expected in demand.get("equals", {}).items():
        assert at(properties, path) == expected, path
    for path, expected in demand.get("contains", {}).items():
        assert expected in at(properties, path), path


def test_every_section_is_there() -> None:
    """A section nobody wrote demands for would pass unnoticed."""
    demanded = {demand["section"].split()[0] for demand in DEMANDS}
    assert demanded >= SECTIONS | {f"9.{n}" for n in range(1, 6)}


def test_the_documentation_lists_every_demand() -> None:
    """docs/aws-specification.md is the same list for people."""
    page = (Path(__file__).parents[2] / "docs" / "aws-specification.md").read_text(encoding="utf-8")
    for demand in DEMANDS:
        row = f"| {demand['section']} | {demand['demand']} | `{demand['template']}` | `{demand['resource']}` |"
        assert row in page, row

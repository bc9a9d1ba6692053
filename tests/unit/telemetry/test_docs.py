"""What the documentation says of metrics is what there is."""

import json
import re
from pathlib import Path

import pytest

from codereview.domain.metrics import METRICS, Kind, Metric

DOCS = (Path(__file__).parents[3] / "docs" / "observability.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`\w+`) \| (\w+) \| ([\w, ]*)\| `(\w+)` \|", re.MULTILINE)
ROWS = {row[0].strip("` "): row for row in ROW.findall(DOCS)}


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_every_metric_is_documented_with_unit_and_dimensions(metric: Metric) -> None:
    """Dashboards and alarms are written by it."""
    _, unit, dimensions, prometheus = ROWS[metric.name]
    assert unit == str(metric.unit)
    assert tuple(name.strip() for name in dimensions.split(",") if name.strip()) == metric.dimensions
    assert prometheus == metric.prometheus_name + ("_total" if metric.kind is Kind.COUNTER else "")


def test_nothing_is_documented_that_is_not_measured() -> None:
    """Nor kept in the table after it was removed."""
    assert set(ROWS) == set(METRICS)


def test_the_examples_are_json() -> None:
    """Whoever tries them in a console gets no error."""
    examples = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        json.loads(example)

"""Lines of CloudWatch's embedded metric format, by the published rules."""

import json

import pytest

from codereview.adapters.emf import EmfMetrics
from codereview.domain import metrics
from codereview.domain.metrics import METRICS, Measurement

#: What CloudWatch's specification demands of a document.
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": {"type": "string"}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {"Unit": {"enum": ["Count", "Milliseconds", "None"]}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}


def _lines(*measurements: Measurement, **about: object) -> list[dict[str, object]]:
    written: list[str] = []
    EmfMetrics(namespace="CodeReview", environment="prod", write=written.append, now_ms=lambda: 1).record(
        *measurements, **about
    )
    assert all("\n" not in line for line in written)
    return [json.loads(line) for line in written]


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_every_metric_makes_a_valid_document(metric: metrics.Metric) -> None:
    """Every name in it refers to a member, and members are what CloudWatch takes: numbers and short texts."""
    import jsonschema

    lines = _lines(metric.of(2.5, **dict.fromkeys(metric.dimensions, "x")), reviewId="rv_1")
    assert len(lines) == (0 if metric.local_only else 1)
    for line in lines:
        jsonschema.validate(line, SCHEMA)
        (directive,) = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
        assert {type(line[each["Name"]]) for each in directive["Metrics"]} <= {int, float}
        assert all(isinstance(line[name], str) for names in directive["Dimensions"] for name in names)
        assert line["reviewId"] == "rv_1"


def test_what_belongs_together_is_one_line() -> None:
    """Log lines cost money."""
    (line,) = _lines(metrics.REVIEWS_COMPLETED.of(), metrics.REVIEW_DURATION.of(1234.0), reviewId="rv_1")
    assert line == {
        "_aws": {
            "Timestamp": 1,
            "CloudWatchMetrics": [
                {
                    "Namespace": "CodeReview",
                    "Dimensions": [["Environment"]],
                    "Metrics": [
                        {"Name": "ReviewsCompleted", "Unit": "Count"},
                        {"Name": "ReviewDuration", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "Environment": "prod",
        "ReviewsCompleted": 1,
        "ReviewDuration": 1234,
        "reviewId": "rv_1",
    }


def test_counters_are_there_by_agent_and_for_all_agents_together() -> None:
    """An alarm on tokens adds up what a dashboard shows apart."""
    one, other = _lines(metrics.AGENT_TOKEN_USAGE.of(5, Agent="bug"), metrics.AGENT_TOKEN_USAGE.of(7, Agent="security"))
    for line in (one, other):
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Environment"], ["Environment", "Agent"]]  # type: ignore[index]


def test_a_gauge_by_agent_has_no_value_for_all_of_them() -> None:
    """The last depth of either queue is the depth of neither."""
    (line,) = _lines(metrics.PENDING_REVIEWS_PER_AGENT.of(3, Agent="bug"))
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Environment", "Agent"]]  # type: ignore[index]


def test_a_line_goes_to_standard_output_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Where Lambda and the log driver of ECS pick it up."""
    EmfMetrics(namespace="N", environment="e").record(metrics.REVIEWS_SUBMITTED.of())
    assert json.loads(capsys.readouterr().out)["ReviewsSubmitted"] == 1

"""Where measurements go by default: where whoever runs the process will look for them."""

import pytest

from codereview.adapters.emf import EmfMetrics
from codereview.adapters.prometheus import PrometheusMetrics
from codereview.bootstrap import telemetry_of
from codereview.config import Settings
from codereview.errors import ConfigurationError
from codereview.telemetry import NoMetrics, NoTracer


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (None, PrometheusMetrics),
        ("AWS_LAMBDA_FUNCTION_NAME", EmfMetrics),
        ("ECS_CONTAINER_METADATA_URI_V4", EmfMetrics),
    ],
)
def test_on_aws_measurements_are_lines_elsewhere_a_page(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, expected: type
) -> None:
    """Nobody has to remember to set it."""
    for name in ("AWS_LAMBDA_FUNCTION_NAME", "ECS_CONTAINER_METADATA_URI_V4", "CODEREVIEW_METRICS"):
        monkeypatch.delenv(name, raising=False)
    if variable is not None:
        monkeypatch.setenv(variable, "there")
    telemetry = telemetry_of(Settings())
    assert isinstance(telemetry.metrics, expected)
    assert isinstance(telemetry.tracer, NoTracer)


def test_nothing_is_measured_where_nobody_wants_it() -> None:
    """For a process that is asked once."""
    assert isinstance(telemetry_of(Settings(metrics="none")).metrics, NoMetrics)


def test_tracing_without_its_packages_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, not in the middle of a review."""
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'codereview\[otel\]'"):
        telemetry_of(Settings(metrics="none", tracing=True))

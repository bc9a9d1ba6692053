"""What real workers tell while they review: lines that the saved queries work on, metrics, and one trace."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import insights
from support.deployment import Deployment
from support.otlp import Collector
from support.workers import WorkerProcess, eventually

from codereview.adapters.celery.names import QUEUES

pytestmark = [pytest.mark.slow]

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs" / "observability.md"
TEMPLATE = PROJECT / "deploy" / "cloudformation" / "observability.yaml"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def _worker(deployment: Deployment) -> WorkerProcess:
    """One for all queues."""
    worker = WorkerProcess("security", deployment.env, deployment.directory / "worker.log", scripted=True)
    worker._argv[worker._argv.index("-Q") + 1] = ",".join(QUEUES)
    deployment.workers.append(worker)
    worker.launch()
    return worker.await_ready()


def _queries() -> tuple[list[str], list[str]]:
    """The two saved queries, as the documentation and as the template has them: of errors, and of performance."""
    documented = re.findall(r"```logsinsights\n# [^\n]*\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    deployed = re.findall(r"QueryString: \|\n((?:        .*\n)+)", TEMPLATE.read_text(encoding="utf-8"))
    every = [*documented, *deployed]
    assert len(every) == 4
    return [each for each in every if "ERROR" in each], [each for each in every if "review_completed" in each]


def test_workers_tell_of_their_reviews_in_lines_metrics_and_one_trace(
    collector: Collector, deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the submission over the queue to the last event; every line leads to its review and its trace."""
    telling = {
        "CODEREVIEW_TRACING": "true",
        "CODEREVIEW_METRICS": "emf",
        "CODEREVIEW_ENVIRONMENT": "staging",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    for name, value in telling.items():
        monkeypatch.setenv(name, value)
    deployment = deploy(impatient=False)
    worker = _worker(deployment)
    good = deployment.submit("danger = 1\n")
    deployment.ended(good)
    eventually(lambda: "codereview.finalize" in collector.parents(), "the worker's spans arrived")
    deployment.ended(deployment.submit("sleep badly\n"))
    deployment.service.telemetry.tracer.flush()
    _check_trace(collector, good)
    lines = worker.log.read_text().splitlines()
    _check_queries(lines, good)
    _check_metrics(lines, good)


def _check_trace(collector: Collector, review_id: str) -> None:
    parents = collector.parents()
    assert parents["send chord"] == {"submit"}
    assert parents["codereview.review_unit"] == {"send chord"}
    assert parents["analyse first-security"] == {"codereview.review_unit"}
    assert parents["emit finding"] == {"codereview.review_unit"}
    assert parents["codereview.finalize"] == {"send chord"}
    # What the reaper does is no part of the request's trace.
    of_request = {"submit", "send chord", "codereview.review_unit", "analyse first-bug", "codereview.finalize"}
    about = [span for span in collector.spans if span.name in of_request]
    traces = {span.trace_id for span in about}
    assert traces == {span.trace_id for span in about if span.name == "submit"}
    assert any(review_id in str(span.attributes) for span in about)


def _check_queries(lines: list[str], review_id: str) -> None:
    of_errors, of_performance = _queries()
    for query in of_errors:
        errors = insights.run(query, lines)
        assert {(row["eventType"], row["level"], row["agent"]) for row in errors} == {
            ("analyser_failed", "ERROR", "security"),
            ("analyser_failed", "ERROR", "bug"),
        }
        assert all(row["reviewId"] and row["traceId"] for row in errors), "lines deep in an agent lead to the review"
    line = next(json.loads(line) for line in lines if '"review_completed"' in line and review_id in line)
    assert line["findingCount"] == 4
    assert len(line["traceId"]) == 32
    for query in of_performance:
        (hour,) = insights.run(query, [line for line in lines if review_id in line])
        _, average, percentile = hour.values()
        assert average == percentile == line["duration"] > 0


def _check_metrics(lines: list[str], review_id: str) -> None:
    emf = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
    (completed,) = [line for line in emf if "ReviewsCompleted" in line and line["reviewId"] == review_id]
    assert completed["ReviewDuration"] > 0
    assert (completed["FindingsPerReview"], completed["Environment"]) == (4, "staging")
    assert {line["Agent"] for line in emf if "UnitDuration" in line} == {"security", "bug"}

"""What a review leaves in the metrics and the log: each thing once, under the names that alarms and queries use."""

import json
import logging
from collections.abc import Callable

import pytest
from support.api_app import Api
from support.assembly import Assembly

from codereview.domain import metrics
from codereview.domain.metrics import Kind, Measurement, Metric
from codereview.errors import BackendUnavailable
from codereview.logs import JsonFormatter, logged_with
from codereview.ports import Workspace
from codereview.telemetry import Telemetry
from codereview.testing import PatternAnalyser, RecordedMetrics


@pytest.fixture
def recorded() -> RecordedMetrics:
    return RecordedMetrics()


@pytest.fixture
def reviews(recorded: RecordedMetrics) -> Assembly:
    return Assembly(telemetry=Telemetry(recorded))


def _counts(recorded: RecordedMetrics, kind: Kind = Kind.COUNTER) -> dict[str, float]:
    counts: dict[str, float] = {}
    for each in recorded.measurements:
        if each.metric.kind is kind:
            counts[each.metric.name] = counts.get(each.metric.name, 0) + each.value
    return counts


def test_a_review_is_counted_once_however_often_it_is_finalized(reviews: Assembly, recorded: RecordedMetrics) -> None:
    """A redelivered chord body or a second finalizer must not double the figures."""
    review_id = reviews.submit()
    reviews.clock.advance(2)
    reviews.run(review_id)
    reviews.service.finalize(review_id)
    assert _counts(recorded) == {"ReviewsSubmitted": 1, "ReviewsCompleted": 1}
    assert recorded.values(metrics.FINDINGS_PER_REVIEW) == [1]
    assert recorded.values(metrics.REVIEW_DURATION) == [2000]
    assert {"reviewId": review_id} in recorded.about


def test_a_cancelled_review_has_not_failed(reviews: Assembly, recorded: RecordedMetrics) -> None:
    """What people stop must not ring the alarm on the error rate."""
    reviews.service.cancel(reviews.submit())
    assert _counts(recorded) == {"ReviewsSubmitted": 1, "ReviewsCancelled": 1}


def test_a_review_that_could_not_be_started_has_failed_once(reviews: Assembly, recorded: RecordedMetrics) -> None:
    """The error rate is failed over submitted: both sides have it, and the reaper does not count it again."""
    reviews.dispatcher.broken = True
    with pytest.raises(BackendUnavailable):
        reviews.submit()
    reviews.service.sweep()
    assert _counts(recorded) == {"ReviewsSubmitted": 1, "ReviewsFailed": 1}


def test_a_unit_that_fails_is_an_error_of_its_agent(recorded: RecordedMetrics) -> None:
    """By agent, so that the one to look at is known."""

    def too_late(_: Workspace) -> None:
        raise TimeoutError

    reviews = Assembly(security=[PatternAnalyser(before=too_late)], telemetry=Telemetry(recorded))
    reviews.run(reviews.submit())
    errors = [each for each in recorded.measurements if each.metric is metrics.AGENT_ERRORS]
    assert errors == [metrics.AGENT_ERRORS.of(Agent="security")]
    assert len(recorded.values(metrics.UNIT_DURATION)) == 2


def test_units_that_are_lost_and_given_up_are_counted(reviews: Assembly, recorded: RecordedMetrics) -> None:
    """Workers that die leave no line of their own."""
    review_id = reviews.submit(agents=("bug",))
    for _ in range(3):
        reviews.ledger.claim(review_id, "bug-b001", worker="w", lease_ms=1, max_attempts=3)
        reviews.clock.advance(60)
        reviews.service.sweep()
    assert _counts(recorded) == {"ReviewsSubmitted": 1, "UnitsRequeued": 2, "AgentErrors": 1} | (
        {"ReviewsFailed": 1} if recorded.values(metrics.REVIEWS_FAILED) else {}
    )


@pytest.mark.parametrize(("workers", "pending"), [(0, 12.0), (1, 12.0), (3, 4.0)])
def test_scaling_follows_what_waits_per_worker(
    reviews: Assembly, recorded: RecordedMetrics, workers: int, pending: float
) -> None:
    """Without a worker there is still a figure: scaling from zero needs one."""
    reviews.dispatcher.waiting = 12
    assert reviews.service.measure({"bug": workers}) == {"bug": 12}
    assert recorded.values(metrics.PENDING_REVIEWS_PER_AGENT) == [pending]


@pytest.mark.parametrize("dimensions", [{}, {"Agent": "bug", "Model": "m"}, {"agent": "bug"}])
def test_a_measurement_has_exactly_the_dimensions_of_its_metric(dimensions: dict[str, str]) -> None:
    """CloudWatch would silently make another metric of it."""
    with pytest.raises(ValueError, match="AgentErrors has the dimensions"):
        metrics.AGENT_ERRORS.of(**dimensions)


def test_no_two_metrics_share_a_name() -> None:
    """The registry is by name, in both spellings."""
    declared = [value for value in vars(metrics).values() if isinstance(value, Metric)]
    assert len(metrics.METRICS) == len(declared) == len({metric.prometheus_name for metric in declared})


def test_the_end_of_a_review_is_one_line_with_what_queries_read(
    reviews: Assembly, caplog: pytest.LogCaptureFixture
) -> None:
    """The canonical line: eventType, reviewId, duration and findingCount, as numbers."""
    caplog.set_level("INFO")
    review_id = reviews.submit()
    reviews.clock.advance(1.5)
    reviews.run(review_id)
    reviews.service.finalize(review_id)
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    (line,) = [line for line in lines if line.get("eventType") == "review_completed"]
    assert (line["reviewId"], line["duration"], line["findingCount"]) == (review_id, 1500, 1)
    assert {line["eventType"] for line in lines} == {"review_submitted", "unit_ended", "review_completed"}


def test_a_line_carries_what_its_surroundings_are_about() -> None:
    """A task's lines lead to its review, whoever logs them; a line's own fields win."""
    record = logging.makeLogRecord({"msg": "deep_down", "unit_id": "bug-b1", "levelname": "INFO"})
    with logged_with(reviewId="rv_1", unitId="other"):
        line = json.loads(JsonFormatter().format(record))
    assert (line["eventType"], line["reviewId"], line["unitId"]) == ("deep_down", "rv_1", "bug-b1")
    assert "reviewId" not in json.loads(JsonFormatter().format(record))


def test_a_sentence_of_another_package_is_no_event() -> None:
    """Queries by eventType meet event names only."""
    line = json.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "Booting worker with pid: 7"})))
    assert line["message"] == "Booting worker with pid: 7"
    assert "eventType" not in line


def test_prometheus_cannot_be_read_where_it_is_not_used(make_api: Callable[..., Api]) -> None:
    """The page says where the figures are instead."""
    answer = make_api().client.get("/metrics")
    assert answer.status_code == 404
    assert "do not go to Prometheus" in answer.json["detail"]


def test_requests_are_timed_by_route_not_by_path(make_api: Callable[..., Api], recorded: RecordedMetrics) -> None:
    """Ids in labels would make a series for every review."""
    api = make_api(telemetry=Telemetry(recorded))
    api.client.get(f"/api/review/{api.submit()}").close()
    routes = [each.dimensions for each in recorded.measurements if each.metric is metrics.HTTP_REQUEST_DURATION]
    assert {"Method": "GET", "Route": "/api/review/<review_id>", "Status": "200"} in routes


def test_measurements_compare_by_what_they_say() -> None:
    """So that tests can name the one they expect."""
    assert metrics.REVIEWS_FAILED.of() == Measurement(metrics.REVIEWS_FAILED, 1.0, {})
